"""What the pages of the web side read: calls by filters, appointments by range, numbers of a day, what changed.

Every method is one read, scoped to one business, and blocks. Pages go on from a cursor: the sort key of the last row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select

from torim.desk.book import Appointment, Status
from torim.desk.messages import Message
from torim.storage import appointments as appointment_rows
from torim.storage.database import Database
from torim.storage.messages import message_of
from torim.storage.moments import moment, seconds
from torim.storage.records import REHEARSAL
from torim.storage.schema import appointments, businesses, calls, messages, turns

Cursor = tuple[int, str]  # seconds and id of the last row of a page


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call as lists and pages show it."""

    id: str
    business_id: str
    carrier: str
    engine: str
    from_number: str | None
    to_number: str | None
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    language: str | None
    settings_version: int | None
    outcome: str | None
    summary: str | None
    intent: str | None
    next_action: str | None
    sentiment: str | None
    urgency: str | None
    details: Mapping[str, Any]
    barge_in_count: int
    false_alarm_count: int
    stop_ms_p50: int | None
    stop_ms_p95: int | None
    stop_ms_max: int | None
    response_ms_p50: int | None
    response_ms_p95: int | None
    cost_estimate: float | None
    usage: Mapping[str, Any]
    counts: Mapping[str, Any]
    recording_path: str | None
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls; None and False ask for nothing."""

    outcome: str | None = None
    number: str | None = None  # any part of the caller's number, digits
    text: str | None = None  # in what was said and heard, or in the summary
    since: datetime | None = None
    until: datetime | None = None
    had_barge_in: bool | None = None
    had_false_alarm: bool | None = None


@dataclass(frozen=True, slots=True)
class AppointmentFilter:
    """Which appointments; ``since`` and ``until`` bound what overlaps them."""

    since: datetime | None = None
    until: datetime | None = None
    staff_id: str | None = None
    statuses: tuple[str, ...] = ()
    phone: str | None = None
    text: str | None = None  # in name, telephone, e-mail or notes
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class CallNumbers:
    """Calls of a stretch of time in numbers."""

    calls: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    barge_ins: int = 0
    false_alarms: int = 0
    missed_barge_ins: int = 0
    stop_ms_p50: int | None = None  # of all cuts of these calls, not of their medians
    stop_ms_p95_max: int | None = None
    response_ms_p95_max: int | None = None
    cost_estimate: float = 0.0


class OfficeStore:
    """Reads for the web side; safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- businesses -------------------------------------------------------------------------------------

    def business_ids(self) -> list[str]:
        """Every business of this installation."""
        with self._database.read() as connection:
            return list(connection.execute(select(businesses.c.id).order_by(businesses.c.id)).scalars())

    def business_names(self, ids: Sequence[str]) -> dict[str, str]:
        """How businesses are called in their opening language, by id."""
        query = select(businesses.c.id, businesses.c.settings).where(businesses.c.id.in_(ids))
        with self._database.read() as connection:
            return {row.id: _name(row.settings, row.id) for row in connection.execute(query)}

    # --- calls ------------------------------------------------------------------------------------------

    def calls(self, business_id: str, wanted: CallFilter, after: Cursor | None, limit: int) -> list[CallRow]:
        """Calls that fit, newest first."""
        query = _fitting_calls(business_id, wanted)
        if after is not None:
            at, last = after
            query = query.where(or_(calls.c.started_at < at, and_(calls.c.started_at == at, calls.c.id > last)))
        query = query.order_by(calls.c.started_at.desc(), calls.c.id).limit(limit)
        with self._database.read() as connection:
            return [_call(row) for row in connection.execute(query)]

    def open_calls(self, business_id: str, since: datetime, limit: int = 100) -> list[CallRow]:
        """Calls that began at or after an instant and have no end yet, oldest first."""
        begun = calls.c.carrier.not_in(("", REHEARSAL))  # "": only a booking of the call is known so far
        query = select(calls).where(_within(business_id, since, None), calls.c.ended_at.is_(None), begun)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(calls.c.started_at, calls.c.id).limit(limit))
            return [_call(row) for row in rows]

    def call(self, business_id: str, call_id: str) -> CallRow | None:
        """One call."""
        query = select(calls).where(calls.c.business_id == business_id, calls.c.id == call_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
            return None if row is None else _call(row)

    def numbers(self, business_id: str, since: datetime, until: datetime) -> CallNumbers:
        """The calls that began in a stretch of time, counted; without rehearsals."""
        within = and_(_within(business_id, since, until), calls.c.carrier != REHEARSAL)
        totals = select(
            func.count(),
            func.coalesce(func.sum(calls.c.barge_in_count), 0),
            func.coalesce(func.sum(calls.c.false_alarm_count), 0),
            func.max(calls.c.stop_ms_p95),
            func.max(calls.c.response_ms_p95),
            func.coalesce(func.sum(calls.c.cost_estimate), 0.0),
        ).where(within)
        by_outcome = select(calls.c.outcome, func.count()).where(within).group_by(calls.c.outcome)
        counted = select(calls.c.counts).where(within, calls.c.counts.is_not(None))
        with self._database.read() as connection:
            count, barge_ins, false_alarms, stop, response, cost = connection.execute(totals).one()
            outcomes = {str(name): number for name, number in connection.execute(by_outcome) if name is not None}
            counts = [dict(found or {}) for found in connection.execute(counted).scalars()]
        stops = sorted(int(ms) for found in counts for ms in found.get("stop_ms", ()))
        return CallNumbers(
            calls=count,
            outcomes=outcomes,
            barge_ins=int(barge_ins),
            false_alarms=int(false_alarms),
            missed_barge_ins=sum(int(found.get("missed_barge_ins", 0)) for found in counts),
            stop_ms_p50=stops[(len(stops) - 1) // 2] if stops else None,
            stop_ms_p95_max=stop,
            response_ms_p95_max=response,
            cost_estimate=float(cost),
        )

    # --- appointments -----------------------------------------------------------------------------------

    def appointments(
        self, business_id: str, wanted: AppointmentFilter, after: Cursor | None, limit: int
    ) -> list[Appointment]:
        """Appointments that fit, in order of time."""
        table = appointments
        query = _fitting_appointments(business_id, wanted)
        if after is not None:
            at, last = after
            query = query.where(or_(table.c.starts_at > at, and_(table.c.starts_at == at, table.c.id > last)))
        query = query.order_by(table.c.starts_at, table.c.id).limit(limit)
        with self._database.read() as connection:
            return [appointment_rows.appointment(row) for row in connection.execute(query)]

    def changed_appointments(self, business_id: str, since: datetime) -> list[Appointment]:
        """Appointments made or changed from an instant on, its whole second included."""
        table = appointments
        query = select(table).where(table.c.business_id == business_id, table.c.updated_at >= seconds(since))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.updated_at, table.c.id).limit(500))
            return [appointment_rows.appointment(row) for row in rows]

    def count_appointments(self, business_id: str, since: datetime, until: datetime) -> int:
        """How many booked appointments begin in a stretch of time."""
        table = appointments
        query = select(func.count()).where(
            table.c.business_id == business_id,
            table.c.status.in_((Status.BOOKED.value, Status.DONE.value)),
            table.c.starts_at >= seconds(since),
            table.c.starts_at < seconds(until),
        )
        with self._database.read() as connection:
            return int(connection.execute(query).scalar() or 0)

    # --- messages ---------------------------------------------------------------------------------------

    def messages(
        self, business_id: str, done: bool | None, urgency: str | None, after: Cursor | None, limit: int
    ) -> list[Message]:
        """Messages that fit, newest first; ``done`` None: both."""
        table = messages
        query = select(table).where(table.c.business_id == business_id)
        if done is not None:
            query = query.where(table.c.done_at.is_not(None) if done else table.c.done_at.is_(None))
        if urgency is not None:
            query = query.where(table.c.urgency == urgency)
        if after is not None:
            at, last = after
            query = query.where(or_(table.c.created_at < at, and_(table.c.created_at == at, table.c.id > last)))
        query = query.order_by(table.c.created_at.desc(), table.c.id).limit(limit)
        with self._database.read() as connection:
            return [message_of(row) for row in connection.execute(query)]

    def changed_messages(self, business_id: str, since: datetime) -> list[Message]:
        """Messages left or marked from an instant on, its whole second included."""
        table, at = messages, seconds(since)
        recent = or_(table.c.created_at >= at, table.c.done_at >= at)
        query = select(table).where(table.c.business_id == business_id, recent).order_by(table.c.created_at, table.c.id)
        with self._database.read() as connection:
            return [message_of(row) for row in connection.execute(query.limit(500))]

    def open_messages(self, business_id: str) -> dict[str, int]:
        """How many messages wait for somebody, by urgency."""
        query = select(messages.c.urgency, func.count()).where(
            messages.c.business_id == business_id, messages.c.done_at.is_(None)
        )
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(messages.c.urgency))
            return {str(urgency): int(number) for urgency, number in rows}


