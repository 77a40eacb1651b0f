"""The first page: what is on today, what waits for somebody, and how calls went."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from torim.core.events import EndReason
from torim.desk.book import Status
from torim.desk.business import Business
from torim.desk.messages import Urgency
from torim.desk.outcomes import Outcome
from torim.desk.zones import closing_instant
from torim.storage.office import AppointmentFilter, CallFilter, CallNumbers, CallRow
from torim.storage.records import REHEARSAL
from torim.web.api.appointments import AppointmentOut, appointment_out
from torim.web.api.business_of import business_of
from torim.web.api.calls import CallOut, call_out
from torim.web.api.deps import ApiDeps, Deps
from torim.web.api.messages import MessageOut, message_out
from torim.web.api.models import Out
from torim.web.api.principal import Needs, Principal
from torim.web.api.scopes import Scope

router = APIRouter(tags=["today"])
Reads = Annotated[Principal, Depends(Needs(Scope.CALLS_READ))]
SHOWN = 10
WEEK_DAYS = 7
LOOKED_AT_FOR = timedelta(days=2)  # a call asks for somebody no longer
LOOKED_AT_MAX = 200
_FAILED = frozenset({EndReason.ENGINE_FAILED.value, EndReason.INTERNAL_ERROR.value, EndReason.LINE_LOST.value})


class CallCounts(Out):
    """Calls of a stretch of time in numbers."""

    calls: int
    outcomes: dict[str, int] = Field(description="How many calls led to what.")
    barge_ins: int
    false_alarms: int
    missed_barge_ins: int = Field(
        description="Turns of callers who spoke into the AI's voice and did not have the floor within a second."
    )
    stop_ms_p50: int | None = Field(description="The median of all times from onset to silence.")
    stop_ms_p95_max: int | None = Field(description="The worst call's p95 of the time from onset to silence.")
    response_ms_p95_max: int | None
    cost_estimate: float = Field(description="US dollars.")


class Today(Out):
    """What the first page shows."""

    date: date
    timezone: str
    appointments_today: int
    next_appointments: list[AppointmentOut] = Field(description="None without the scope `appointments:read`.")
    open_messages: dict[str, int] = Field(description="By urgency.")
    messages: list[MessageOut] = Field(description="The newest that are open; none without the scope `messages:read`.")
    live_calls: int
    recent_calls: list[CallOut]
    waiting_calls: list[CallOut] = Field(
        description="Of the last two days, that somebody should look at: a next step, something urgent, or a failure."
    )
    calls_today: CallCounts
    calls_week: CallCounts = Field(description="The last seven days, today included.")


@router.get("/today")
async def get_today(who: Reads, deps: Deps) -> Today:
    """The numbers and lists of the first page."""
    live = await deps.live.calls(who.business_id)
    return await run_in_threadpool(_today, who, deps, len(live))


def _today(who: Principal, deps: ApiDeps, live_calls: int) -> Today:
    business, now = business_of(who, deps), deps.now()
    today = now.astimezone(business.zone).date()
    begins, ends = _midnight(business, today), _midnight(business, today + timedelta(days=1))
    week = _midnight(business, today - timedelta(days=WEEK_DAYS - 1))
    upcoming = AppointmentFilter(since=now, statuses=(Status.BOOKED.value,))
    office = deps.office
    soon = office.appointments(business.id, upcoming, None, SHOWN) if Scope.APPOINTMENTS_READ in who.scopes else ()
    left = office.messages(business.id, False, None, None, SHOWN) if Scope.MESSAGES_READ in who.scopes else ()
    return Today(
        date=today,
        timezone=business.timezone,
        appointments_today=office.count_appointments(business.id, begins, ends),
        next_appointments=[appointment_out(item) for item in soon],
        open_messages=office.open_messages(business.id),
        messages=[message_out(item) for item in left],
        live_calls=live_calls,
        recent_calls=[call_out(row, deps) for row in office.calls(business.id, CallFilter(), None, SHOWN)],
        waiting_calls=[call_out(row, deps) for row in _late(business, now, deps) if _waits(row)][:SHOWN],
        calls_today=_counts(office.numbers(business.id, begins, ends)),
        calls_week=_counts(office.numbers(business.id, week, ends)),
    )


def _late(business: Business, now: datetime, deps: ApiDeps) -> list[CallRow]:
    return deps.office.calls(business.id, CallFilter(since=now - LOOKED_AT_FOR), None, LOOKED_AT_MAX)


def _waits(row: CallRow) -> bool:
    """Whether a call asks for somebody; what was left as a message stands among the messages."""
    if row.carrier == REHEARSAL or row.ended_at is None:
        return False
    asks = bool(row.next_action) or row.urgency == Urgency.URGENT.value
    return row.end_reason in _FAILED or (asks and row.outcome != Outcome.MESSAGE.value)


def _midnight(business: Business, day: date) -> datetime:
    """When a day begins by the wall clock of the business, also where its midnight is skipped."""
    return closing_instant(day, 0, business.zone)


def _counts(found: CallNumbers) -> CallCounts:
    return CallCounts(
        calls=found.calls,
        outcomes=dict(found.outcomes),
        barge_ins=found.barge_ins,
        false_alarms=found.false_alarms,
        missed_barge_ins=found.missed_barge_ins,
        stop_ms_p50=found.stop_ms_p50,
        stop_ms_p95_max=found.stop_ms_p95_max,
        response_ms_p95_max=found.response_ms_p95_max,
        cost_estimate=round(found.cost_estimate, 4),
    )
