"""Free slots: only what the hours allow, on any day of the year, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torim.desk.business import Business, Hours, Service, load_business
from torim.desk.slots import Busy, Slot, free_slots, offered, starts_at
from torim.desk.zones import closing_instant, instant
from torim.errors import BookingError, CoreMisuse

JERUSALEM = ZoneInfo("Asia/Jerusalem")
FORWARD, BACK = date(2027, 3, 26), date(2027, 10, 31)  # 02:00 -> 03:00, 02:00 -> 01:00
SUNDAY_NOON = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # 12:00 in Jerusalem
ALL_NIGHT = ("00:00-06:00",)


def business(**changes: object) -> Business:
    return msgspec.structs.replace(load_business(), **changes)


def service(minutes: int) -> Service:
    return Service(id="s", name={}, duration_min=minutes)


def every_day(*openings: str) -> Hours:
    return Hours(**dict.fromkeys(Hours.__struct_fields__, openings))


def local_times(slots: list[Slot]) -> list[str]:
    return [f"{slot.local:%a %H:%M}" for slot in slots]


def test_a_day_is_cut_into_steps_and_the_last_one_fits() -> None:
    shop = business(hours=every_day("09:00-10:40"), minimum_notice_min=0, horizon_days=1)
    slots = list(free_slots(shop, service(40), [], SUNDAY_NOON))
    assert local_times(slots) == ["Mon 09:00", "Mon 09:30", "Mon 10:00"]
    assert slots[0].id == "20261123T0700Z"
    assert starts_at(slots[0].id) == slots[0].starts_at


def test_notice_horizon_and_busy_times_take_slots_away() -> None:
    shop = business(hours=every_day("12:00-15:00"), minimum_notice_min=60, horizon_days=1)
    lunch = Busy.between(SUNDAY_NOON + timedelta(minutes=105), SUNDAY_NOON + timedelta(minutes=120))
    slots = list(free_slots(shop, service(30), [lunch], SUNDAY_NOON))
    assert local_times(slots)[:3] == ["Sun 13:00", "Sun 14:00", "Sun 14:30"]
    assert {slot.local.date() for slot in slots} == {date(2026, 11, 22), date(2026, 11, 23)}


def test_a_first_day_in_the_past_is_today() -> None:
    slots = free_slots(business(), service(30), [], SUNDAY_NOON, date(2020, 1, 1))
    assert next(slots).local.date() == date(2026, 11, 22)


def test_the_hour_that_is_skipped_has_no_slots() -> None:
    night = business(hours=every_day(*ALL_NIGHT), horizon_days=1)
    slots = free_slots(night, service(30), [], datetime(2027, 3, 25, 20, 0, tzinfo=UTC), FORWARD)
    assert local_times(list(slots))[:5] == ["Fri 00:00", "Fri 00:30", "Fri 01:00", "Fri 01:30", "Fri 03:00"]


def test_the_hour_that_comes_twice_is_offered_once() -> None:
    night = business(hours=every_day(*ALL_NIGHT), horizon_days=1)
    slots = list(free_slots(night, service(30), [], datetime(2027, 10, 30, 20, 0, tzinfo=UTC), BACK))
    times = local_times(slots)
    assert times[:5] == ["Sun 00:00", "Sun 00:30", "Sun 01:00", "Sun 01:30", "Sun 02:00"]
    assert slots[4].starts_at - slots[3].starts_at == timedelta(minutes=90)


def test_local_times_become_instants_as_the_zone_says() -> None:
    assert instant(FORWARD, 150, JERUSALEM) is None
    assert instant(FORWARD, 180, JERUSALEM) == datetime(2027, 3, 26, 0, 0, tzinfo=UTC)
    assert instant(BACK, 90, JERUSALEM) == datetime(2027, 10, 30, 22, 30, tzinfo=UTC)  # the first 01:30
    assert instant(FORWARD, 1440, JERUSALEM) == datetime(2027, 3, 26, 21, 0, tzinfo=UTC)


def test_a_closing_time_that_is_skipped_is_the_jump_itself() -> None:
    assert closing_instant(FORWARD, 150, JERUSALEM) == datetime(2027, 3, 26, 0, 0, tzinfo=UTC)
    assert closing_instant(BACK, 90, JERUSALEM) == datetime(2027, 10, 30, 22, 30, tzinfo=UTC)
    assert closing_instant(FORWARD, 600, JERUSALEM) == datetime(2027, 3, 26, 7, 0, tzinfo=UTC)


def test_only_what_is_offered_can_be_asked_for() -> None:
    shop = business(hours=every_day("09:00-17:00"))
    good = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
    assert offered(shop, service(30), good, SUNDAY_NOON).local.hour == 9
    too_soon, too_far = SUNDAY_NOON + timedelta(minutes=30), SUNDAY_NOON + timedelta(days=40)
    for bad in (good + timedelta(minutes=1), good - timedelta(hours=1), too_soon, too_far):
        with pytest.raises(BookingError) as refused:
            offered(shop, service(30), bad, SUNDAY_NOON)
        assert refused.value.code == "booking.not_offered"


@pytest.mark.parametrize("text", ["", "20261123", "tomorrow", "20261399T0000Z"])
def test_an_id_that_was_never_given_is_refused(text: str) -> None:
    with pytest.raises(BookingError) as refused:
        starts_at(text)
    assert refused.value.code == "booking.unknown_slot"


def test_a_naive_now_is_our_bug() -> None:
    with pytest.raises(CoreMisuse):
        next(free_slots(business(), service(30), [], datetime(2026, 11, 22, 10, 0)))  # noqa: DTZ001


MINUTES = st.integers(0, 96).map(lambda quarters: quarters * 15)


@st.composite
def openings(draw: st.DrawFn) -> tuple[str, ...]:
    ends = sorted(draw(st.lists(MINUTES, min_size=2, max_size=4, unique=True)))
    pairs = zip(ends[::2], ends[1::2], strict=False)
    return tuple(f"{a // 60:02d}:{a % 60:02d}-{b // 60:02d}:{b % 60:02d}" for a, b in pairs)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Business, Service, list[Busy], datetime]:
    """A business, a service and what is taken, with now within three days before a change of the clocks."""
    changes = st.sampled_from([FORWARD, BACK])
    midnight = datetime.combine(draw(changes), datetime.min.time(), JERUSALEM).astimezone(UTC)
    now = midnight - timedelta(minutes=draw(st.integers(0, 3 * 1440)))
    shop = business(
        hours=Hours(**{day: draw(openings()) for day in Hours.__struct_fields__}),
        slot_step_min=draw(st.sampled_from([10, 15, 20, 30, 60])),
        minimum_notice_min=draw(st.sampled_from([0, 45, 600])),
        horizon_days=draw(st.integers(1, 6)),
    )
    stretch = st.tuples(st.integers(0, 8 * 1440), st.integers(1, 300))
    taken = [
        Busy.between(now + timedelta(minutes=begin), now + timedelta(minutes=begin + length))
        for begin, length in draw(st.lists(stretch, max_size=8))
    ]
    return shop, service(draw(st.sampled_from([10, 30, 45, 90]))), taken, now


def within_hours(shop: Business, slot: Slot) -> bool:
    wall = slot.local
    minute = wall.hour * 60 + wall.minute
    for opening in shop.openings(wall.weekday()):
        steps, rest = divmod(minute - opening.opens_min, shop.slot_step_min)
        in_step = steps >= 0 and rest == 0 and minute < opening.closes_min
        if in_step and slot.ends_at <= closing_instant(wall.date(), opening.closes_min, JERUSALEM):
            return True
    return False


@given(scenes())
@settings(deadline=None, max_examples=150)
def test_every_slot_is_free_allowed_and_real(
    scene: tuple[Business, Service, list[Busy], datetime],
) -> None:
    shop, wanted, taken, now = scene
    slots = list(free_slots(shop, wanted, taken, now))
    assert slots == sorted(set(slots))
    for slot in slots:
        assert slot.ends_at - slot.starts_at == timedelta(minutes=wanted.duration_min)
        assert slot.starts_at >= now + timedelta(minutes=shop.minimum_notice_min)
        assert slot.local.fold == 0
        assert slot.local.date() <= now.astimezone(JERUSALEM).date() + timedelta(days=shop.horizon_days)
        assert within_hours(shop, slot)
        assert all(slot.ends_at <= item.starts_at or item.ends_at <= slot.starts_at for item in taken)
        assert offered(shop, wanted, slot.starts_at, now) == slot


@given(scenes())
@settings(deadline=None, max_examples=100)
def test_what_is_taken_removes_exactly_what_it_meets(
    scene: tuple[Business, Service, list[Busy], datetime],
) -> None:
    shop, wanted, taken, now = scene
    every = list(free_slots(shop, wanted, [], now))
    untouched = [
        slot
        for slot in every
        if all(slot.ends_at <= item.starts_at or item.ends_at <= slot.starts_at for item in taken)
    ]
    assert list(free_slots(shop, wanted, taken, now)) == untouched