# --- statements -----------------------------------------------------------------------------------------------


def _within(business_id: str, since: datetime | None, until: datetime | None) -> Any:
    parts = [calls.c.business_id == business_id]
    if since is not None:
        parts.append(calls.c.started_at >= seconds(since))
    if until is not None:
        parts.append(calls.c.started_at < seconds(until))
    return and_(*parts)


def _fitting_calls(business_id: str, wanted: CallFilter) -> Select[Any]:
    query = select(calls).where(_within(business_id, wanted.since, wanted.until))
    if wanted.outcome is not None:
        query = query.where(calls.c.outcome == wanted.outcome)
    if wanted.number:
        query = query.where(calls.c.from_number.contains(wanted.number, autoescape=True))
    if wanted.had_barge_in is not None:
        query = query.where(_more_than_none(calls.c.barge_in_count, wanted.had_barge_in))
    if wanted.had_false_alarm is not None:
        query = query.where(_more_than_none(calls.c.false_alarm_count, wanted.had_false_alarm))
    if wanted.text:
        said = select(turns.c.call_id).where(turns.c.call_id == calls.c.id, _contains(turns.c.heard_text, wanted.text))
        query = query.where(or_(said.exists(), _contains(calls.c.summary, wanted.text)))
    return query


def _more_than_none(column: Any, wanted: bool) -> Any:
    return func.coalesce(column, 0) > 0 if wanted else func.coalesce(column, 0) == 0


