"""Local wall time and UTC instants: one rule for the hours that are skipped and those that come twice.

A wall time that does not exist (clocks go forward) is rejected; an ambiguous one (clocks go back) is its first
pass (fold 0), everywhere. It knows nothing of businesses.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from torim.desk.hours import DAY_MIN
from torim.errors import BookingError


def instant(day: date, minute: int, zone: ZoneInfo) -> datetime | None:
    """The UTC instant of a local wall time, or None if that day has no such time.

    Args:
        minute: Minutes since local midnight by the clock on the wall, 0 to 1440.
    """
    return _instant(_wall(day, minute), zone)


def local_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a naive local wall time.

    Raises:
        BookingError: ``booking.no_such_time``: the clocks skip it on that day.
    """
    found = _instant(wall.replace(tzinfo=None, fold=0), zone)
    if found is None:
        advice = f"{wall:%Y-%m-%d %H:%M} does not exist in {zone.key}: the clocks go forward then; choose another time."
        raise BookingError(advice, code="booking.no_such_time")
    return found


def closing_instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The UTC instant at which an opening ends; a wall time that is skipped ends it when the clocks jump."""
    wall = _wall(day, minute)
    by_old_clock = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    by_new_clock = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if by_old_clock <= by_new_clock:  # equal on an ordinary day, earlier where the time comes twice
        return by_old_clock
    return by_old_clock - (wall - _gap_start(wall, zone))


@lru_cache(maxsize=4096)
def steady_midnight_s(day: date, zone: ZoneInfo) -> int | None:
    """UTC seconds of a day's midnight if its wall clock runs evenly until the next one, else None."""
    midnight, following = instant(day, 0, zone), instant(day, DAY_MIN, zone)
    if midnight is None or following is None or following - midnight != timedelta(minutes=DAY_MIN):
        return None
    return int(midnight.timestamp())


def _instant(wall: datetime, zone: ZoneInfo) -> datetime | None:
    found = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return found if found.astimezone(zone).replace(tzinfo=None) == wall else None


def _gap_start(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first wall time, to the minute, that the gap around ``wall`` skips."""
    while _instant(wall, zone) is None:
        wall -= timedelta(minutes=1)
    return wall + timedelta(minutes=1)


def _wall(day: date, minute: int) -> datetime:
    days, minute = divmod(minute, DAY_MIN)
    return datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60))
