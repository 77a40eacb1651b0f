"""The verbs of the appointment book: each is one transaction that no other verb of the business runs beside.

It decides what a repeated wish, an expired hold or a version that moved on means. The rule against double booking is
the database's own; a verb that finds a free place and is refused all the same says that the time is taken.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from torim.desk.book import (
    HOLD_FOR,
    Appointment,
    BookingRequest,
    ChangeRequest,
    EditRequest,
    RescheduleRequest,
    Status,
)
from torim.desk.slots import Busy, free_place
from torim.errors import BookingError
from torim.storage import appointments as rows
from torim.storage.calls import ensure_call
from torim.storage.database import Database, storage_error
from torim.storage.jobs import Fact, add_fact
from torim.storage.moments import seconds
from torim.storage.schema import SLOT_TAKEN
from torim.storage.schema import appointments as table

HOLDS_OF_A_CALL = 3  # the oldest gives way to a fourth
CONTACT = ("contact_name", "contact_phone", "contact_email", "notes", "name_note")
_BOOKING_LOCK = 0x746F72  # PostgreSQL's advisory locks of bookings: any number that nobody else uses


class AppointmentBook:
    """The book of one database; safe to share between threads. Fulfils `torim.desk.book.Book`."""

    _database: Database

    # --- reading ----------------------------------------------------------------------------------------

    def busy(self, business_id: str, since: datetime, until: datetime, now: datetime | None = None) -> list[Busy]:
        """What is taken between two instants, in order: appointments, holds alive at ``now``, linked calendars."""
        with self._database.read() as connection:
            return rows.busy(connection, business_id, seconds(since), seconds(until), seconds(now or since))

    def get(self, business_id: str, appointment_id: str) -> Appointment | None:
        """One appointment."""
        with self._database.read() as connection:
            return _find(connection, business_id, appointment_id)

    def find_booking(self, business_id: str, idempotency_key: str) -> Appointment | None:
        """The appointment that a verb with this key made or changed, if there is one."""
        with self._database.read() as connection:
            found = rows.by_key(connection, business_id, idempotency_key)
            return found[1] if found else None

    def of_call(self, business_id: str, call_id: str) -> list[Appointment]:
        """The appointments that a call made, in order of time; without holds."""
        settled = [status for status in Status if status is not Status.HELD]
        with self._database.read() as connection:
            return rows.read(connection, business_id, call_id=call_id, statuses=settled)

    def upcoming(self, business_id: str, phone: str, now: datetime) -> list[Appointment]:
        """The booked appointments of a telephone number (E.164) that have not ended, in order of time."""
        with self._database.read() as connection:
            found = rows.read(connection, business_id, phone=phone, statuses=[Status.BOOKED])
            return [made for made in found if made.ends_at > now]

    # --- the verbs --------------------------------------------------------------------------------------

    def hold(self, request: BookingRequest) -> Appointment:
        """Keep a time for 90 s, or return what was made under this key."""
        return self._once(request.business_id, request.idempotency_key, "hold", request.asked_at, _hold(request))

    def book(self, request: BookingRequest) -> Appointment:
        """Make the appointment durable, or return the one already made for the same wish.

        Raises:
            BookingError: ``booking.slot_taken``.
            StorageError: The database refused; nothing was booked.
        """
        return self._once(request.business_id, request.idempotency_key, "book", request.asked_at, _book(request))

    def confirm(self, request: ChangeRequest) -> Appointment:
        """A hold becomes an appointment; an appointment is marked as confirmed by the customer.

        Raises:
            BookingError: ``booking.hold_expired`` and those of every change.
        """
        return self._change(request, "confirm", _confirm)

    def reschedule(self, request: RescheduleRequest) -> Appointment:
        """Move an appointment; it keeps its id.

        Raises:
            BookingError: ``booking.slot_taken`` and those of every change.
        """
        return self._change(request, "reschedule", lambda connection, made, _: _move(connection, made, request))

    def cancel(self, request: ChangeRequest) -> Appointment:
        """Cancel an appointment or a hold; one that is cancelled already stays as it is."""
        return self._change(request, "cancel", _cancel)

    def edit(self, request: EditRequest) -> Appointment:
        """Replace what is known of the contact."""
        return self._change(request, "edit", lambda connection, made, _: _edit(connection, made, request))

    def release(self, business_id: str, call_id: str, now: datetime) -> int:
        """Give up the holds of a call that is over; gives their number."""
        with self._booking(business_id) as connection:
            return rows.remove(
                connection, table.c.business_id == business_id, table.c.call_id == call_id, table.c.status == "held"
            )

    # --- how a verb runs --------------------------------------------------------------------------------

    def _change(
        self,
        request: ChangeRequest,
        verb: str,
        act: Callable[[Connection, Appointment, ChangeRequest], Appointment],
    ) -> Appointment:
        def perform(connection: Connection) -> Appointment:
            made = _wanted(connection, request)
            return act(connection, made, request)

        return self._once(request.business_id, request.idempotency_key, verb, request.asked_at, perform)

    def _once(
        self, business_id: str, key: str, verb: str, at: datetime, act: Callable[[Connection], Appointment]
    ) -> Appointment:
        """Do it, unless it was done under this key before."""
        with self._booking(business_id) as connection:
            found = rows.by_key(connection, business_id, key)
            if found is not None:
                return _repeated(found, verb)
            made = act(connection)
            rows.put_key(connection, made, key, verb, seconds(at))
            return made

    @contextmanager
    def _booking(self, business_id: str) -> Iterator[Connection]:
        """A transaction that no other booking of the business runs beside."""
        try:
            with self._database.write() as connection:
                if not self._database.is_sqlite:
                    lock = text("SELECT pg_advisory_xact_lock(:kind, hashtext(:business))")
                    connection.execute(lock, {"kind": _BOOKING_LOCK, "business": business_id})
                yield connection
        except IntegrityError as error:
            if rows.is_slot_taken(error):
                raise _taken() from error
            raise storage_error(error.orig or error) from error


def _repeated(found: tuple[str, Appointment], verb: str) -> Appointment:
    done, made = found
    if done != verb:
        advice = f"This key was already used to {done}; give every wish a key of its own."
        raise BookingError(advice, code="booking.key_reused")
    return made


def _taken() -> BookingError:
    return BookingError("This time has just been taken; offer another one.", code=SLOT_TAKEN)


def _find(connection: Connection, business_id: str, appointment_id: str) -> Appointment | None:
    return rows.first(connection, table.c.business_id == business_id, table.c.id == appointment_id)


def _wanted(connection: Connection, request: ChangeRequest) -> Appointment:
    made = _find(connection, request.business_id, request.appointment_id)
    if made is None:
        advice = f"There is no appointment {request.appointment_id!r}; a hold that expired is gone."
        raise BookingError(advice, code="booking.not_found")
    if request.expected_version not in (None, made.version):
        advice = f"Somebody changed this appointment meanwhile (version {made.version} now); read it again."
        raise BookingError(advice, code="booking.version_conflict")
    return made


# --- making -------------------------------------------------------------------------------------------------


def _hold(request: BookingRequest) -> Callable[[Connection], Appointment]:
    def perform(connection: Connection) -> Appointment:
        _make_room(connection, request)
        _limit_holds(connection, request)
        expires_s = seconds(request.asked_at + HOLD_FOR)
        return _insert(connection, request, status="held", hold_expires_at=expires_s)

    return perform


def _book(request: BookingRequest) -> Callable[[Connection], Appointment]:
    def perform(connection: Connection) -> Appointment:
        made = _same_wish(connection, request)
        if made is not None:
            return _learn(connection, made, request)
        held = _own_hold(connection, request)
        if held is not None:
            known = {name: value for name in CONTACT if (value := getattr(request, name))}
            made = rows.change(
                connection, held, seconds(request.asked_at), status="booked", hold_expires_at=None, **known
            )
        else:
            _make_room(connection, request)
            made = _insert(connection, request, status="booked")
        return _told(connection, Fact.BOOKED, made, request.asked_at)

    return perform


def _same_wish(connection: Connection, request: BookingRequest) -> Appointment | None:
    """The booked appointment that this call already has for the same service and start, and nobody else's name."""
    if request.call_id is None:
        return None
    made = rows.first(
        connection,
        table.c.business_id == request.business_id,
        table.c.call_id == request.call_id,
        table.c.service_id == request.service_id,
        table.c.starts_at == seconds(request.starts_at),
        table.c.status == "booked",
    )
    if made and request.contact_name and made.contact_name and request.contact_name != made.contact_name:
        return None
    return made


