"""Free times looked up in a book: the busy times are read a few weeks at a time, as far as somebody reads on.

It decides how much is read at once. What is free is decided in `slots`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from torim.desk.book import Book
from torim.desk.business import Business, Service
from torim.desk.slots import Busy, Slot, free_slots

FIRST_DAYS, MOST_DAYS = 14, 112  # read at first; each further reading is twice as long, up to this
_MARGIN = timedelta(days=2)  # buffers, and days that begin before UTC's


def open_slots(
    book: Book,
    business: Business,
    service: Service,
    now_utc: datetime,
    first_day: date | None = None,
    staff_id: str | None = None,
) -> Iterator[Slot]:
    """Yield the free slots of a service in order of time, up to the business's horizon; may block on the book.

    Raises:
        BookingError: ``booking.unknown_staff``.
        StorageError: The book cannot be read.
    """
    today = now_utc.astimezone(business.zone).date()
    last_day = today + timedelta(days=business.horizon_days)
    day, days = max(today, first_day or today), FIRST_DAYS
    while day <= last_day:
        until = min(last_day, day + timedelta(days=days - 1))
        busy = _busy(book, business.id, day, until, now_utc)
        near = msgspec.structs.replace(business, horizon_days=(until - today).days)
        yield from free_slots(near, service, busy, now_utc, day, staff_id)
        day, days = until + timedelta(days=1), min(2 * days, MOST_DAYS)


def why_nothing(book: Book, business: Business, now_utc: datetime) -> str | None:
    """The reason for which nothing at all can be offered: ``calendar_unreadable``, or None; may block on the book."""
    soon = book.busy(business.id, now_utc, now_utc + timedelta(days=1), now_utc)
    unreadable = {item.staff_id for item in soon if item.kind == "calendar_unreadable"}
    everybody = {member.id for member in business.staff} or {""}
    return "calendar_unreadable" if "" in unreadable or everybody <= unreadable else None


def _busy(book: Book, business_id: str, first: date, last: date, now_utc: datetime) -> list[Busy]:
    since = datetime.combine(first, time(), UTC) - _MARGIN
    return list(book.busy(business_id, since, datetime.combine(last, time(), UTC) + _MARGIN, now_utc))
