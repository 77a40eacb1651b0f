"""Which few of the free slots are offered: at most three, spread so that a caller has a real choice.

What fits the wish comes first; where nothing does, what is closest to it. Pure; it never says them and never
computes what is free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice

from torim.desk.slots import Slot
from torim.desk.wishes import Wish

OFFERED_MAX = 3
DAYS_AFTER = 7  # with free slots that are looked at beyond the wished days


@dataclass(frozen=True, slots=True)
class Choice:
    """The slots to offer, in order of time, and whether they are what was wished."""

    slots: tuple[Slot, ...]
    as_wished: bool


def choose(free: Sequence[Slot] | Iterator[Slot], wish: Wish) -> Choice:
    """Choose what to offer; where nothing fits the wish, what is closest to it.

    Args:
        free: Free slots in order of time, from the wish's first day on; read no further than needed.
    """
    if not wish.alternatives:
        allowed = (slot for slot in free if not wish.excludes(slot))
        return Choice(_spread_over_days(allowed), as_wished=True)
    found = _sort(free, wish)
    if any(found.fitting.values()):
        return Choice(_of_alternatives(found.fitting, wish), as_wished=True)
    return Choice(_closest(found.others, wish), as_wished=False)


@dataclass(slots=True)
class _Found:
    """Free slots: those that fit, by alternative, and the rest."""

    fitting: dict[int, list[Slot]] = field(default_factory=dict)
    others: list[Slot] = field(default_factory=list)


def _sort(free: Iterable[Slot], wish: Wish) -> _Found:
    found = _Found({place: [] for place in range(len(wish.alternatives))})
    days_after = 0
    for day, slots in groupby(free, key=lambda slot: slot.local.date()):
        after = wish.last_day is not None and day > wish.last_day
        if (after and any(found.fitting.values())) or days_after == DAYS_AFTER or _enough(found, wish):
            break
        days_after += after
        for slot in slots:
            _place(found, slot, wish)
    return found


def _enough(found: _Found, wish: Wish) -> bool:
    """Whether every alternative has slots on as many days as can be offered."""
    return wish.last_day is None and all(_days(slots) >= OFFERED_MAX for slots in found.fitting.values())


def _place(found: _Found, slot: Slot, wish: Wish) -> None:
    if wish.excludes(slot):
        return
    place = wish.fits(slot)
    (found.others if place is None else found.fitting[place]).append(slot)


def _days(slots: Sequence[Slot]) -> int:
    return len({slot.local.date() for slot in slots})


def _of_alternatives(fitting: dict[int, list[Slot]], wish: Wish) -> tuple[Slot, ...]:
    """One of each alternative, and more of the first ones while there is room."""
    ranked = [_ranked(slots, wish) for _, slots in sorted(fitting.items()) if slots]
    if len(ranked) == 1:
        return tuple(sorted(ranked[0][:OFFERED_MAX]))
    picks: list[Slot] = []
    for turn in range(OFFERED_MAX):
        picks += [slots[turn] for slots in ranked if turn < len(slots) and slots[turn] not in picks]
    return tuple(sorted(picks[:OFFERED_MAX]))


def _ranked(slots: list[Slot], wish: Wish) -> list[Slot]:
    """The slots of one alternative, those to offer first in front."""
    if any(found.window.near_min is not None for found in wish.alternatives):
        return sorted(slots, key=lambda slot: (slot.local.date(), wish.minutes_off(slot)))
    return list(_spread_over_days(iter(slots)))


def _closest(others: list[Slot], wish: Wish) -> tuple[Slot, ...]:
    """Two of the wished days, closest in time, and one of a later day at the wished time."""
    same_day = sorted((slot for slot in others if wish.on_day(slot)), key=wish.minutes_off)[: OFFERED_MAX - 1]
    later = [slot for slot in others if not wish.on_day(slot)]
    at_time = [slot for slot in later if wish.at_time(slot)]
    if not same_day and at_time:
        return _spread_over_days(iter(at_time))
    if not same_day:
        return tuple(sorted(_closest_a_day(later, wish)[:OFFERED_MAX]))
    return tuple(sorted(same_day + (at_time or later)[: OFFERED_MAX - len(same_day)]))


def _closest_a_day(slots: list[Slot], wish: Wish) -> list[Slot]:
    """The slot of each day that is closest to the wished time."""
    days = groupby(slots, key=lambda slot: slot.local.date())
    return [min(of_day, key=wish.minutes_off) for _, of_day in days]


def _spread_over_days(slots: Iterator[Slot]) -> tuple[Slot, ...]:
    """Two of the first day that has any and one of the next; three of the first if there is no other."""
    days = [list(of_day) for _, of_day in islice(groupby(slots, key=lambda slot: slot.local.date()), 2)]
    if not days:
        return ()
    if len(days) == 1:
        return tuple(_spread(days[0], OFFERED_MAX))
    first = _spread(days[0], OFFERED_MAX - 1)
    return tuple(first + _spread(days[1], OFFERED_MAX - len(first)))


def _spread(slots: list[Slot], count: int) -> list[Slot]:
    """The first, then ones evenly later through the day."""
    if len(slots) <= count:
        return slots
    return [slots[place * len(slots) // count] for place in range(count)]