def _learn(connection: Connection, made: Appointment, request: BookingRequest) -> Appointment:
    """Fill in what the caller said about themselves after the appointment was made."""
    learned = {name: value for name in CONTACT if (value := getattr(request, name)) and not getattr(made, name)}
    return rows.change(connection, made, seconds(request.asked_at), **learned) if learned else made


def _own_hold(connection: Connection, request: BookingRequest) -> Appointment | None:
    """The hold that this booking is of: named, or the same call's for the same service and start."""
    conditions = [
        table.c.business_id == request.business_id,
        table.c.status == "held",
        table.c.service_id == request.service_id,
        table.c.starts_at == seconds(request.starts_at),
        table.c.ends_at == seconds(request.ends_at),
        table.c.staff_id.in_([performer.staff_id for performer in request.performers]),
        table.c.hold_expires_at > seconds(request.asked_at),
    ]
    if request.hold_id is not None:
        return rows.first(connection, *conditions, table.c.id == request.hold_id)
    if request.call_id is None:
        return None
    return rows.first(connection, *conditions, table.c.call_id == request.call_id)


def _make_room(connection: Connection, request: BookingRequest) -> None:
    """Remove expired holds, and holds of the same call that the new appointment would meet."""
    rows.purge_expired(connection, request.business_id, seconds(request.asked_at))
    own = table.c.id == request.hold_id
    if request.call_id is not None:
        overlapping = (table.c.starts_at < seconds(request.ends_at)) & (table.c.ends_at > seconds(request.starts_at))
        own = own | ((table.c.call_id == request.call_id) & overlapping)
    rows.remove(connection, table.c.business_id == request.business_id, table.c.status == "held", own)


