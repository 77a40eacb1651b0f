"""What callers say about when, in both languages, at noon on Sunday the 22nd of November 2026, in Jerusalem.

The tables `when_english.txt` and `when_hebrew.txt` hold one phrase a line and what it means: the days (without a
month in November 2026, ``*`` any), the times of day (``10:00`` exactly, ``-10:00`` before, ``16:00-`` from, ``~15:00``
around), ``|`` between alternatives, ``not`` before what is excluded, and trouble in brackets.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torim.desk import english, hebrew
from torim.desk.when.inference import Window
from torim.desk.when.meaning import Span
from torim.desk.when.parser import Alternative, Meaning, Setting, understand

NOON_SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Asia/Jerusalem"))
LONG_DAY, SPLIT_DAY, SHORT_DAY = ((540, 1140),), ((540, 840), (900, 1200)), ((510, 780),)
SHOP = (LONG_DAY, SPLIT_DAY, LONG_DAY, LONG_DAY, SHORT_DAY, (), LONG_DAY)
GYM = (((360, 1380),),) * 7
SETTING = Setting(NOON_SUNDAY, SHOP)
WEEKDAYS = "mon tue wed thu fri sat sun".split()


def table(name: str) -> list[tuple[str, str]]:
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return [(phrase, meaning) for phrase, _, meaning in (line.rpartition(" = ") for line in lines)]


ENGLISH, HEBREW = table("when_english.txt"), table("when_hebrew.txt")


def written(meaning: Meaning) -> str:
    words = " | ".join(map(_alternative, meaning.wished)) or "nothing"
    if meaning.excluded:
        words += " not " + " | ".join(map(_alternative, meaning.excluded))
    return words + "".join(f" ({trouble.name.lower()})" for trouble in meaning.troubles)


def _alternative(found: Alternative) -> str:
    days = f"every {WEEKDAYS[found.weekday]}" if found.weekday is not None else _span(found.span)
    return days + _window(found.window)


def _span(span: Span) -> str:
    if span.first == span.last:
        return "*" if span.first is None else _day(span.first)
    return f"{_day(span.first)}..{_day(span.last)}"


def _day(day: date | None) -> str:
    if day is None:
        return ""
    year = "" if day.year == 2026 else f".{day.year}"
    return f"{day.day}" if (day.year, day.month) == (2026, 11) else f"{day.day}.{day.month}{year}"


def _window(window: Window) -> str:
    if (window.from_min, window.to_min) == (0, 1440):
        return ""
    if window.to_min == window.from_min + 1:
        return f" {_clock(window.from_min)}"
    if window.near_min is not None:
        return f" ~{_clock(window.near_min)}"
    begin = _clock(window.from_min) if window.from_min else ""
    return f" {begin}-{_clock(window.to_min) if window.to_min < 1440 else ''}"


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02d}"


@pytest.mark.parametrize(("phrase", "meaning"), ENGLISH)
def test_english(phrase: str, meaning: str) -> None:
    assert written(understand(phrase, SETTING)) == meaning


@pytest.mark.parametrize(("phrase", "meaning"), HEBREW)
def test_hebrew(phrase: str, meaning: str) -> None:
    assert written(understand(phrase, SETTING)) == meaning


def test_the_tables_are_long_and_balanced() -> None:
    assert len(ENGLISH) >= 250
    assert len(HEBREW) >= 250


DAYS = st.integers(1, 300).map(lambda ahead: NOON_SUNDAY.date() + timedelta(days=ahead))
QUARTERS = st.integers(36, 75).map(lambda quarter: quarter * 15)


@given(DAYS, QUARTERS, st.sampled_from([english, hebrew]))
def test_whatever_the_desk_says_it_understands(day: date, minute: int, language: object) -> None:
    assert language in (english, hebrew)
    words = english if language is english else hebrew
    at = datetime.combine(day, datetime.min.time(), NOON_SUNDAY.tzinfo) + timedelta(minutes=minute)
    said = words.when(at, NOON_SUNDAY.date())
    meaning = understand(said, SETTING)
    assert meaning.wished == (Alternative(Span(day, day), Window(minute, minute + 1, minute)),), said
    assert meaning.troubles == ()


PIECES = [phrase for phrase, _ in ENGLISH + HEBREW]


@given(st.lists(st.sampled_from(PIECES), max_size=4).map(" ".join) | st.text(max_size=80))
def test_any_words_are_read_without_fault(words: str) -> None:
    for found in understand(words, SETTING).wished:
        assert 0 <= found.window.from_min <= found.window.to_min <= 1441
        assert found.span.last is None or found.span.last >= NOON_SUNDAY.date()


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("tomorrow at eight", "23 8:00 | 23 20:00 (ambiguous)"),
        ("מחר בשמונה", "23 8:00 | 23 20:00 (ambiguous)"),
        ("tomorrow at eight in the evening", "23 20:00"),
        ("מחר בשמונה בבוקר", "23 8:00"),
        ("today at eight", "22 20:00"),  # eight in the morning is over
        ("after eight", "* 8:00-"),
        ("between eight and ten", "* 8:00-10:00"),
    ],
)
def test_a_time_that_is_open_twice_a_day_keeps_both_meanings(words: str, meaning: str) -> None:
    assert written(understand(words, Setting(NOON_SUNDAY, GYM))) == meaning


def test_a_day_that_is_closed_borrows_the_hours_of_the_week() -> None:
    assert written(understand("Saturday at four", SETTING)) == "28 16:00"


def test_without_any_hours_the_day_is_guessed() -> None:
    closed = Setting(NOON_SUNDAY, ((),) * 7)
    assert written(understand("at four", closed)) == "* 16:00"
    assert written(understand("at nine", closed)) == "* 9:00"


@pytest.mark.parametrize("words", ["29 February", "29 בפברואר"])
def test_a_leap_day_is_the_next_one(words: str) -> None:
    assert written(understand(words, SETTING)) == "29.2.2028"


def test_the_weekend_is_where_it_is() -> None:
    western = Setting(NOON_SUNDAY, SHOP, weekend=(5, 6))
    assert written(understand("next weekend", western)) == "28..29"
    assert written(understand("at the weekend", SETTING)) == "27..28"
