"""Which times are free: from hours, staff, duration and buffers, what is busy, notice and horizon.

Pure: now is an argument and every instant is an aware UTC datetime. Hours are local wall time (`zones` says what that
means when the clocks change). Buffers may reach beyond the hours, the service itself may not. It never reads
appointments and never reserves anything.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial, reduce
from itertools import compress
from operator import itemgetter, or_
from typing import NamedTuple
from zoneinfo import ZoneInfo

from torim.desk.business import Business, Service
from torim.desk.closed_days import closed_stretches
from torim.desk.grid import Grid, grids
from torim.desk.staffing import NOBODY, Performer, performers
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


class Slot(NamedTuple):
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
    lines, speak = _Lines(able), _Speaker(business, service)
    taken = sorted(busy, key=itemgetter(0))
    reach_s = 60 * service.blocked_min
    active: list[Busy] = []  # what has begun and may last into the day
    passed = 0
    for grid in _days(business, service, now_utc, first_day, able):
        if not grid.starts_s:
            continue
        since_s, until_s = grid.base_s + grid.starts_s[0] - reach_s, grid.base_s + grid.starts_s[-1] + reach_s
        ahead = bisect_left(taken, (until_s,), passed)
        active = [item for item in active if item[1] > since_s]
        active += taken[passed:ahead]
        passed = ahead
        yield from speak.slots(grid, lines.free(grid, service, active))


def offered(
    business: Business, service: Service, start: datetime, now_utc: datetime, staff_id: str | None = None
) -> Slot:
    """The slot of a service at an instant, whether free or taken, with all who work then.

    Raises:
        BookingError: ``booking.not_offered``: outside the hours, between the steps, too soon or too far.
    """
    able = performers(business, service.id, staff_id)
    local_day = start.astimezone(business.zone).date()
    grid = next(_days(business, service, now_utc, local_day, able), None)
    if grid is not None:
        for slot in _Speaker(business, service).slots(grid, grid.masks):
            if slot.starts_at == start:
                return slot
    advice = f"{service.id} cannot begin at {start:%Y-%m-%d %H:%M} UTC; use an id that find_slots returned."
    raise BookingError(advice, code="booking.not_offered")


def free_place(able: Sequence[Performer], busy: Iterable[Busy], since_s: int, until_s: int) -> tuple[str, int] | None:
    """Who can have an appointment that blocks [since, until), and in which of their places; None: nobody."""
    lines = _Lines(able)
    taken = {
        line
        for item in busy
        if item.since_s < until_s and since_s < item.until_s
        for line in lines.met_by(item.staff_id, item.place)
    }
    for place, (staff_id, number) in enumerate(lines.places):
        if place not in taken:
            return staff_id, number
    return None


class _Lines:
    """The places of the performers, numbered; each can have one appointment at a time."""

    def __init__(self, able: Sequence[Performer]) -> None:
        self.places = [(who.staff_id, place) for who in able for place in range(who.capacity)]
        self._of: dict[str, range] = {}  # the numbers of a performer's places
        for who in able:
            begin = sum(map(len, self._of.values()))
            self._of[who.staff_id] = range(begin, begin + who.capacity)
        self._own: dict[str, dict[int | None, int]] = {}  # of those that meet a single place

    def met_by(self, staff_id: str, place: int | None) -> list[int]:
        """The places that something busy takes."""
        # What is the whole business's meets everybody, and in a business without staff everything is everybody's.
        everybody = staff_id == NOBODY or NOBODY in self._of
        found: list[int] = []
        for who, numbers in self._of.items():
            if everybody or who == staff_id:
                found += numbers if place is None else [numbers[place % len(numbers)]]
        if len(found) == 1:
            self._own.setdefault(staff_id, {})[place] = found[0]
        return found

    def free(self, grid: Grid, service: Service, busy: Iterable[Busy]) -> list[int]:
        """For each performer the starts of a day that are free, one bit each."""
        blocked = [0] * len(self.places)
        base_s, spans, own = grid.base_s, grid.spans, self._own
        before_s, after_s = 60 * service.buffer_before_min, 60 * (service.duration_min + service.buffer_after_min)
        for since_s, until_s, staff_id, place, _ in busy:
            begins_s, ends_s = since_s - base_s, until_s - base_s
            try:  # times of day that occurred before, which is nearly all
                mask = spans[begins_s][ends_s]
            except KeyError:
                mask = _span(grid.starts_s, begins_s - after_s, ends_s + before_s)
                spans.setdefault(begins_s, {})[ends_s] = mask
            try:  # one place, which is nearly always so
                blocked[own[staff_id][place]] |= mask
            except KeyError:
                for line in self.met_by(staff_id, place):
                    blocked[line] |= mask
        if len(blocked) > len(self._of):
            blocked = [_all_of(blocked, places) for places in self._of.values()]
        return [mask & ~taken for mask, taken in zip(grid.masks, blocked, strict=True)]


def _all_of(blocked: Sequence[int], places: range) -> int:
    """The starts that are blocked in every one of these places."""
    taken = blocked[places[0]]
    for place in places[1:]:
        taken &= blocked[place]
    return taken


def _span(starts_s: Sequence[int], after_s: int, before_s: int) -> int:
    """The bits of the starts that lie between two instants, neither of them included."""
    first, beyond = bisect_right(starts_s, after_s), bisect_left(starts_s, before_s)
    return (1 << beyond) - (1 << first) if beyond > first else 0


class _Speaker:
    """Turns bits into slots."""

    def __init__(self, business: Business, service: Service) -> None:
        self._length, self._timezone = timedelta(minutes=service.duration_min), business.timezone
        self._who: dict[str, tuple[str, ...]] = {}  # by a digit for each performer

    def slots(self, grid: Grid, masks: Sequence[int]) -> Iterator[Slot]:
        """The slots of a day, in order, with whoever is free."""
        base, length, timezone = datetime.fromtimestamp(grid.base_s, UTC), self._length, self._timezone
        known, count = self._who, len(grid.starts)
        digits = "".join([format(mask, f"0{count}b") for mask in masks])  # of each performer, the last start first
        anybody = map("1".__eq__, reversed(format(reduce(or_, masks, 0), f"0{count}b")))
        for place, after in compress(zip(range(count - 1, -1, -1), grid.starts, strict=True), anybody):
            row = digits[place::count]
            who = known.get(row)
            if who is None:
                who = known[row] = tuple(compress(grid.staff_ids, map("1".__eq__, row)))
            begins = base + after
            yield _as_slot((begins, begins + length, timezone, who))


_as_slot = partial(tuple.__new__, Slot)


def _days(
    business: Business, service: Service, now_utc: datetime, first_day: date | None, able: Sequence[Performer]
) -> Iterator[Grid]:
    """The starts of each day of the horizon that the hours, the closed days and the notice allow."""
    if now_utc.tzinfo is None:
        raise CoreMisuse("now_utc must be an aware datetime.")
    today = now_utc.astimezone(business.zone).date()
    earliest_s = (now_utc + timedelta(minutes=business.minimum_notice_min)).timestamp()
    last_day = today + timedelta(days=business.horizon_days)
    closures = closed_stretches(business)
    for day, grid in grids(business, service, max(today, first_day or today), last_day, able):
        closed = 0
        for since_s, until_s, _ in closures(day):
            span = since_s - grid.base_s - 60 * service.duration_min, until_s - grid.base_s
            closed |= _span(grid.starts_s, *span)
        if earliest_s > grid.base_s:
            closed |= (1 << bisect_left(grid.starts_s, earliest_s - grid.base_s)) - 1
        yield grid.without(closed) if closed else grid