def _contains(column: Any, text: str) -> Any:
    return column.icontains(text, autoescape=True)


def _fitting_appointments(business_id: str, wanted: AppointmentFilter) -> Select[Any]:
    table = appointments
    query = select(table).where(table.c.business_id == business_id)
    if wanted.since is not None:  # none is longer than a day
        query = query.where(table.c.starts_at > seconds(wanted.since) - 86_400, table.c.ends_at > seconds(wanted.since))
    if wanted.until is not None:
        query = query.where(table.c.starts_at < seconds(wanted.until))
    if wanted.staff_id is not None:
        query = query.where(table.c.staff_id == wanted.staff_id)
    if wanted.statuses:
        query = query.where(table.c.status.in_(wanted.statuses))
    if wanted.phone is not None:
        query = query.where(table.c.contact_phone == wanted.phone)
    if wanted.call_id is not None:
        query = query.where(table.c.call_id == wanted.call_id)
    if wanted.text:
        columns = (table.c.contact_name, table.c.contact_phone, table.c.contact_email, table.c.notes)
        query = query.where(or_(*(_contains(column, wanted.text) for column in columns)))
    return query


# --- rows -----------------------------------------------------------------------------------------------------


def _call(row: Row[Any]) -> CallRow:
    counts = row.counts or {}
    fields = {name: getattr(row, name) for name in CallRow.__slots__ if name in row._fields}
    fields |= {
        "started_at": moment(row.started_at),
        "ended_at": None if row.ended_at is None else moment(row.ended_at),
        "erased_at": None if row.erased_at is None else moment(row.erased_at),
        "details": row.details or {},
        "usage": row.usage or {},
        "counts": counts,
        "barge_in_count": row.barge_in_count if row.barge_in_count is not None else int(counts.get("barge_ins", 0)),
        "false_alarm_count": row.false_alarm_count or 0,
    }
    return CallRow(**fields)


def _name(settings: Any, business_id: str) -> str:
    names = settings.get("name", {})
    return str(names.get(settings.get("opening_language"), business_id))
