"""Messages that callers left: the list, one of them, and done or not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import FileResponse
from pydantic import Field

from torim.desk.messages import Message, Urgency
from torim.desk.notes import note_in
from torim.storage.files import note_file, notes_dir
from torim.web.api.deps import Deps
from torim.web.api.models import CursorText, Id, In, Limit, Out, Page, Utc, read_cursor, write_cursor
from torim.web.api.openapi import refuses
from torim.web.api.principal import Needs, Principal
from torim.web.api.problems import Refusal, not_found
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
    has_voice_note: bool = Field(description="The caller spoke it; see `/messages/{id}/voice-note`.")
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


@router.get(
    "/{message_id}/voice-note",
    responses={**refuses(404), 200: {"content": {"audio/wav": {}}, "description": "A WAV file."}},
    response_class=FileResponse,
)
def get_voice_note(message_id: Id, who: Reads, deps: Deps) -> FileResponse:
    """The message in the caller's voice."""
    found = deps.store.message(who.business_id, message_id)
    note_id = None if found is None else note_in(found.text, found.call_id)
    if note_id is None:
        raise not_found("message")
    file = note_file(notes_dir(deps.data_dir), note_id)
    if not file.is_file():
        raise Refusal(404, "file.not_found", "The voice note is not here any more.")
    return FileResponse(file, media_type="audio/wav", headers={"Cache-Control": "private, no-store"})


@router.patch("/{message_id}", responses=refuses(404, 412, 428))
def mark_message(
    message_id: Id, body: Done, who: Writes, deps: Deps, response: Response, expected: Expected
) -> MessageOut:
    """Mark a message as done, or as open again."""
    marked = deps.store.mark_done(who.business_id, message_id, deps.now(), done=body.done, expected_version=expected)
    return _shown(marked, response)


def message_out(message: Message) -> MessageOut:
    """A message as the API shows it."""
    return MessageOut(
        id=message.id,
        text=message.text,
        name=message.name,
        from_number=message.from_number,
        urgency=message.urgency,
        created_at=message.created_at,
        done_at=message.done_at,
        call_id=message.call_id,
        has_voice_note=note_in(message.text, message.call_id) is not None,
        version=message.version,
    )


def _shown(message: Message, response: Response) -> MessageOut:
    tag(response, message.version)
    return message_out(message)
