"""Which times are free: from hours, staff, duration and buffers, what is busy, notice and horizon.

Pure: now is an argument and every instant is an aware UTC datetime. Hours are local wall time (`zones` says
what that means when the clocks change). It never reads appointments and never reserves anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from torim.desk.business import Business, Opening, Service
from torim.desk.staffing import NOBODY, Performer, performers, presence
from torim.desk.zones import closing_instant, instant, steady_midnight_s
from torim.errors import BookingError, CoreMisuse

_ID_FORMAT = "%Y%m%dT%H%MZ"
_STAFF_MARK = "."


class Busy(NamedTuple):
    """A stretch of time [since, until) in UTC seconds in which somebody cannot have an appointment."""

    since_s: int
    until_s: int
    staff_id: str = NOBODY  # NOBODY: the whole business
    place: int | None = None  # of the performer's places; None: all
    kind: str = "booked"  # or "held", "calendar", "calendar_unreadable"

    @classmethod
    def between(cls, starts_at: datetime, ends_at: datetime, staff_id: str = NOBODY, place: int | None = None) -> Busy:
        """The same from aware datetimes; seconds that are begun count whole."""
        return cls(int(starts_at.timestamp()), -int(-ends_at.timestamp() // 1), staff_id, place)

    @property
    def starts_at(self) -> datetime:
        return datetime.fromtimestamp(self.since_s, UTC)

    @property
    def ends_at(self) -> datetime:
        return datetime.fromtimestamp(self.until_s, UTC)


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A time at which a service can begin: UTC instants, the zone in which people speak of them, and with whom."""

    starts_at: datetime
    ends_at: datetime
    timezone: str
    staff_ids: tuple[str, ...] = (NOBODY,)  # who is free, in the order of the settings

    @property
    def id(self) -> str:
        """Names the slot without any memory of having offered it."""
        return self.starts_at.strftime(_ID_FORMAT)

    def id_with(self, staff_id: str) -> str:
        """Names the slot with one of its staff."""
        return f"{self.id}{_STAFF_MARK}{staff_id}" if staff_id else self.id

    @property
    def local(self) -> datetime:
        return self.starts_at.astimezone(ZoneInfo(self.timezone))


