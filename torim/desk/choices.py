"""Which few of the free slots are offered: at most three, spread so that a caller has a real choice.

Pure; it never says them and never computes what is free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from torim.desk.slots import Slot
from torim.desk.wishes import Wish

OFFERED_MAX = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """The slots to offer, in order of time, and whether they are what was wished."""

    slots: tuple[Slot, ...]
    as_wished: bool


def choose(free: Sequence[Slot] | Iterator[Slot], wish: Wish) -> Choice:
    """Choose what to offer; where nothing fits the wish, the next slots after its first day.

    Args:
        free: Free slots in order of time, from the wish's first day on; read no further than needed.
    """
    passed: list[Slot] = []
    picks = _spread_over_days(_wished(free, wish, passed))
    if picks:
        return Choice(picks, as_wished=True)
    return Choice(_spread_over_days(iter(passed)), as_wished=wish.is_open)


def _wished(free: Iterable[Slot], wish: Wish, passed: list[Slot]) -> Iterator[Slot]:
    """Yield the slots that fit, keeping the others in ``passed``."""
    for slot in free:
        if wish.holds(slot):
            yield slot
        else:
            passed.append(slot)


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
