"""What the desk says, checked word by word by somebody who speaks the language."""

import string
from datetime import date, datetime, time, timedelta

import pytest

from torim.desk import english, hebrew
from torim.desk.phrases import Phrase
from torim.desk.speech import LANGUAGES, listing, options, say, say_exactly, speech

TUESDAY = date(2026, 11, 24)

HEBREW_TIMES = {
    time(9, 0): "תשע בבוקר",
    time(10, 30): "עשר וחצי בבוקר",
    time(10, 15): "עשר ורבע בבוקר",
    time(11, 45): "רבע לשתים עשרה בצהריים",
    time(12, 0): "שתים עשרה בצהריים",
    time(12, 45): "רבע לאחת בצהריים",
    time(13, 0): "אחת בצהריים",
    time(14, 5): "שתיים וחמש דקות בצהריים",
    time(14, 10): "שתיים ועשר דקות בצהריים",
    time(14, 20): "שתיים עשרים בצהריים",
    time(15, 40): "שלוש ארבעים אחר הצהריים",
    time(16, 55): "ארבע חמישים וחמש אחר הצהריים",
    time(17, 45): "רבע לשש בערב",
    time(18, 0): "שש בערב",
    time(19, 1): "שבע ודקה בערב",
    time(19, 2): "שבע ושתי דקות בערב",
    time(20, 25): "שמונה עשרים וחמש בערב",
    time(22, 30): "עשר וחצי בלילה",
    time(0, 0): "שתים עשרה בלילה",
    time(23, 45): "רבע לשתים עשרה בלילה",
    time(4, 0): "ארבע לפנות בוקר",
    time(11, 12): "אחת עשרה ושתים עשרה דקות בבוקר",
}
ENGLISH_TIMES = {
    time(9, 0): "nine in the morning",
    time(10, 30): "ten thirty in the morning",
    time(10, 5): "ten oh five in the morning",
    time(11, 45): "eleven forty-five in the morning",
    time(12, 0): "twelve noon",
    time(12, 30): "twelve thirty in the afternoon",
    time(17, 15): "five fifteen in the afternoon",
    time(18, 0): "six in the evening",
    time(21, 30): "nine thirty at night",
    time(0, 0): "midnight",
    time(0, 20): "twelve twenty in the morning",
}
HEBREW_DAYS = {
    date(2026, 11, 1): "ביום ראשון, אחד בנובמבר",
    date(2026, 11, 2): "ביום שני, שניים בנובמבר",
    date(2027, 3, 10): "ביום רביעי, עשרה במרץ",
    date(2027, 8, 12): "ביום חמישי, שנים עשר באוגוסט",
    date(2027, 1, 15): "ביום שישי, חמישה עשר בינואר",
    date(2026, 11, 21): "בשבת, עשרים ואחד בנובמבר",
    TUESDAY: "ביום שלישי, עשרים וארבעה בנובמבר",
    date(2026, 12, 31): "ביום חמישי, שלושים ואחד בדצמבר",
    date(2027, 4, 20): "ביום שלישי, עשרים באפריל",
}
HEBREW_YEARS = {
    2000: "אלפיים",
    2009: "אלפיים ותשע",
    2020: "אלפיים ועשרים",
    2026: "אלפיים עשרים ושש",
    2030: "אלפיים ושלושים",
    2012: "אלפיים ושתים עשרה",
}
HEBREW_DURATIONS = {
    10: "עשר דקות",
    15: "רבע שעה",
    30: "חצי שעה",
    45: "ארבעים וחמש דקות",
    60: "שעה",
    75: "שעה ורבע",
    90: "שעה וחצי",
    120: "שעתיים",
    140: "שעתיים ועשרים דקות",
    180: "שלוש שעות",
}
ENGLISH_DURATIONS = {
    1: "one minute",
    15: "fifteen minutes",
    30: "half an hour",
    60: "one hour",
    90: "an hour and a half",
    130: "two hours and ten minutes",
    150: "two and a half hours",
}


