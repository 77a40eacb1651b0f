"""Which slots are offered: few, spread, and near what was wished."""

from datetime import UTC, date, datetime, timedelta

from torim.desk.choices import choose
from torim.desk.slots import Slot
from torim.desk.wishes import Wish

DAY = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # 09:00 in Jerusalem


def slots(*hours: float) -> list[Slot]:
    begins = [DAY + timedelta(hours=hour) for hour in hours]
    return [Slot(at, at + timedelta(minutes=30), "Asia/Jerusalem") for at in begins]


def hours(picked: tuple[Slot, ...]) -> list[float]:
    return [(slot.starts_at - DAY).total_seconds() / 3600 for slot in picked]


def test_two_of_the_first_day_and_one_of_the_next() -> None:
    free = slots(0, 0.5, 1, 1.5, 5, 5.5, 6, 6.5, 24, 25)
    assert hours(choose(free, Wish()).slots) == [0, 5, 24]


def test_few_slots_are_all_offered() -> None:
    assert hours(choose(slots(0, 1), Wish()).slots) == [0, 1]
    assert hours(choose(slots(0, 24, 25, 26), Wish()).slots) == [0, 24, 25]
    assert choose([], Wish()).slots == ()


def test_a_wished_day_is_spread_over_the_day() -> None:
    day = date(2026, 11, 25)
    choice = choose(slots(0, 24, 25, 26, 28, 30, 32, 48), Wish(day, day))
    assert choice.as_wished
    assert hours(choice.slots) == [24, 26, 30]


def test_where_the_wish_cannot_be_met_the_next_ones_are_offered() -> None:
    day = date(2026, 11, 24)
    choice = choose(slots(3, 4, 24), Wish(day, day, 0, 600))
    assert not choice.as_wished
    assert hours(choice.slots) == [3, 4, 24]


def test_no_more_is_read_than_needed() -> None:
    lazily = iter(slots(0, 24, 48, 72, 96))
    choose(lazily, Wish())
    assert hours(tuple(lazily)) == [72, 96]
