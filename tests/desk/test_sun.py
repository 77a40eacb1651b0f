"""Sunset and nightfall, against published times."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torim.desk.sun import SUNSET_DEGREES, below_horizon

JERUSALEM = (31.7781, 35.2354)
WITHIN = timedelta(minutes=1)


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize("published", ["2011-12-02 15:55", "2011-12-09 15:55", "2011-12-16 15:57", "2026-11-27 15:56"])
def test_candle_lighting_in_jerusalem_is_as_published(published: str) -> None:
    sunset = below_horizon(date.fromisoformat(published[:10]), *JERUSALEM)
    assert sunset is not None
    assert abs(sunset - timedelta(minutes=40) - local(published, "Asia/Jerusalem")) <= WITHIN


def test_the_end_of_shabbat_in_jerusalem_is_as_published() -> None:
    dark = below_horizon(date(2026, 11, 28), *JERUSALEM, degrees=8.5)
    assert dark is not None
    assert abs(dark - local("2026-11-28 17:15", "Asia/Jerusalem")) <= WITHIN


@pytest.mark.parametrize("day", [date(2027, 6, 21), date(2027, 12, 21)])
def test_where_the_sun_does_not_set_or_rise_there_is_no_evening(day: date) -> None:
    assert below_horizon(day, 80.0, 20.0) is None


@given(
    st.dates(date(2020, 1, 1), date(2050, 1, 1)),
    st.floats(-60, 60),
    st.floats(-180, 180),
)
def test_an_evening_lies_in_the_evening_and_dusk_after_sunset(day: date, latitude: float, longitude: float) -> None:
    sunset = below_horizon(day, latitude, longitude)
    assert sunset is not None
    mean_sun = sunset + timedelta(minutes=4 * longitude)
    midday = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert timedelta(hours=2) < mean_sun - midday < timedelta(hours=10)
    later = below_horizon(day, latitude, longitude, SUNSET_DEGREES + 1)
    assert later is not None
    assert timedelta(minutes=3) < later - sunset < timedelta(minutes=20)


@given(st.dates(date(2020, 1, 1), date(2050, 1, 1)))
def test_sunset_moves_by_less_than_two_minutes_from_day_to_day(day: date) -> None:
    first, second = below_horizon(day, *JERUSALEM), below_horizon(day + timedelta(days=1), *JERUSALEM)
    assert first is not None
    assert second is not None
    assert abs(second - first - timedelta(days=1)) < timedelta(minutes=2)