def _limit_holds(connection: Connection, request: BookingRequest) -> None:
    if request.call_id is None:
        return
    held = rows.read(connection, request.business_id, call_id=request.call_id, statuses=[Status.HELD])
    held.sort(key=lambda made: made.created_at)
    for old in held[: max(0, len(held) - HOLDS_OF_A_CALL + 1)]:
        rows.remove(connection, table.c.id == old.id)


def _insert(connection: Connection, request: BookingRequest, **values: object) -> Appointment:
    if request.call_id is not None:
        ensure_call(connection, request.call_id, request.business_id, request.asked_at)
    row = _when(connection, request, request.asked_at, but=None) | {
        "id": secrets.token_hex(8),
        "business_id": request.business_id,
        "service_id": request.service_id,
        "timezone": request.timezone,
        "source": request.source.value,
        "call_id": request.call_id,
        "idempotency_key": request.idempotency_key,
        "created_at": seconds(request.asked_at),
        "updated_at": seconds(request.asked_at),
    }
    row |= {name: getattr(request, name) for name in CONTACT}
    return rows.insert_row(connection, row | values)


def _when(
    connection: Connection, request: BookingRequest | RescheduleRequest, now: datetime, but: str | None
) -> dict[str, object]:
    """The times of a row, and who has it.

    Raises:
        BookingError: ``booking.slot_taken``.
    """
    starts_s, ends_s = seconds(request.starts_at), seconds(request.ends_at)
    since_s, until_s = starts_s - 60 * request.buffer_before_min, ends_s + 60 * request.buffer_after_min
    busy = rows.busy(
        connection,
        request.business_id,
        since_s,
        until_s,
        seconds(now),
        but=but,
        calendars=not request.ignore_calendars,
    )
    found = free_place(request.performers, busy, since_s, until_s)
    if found is None:
        raise _taken()
    return {
        "starts_at": starts_s,
        "ends_at": ends_s,
        "blocked_from": since_s,
        "blocked_until": until_s,
        "staff_id": found[0],
        "place": found[1],
    }


