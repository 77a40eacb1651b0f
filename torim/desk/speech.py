"""The desk's words in a caller's language: one table of languages, and what is said the same way in each.

It decides wording only. A further language is one module with the functions of `Speech` and one line here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from itertools import groupby
from typing import Protocol

from torim.desk import english, hebrew
from torim.desk.phrases import Phrase


class Speech(Protocol):
    """What one language offers; modules fulfil it."""

    PHRASES: dict[Phrase, str]
    LANGUAGE_NAMES: dict[str, str]
    RETRY_INSTRUCTIONS: str
    WAY_OUT_INSTRUCTIONS: str
    CLOSED: str

    def day(self, wanted: date, today: date | None = None) -> str: ...
    def at_clock(self, at: time) -> str: ...
    def clock(self, at: time) -> str: ...
    def when(self, local: datetime, today: date | None = None) -> str: ...
    def full_date(self, wanted: date) -> str: ...
    def duration(self, minutes: int) -> str: ...
    def calendar_day(self, day: date) -> str: ...
    def open_days(self, first: int, last: int) -> str: ...


LANGUAGES: Mapping[str, Speech] = {"he": hebrew, "en": english}


def speech(language: str) -> Speech:
    """The words of a language given as a code such as "he" or "en-US"; English if it is unknown."""
    return LANGUAGES.get(language.partition("-")[0].lower(), english)


def say(language: str, phrase: Phrase, **blanks: str) -> str:
    """One sentence of the desk, its blanks filled."""
    return speech(language).PHRASES[phrase].format(**blanks)


def say_exactly(sentence: str) -> str:
    """Instructions that make an engine speak one sentence word for word.

    Quotation marks inside, as in Hebrew abbreviations, become gershayim so that they do not end the sentence.
    """
    inner = " ".join(sentence.split()).replace('"', "\u05f4")
    return f'Say exactly: "{inner}"'


def listing(language: str, items: Sequence[str]) -> str:
    """Items joined as in speech: "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + speech(language).PHRASES[Phrase.AND] + items[-1]


def options(language: str, times: Sequence[datetime], today: date) -> str:
    """Offered local times as one phrase, each day named once: "Tuesday, ..., at ten, or at two"."""
    words = speech(language)
    by_day = groupby(sorted(times), key=lambda local: local.date())
    join = words.PHRASES[Phrase.OR]
    return join.join(
        f"{words.day(wanted, today)}, {join.join(words.at_clock(local.time()) for local in locals_)}"
        for wanted, locals_ in by_day
    )
