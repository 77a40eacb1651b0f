"""When the business is open, day by day: hours without breaks, and what closes it by name. For calendars on a page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from torim.desk.business import DAY_MIN, Business, Opening
from torim.desk.closed_days import Closure, closures
from torim.desk.hours import subtract
from torim.desk.staffing import NOBODY, presence
from torim.web.api.business_of import business_of
from torim.web.api.deps import Deps
from torim.web.api.models import Out
from torim.web.api.principal import Needs, Principal
from torim.web.api.scopes import Scope

router = APIRouter(tags=["appointments"])
Reads = Annotated[Principal, Depends(Needs(Scope.BUSINESS_READ))]
DAYS_MAX = 62


class StretchOut(Out):
    """A stretch of a day, in minutes of local wall time since midnight; 1440 is midnight."""

    from_min: int
    to_min: int


class ClosureOut(StretchOut):
    """A stretch in which the business is closed although its weekly hours say otherwise."""

    name: dict[str, str] = Field(description="What it is called, by language; may be empty.")


class StaffHours(Out):
    """When a member of staff works."""

    staff_id: str
    open: list[StretchOut]


class DayOut(Out):
    """One day of the business."""

    date: date
    open: list[StretchOut] = Field(description="Opening hours without breaks and closures.")
    closures: list[ClosureOut]
    staff: list[StaffHours] = Field(description="The same of each member of staff.")


class DayList(Out):
    """Days in order."""

    items: list[DayOut]


@router.get("/days")
def list_days(
    who: Reads,
    deps: Deps,
    first: Annotated[date | None, Query(description="By the business's calendar; today by default.")] = None,
    days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 7,
) -> DayList:
    """When the business is open on each of some days, and what closes it: holidays, their eves, its own closed days."""
    business = business_of(who, deps)
    begin = first or deps.now().astimezone(business.zone).date()
    # Calendars end somewhere; the Hebrew one of a page does not reach the ends of ours.
    begin = min(max(begin, date(1971, 1, 1)), date(2999, 1, 1))
    return DayList(items=[_day(business, begin + timedelta(days=count)) for count in range(days)])


def _day(business: Business, day: date) -> DayOut:
    closed = closures(business, day)
    shut = tuple(sorted(_minutes(business, day, closure) for closure in closed))
    members = [
        StaffHours(staff_id=member.id, open=_shown(subtract(presence(business, member.id, day), shut)))
        for member in business.staff
    ]
    return DayOut(
        date=day,
        open=_shown(subtract(presence(business, NOBODY, day), shut)),
        closures=[_closure(business, day, closure) for closure in closed],
        staff=members,
    )


def _closure(business: Business, day: date, closure: Closure) -> ClosureOut:
    stretch = _minutes(business, day, closure)
    return ClosureOut(from_min=stretch.opens_min, to_min=stretch.closes_min, name=dict(closure.name))


def _minutes(business: Business, day: date, closure: Closure) -> Opening:
    """A closed stretch by the wall clock of its day."""

    def wall(at_s: int) -> int:
        local = datetime.fromtimestamp(at_s, UTC).astimezone(business.zone)
        if local.date() != day:
            return 0 if local.date() < day else DAY_MIN
        return local.hour * 60 + local.minute

    return Opening(wall(closure.since_s), wall(closure.until_s))


def _shown(openings: tuple[Opening, ...]) -> list[StretchOut]:
    return [StretchOut(from_min=opening.opens_min, to_min=opening.closes_min) for opening in openings]