# --- changing -----------------------------------------------------------------------------------------------


def _must_be(made: Appointment, *allowed: Status) -> None:
    if made.status not in allowed:
        advice = f"This appointment is {made.status}; only {' or '.join(allowed)} ones can be changed so."
        raise BookingError(advice, code="booking.wrong_status")


def _confirm(connection: Connection, made: Appointment, request: ChangeRequest) -> Appointment:
    _must_be(made, Status.HELD, Status.BOOKED)
    if made.hold_expires_at is not None and made.hold_expires_at <= request.asked_at:
        raise BookingError("The time was not kept any longer; look for it again.", code="booking.hold_expired")
    at_s = seconds(request.asked_at)
    if made.status is Status.HELD:
        made = rows.change(connection, made, at_s, status="booked", hold_expires_at=None)
        return _told(connection, Fact.BOOKED, made, request.asked_at)
    return rows.change(connection, made, at_s, confirmed_at=at_s)


def _move(connection: Connection, made: Appointment, request: RescheduleRequest) -> Appointment:
    _must_be(made, Status.BOOKED)
    at_s = seconds(request.asked_at)
    rows.purge_expired(connection, request.business_id, at_s)
    if request.call_id is not None:
        rows.remove(
            connection,
            table.c.business_id == request.business_id,
            table.c.call_id == request.call_id,
            table.c.status == "held",
        )
    when = _when(connection, request, request.asked_at, but=made.id)
    service = {"service_id": request.service_id or made.service_id}
    made = rows.change(connection, made, at_s, sequence=made.sequence + 1, confirmed_at=None, **when, **service)
    return _told(connection, Fact.MOVED, made, request.asked_at)


def _cancel(connection: Connection, made: Appointment, request: ChangeRequest) -> Appointment:
    if made.status is Status.CANCELLED:
        return made
    _must_be(made, Status.HELD, Status.BOOKED)
    at_s = seconds(request.asked_at)
    cancelled = rows.change(
        connection,
        made,
        at_s,
        status="cancelled",
        cancelled_at=at_s,
        hold_expires_at=None,
        sequence=made.sequence + 1,
    )
    if made.status is Status.HELD:
        return cancelled
    return _told(connection, Fact.CANCELLED, cancelled, request.asked_at)


def _told(connection: Connection, fact: Fact, made: Appointment, at: datetime) -> Appointment:
    """The appointment, and a job for those who want to hear of it, in one transaction."""
    add_fact(connection, made.business_id, fact, made.id, at, made.sequence)
    return made


def _edit(connection: Connection, made: Appointment, request: EditRequest) -> Appointment:
    names = ("contact_name", "contact_phone", "contact_email", "notes")
    values = {name: value or None for name in names if (value := getattr(request, name)) is not None}
    if request.status is not None and request.status is not made.status:
        _must_be(made, Status.BOOKED, Status.DONE)
        _must_be_settled(request.status)
        values["status"] = request.status.value
    return rows.change(connection, made, seconds(request.asked_at), **values) if values else made


def _must_be_settled(status: Status) -> None:
    if status not in (Status.BOOKED, Status.DONE):
        raise BookingError("Cancel an appointment with `cancel`, not with an edit.", code="booking.wrong_status")
