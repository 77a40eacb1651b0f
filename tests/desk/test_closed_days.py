"""Days and evenings on which a business is closed although its weekly hours say otherwise."""

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import msgspec
import pytest

from torim.desk.business import Business, ClosedDay, Hours, Observance, Service, load_business, parse_business
from torim.desk.closed_days import closures, public_holidays
from torim.desk.slots import free_slots
from torim.errors import ConfigError

EVE, PESACH = date(2027, 4, 21), date(2027, 4, 22)
FRIDAY, SATURDAY = date(2026, 11, 27), date(2026, 11, 28)
HOUR = Service(id="s", name={}, duration_min=60)


def open_all_week(**changes: object) -> Business:
    week = Hours(**dict.fromkeys(Hours.__struct_fields__, ("08:00-22:00",)))
    return msgspec.structs.replace(
        load_business(), hours=week, slot_step_min=60, minimum_notice_min=0, horizon_days=3, **changes
    )


def on(business: Business, day: date) -> list[str]:
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2)
    slots = free_slots(business, HOUR, [], now, day)
    return [f"{slot.local:%H}" for slot in slots if slot.local.date() == day]


def names(business: Business, day: date) -> list[str]:
    return [closed.name["en"] for closed in closures(business, day)]


def test_public_holidays_close_a_business_in_israel_by_default() -> None:
    business = open_all_week()
    assert names(business, PESACH) == ["Pesach"]
    assert on(business, PESACH) == []
    assert on(business, date(2027, 5, 12)) == []  # Independence Day
    assert len(on(business, date(2027, 4, 25))) == 14  # between the holidays


def test_the_eve_of_a_holiday_ends_at_candle_lighting() -> None:
    # Sunset in Jerusalem at 19:12: 40 minutes before, the hour that begins at 17:00 still fits.
    assert on(open_all_week(), EVE)[-1] == "17"
    assert names(open_all_week(), EVE) == ["Pesach Eve"]
    all_evening = open_all_week(holidays=Observance(holiday_eves=False))
    assert on(all_evening, EVE)[-1] == "21"


def test_shabbat_is_kept_by_who_says_so() -> None:
    assert len(on(open_all_week(), SATURDAY)) == 14
    keeping = open_all_week(holidays=Observance(shabbat=True))
    assert on(keeping, FRIDAY)[-1] == "14"  # candles at 15:56
    assert on(keeping, SATURDAY) == ["18", "19", "20", "21"]  # until 17:15


def test_a_holiday_can_be_worked_on_and_a_lesser_one_kept() -> None:
    business = open_all_week(holidays=Observance(open_on=("independence day",), closed_on=("פורים",)))
    assert len(on(business, date(2027, 5, 12))) == 14
    assert names(business, date(2027, 3, 23)) == ["Purim"]
    assert names(open_all_week(), date(2027, 3, 23)) == []
    every = open_all_week(holidays=Observance(optional_holidays=True))
    assert names(every, date(2027, 8, 12)) == ["Tisha B'Av"]


def test_other_countries_have_their_own_holidays_and_some_have_none() -> None:
    london = open_all_week(timezone="Europe/London")
    assert names(london, date(2026, 12, 25)) == []  # no country is known for it
    english = open_all_week(timezone="Europe/London", holidays=Observance(country="GB"))
    assert names(english, date(2026, 12, 25)) == ["Christmas Day"]
    assert names(english, EVE) == []
    nobody = open_all_week(holidays=Observance(country="none"))
    assert names(nobody, PESACH) == []


def test_abroad_the_second_day_of_a_festival_is_kept_with_shabbat() -> None:
    abroad = open_all_week(timezone="Europe/London", holidays=Observance(country="none", shabbat=True))
    assert names(abroad, date(2027, 4, 23)) == ["Pesach", "Shabbat"]  # a Friday
    assert names(open_all_week(), date(2027, 4, 23)) == []


def test_closed_days_of_the_business_have_a_name_and_may_be_many() -> None:
    holiday = ClosedDay(first=date(2026, 12, 1), last=date(2026, 12, 3), name={"en": "Renovation", "he": "שיפוצים"})
    business = open_all_week(closed_days=(holiday,))
    assert [on(business, date(2026, 12, day)) for day in (1, 2, 3)] == [[], [], []]
    assert names(business, date(2026, 12, 2)) == ["Renovation"]
    assert len(on(business, date(2026, 12, 4))) == 14


def test_the_holidays_of_a_year_are_those_of_the_calendar() -> None:
    found = {name["en"] for names in public_holidays("IL", None, 2027).values() for name in names}
    assert {"Yom Kippur", "Rosh Hashanah", "Pesach", "Shavuot", "Sukkot", "Independence Day"} <= found
    assert len(public_holidays("IL", None, 2027)) == 9


@pytest.mark.parametrize(
    ("lines", "advice"),
    [
        ('country = "XX"', "holidays.country: the holidays of 'XX' are not known"),
        ('open_on = ["Purimm"]', "holidays.open_on: 'Purimm' is no holiday there"),
        ("latitude = 89.0", "holidays.latitude: choose a number from -66 to 66"),
    ],
)
def test_holidays_that_cannot_work_are_refused_with_advice(lines: str, advice: str) -> None:
    sample = files("torim.desk").joinpath("sample.toml").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="holidays") as refused:
        parse_business(f"{sample}\n[holidays]\n{lines}\n", "salon.toml")
    assert advice in str(refused.value)
