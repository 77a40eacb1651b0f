"""What a caller wishes about when, held against slots: which fit, and how far the others are from it.

The words are read by `torim.desk.when`. It decides closeness only; it never says whether a time is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from torim.desk.business import DAY_MIN, Business
from torim.desk.slots import Slot
from torim.desk.when.inference import Window
from torim.desk.when.meaning import Span, Trouble
from torim.desk.when.parser import Alternative, Setting, understand

_WEEKENDS = {"Asia/Jerusalem": (4, 5)}  # as Python numbers weekdays
_WEEKEND = (5, 6)


@dataclass(frozen=True, slots=True)
class Wish:
    """Alternatives, any of which will do; without any, every time will. What is excluded never will."""

    alternatives: tuple[Alternative, ...] = ()
    excluded: tuple[Alternative, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nothing was asked for."""
        return not self.alternatives and not self.excluded

    @property
    def first_day(self) -> date | None:
        """The earliest day that is wished; None if any will do."""
        days = [found.span.first for found in self.alternatives]
        return min((day for day in days if day is not None), default=None) if None not in days else None

    @property
    def last_day(self) -> date | None:
        """The latest day that is wished; None if there is no end."""
        days = [found.span.last for found in self.alternatives]
        return max((day for day in days if day is not None), default=None) if None not in days else None

    def excludes(self, slot: Slot) -> bool:
        """Whether a slot is among what was excluded."""
        return any(_in_days(found, slot) and _in_window(found, slot) for found in self.excluded)

    def holds(self, slot: Slot) -> bool:
        """Whether a slot begins within the wish."""
        return not self.excludes(slot) and (not self.alternatives or self.fits(slot) is not None)

    def fits(self, slot: Slot) -> int | None:
        """Which alternative a slot fits, the first of them; None if it fits none."""
        for place, found in enumerate(self.alternatives):
            if _in_days(found, slot) and _in_window(found, slot):
                return place
        return None

    def on_day(self, slot: Slot) -> bool:
        """Whether a slot is on a day that is wished, whatever the time."""
        return any(found.span.first is not None and _in_days(found, slot) for found in self.alternatives)

    def at_time(self, slot: Slot) -> bool:
        """Whether a slot begins at a time of the day that is wished, whatever the day."""
        return not self.alternatives or any(_in_window(found, slot) for found in self.alternatives)

    def minutes_off(self, slot: Slot) -> int:
        """How far a slot's time of the day is from what is wished."""
        return min((_minutes_off(found.window, slot) for found in self.alternatives), default=0)


def wish_between(
    first_day: date | None = None, last_day: date | None = None, from_min: int = 0, to_min: int = DAY_MIN
) -> Wish:
    """A wish for local days, both included, and minutes [from_min, to_min) of them."""
    return Wish((Alternative(Span(first_day, last_day), Window(from_min, to_min)),))


def parse_wish(text: str, business: Business, now_utc: datetime) -> Wish:
    """Read a caller's words about when; an open wish if they say nothing that is known."""
    meaning = understand(text, setting(business, now_utc))
    alternatives = tuple(found for found in meaning.wished if not _is_any(found))
    return Wish(alternatives, meaning.excluded, meaning.troubles)


def setting(business: Business, now_utc: datetime) -> Setting:
    """From where callers of a business speak of days and times."""
    openings = tuple(
        tuple((item.opens_min, item.closes_min) for item in business.openings(weekday)) for weekday in range(7)
    )
    weekend = _WEEKENDS.get(business.timezone, _WEEKEND)
    return Setting(now_utc.astimezone(business.zone), openings, weekend)


def _is_any(found: Alternative) -> bool:
    return found.span == Span(None, None) and (found.window.from_min, found.window.to_min) == (0, DAY_MIN)


def _in_days(found: Alternative, slot: Slot) -> bool:
    day = slot.local.date()
    if found.weekday is not None:
        return day.weekday() == found.weekday
    first, last = found.span.first, found.span.last
    return (first is None or first <= day) and (last is None or day <= last)


def _in_window(found: Alternative, slot: Slot) -> bool:
    return found.window.from_min <= minute_of(slot) < found.window.to_min


def _minutes_off(window: Window, slot: Slot) -> int:
    minute = minute_of(slot)
    if window.near_min is not None:
        return abs(minute - window.near_min)
    return max(window.from_min - minute, minute - window.to_min + 1, 0)


def minute_of(slot: Slot) -> int:
    """The minute of the local day at which a slot begins."""
    return slot.local.hour * 60 + slot.local.minute
