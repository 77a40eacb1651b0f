"""Which times are free: from hours, duration, what is busy, notice and horizon.

Pure: now is an argument and every instant is an aware UTC datetime. Hours are local wall time; a wall time
that does not exist (clocks go forward) is no slot, an ambiguous one (clocks go back) is its first pass. It
never reads appointments and never reserves anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from torim.desk.business import DAY_MIN, Business, Opening, Service
from torim.errors import BookingError, CoreMisuse

_ID_FORMAT = "%Y%m%dT%H%MZ"


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A stretch of time [starts_at, ends_at) in UTC."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A time at which a service can begin: UTC instants, and the zone in which people speak of them."""

    starts_at: datetime
    ends_at: datetime
    timezone: str

    @property
    def id(self) -> str:
        """Names the slot without any memory of having offered it."""
        return self.starts_at.strftime(_ID_FORMAT)

    @property
    def local(self) -> datetime:
        return self.starts_at.astimezone(ZoneInfo(self.timezone))


def starts_at(slot_id: str) -> datetime:
    """The instant that a slot id stands for.

    Raises:
        BookingError: ``booking.unknown_slot``.
    """
    try:
        return datetime.strptime(slot_id, _ID_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        advice = f"{slot_id!r} is no slot id; use an id that find_slots returned."
        raise BookingError(advice, code="booking.unknown_slot") from error


def free_slots(
    business: Business,
    service: Service,
    busy: Iterable[Interval],
    now_utc: datetime,
    first_day: date | None = None,
) -> Iterator[Slot]:
    """Yield the free slots of a service in order of time, lazily, up to the business's horizon.

    Args:
        busy: Appointments and holds, in any order; they may overlap one another.
        first_day: Local date to begin with; today by default.
    """
    taken = sorted(busy)
    place = 0
    for slot in _candidates(business, service, now_utc, first_day):
        while place < len(taken) and taken[place].ends_at <= slot.starts_at:
            place += 1
        if not _overlaps(slot, taken, place):
            yield slot


def _overlaps(slot: Slot, taken: Sequence[Interval], place: int) -> bool:
    """Whether the slot meets something in ``taken[place:]``, which is sorted by start."""
    while place < len(taken) and taken[place].starts_at < slot.ends_at:
        if taken[place].ends_at > slot.starts_at:
            return True
        place += 1
    return False


def offered(business: Business, service: Service, start: datetime, now_utc: datetime) -> Slot:
    """The slot of a service at an instant, whether free or taken.

    Raises:
        BookingError: ``booking.not_offered``: outside the hours, between the steps, too soon or too far.
    """
    local_day = start.astimezone(business.zone).date()
    for slot in _candidates(business, service, now_utc, local_day):
        if slot.starts_at == start:
            return slot
        if slot.starts_at > start:
            break
    advice = f"{service.id} cannot begin at {start:%Y-%m-%d %H:%M} UTC; use an id that find_slots returned."
    raise BookingError(advice, code="booking.not_offered")


def _candidates(business: Business, service: Service, now_utc: datetime, first_day: date | None) -> Iterator[Slot]:
    if now_utc.tzinfo is None:
        raise CoreMisuse("now_utc must be an aware datetime.")
    today = now_utc.astimezone(business.zone).date()
    earliest = now_utc + timedelta(minutes=business.minimum_notice_min)
    last_day = today + timedelta(days=business.horizon_days)
    day = max(today, first_day or today)
    while day <= last_day:
        for opening in business.openings(day.weekday()):
            for slot in _in_opening(business, service, day, opening):
                if slot.starts_at >= earliest:
                    yield slot
        day += timedelta(days=1)


def _in_opening(business: Business, service: Service, day: date, opening: Opening) -> Iterator[Slot]:
    zone, length = business.zone, timedelta(minutes=service.duration_min)
    closes = closing_instant(day, opening.closes_min, zone)
    for start in _starts(day, opening, closes, business.slot_step_min, zone):
        if start + length <= closes:
            yield Slot(start, start + length, business.timezone)


def _starts(day: date, opening: Opening, closes: datetime, step_min: int, zone: ZoneInfo) -> Iterator[datetime]:
    """The instants of the steps of an opening, leaving out those that the wall clock skips."""
    minutes = range(opening.opens_min, opening.closes_min, step_min)
    opens = instant(day, opening.opens_min, zone)
    if opens is not None and closes - opens == timedelta(minutes=opening.closes_min - opening.opens_min):
        # The clocks do not change in between: plain addition, many times cheaper than asking the zone.
        yield from (opens + timedelta(minutes=minute - opening.opens_min) for minute in minutes)
        return
    for minute in minutes:
        start = instant(day, minute, zone)
        if start is not None:
            yield start


def instant(day: date, minute: int, zone: ZoneInfo) -> datetime | None:
    """The UTC instant of a local wall time, or None if that day has no such time.

    Args:
        minute: Minutes since local midnight by the clock on the wall, 0 to 1440.
    """
    wall = _wall(day, minute)
    found = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return found if found.astimezone(zone).replace(tzinfo=None) == wall else None


def closing_instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The UTC instant at which an opening ends; a wall time that is skipped ends it when the clocks jump."""
    wall = _wall(day, minute)
    by_old_clock = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    by_new_clock = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if by_old_clock <= by_new_clock:  # equal on an ordinary day, earlier where the time comes twice
        return by_old_clock
    return by_old_clock - (wall - _gap_start(wall, zone))


def _gap_start(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first wall time, to the minute, that the gap around ``wall`` skips."""
    while instant(wall.date(), wall.hour * 60 + wall.minute, zone) is None:
        wall -= timedelta(minutes=1)
    return wall + timedelta(minutes=1)


def _wall(day: date, minute: int) -> datetime:
    days, minute = divmod(minute, DAY_MIN)
    return datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60))
