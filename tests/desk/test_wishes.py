"""What callers say about when, in both languages, on Sunday the 22nd of November 2026."""

from datetime import date

import pytest

from torim.desk.wishes import Wish, parse_wish

SUNDAY = date(2026, 11, 22)

DAYS = {
    "today please": 22,
    "היום": 22,
    "tomorrow": 23,
    "אפשר למחר?": 23,
    "מחר בבוקר": 23,
    "the day after tomorrow": 24,
    "מחרתיים": 24,
    "on Tuesday": 24,
    "ביום שלישי": 24,
    "בשלישי אם אפשר": 24,
    "Wednesday, if possible": 25,
    "יום רביעי": 25,
    "ליום חמישי": 26,
    "this friday": 27,
    "בשישי": 27,
    "בשבת": 28,
    "on a Sunday": 29,  # said on a Sunday: the next one
    "ביום ראשון": 29,
    "next week on Monday": 30,
    "יום שני": 23,
    "ביום שני בשבוע הבא": 30,
}
PARTS = {
    "in the morning": (300, 720),
    "בבוקר": (300, 720),
    "afternoon": (720, 1080),
    "אחר הצהריים": (720, 1080),
    "at noon": (720, 900),
    "בצהריים": (720, 900),
    "in the evening": (1020, 1440),
    "בערב": (1020, 1440),
}


@pytest.mark.parametrize(("words", "day"), DAYS.items())
def test_days(words: str, day: int) -> None:
    wish = parse_wish(words, SUNDAY)
    assert wish.first_day == wish.last_day == date(2026, 11, day)


@pytest.mark.parametrize(("words", "span"), PARTS.items())
def test_parts_of_the_day(words: str, span: tuple[int, int]) -> None:
    wish = parse_wish(words, SUNDAY)
    assert (wish.from_min, wish.to_min) == span


def test_day_and_part_together() -> None:
    assert parse_wish("מָחָר אַחַר הַצָּהֳרַיִם!", SUNDAY) == Wish(date(2026, 11, 23), date(2026, 11, 23), 720, 1080)
    tonight = parse_wish("tonight", SUNDAY)
    assert (tonight.first_day, tonight.from_min) == (SUNDAY, 1020)


def test_next_week_is_a_week_from_sunday() -> None:
    wish = parse_wish("sometime next week", SUNDAY)
    assert (wish.first_day, wish.last_day) == (date(2026, 11, 29), date(2026, 12, 5))


@pytest.mark.parametrize("words", ["", "whenever", "כמה שיותר מהר", "התור השני שלי", "sundae", "?!"])
def test_what_is_not_known_is_left_open(words: str) -> None:
    assert parse_wish(words, SUNDAY).is_open
