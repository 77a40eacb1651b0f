"""Messages that callers left: the list, one of them, and done or not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from torim.desk.messages import Message, Urgency
from torim.web.api.deps import Deps
from torim.web.api.models import CursorText, Id, In, Limit, Out, Page, Utc, read_cursor, write_cursor
from torim.web.api.openapi import refuses
from torim.web.api.principal import Needs, Principal
from torim.web.api.problems import not_found
from torim.web.api.scopes import Scope
from torim.web.api.versions import Expected, tag

router = APIRouter(prefix="/messages", tags=["messages"])
Reads = Annotated[Principal, Depends(Needs(Scope.MESSAGES_READ))]
Writes = Annotated[Principal, Depends(Needs(Scope.MESSAGES_WRITE))]


class MessageOut(Out):
    """A message."""

    id: str
    text: str
    name: str | None
    from_number: str | None = Field(description="E.164; null: withheld.")
    urgency: Urgency
    created_at: Utc
    done_at: Utc | None
    call_id: str | None
    version: int


class Done(In):
    """Whether somebody took care of a message."""

    done: bool


@router.get("")
def list_messages(
    who: Reads,
    deps: Deps,
    done: Annotated[bool | None, Query(description="Only those that are done, or not.")] = None,
    urgency: Annotated[Urgency | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[MessageOut]:
    """Messages, newest first."""
    asked = None if urgency is None else urgency.value
    found = deps.office.messages(who.business_id, done, asked, read_cursor(cursor), limit + 1)
    more = write_cursor(int(found[limit - 1].created_at.timestamp()), found[limit - 1].id) if found[limit:] else None
    return Page(items=[message_out(item) for item in found[:limit]], next_cursor=more)


@router.get("/{message_id}", responses=refuses(404))
def get_message(message_id: Id, who: Reads, deps: Deps, response: Response) -> MessageOut:
    """One message."""
    found = deps.store.message(who.business_id, message_id)
    if found is None:
        raise not_found("message")
    return _shown(found, response)


@router.patch("/{message_id}", responses=refuses(404, 412, 428))
def mark_message(
    message_id: Id, body: Done, who: Writes, deps: Deps, response: Response, expected: Expected
) -> MessageOut:
    """Mark a message as done, or as open again."""
    marked = deps.store.mark_done(who.business_id, message_id, deps.now(), done=body.done, expected_version=expected)
    return _shown(marked, response)


def message_out(message: Message) -> MessageOut:
    """A message as the API shows it."""
    return MessageOut.model_validate(message)


def _shown(message: Message, response: Response) -> MessageOut:
    tag(response, message.version)
    return message_out(message)