def starts_at(slot_id: str) -> datetime:
    """The instant that a slot id stands for.

    Raises:
        BookingError: ``booking.unknown_slot``.
    """
    try:
        return datetime.strptime(slot_id.partition(_STAFF_MARK)[0], _ID_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        advice = f"{slot_id!r} is no slot id; use an id that find_slots returned."
        raise BookingError(advice, code="booking.unknown_slot") from error


def staff_of(slot_id: str) -> str | None:
    """The member of staff that a slot id names; None: whoever is free."""
    return slot_id.partition(_STAFF_MARK)[2] or None


def free_slots(
    business: Business,
    service: Service,
    busy: Iterable[Busy],
    now_utc: datetime,
    first_day: date | None = None,
    staff_id: str | None = None,
) -> Iterator[Slot]:
    """Yield the free slots of a service in order of time, lazily, up to the business's horizon.

    Args:
        busy: Appointments, holds and events of calendars, in any order; they may overlap one another.
        first_day: Local date to begin with; today by default.
        staff_id: Only with this member of staff.

    Raises:
        BookingError: ``booking.unknown_staff``.
    """
    able = performers(business, service.id, staff_id)
    lines = _lines(able, busy)
    for starts in _days(business, service, now_utc, first_day, able):
        with_whom: dict[int, tuple[str, ...]] = defaultdict(tuple)
        for performer, candidates in starts:
            for start_s in _free(candidates, service, [lines[line] for line in _places(performer)]):
                with_whom[start_s] += (performer.staff_id,)
        for start_s in sorted(with_whom):
            yield _slot(business, service, start_s, with_whom[start_s])


def offered(
    business: Business, service: Service, start: datetime, now_utc: datetime, staff_id: str | None = None
) -> Slot:
    """The slot of a service at an instant, whether free or taken, with all who work then.

    Raises:
        BookingError: ``booking.not_offered``: outside the hours, between the steps, too soon or too far.
    """
    wanted_s = int(start.timestamp())
    able = performers(business, service.id, staff_id)
    local_day = start.astimezone(business.zone).date()
    for starts in _days(business, service, now_utc, local_day, able, last_day=local_day):
        there = tuple(performer.staff_id for performer, candidates in starts if wanted_s in candidates)
        if there and start.timestamp() == wanted_s:
            return _slot(business, service, wanted_s, there)
    advice = f"{service.id} cannot begin at {start:%Y-%m-%d %H:%M} UTC; use an id that find_slots returned."
    raise BookingError(advice, code="booking.not_offered")


def free_place(able: Sequence[Performer], busy: Iterable[Busy], since_s: int, until_s: int) -> tuple[str, int] | None:
    """Who can have an appointment that blocks [since, until), and in which of their places; None: nobody."""
    for line, items in _lines(able, busy).items():
        if all(item.until_s <= since_s or until_s <= item.since_s for item in items):
            return line
    return None


_Line = tuple[str, int]  # a performer and one of their places
_Starts = list[tuple[Performer, list[int]]]


def _slot(business: Business, service: Service, start_s: int, staff_ids: tuple[str, ...]) -> Slot:
    begins = datetime.fromtimestamp(start_s, UTC)
    return Slot(begins, begins + timedelta(minutes=service.duration_min), business.timezone, staff_ids)


def _places(performer: Performer) -> list[_Line]:
    return [(performer.staff_id, place) for place in range(performer.capacity)]


def _lines(able: Sequence[Performer], busy: Iterable[Busy]) -> dict[_Line, list[Busy]]:
    """What is busy, sorted, for each place of each performer."""
    lines: dict[_Line, list[Busy]] = {line: [] for performer in able for line in _places(performer)}
    capacity = {performer.staff_id: performer.capacity for performer in able}
    for item in sorted(busy):
        for staff_id in capacity if not item.staff_id or NOBODY in capacity else (item.staff_id,):
            if staff_id not in capacity:
                continue
            places = range(capacity[staff_id]) if item.place is None else (item.place % capacity[staff_id],)
            for place in places:
                lines[staff_id, place].append(item)
    return lines


def _free(candidates: list[int], service: Service, places: Sequence[Sequence[Busy]]) -> list[int]:
    before_s, after_s = 60 * service.buffer_before_min, 60 * (service.duration_min + service.buffer_after_min)
    return [
        start_s
        for start_s in candidates
        if any(
            all(item.until_s <= start_s - before_s or start_s + after_s <= item.since_s for item in line)
            for line in places
        )
    ]


def _days(
    business: Business,
    service: Service,
    now_utc: datetime,
    first_day: date | None,
    able: Sequence[Performer],
    last_day: date | None = None,
) -> Iterator[_Starts]:
    """For each day of the horizon, the instants at which each performer could begin if nothing were busy."""
    if now_utc.tzinfo is None:
        raise CoreMisuse("now_utc must be an aware datetime.")
    today = now_utc.astimezone(business.zone).date()
    earliest_s = (now_utc + timedelta(minutes=business.minimum_notice_min)).timestamp()
    horizon = today + timedelta(days=business.horizon_days)
    day, last_day = max(today, first_day or today), min(horizon, last_day or horizon)
    while day <= last_day:
        yield [
            (
                performer,
                [
                    start_s
                    for opening in presence(business, performer.staff_id, day)
                    for start_s in _starts(business, service, day, opening)
                    if start_s >= earliest_s
                ],
            )
            for performer in able
        ]
        day += timedelta(days=1)


def _starts(business: Business, service: Service, day: date, opening: Opening) -> Iterator[int]:
    """The steps of an opening at which the service still fits, in UTC seconds."""
    length_s, midnight_s = 60 * service.duration_min, steady_midnight_s(day, business.zone)
    minutes = range(opening.opens_min, opening.closes_min, business.slot_step_min)
    if midnight_s is not None:
        last_s = midnight_s + 60 * opening.closes_min - length_s
        yield from (start_s for minute in minutes if (start_s := midnight_s + 60 * minute) <= last_s)
        return
    closes_s = int(closing_instant(day, opening.closes_min, business.zone).timestamp())
    for minute in minutes:
        start = instant(day, minute, business.zone)
        if start is not None and (start_s := int(start.timestamp())) + length_s <= closes_s:
            yield start_s
