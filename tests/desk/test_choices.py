"""Which slots are offered: few, spread, and near what was wished."""

from datetime import UTC, date, datetime, timedelta

from torim.desk.business import load_business
from torim.desk.choices import Choice, choose
from torim.desk.slots import Slot
from torim.desk.wishes import Wish, parse_wish, wish_between

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DAY = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # Tuesday, 09:00 in Jerusalem


def slots(*hours: float) -> list[Slot]:
    begins = [DAY + timedelta(hours=hour) for hour in hours]
    return [Slot(at, at + timedelta(minutes=30), "Asia/Jerusalem") for at in begins]


def hours(picked: tuple[Slot, ...]) -> list[float]:
    return [(slot.starts_at - DAY).total_seconds() / 3600 for slot in picked]


def said(words: str, *free: float) -> Choice:
    return choose(slots(*free), parse_wish(words, load_business(), NOW))


def test_two_of_the_first_day_and_one_of_the_next() -> None:
    free = slots(0, 0.5, 1, 1.5, 5, 5.5, 6, 6.5, 24, 25)
    assert hours(choose(free, Wish()).slots) == [0, 5, 24]


def test_few_slots_are_all_offered() -> None:
    assert hours(choose(slots(0, 1), Wish()).slots) == [0, 1]
    assert hours(choose(slots(0, 24, 25, 26), Wish()).slots) == [0, 24, 25]
    assert choose([], Wish()).slots == ()


def test_a_wished_day_is_spread_over_the_day() -> None:
    day = date(2026, 11, 25)
    choice = choose(slots(0, 24, 25, 26, 28, 30, 32, 48), wish_between(day, day))
    assert choice.as_wished
    assert hours(choice.slots) == [24, 26, 30]


def test_an_exact_time_that_is_free_is_offered_alone() -> None:
    choice = said("Tuesday at ten", 0, 1, 2, 3, 24, 25)
    assert choice.as_wished
    assert hours(choice.slots) == [1]


def test_an_exact_time_on_any_day_is_offered_on_the_next_days() -> None:
    choice = said("at ten", 0, 1, 24, 25, 49, 73)
    assert choice.as_wished
    assert hours(choice.slots) == [1, 25, 49]


def test_around_a_time_the_closest_come_first() -> None:
    assert hours(said("Tuesday around eleven", 0, 1, 1.5, 2.5, 5).slots) == [1, 1.5, 2.5]


def test_an_exact_time_that_is_taken_gives_its_neighbours_and_the_same_time_another_day() -> None:
    choice = said("Tuesday at ten", 0, 0.5, 1.5, 4, 24, 25, 26)
    assert not choice.as_wished
    assert hours(choice.slots) == [0.5, 1.5, 25]


def test_where_the_day_is_full_the_same_time_of_other_days_is_offered() -> None:
    choice = said("Tuesday afternoon", 24, 25, 28, 29, 52)
    assert not choice.as_wished
    assert [hour % 24 >= 3 for hour in hours(choice.slots)] == [True] * 3


def test_a_time_that_is_never_free_gives_the_closest_of_each_day() -> None:
    choice = said("at ten", 0, 3, 24, 24.5, 48, 52)
    assert not choice.as_wished
    assert hours(choice.slots) == [0, 24.5, 48]


def test_each_alternative_is_offered() -> None:
    choice = said("Tuesday at ten or Thursday afternoon", 0, 1, 2, 24, 48, 52, 54)
    assert choice.as_wished
    assert hours(choice.slots) == [1, 52, 54]


def test_an_excluded_day_is_left_out() -> None:
    assert hours(said("not on Tuesday", 0, 1, 24, 25, 48).slots) == [24, 25, 48]


def test_where_the_wish_cannot_be_met_the_next_ones_are_offered() -> None:
    day = date(2026, 11, 24)
    choice = choose(slots(3, 4, 24), wish_between(day, day, 0, 600))
    assert not choice.as_wished
    assert hours(choice.slots) == [3, 4, 24]


def test_no_more_is_read_than_needed() -> None:
    lazily = iter(slots(0, 24, 48, 72, 96))
    choose(lazily, Wish())
    assert hours(tuple(lazily)) == [72, 96]


def test_a_wish_with_an_end_reads_a_little_beyond_it() -> None:
    lazily = iter(slots(*(24 * day for day in range(40))))
    choose(lazily, wish_between(date(2026, 11, 20), date(2026, 11, 23)))
    assert hours(tuple(lazily))[0] <= 24 * 9
