"""Appointments in the database: statements on a connection, no transactions of their own.

Whether a time is still free is not asked here: the database refuses the row that would overlap.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from torim.desk.book import Appointment, BookingRequest
from torim.desk.slots import Interval
from torim.storage.calls import ensure_call, moment, seconds
from torim.storage.schema import SLOT_TAKEN
from torim.storage.schema import appointments as table

TAKES_TIME = ("held", "booked")
_EXCLUSION_VIOLATION = "23P01"  # PostgreSQL's SQLSTATE


def busy(connection: Connection, business_id: str, since: datetime, until: datetime) -> list[Interval]:
    """What is taken between two instants, in order."""
    query = select(table.c.starts_at, table.c.ends_at).where(
        table.c.business_id == business_id,
        table.c.status.in_(TAKES_TIME),
        table.c.starts_at < seconds(until),
        table.c.starts_at > seconds(since) - 86_400,  # none is longer than a day
        table.c.ends_at > seconds(since),
    )
    rows = connection.execute(query.order_by(table.c.starts_at))
    return [Interval(moment(row.starts_at), moment(row.ends_at)) for row in rows]


def insert_booking(connection: Connection, request: BookingRequest) -> Appointment:
    """Insert an appointment.

    Raises:
        IntegrityError: The time is taken, or the key was used meanwhile.
    """
    ensure_call(connection, request.call_id, request.business_id, request.asked_at)
    row = {
        "id": secrets.token_hex(8),
        "business_id": request.business_id,
        "service_id": request.service_id,
        "starts_at": seconds(request.starts_at),
        "ends_at": seconds(request.ends_at),
        "timezone": request.timezone,
        "status": "booked",
        "call_id": request.call_id,
        "idempotency_key": request.idempotency_key,
        "created_at": seconds(request.asked_at),
        "contact_name": request.contact_name,
        "contact_phone": request.contact_phone,
        "name_note": request.name_note,
    }
    connection.execute(insert(table).values(row))
    return appointment(connection.execute(select(table).where(table.c.id == row["id"])).one())


def by_key(connection: Connection, business_id: str, key: str) -> Appointment | None:
    """The appointment that was made under an idempotency key."""
    query = select(table).where(table.c.business_id == business_id, table.c.idempotency_key == key)
    row = connection.execute(query).first()
    return appointment(row) if row else None


def same_wish(connection: Connection, request: BookingRequest) -> Appointment | None:
    """The booked appointment that this call already has for the same service and start."""
    query = select(table).where(
        table.c.business_id == request.business_id,
        table.c.call_id == request.call_id,
        table.c.service_id == request.service_id,
        table.c.starts_at == seconds(request.starts_at),
        table.c.status == "booked",
    )
    row = connection.execute(query).first()
    return appointment(row) if row else None


def add_contact(connection: Connection, made: Appointment, request: BookingRequest) -> Appointment:
    """Fill in what the caller said about themselves after the appointment was made."""
    learned = {
        name: value
        for name in ("contact_name", "contact_phone", "name_note")
        if (value := getattr(request, name)) and not getattr(made, name)
    }
    if not learned:
        return made
    connection.execute(update(table).where(table.c.id == made.id).values(learned))
    return appointment(connection.execute(select(table).where(table.c.id == made.id)).one())


def read(
    connection: Connection,
    business_id: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    call_id: str | None = None,
    limit: int = 1000,
) -> list[Appointment]:
    """The appointments of a business in order of time; ``since`` and ``until`` bound their start."""
    query = select(table).where(table.c.business_id == business_id)
    if since is not None:
        query = query.where(table.c.starts_at >= seconds(since))
    if until is not None:
        query = query.where(table.c.starts_at < seconds(until))
    if call_id is not None:
        query = query.where(table.c.call_id == call_id)
    rows = connection.execute(query.order_by(table.c.starts_at, table.c.id).limit(limit))
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
        status=row.status,
        call_id=row.call_id,
        created_at=moment(row.created_at),
        contact_name=row.contact_name,
        contact_phone=row.contact_phone,
        name_note=row.name_note,
        call_summary=row.call_summary,
        call_transcript=row.call_transcript,
    )
