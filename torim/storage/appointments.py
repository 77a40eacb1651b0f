"""Appointments in the database: statements on a connection, no transactions of their own.

Whether a time is still free is decided by the database, which refuses the row that would overlap; what is read here
only finds who could have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from torim.desk.book import Appointment, Source, Status
from torim.desk.slots import Busy
from torim.storage import schema
from torim.storage.moments import maybe_moment, moment, seconds
from torim.storage.schema import SLOT_TAKEN
from torim.storage.schema import appointments as table

TAKES_TIME = (Status.HELD.value, Status.BOOKED.value)
CALENDAR_GOOD_FOR = timedelta(hours=6)  # how old the last good copy of a linked calendar may be
_EXCLUSION_VIOLATION = "23P01"  # PostgreSQL's SQLSTATE
_LONGEST_S = 86_400


def busy(
    connection: Connection,
    business_id: str,
    since_s: int,
    until_s: int,
    now_s: int,
    *,
    but: str | None = None,
    calendars: bool = True,
) -> list[Busy]:
    """What is taken between two instants, in order; ``but`` leaves an appointment out."""
    found = _appointments_busy(connection, business_id, since_s, until_s, now_s, but)
    if calendars:
        found += _calendars_busy(connection, business_id, since_s, until_s, now_s)
        found.sort()
    return found


def _appointments_busy(
    connection: Connection, business_id: str, since_s: int, until_s: int, now_s: int, but: str | None
) -> list[Busy]:
    columns = (table.c.blocked_from, table.c.blocked_until, table.c.staff_id, table.c.place, table.c.status)
    query = select(*columns).where(
        table.c.business_id == business_id,
        or_(table.c.status == "booked", and_(table.c.status == "held", table.c.hold_expires_at > now_s)),
        # Says nothing new, but there is an index for it: a booking must not read the whole calendar.
        table.c.starts_at.between(since_s - _LONGEST_S, until_s + _LONGEST_S),
        table.c.blocked_from < until_s,
        table.c.blocked_until > since_s,
    )
    if but is not None:
        query = query.where(table.c.id != but)
    return list(map(_as_busy, connection.execute(query.order_by(table.c.blocked_from))))


def _calendars_busy(connection: Connection, business_id: str, since_s: int, until_s: int, now_s: int) -> list[Busy]:
    events, linked = schema.calendar_busy, schema.linked_calendars
    oldest_s = now_s - int(CALENDAR_GOOD_FOR.total_seconds())
    states = connection.execute(
        select(linked.c.staff_id, linked.c.read_at).where(linked.c.business_id == business_id)
    ).all()
    unreadable = [row.staff_id for row in states if row.read_at is None or row.read_at < oldest_s]
    found = [Busy(since_s, until_s, staff_id, None, "calendar_unreadable") for staff_id in unreadable]
    if len(unreadable) == len(states):
        return found
    query = select(events.c.starts_at, events.c.ends_at, events.c.staff_id).where(
        events.c.business_id == business_id, events.c.starts_at < until_s, events.c.ends_at > since_s
    )
    return found + [Busy(row[0], row[1], row[2], None, "calendar") for row in connection.execute(query)]


_as_busy = partial(tuple.__new__, Busy)  # a row has the fields of one, in their order; thousands come at once


def purge_expired(connection: Connection, business_id: str, now_s: int) -> None:
    """Remove the holds that nobody can use any more."""
    connection.execute(
        delete(table).where(
            table.c.business_id == business_id, table.c.status == "held", table.c.hold_expires_at <= now_s
        )
    )


def insert_row(connection: Connection, row: dict[str, Any]) -> Appointment:
    """Insert an appointment.

    Raises:
        IntegrityError: The time is taken, or the key was used meanwhile.
    """
    connection.execute(insert(table).values(row))
    return one(connection, table.c.id == row["id"])


def change(connection: Connection, made: Appointment, at_s: int, **values: Any) -> Appointment:
    """Change an appointment and raise its version.

    Raises:
        IntegrityError: The time is taken.
    """
    changed = {"version": made.version + 1, "updated_at": at_s} | values
    connection.execute(update(table).where(table.c.id == made.id).values(changed))
    return one(connection, table.c.id == made.id)


def remove(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    """Remove rows; gives their number."""
    return connection.execute(delete(table).where(*conditions)).rowcount


def one(connection: Connection, *conditions: ColumnElement[bool]) -> Appointment:
    """The one appointment of these conditions."""
    return appointment(connection.execute(select(table).where(*conditions)).one())


def first(connection: Connection, *conditions: ColumnElement[bool]) -> Appointment | None:
    """The first appointment of these conditions."""
    row = connection.execute(select(table).where(*conditions).order_by(table.c.starts_at, table.c.id)).first()
    return appointment(row) if row else None


def by_key(connection: Connection, business_id: str, key: str) -> tuple[str, Appointment] | None:
    """The verb that was done under an idempotency key, and its appointment."""
    keys = schema.booking_keys
    query = select(table, keys.c.verb).join(keys, keys.c.appointment_id == table.c.id)
    row = connection.execute(query.where(keys.c.business_id == business_id, keys.c.idempotency_key == key)).first()
    return (row.verb, appointment(row)) if row else None


def put_key(connection: Connection, made: Appointment, key: str, verb: str, at_s: int) -> None:
    """Remember that a verb was done under a key."""
    connection.execute(
        insert(schema.booking_keys).values(
            business_id=made.business_id, idempotency_key=key, verb=verb, appointment_id=made.id, done_at=at_s
        )
    )


def read(
    connection: Connection,
    business_id: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    call_id: str | None = None,
    phone: str | None = None,
    staff_id: str | None = None,
    statuses: Sequence[Status] | None = None,
    limit: int = 1000,
    offset: int = 0,
) -> list[Appointment]:
    """The appointments of a business in order of time; ``since`` and ``until`` bound their start."""
    query = select(table).where(table.c.business_id == business_id)
    if since is not None:
        query = query.where(table.c.starts_at >= seconds(since))
    if until is not None:
        query = query.where(table.c.starts_at < seconds(until))
    if call_id is not None:
        query = query.where(table.c.call_id == call_id)
    if phone is not None:
        query = query.where(table.c.contact_phone == phone)
    if staff_id is not None:
        query = query.where(table.c.staff_id == staff_id)
    if statuses is not None:
        query = query.where(table.c.status.in_([status.value for status in statuses]))
    rows = connection.execute(query.order_by(table.c.starts_at, table.c.id).limit(limit).offset(offset))
    return [appointment(row) for row in rows]


def is_slot_taken(error: IntegrityError) -> bool:
    """Whether the rule against double booking refused."""
    return SLOT_TAKEN in str(error.orig) or getattr(error.orig, "sqlstate", "") == _EXCLUSION_VIOLATION


def appointment(row: Row[Any]) -> Appointment:
    """A row of the table as the desk sees it."""
    return Appointment(
        id=row.id,
        business_id=row.business_id,
        service_id=row.service_id,
        starts_at=moment(row.starts_at),
        ends_at=moment(row.ends_at),
        timezone=row.timezone,
        status=Status(row.status),
        call_id=row.call_id,
        created_at=moment(row.created_at),
        staff_id=row.staff_id,
        place=row.place,
        version=row.version,
        sequence=row.sequence,
        source=Source(row.source),
        hold_expires_at=maybe_moment(row.hold_expires_at),
        confirmed_at=maybe_moment(row.confirmed_at),
        cancelled_at=maybe_moment(row.cancelled_at),
        updated_at=moment(row.updated_at),
        contact_name=row.contact_name,
        contact_phone=row.contact_phone,
        contact_email=row.contact_email,
        notes=row.notes,
        name_note=row.name_note,
        call_summary=row.call_summary,
        call_transcript=row.call_transcript,
    )
