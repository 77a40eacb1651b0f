"""The appointment book as the desk sees it: a port, and the values that pass through it.

It decides nothing. `torim.storage.store.Store` fulfils `Book`; so does anything else with these methods. Every
verb carries an idempotency key (call id and tool call id): asked again, it gives the same appointment, as it now
stands, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from torim.desk.slots import Busy
from torim.desk.staffing import Performer

HOLD_FOR = timedelta(seconds=90)


class Status(StrEnum):
    """What an appointment is: a closed list. Held and booked ones take their time; the others do not."""

    HELD = "held"  # for 90 s, while a caller decides
    BOOKED = "booked"
    CANCELLED = "cancelled"
    DONE = "done"  # it took place


class Source(StrEnum):
    """Where an appointment came from: a closed list."""

    CALL = "call"
    API = "api"
    WEB = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequest:
    """An appointment to be made; instants are aware UTC datetimes."""

    business_id: str
    service_id: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    idempotency_key: str  # the same wish asked again has the same key
    asked_at: datetime
    call_id: str | None = None
    performers: tuple[Performer, ...] = (Performer(),)  # whoever is free first has it
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    source: Source = Source.CALL
    contact_name: str | None = None
    contact_phone: str | None = None  # E.164
    contact_email: str | None = None
    notes: str | None = None
    name_note: str | None = None  # id of a voice note in which the caller said the name
    hold_id: str | None = None  # the hold that becomes this appointment
    ignore_calendars: bool = False  # the owner may book over what a linked calendar says


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """An appointment to be cancelled or confirmed."""

    business_id: str
    appointment_id: str
    idempotency_key: str
    asked_at: datetime
    call_id: str | None = None
    expected_version: int | None = None  # None: whatever it is now


@dataclass(frozen=True, slots=True, kw_only=True)
class RescheduleRequest(ChangeRequest):
    """An appointment to be moved; its contact and call stay."""

    starts_at: datetime
    ends_at: datetime
    performers: tuple[Performer, ...] = (Performer(),)
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    service_id: str | None = None  # None: the same
    ignore_calendars: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRequest(ChangeRequest):
    """What is known of an appointment's contact, to be replaced; None leaves a field, "" empties it."""

    contact_name: str | None = None
    contact_phone: str | None = None
    contact_email: str | None = None
    notes: str | None = None
    status: Status | None = None  # only BOOKED to DONE and back


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """An appointment as it is stored."""

    id: str
    business_id: str
    service_id: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    status: Status
    call_id: str | None
    created_at: datetime
    staff_id: str = ""
    place: int = 0  # of the places of its performer
    version: int = 1  # rises with every change
    sequence: int = 0  # of its calendar event: rises when it moves or is cancelled
    source: Source = Source.CALL
    hold_expires_at: datetime | None = None  # of a hold
    confirmed_at: datetime | None = None  # when the customer said so
    cancelled_at: datetime | None = None
    updated_at: datetime | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    contact_email: str | None = None
    notes: str | None = None
    name_note: str | None = None
    call_summary: str | None = None
    call_transcript: str | None = None


class Book(Protocol):
    """Where appointments are kept; every method is scoped to one business and may block.

    Errors of every verb: `BookingError` with ``booking.slot_taken``, ``booking.not_found`` (also for another
    business's), ``booking.hold_expired``, ``booking.version_conflict``, ``booking.wrong_status``,
    ``booking.key_reused`` (the key belongs to another verb); `StorageError` when the database refused and
    nothing was changed.
    """

    def busy(self, business_id: str, since: datetime, until: datetime, now: datetime | None = None) -> Sequence[Busy]:
        """What is taken between two instants, in order: appointments, holds alive at ``now``, linked calendars.

        A linked calendar that could not be read for 6 hours is busy throughout (``kind`` "calendar_unreadable").
        ``now`` is ``since`` by default.
        """

    def hold(self, request: BookingRequest) -> Appointment:
        """Keep a time for `HOLD_FOR`, or return what was made under this key."""

    def book(self, request: BookingRequest) -> Appointment:
        """Make the appointment durable, or return the one already made for the same wish.

        The same wish has the same key, or the same call, service and start. With ``hold_id`` the hold becomes the
        appointment; if it has expired, the time is booked anew if it is still free.
        """

    def confirm(self, request: ChangeRequest) -> Appointment:
        """A hold becomes an appointment; an appointment is marked as confirmed by the customer."""

    def reschedule(self, request: RescheduleRequest) -> Appointment:
        """Move an appointment; it keeps its id."""

    def cancel(self, request: ChangeRequest) -> Appointment:
        """Cancel an appointment or a hold; one that is cancelled already stays as it is."""

    def edit(self, request: EditRequest) -> Appointment:
        """Replace what is known of the contact."""

    def release(self, business_id: str, call_id: str, now: datetime) -> int:
        """Give up the holds of a call that is over; gives their number."""

    def get(self, business_id: str, appointment_id: str) -> Appointment | None:
        """One appointment."""

    def find_booking(self, business_id: str, idempotency_key: str) -> Appointment | None:
        """The appointment that a verb with this key made or changed, if there is one."""

    def of_call(self, business_id: str, call_id: str) -> Sequence[Appointment]:
        """The appointments that a call made, in order of time; without holds."""

    def upcoming(self, business_id: str, phone: str, now: datetime) -> Sequence[Appointment]:
        """The booked appointments of a telephone number (E.164) that have not ended, in order of time."""
