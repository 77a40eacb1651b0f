"""What a caller's words say about when: a day by name or relative to today, and a part of the day.

Hebrew and English, from the engine's transcript. It decides which day is meant; words that it does not know
are left out rather than guessed. It never says whether that day has a free time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from torim.desk.business import DAY_MIN
from torim.desk.slots import Slot

_Value = TypeVar("_Value")

_RELATIVE_DAYS = (
    (r"\bday after tomorrow\b|מחרתיים", 2),
    (r"\btomorrow\b|\b[בלו]?מחר\b", 1),
    (r"\btoday\b|\btonight\b|\b[בלו]?היום\b|\bהערב\b", 0),
)
_WEEKDAYS = (
    r"\bmondays?\b|\b(?:[בלוה]?יום |ב)שני\b",
    r"\btuesdays?\b|\b(?:[בלוה]?יום |ב)שלישי\b",
    r"\bwednesdays?\b|\b(?:[בלוה]?יום |ב)רביעי\b",
    r"\bthursdays?\b|\b(?:[בלוה]?יום |ב)חמישי\b",
    r"\bfridays?\b|\b(?:[בלוה]?יום |ב)שישי\b",
    r"\bsaturdays?\b|\b(?:[בלוה]?יום |[בלה])?שבת\b",
    r"\bsundays?\b|\b(?:[בלוה]?יום |ב)ראשון\b",
)
_NEXT_WEEK = r"\bnext week\b|\b[בל]?שבוע הבא\b"
# Longer names first: "afternoon" and "אחר הצהריים" contain the words for noon.
_PARTS = (
    (r"\bafternoon\b|אחר הצהריי?ם|אחרי הצהריי?ם", (12 * 60, 18 * 60)),
    (r"\bmorning\b|בוקר", (5 * 60, 12 * 60)),
    (r"\bnoon\b|\blunch\w*\b|צהריי?ם", (12 * 60, 15 * 60)),
    (r"\bevening\b|\btonight\b|ערב", (17 * 60, DAY_MIN)),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A span of local days and of minutes of the day; None stands for any day."""

    first_day: date | None = None
    last_day: date | None = None
    from_min: int = 0
    to_min: int = DAY_MIN

    @property
    def is_open(self) -> bool:
        """Whether nothing was asked for."""
        return self == Wish()

    def holds(self, slot: Slot) -> bool:
        """Whether a slot begins within the wish."""
        local = slot.local
        if self.first_day is not None and local.date() < self.first_day:
            return False
        if self.last_day is not None and local.date() > self.last_day:
            return False
        return self.from_min <= local.hour * 60 + local.minute < self.to_min


def parse_wish(text: str, today: date) -> Wish:
    """Read a caller's words about when; an open wish if they say nothing that is known."""
    words = _plain(text)
    first_day, last_day = _days(words, today)
    from_min, to_min = _first_match(_PARTS, words) or (0, DAY_MIN)
    return Wish(first_day, last_day, from_min, to_min)


def _days(words: str, today: date) -> tuple[date | None, date | None]:
    relative = _first_match(_RELATIVE_DAYS, words)
    if relative is not None:
        wanted = today + timedelta(days=relative)
        return wanted, wanted
    weekday = _first_match(((pattern, day) for day, pattern in enumerate(_WEEKDAYS)), words)
    if re.search(_NEXT_WEEK, words):
        sunday = today + timedelta(days=7 - (today.weekday() + 1) % 7)
        if weekday is None:
            return sunday, sunday + timedelta(days=6)
        wanted = sunday + timedelta(days=(weekday + 1) % 7)
        return wanted, wanted
    if weekday is None:
        return None, None
    # "Tuesday", said on a Tuesday, is the next one: today's would be called today.
    wanted = today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    return wanted, wanted


def _first_match(table: Iterable[tuple[str, _Value]], words: str) -> _Value | None:
    for pattern, value in table:
        if re.search(pattern, words):
            return value
    return None


def _plain(text: str) -> str:
    """Lower case, without vowel points and punctuation, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(char if char.isalnum() else " " for char in decomposed if not unicodedata.combining(char))
    return " ".join(letters.split())
