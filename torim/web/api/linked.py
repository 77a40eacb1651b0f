"""Linked calendars: whether each can be read and, if not, why. The addresses are secrets and are not shown."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from torim.storage.linked_calendars import CalendarStore
from torim.web.api.deps import Deps
from torim.web.api.models import Out, Utc
from torim.web.api.principal import Needs, Principal
from torim.web.api.scopes import Scope

router = APIRouter(prefix="/linked-calendars", tags=["business"])
Reads = Annotated[Principal, Depends(Needs(Scope.BUSINESS_READ))]


class LinkedCalendarOut(Out):
    """A linked calendar, as it was last read."""

    staff_id: str = Field(description="Whose events these are; empty: everybody's.")
    good: bool = Field(description="False: there is no copy of the last six hours, so its owner is not offered.")
    read_at: Utc | None = Field(description="When the copy that counts was read; null: never.")
    tried_at: Utc | None
    error: str | None = Field(description="Why the last attempt failed, as advice; null: it did not.")


class LinkedCalendarList(Out):
    """The linked calendars, the business's own first."""

    items: list[LinkedCalendarOut]


@router.get("")
def list_linked_calendars(who: Reads, deps: Deps) -> LinkedCalendarList:
    """The calendars whose events are busy times, and how reading them goes."""
    now, found = deps.now(), CalendarStore(deps.store.database).of_business(who.business_id)
    return LinkedCalendarList(
        items=[
            LinkedCalendarOut(
                staff_id=item.staff_id,
                good=item.is_good(now),
                read_at=item.read_at,
                tried_at=item.tried_at,
                error=item.error,
            )
            for item in found
        ]
    )
