"""The instants of a day at which a service could begin if nothing were busy, for each who performs it.

A day is a sorted list of starts and one integer for each performer, in which bit n stands for start n. Days of a week
are alike while the clocks run evenly, so that a year costs little more than a week. It knows no appointments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from torim.desk.business import Business, Opening, Service
from torim.desk.staffing import Performer, presence
from torim.desk.zones import closing_instant, instant, steady_midnight_s

_DAY = timedelta(days=1)


class Grid(NamedTuple):
    """One day: starts in seconds after ``base_s`` (UTC seconds, about midnight), and who could begin at which."""

    base_s: int
    starts_s: tuple[int, ...]
    starts: tuple[timedelta, ...]  # the same
    staff_ids: tuple[str, ...]
    masks: tuple[int, ...]
    # Remembered by whoever looks for what a busy stretch blocks, by its two ends in seconds after the base.
    spans: dict[int, dict[int, int]]

    def without(self, closed: int) -> Grid:
        """The same day without some starts, given as bits."""
        return self._replace(masks=tuple([mask & ~closed for mask in self.masks]))


def grids(
    business: Business, service: Service, first_day: date, last_day: date, able: Sequence[Performer]
) -> Iterator[tuple[date, Grid]]:
    """The days from the first to the last, each with its starts."""
    alike: dict[tuple[int, tuple[int, ...]], Grid] = {}
    spans: dict[tuple[int, ...], dict[int, dict[int, int]]] = {}  # days with the same starts share them
    day, zone = first_day, business.zone
    anybody_away = bool(business.closed_days or any(member.closed_days for member in business.staff))
    while day <= last_day:
        base_s = steady_midnight_s(day, zone)
        if base_s is None:
            yield day, _uneven(business, service, day, able)
        else:
            key = (day.weekday(), _away(business, day, able) if anybody_away else ())
            if key not in alike:
                found = _even(business, service, day, able)
                alike[key] = found._replace(spans=spans.setdefault(found.starts_s, found.spans))
            yield day, Grid(base_s, *alike[key][1:])
        day += _DAY


def _away(business: Business, day: date, able: Sequence[Performer]) -> tuple[int, ...]:
    """Which performers are away by a closed day of the business or of their own."""
    if any(closed.holds(day) for closed in business.closed_days):
        return tuple(range(len(able)))
    closed_days = {member.id: member.closed_days for member in business.staff}
    return tuple(
        place
        for place, who in enumerate(able)
        if any(closed.holds(day) for closed in closed_days.get(who.staff_id, ()))
    )


def _even(business: Business, service: Service, day: date, able: Sequence[Performer]) -> Grid:
    """A day on which minutes of the wall clock are minutes."""
    length_min, step_min = service.duration_min, business.slot_step_min

    def starts(opening: Opening) -> Iterator[int]:
        return (60 * minute for minute in range(opening.opens_min, opening.closes_min - length_min + 1, step_min))

    return _grid(0, able, _possible(business, day, able, starts))


def _uneven(business: Business, service: Service, day: date, able: Sequence[Performer]) -> Grid:
    """A day on which the clocks change: every step is looked up, and those that the wall clock skips left out."""
    zone, length_s = business.zone, 60 * service.duration_min
    base_s = int(closing_instant(day, 0, zone).timestamp())

    def starts(opening: Opening) -> Iterator[int]:
        closes_s = int(closing_instant(day, opening.closes_min, zone).timestamp())
        for minute in range(opening.opens_min, opening.closes_min, business.slot_step_min):
            start = instant(day, minute, zone)
            if start is not None and (start_s := int(start.timestamp())) + length_s <= closes_s:
                yield start_s - base_s

    return _grid(base_s, able, _possible(business, day, able, starts))


def _possible(
    business: Business, day: date, able: Sequence[Performer], starts: Callable[[Opening], Iterator[int]]
) -> list[set[int]]:
    """The starts of each performer; openings that several share are looked up once."""
    known: dict[Opening, tuple[int, ...]] = {}
    possible: list[set[int]] = []
    for who in able:
        openings = presence(business, who.staff_id, day)
        known |= {opening: tuple(starts(opening)) for opening in openings if opening not in known}
        possible.append({start_s for opening in openings for start_s in known[opening]})
    return possible


def _grid(base_s: int, able: Sequence[Performer], possible: Sequence[set[int]]) -> Grid:
    every = tuple(sorted(set().union(*possible)))
    masks = tuple(sum(1 << place for place, start_s in enumerate(every) if start_s in own) for own in possible)
    starts = tuple(timedelta(seconds=start_s) for start_s in every)
    return Grid(base_s, every, starts, tuple(who.staff_id for who in able), masks, {})
