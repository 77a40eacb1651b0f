"""Weekly hours as local wall time: how they are written, and what they are in minutes of a day.

It decides what a stretch such as "09:00-17:30" means. It knows no dates and no zones.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import msgspec

DAY_MIN = 24 * 60
_OPENING = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*[-\u2013]\s*([01]\d|2[0-4]):([0-5]\d)")


class Opening(NamedTuple):
    """One stretch of a day, in minutes of local wall time since midnight; 1440 is midnight."""

    opens_min: int
    closes_min: int


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A week of stretches in local wall time: each day a list such as ["09:00-13:00", "14:00-19:00"]."""

    monday: tuple[str, ...] = ()
    tuesday: tuple[str, ...] = ()
    wednesday: tuple[str, ...] = ()
    thursday: tuple[str, ...] = ()
    friday: tuple[str, ...] = ()
    saturday: tuple[str, ...] = ()
    sunday: tuple[str, ...] = ()

    def on(self, weekday: int) -> tuple[Opening, ...]:
        """The stretches of a weekday as Python numbers them (Monday is 0), as they are written."""
        return tuple(parse_opening(text) for text in getattr(self, WEEK[weekday]))


WEEK = Hours.__struct_fields__  # in Python's order of weekdays


@lru_cache(maxsize=1024)
def parse_opening(text: str) -> Opening:
    """Read "09:00-17:30".

    Raises:
        ValueError: With advice.
    """
    match = _OPENING.fullmatch(text.strip())
    if match is None:
        raise ValueError('write hours as "09:00-17:30"')
    hour, minute, last_hour, last_minute = map(int, match.groups())
    opening = Opening(hour * 60 + minute, last_hour * 60 + last_minute)
    if opening.closes_min > DAY_MIN or opening.opens_min >= opening.closes_min:
        raise ValueError(f"{text!r} must end after it begins and by 24:00; hours past midnight go to the next day")
    return opening


def intersect(some: tuple[Opening, ...], others: tuple[Opening, ...]) -> tuple[Opening, ...]:
    """What lies in both; each is in order and does not overlap itself."""
    both = (
        Opening(max(one.opens_min, other.opens_min), min(one.closes_min, other.closes_min))
        for one in some
        for other in others
    )
    return tuple(opening for opening in both if opening.opens_min < opening.closes_min)


def subtract(openings: tuple[Opening, ...], breaks: tuple[Opening, ...]) -> tuple[Opening, ...]:
    """What is left of the openings outside the breaks."""
    for pause in breaks:
        openings = tuple(
            left
            for opening in openings
            for left in (
                Opening(opening.opens_min, min(opening.closes_min, pause.opens_min)),
                Opening(max(opening.opens_min, pause.closes_min), opening.closes_min),
            )
            if left.opens_min < left.closes_min
        )
    return openings
