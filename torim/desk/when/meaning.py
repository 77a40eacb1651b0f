"""What pieces of a sentence can mean: stretches of days, times of the day, and what is wrong with them.

Values only; nothing is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

DAY_MIN = 24 * 60
NOON_MIN = 12 * 60


class Trouble(Enum):
    """Why words about when do not say one thing."""

    IMPOSSIBLE = "no such date or time"
    PAST = "already over"
    CONTRADICTION = "weekday and date disagree"
    AMBIGUOUS = "more than one meaning"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``first`` to ``last``; None leaves that end open."""

    first: date | None
    last: date | None

    @property
    def days(self) -> int:
        """How many; 0 if an end is open."""
        return 0 if self.first is None or self.last is None else (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Days:
    """Days that were named: usually one span, several where the words can mean several."""

    spans: tuple[Span, ...] = ()
    weekday: int | None = None  # as Python numbers them, where only a weekday was named
    trouble: Trouble | None = None
    excluded: bool = False  # "not on Tuesday"


@dataclass(frozen=True, slots=True)
class Clock:
    """A wall-clock time in minutes; without ``sure`` it may be twelve hours later."""

    minute: int
    sure: bool = False

    @property
    def candidates(self) -> tuple[int, ...]:
        """The minutes of the day that it can be."""
        if self.sure:
            return (self.minute,)
        early = self.minute % NOON_MIN
        return (early, early + NOON_MIN)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day: minutes [from_min, to_min)."""

    from_min: int
    to_min: int

    def early(self) -> Part:
        return replace(self, to_min=(self.from_min + self.to_min) // 2)

    def late(self) -> Part:
        return replace(self, from_min=(self.from_min + self.to_min) // 2)


class Relation(Enum):
    """How a clock time bounds a wish."""

    AT = "at"
    AROUND = "around"
    AFTER = "after"
    BEFORE = "before"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class Times:
    """Times of the day that were named; AM or PM may still be open."""

    relation: Relation | None = None  # None: a part of the day only
    first: Clock | None = None
    last: Clock | None = None  # of BETWEEN
    part: Part | None = None
    trouble: Trouble | None = None
    excluded: bool = False