@pytest.mark.parametrize(("at", "spoken"), HEBREW_TIMES.items())
def test_hebrew_times(at: time, spoken: str) -> None:
    assert hebrew.clock(at) == spoken


@pytest.mark.parametrize(("at", "spoken"), ENGLISH_TIMES.items())
def test_english_times(at: time, spoken: str) -> None:
    assert english.clock(at) == spoken


@pytest.mark.parametrize(("day", "spoken"), HEBREW_DAYS.items())
def test_hebrew_days(day: date, spoken: str) -> None:
    assert hebrew.day(day) == spoken


@pytest.mark.parametrize(("year", "spoken"), HEBREW_YEARS.items())
def test_hebrew_years(year: int, spoken: str) -> None:
    assert hebrew.year(year) == spoken


@pytest.mark.parametrize(("minutes", "spoken"), HEBREW_DURATIONS.items())
def test_hebrew_durations(minutes: int, spoken: str) -> None:
    assert hebrew.duration(minutes) == spoken


@pytest.mark.parametrize(("minutes", "spoken"), ENGLISH_DURATIONS.items())
def test_english_durations(minutes: int, spoken: str) -> None:
    assert english.duration(minutes) == spoken


def test_english_dates() -> None:
    assert english.day(TUESDAY) == "Tuesday, November twenty-fourth"
    assert english.full_date(date(2026, 1, 30)) == "Friday, January thirtieth, twenty twenty-six"
    assert english.year(2007) == "two thousand seven"


def test_a_whole_appointment_time() -> None:
    at = datetime(2026, 11, 24, 10, 30)  # noqa: DTZ001 - a wall time
    assert hebrew.when(at) == "ביום שלישי, עשרים וארבעה בנובמבר, בשעה עשר וחצי בבוקר"
    assert english.when(at) == "Tuesday, November twenty-fourth, at ten thirty in the morning"


def test_today_and_tomorrow_have_names() -> None:
    assert hebrew.day(TUESDAY, TUESDAY) == "היום"
    assert hebrew.day(TUESDAY, TUESDAY - timedelta(days=1)) == "מחר, יום שלישי"
    assert english.day(TUESDAY, TUESDAY - timedelta(days=1)) == "tomorrow, Tuesday"


def test_options_name_each_day_once() -> None:
    times = [datetime(2026, 11, day, hour) for day, hour in ((24, 10), (24, 14), (25, 9))]  # noqa: DTZ001
    assert options("en", times, TUESDAY) == (
        "today, at ten in the morning, or at two in the afternoon, or tomorrow, Wednesday, at nine in the morning"
    )
    assert options("he", times[:2], date(2026, 11, 20)) == (
        "ביום שלישי, עשרים וארבעה בנובמבר, בשעה עשר בבוקר, או בשעה שתיים בצהריים"
    )


def test_lists_end_as_people_end_them() -> None:
    assert listing("en", ["a", "b", "c"]) == "a, b and c"
    assert listing("he", ["תספורת", "פן", "צבע"]) == "תספורת, פן וצבע"
    assert listing("he", ["פן"]) == "פן"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("phrase", Phrase)
def test_every_language_says_everything_with_the_same_blanks(language: str, phrase: Phrase) -> None:
    text = speech(language).PHRASES[phrase]
    blanks = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    assert blanks <= set(phrase.blanks)
    assert phrase in (Phrase.GREETING, Phrase.GOODBYE) or blanks == set(phrase.blanks)
    assert say(language, phrase, **dict.fromkeys(phrase.blanks, "x"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_time_of_the_day_and_year_can_be_said_without_digits(language: str) -> None:
    words = speech(language)
    for minute in range(0, 1440, 5):
        assert not any(char.isdigit() for char in words.clock(time(minute // 60, minute % 60)))
    for day in range(366):
        assert not any(char.isdigit() for char in words.full_date(date(2028, 1, 1) + timedelta(days=day)))


def test_quotation_marks_cannot_end_a_fixed_sentence() -> None:
    assert say_exactly('ד"ר כהן\nכאן') == 'Say exactly: "ד״ר כהן כאן"'
