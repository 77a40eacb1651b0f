"""A caller's wish held against slots: which fit, which are closest, and what was excluded."""

from datetime import UTC, date, datetime, timedelta

import pytest

from torim.desk.business import load_business
from torim.desk.slots import Slot
from torim.desk.when.meaning import Trouble
from torim.desk.wishes import Wish, parse_wish, wish_between

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # Sunday, 12:00 in Jerusalem
TUESDAY = date(2026, 11, 24)


def wish(words: str) -> Wish:
    return parse_wish(words, load_business(), NOW)


def slot(day: int, hour: int, minute: int = 0) -> Slot:
    at = datetime(2026, 11, day, hour - 2, minute, tzinfo=UTC)  # Jerusalem is two hours ahead
    return Slot(at, at + timedelta(minutes=30), "Asia/Jerusalem")


def test_a_clock_time_is_honoured() -> None:
    asked = wish("on Tuesday at half past ten")
    assert (asked.first_day, asked.last_day) == (TUESDAY, TUESDAY)
    assert asked.holds(slot(24, 10, 30))
    assert not asked.holds(slot(24, 10))
    assert not asked.holds(slot(25, 10, 30))
    assert asked.minutes_off(slot(24, 11)) == 30


def test_am_and_pm_follow_the_opening_hours_of_the_day() -> None:
    assert wish("ביום רביעי בשש וחצי").holds(slot(25, 18, 30))
    assert wish("on Friday at nine").holds(slot(27, 9))


@pytest.mark.parametrize("words", ["Tuesday or Thursday", "בשלישי או בחמישי"])
def test_alternatives_all_fit(words: str) -> None:
    asked = wish(words)
    assert [asked.fits(slot(day, 10)) for day in (24, 25, 26)] == [0, None, 1]
    assert (asked.first_day, asked.last_day) == (TUESDAY, date(2026, 11, 26))


def test_what_is_excluded_never_fits() -> None:
    asked = wish("not on Tuesday")
    assert not asked.is_open
    assert [asked.holds(slot(day, 10)) for day in (23, 24, 25)] == [True, False, True]


def test_a_wish_without_an_end_has_no_last_day() -> None:
    assert wish("after Tuesday").last_day is None
    assert wish("at ten").first_day is None


@pytest.mark.parametrize("words", ["", "whenever", "כמה שיותר מהר", "התור השני שלי", "sundae", "?!"])
def test_what_is_not_known_is_left_open(words: str) -> None:
    assert wish(words).is_open


def test_trouble_is_kept_with_the_wish() -> None:
    assert wish("Wednesday the 24th").troubles == (Trouble.CONTRADICTION,)
    assert wish("30 February").troubles == (Trouble.IMPOSSIBLE,)


def test_a_wish_can_be_made_of_days_and_minutes() -> None:
    asked = wish_between(TUESDAY, TUESDAY, 540, 720)
    assert asked.holds(slot(24, 9))
    assert not asked.holds(slot(24, 12))
    assert not asked.on_day(slot(25, 9))
    assert asked.at_time(slot(25, 9))
