"""The appointment book as the desk sees it: a port, and the values that pass through it.

It decides nothing. `torim.storage.store.Store` fulfils `Book`; so does anything else with these methods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from torim.desk.slots import Interval


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """An appointment to be made; instants are aware UTC datetimes."""

    business_id: str
    service_id: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    call_id: str
    idempotency_key: str  # the same wish asked again has the same key
    asked_at: datetime
    contact_name: str | None = None
    contact_phone: str | None = None
    name_note: str | None = None  # id of a voice note in which the caller said the name


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment as it is stored."""

    id: str
    business_id: str
    service_id: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    status: str  # "held", "booked" or "cancelled"
    call_id: str | None
    created_at: datetime
    contact_name: str | None = None
    contact_phone: str | None = None
    name_note: str | None = None
    call_summary: str | None = None
    call_transcript: str | None = None


class Book(Protocol):
    """Where appointments are kept; every method is scoped to one business and may block."""

    def busy(self, business_id: str, since: datetime, until: datetime) -> Sequence[Interval]:
        """What is taken between two instants."""

    def find_booking(self, business_id: str, idempotency_key: str) -> Appointment | None:
        """The appointment made under this key, if there is one."""

    def of_call(self, business_id: str, call_id: str) -> Sequence[Appointment]:
        """The appointments that a call made, in order of time."""

    def book(self, request: BookingRequest) -> Appointment:
        """Make the appointment durable, or return the one already made for the same wish.

        The same wish has the same key, or the same call, service and start.

        Raises:
            BookingError: ``booking.slot_taken``.
            StorageError: The database refused; nothing was booked.
        """
