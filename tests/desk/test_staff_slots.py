"""Free times with staff, breaks, buffers and several at once; and weeks in which the clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torim.desk.business import Business, ClosedDay, Hours, Observance, Service, Staff, load_business
from torim.desk.search import FIRST_DAYS, open_slots
from torim.desk.slots import Busy, free_place, free_slots, offered, staff_of, starts_at
from torim.desk.staffing import Performer, performers
from torim.desk.zones import instant, local_instant
from torim.errors import BookingError

JERUSALEM = ZoneInfo("Asia/Jerusalem")
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # Sunday, 06:00 in Jerusalem
TODAY = date(2026, 11, 22)
HALF = Service(id="haircut", name={}, duration_min=30)
FORWARD, BACK = date(2027, 3, 26), date(2027, 10, 31)


def week(*openings: str) -> Hours:
    return Hours(**dict.fromkeys(Hours.__struct_fields__, openings))


def member(name: str, **changes: object) -> Staff:
    return Staff(id=name, name={"he": name, "en": name}, **changes)  # type: ignore[arg-type]


def shop(**changes: object) -> Business:
    values: dict[str, object] = {
        "hours": week("09:00-12:00"),
        "slot_step_min": 30,
        "minimum_notice_min": 0,
        "horizon_days": 1,
        "holidays": Observance(country="none"),
    }
    return msgspec.structs.replace(load_business(), **(values | changes))


def taken(hour: float, minutes: int, staff_id: str = "", place: int | None = 0) -> Busy:
    begins = datetime(2026, 11, 22, 22, tzinfo=UTC) - timedelta(days=1) + timedelta(hours=hour)
    return Busy.between(begins, begins + timedelta(minutes=minutes), staff_id, place)


def today(business: Business, *busy: Busy, service: Service = HALF, staff_id: str | None = None) -> dict[str, str]:
    """Today's free times, each with whoever is free."""
    found = free_slots(business, service, busy, NOW, staff_id=staff_id)
    return {f"{slot.local:%H:%M}": "+".join(slot.staff_ids) for slot in found if slot.local.date() == TODAY}


def test_a_time_is_free_while_somebody_is() -> None:
    business = shop(hours=week("09:00-10:30"), staff=(member("dana"), member("noa")))
    assert today(business) == {"09:00": "dana+noa", "09:30": "dana+noa", "10:00": "dana+noa"}
    busy = (taken(9, 60, "dana"), taken(9.5, 30, "noa"))
    assert today(business, *busy) == {"09:00": "noa", "10:00": "dana+noa"}
    assert today(business, *busy, staff_id="dana") == {"10:00": "dana"}


def test_only_who_performs_a_service_is_asked() -> None:
    business = shop(hours=week("09:00-10:00"), staff=(member("dana", services=("color",)), member("noa")))
    assert set(today(business).values()) == {"noa"}
    with pytest.raises(BookingError) as refused:
        today(business, staff_id="ruth")
    assert refused.value.code == "booking.unknown_staff"


def test_own_hours_lie_within_those_of_the_business_and_breaks_are_left_out() -> None:
    dana = member("dana", hours=week("08:00-10:00"))
    noa = member("noa", breaks=week("10:00-11:00"))
    business = shop(hours=week("09:00-11:30"), staff=(dana, noa))
    assert today(business) == {"09:00": "dana+noa", "09:30": "dana+noa", "11:00": "noa"}
    assert list(today(shop(breaks=week("09:30-11:30")))) == ["09:00", "11:30"]


def test_after_a_break_the_steps_begin_anew() -> None:
    assert list(today(shop(hours=week("09:00-11:00"), breaks=week("09:40-10:10")))) == ["09:00", "10:10"]


def test_who_is_on_holiday_is_not_there() -> None:
    away = ClosedDay(first=TODAY, last=date(2026, 12, 1))
    business = shop(hours=week("09:00-10:00"), staff=(member("dana", closed_days=(away,)), member("noa")))
    assert set(today(business).values()) == {"noa"}


def test_several_at_once_until_every_place_is_taken() -> None:
    business = shop(hours=week("09:00-10:00"), capacity=2)
    assert list(today(business, taken(9, 30, place=0))) == ["09:00", "09:30"]
    assert list(today(business, taken(9, 30, place=0), taken(9, 30, place=1))) == ["09:30"]
    # A calendar's event takes every place.
    assert list(today(business, taken(9, 30, place=None))) == ["09:30"]


def test_half_a_place_is_no_place() -> None:
    business = shop(hours=week("09:00-10:00"), capacity=2)
    hour = Service(id="haircut", name={}, duration_min=60)
    assert list(today(business, taken(9, 30, place=0), taken(9.5, 30, place=1), service=hour)) == []


def test_buffers_are_kept_free_and_may_reach_beyond_the_hours() -> None:
    buffered = Service(id="haircut", name={}, duration_min=30, buffer_before_min=10, buffer_after_min=20)
    assert list(today(shop(), service=buffered)) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    assert list(today(shop(), taken(10, 30), service=buffered)) == ["09:00", "11:00", "11:30"]


def test_what_is_the_whole_business_takes_everybody() -> None:
    business = shop(hours=week("09:00-10:00"), staff=(member("dana"), member("noa")))
    assert list(today(business, taken(9, 30, place=None))) == ["09:30"]
    assert set(today(business, taken(9, 30, "somebody who left")).values()) == {"dana+noa"}


def test_the_place_that_is_found_is_the_one_that_was_free() -> None:
    able = (Performer("dana"), Performer("noa", 2))
    busy = [taken(9, 30, "dana"), taken(9, 30, "noa", 0)]
    since_s = busy[0].since_s
    assert free_place(able, busy, since_s, since_s + 1800) == ("noa", 1)
    assert free_place(able, [*busy, taken(9, 30, "noa", 1)], since_s, since_s + 1800) is None
    assert free_place(able, busy, since_s + 1800, since_s + 3600) == ("dana", 0)


def test_a_slot_id_can_name_somebody() -> None:
    business = shop(staff=(member("dana"), member("noa")))
    slot = next(free_slots(business, HALF, [], NOW))
    named = slot.id_with("noa")
    assert (starts_at(named), staff_of(named), staff_of(slot.id)) == (slot.starts_at, "noa", None)
    assert offered(business, HALF, slot.starts_at, NOW, "noa").staff_ids == ("noa",)


class Shelf:
    """A book that says which stretches were read."""

    def __init__(self, busy: list[Busy]) -> None:
        self.busy_times, self.read = busy, []

    def busy(self, business_id: str, since: datetime, until: datetime, now: datetime | None = None) -> list[Busy]:
        self.read.append(until - since)
        return [item for item in self.busy_times if item.starts_at < until and item.ends_at > since]


def test_a_search_reads_no_more_than_it_needs() -> None:
    business = shop(horizon_days=365)
    shelf = Shelf([taken(9, 30), taken(24 * 100 + 9, 30)])
    search = open_slots(shelf, business, HALF, NOW)  # type: ignore[arg-type]
    assert f"{next(search).local:%H:%M}" == "09:30"
    assert len(shelf.read) == 1
    assert shelf.read[0] < timedelta(days=FIRST_DAYS + 5)
    rest = list(search)
    assert len(rest) == len(list(free_slots(business, HALF, shelf.busy_times, NOW))) - 1
    assert len(shelf.read) < 8


# --- the clocks


def test_a_time_that_the_clocks_skip_is_refused_with_advice() -> None:
    with pytest.raises(BookingError, match="the clocks go forward") as refused:
        local_instant(datetime.combine(FORWARD, datetime.min.time()) + timedelta(minutes=150), JERUSALEM)
    assert refused.value.code == "booking.no_such_time"


@pytest.mark.parametrize("fold", [0, 1])
def test_a_time_that_comes_twice_is_its_first_pass_however_it_is_given(fold: int) -> None:
    wall = datetime(2027, 10, 31, 1, 30, fold=fold)  # noqa: DTZ001
    assert local_instant(wall, JERUSALEM) == datetime(2027, 10, 30, 22, 30, tzinfo=UTC)


DST_WEEKS = st.sampled_from([FORWARD, BACK, date(2028, 3, 24), date(2028, 10, 29)]).flatmap(
    lambda change: st.integers(-3, 4).map(lambda days: change + timedelta(days=days))
)
ZONES = st.sampled_from([JERUSALEM, ZoneInfo("Europe/London"), ZoneInfo("Africa/Cairo"), ZoneInfo("America/New_York")])


@given(DST_WEEKS, st.integers(0, 1440), ZONES)
def test_a_wall_time_exists_once_or_not_at_all(day: date, minute: int, zone: ZoneInfo) -> None:
    found = instant(day, minute, zone)
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    if found is None:
        before = (wall - timedelta(hours=3)).replace(tzinfo=zone).utcoffset()
        after = (wall + timedelta(hours=3)).replace(tzinfo=zone).utcoffset()
        assert before is not None
        assert after is not None
        assert after > before  # only where the clocks go forward
        return
    local = found.astimezone(zone)
    assert local.replace(tzinfo=None, fold=0) == wall
    assert local.fold == 0
    assert local_instant(wall, zone) == found


@given(DST_WEEKS, st.integers(5, 240), st.sampled_from([15, 20, 30, 60]), st.booleans())
@settings(deadline=None, max_examples=100)
def test_a_booked_slot_is_never_offered_again_in_a_week_of_the_clocks(
    day: date, length_min: int, step_min: int, busy_first: bool
) -> None:
    business = shop(hours=week("00:00-24:00"), slot_step_min=step_min, horizon_days=4)
    service = Service(id="haircut", name={}, duration_min=length_min)
    now = datetime(day.year, day.month, day.day, tzinfo=UTC)
    every = list(free_slots(business, service, [], now))
    chosen = every[0] if busy_first else every[len(every) // 2]
    left = list(free_slots(business, service, [Busy.between(chosen.starts_at, chosen.ends_at)], now))
    assert all(slot.ends_at <= chosen.starts_at or slot.starts_at >= chosen.ends_at for slot in left)
    assert set(left) <= set(every)
    walls = [slot.local.replace(tzinfo=None) for slot in every]
    assert len(set(walls)) == len(walls)  # no wall time is said twice


@given(
    st.lists(
        st.tuples(st.integers(0, 60 * 24 * 2), st.integers(5, 180), st.sampled_from(["a", "b", ""]), st.integers(0, 1)),
        max_size=25,
    ),
    st.integers(0, 20),
    st.integers(0, 20),
)
@settings(deadline=None, max_examples=150)
def test_what_is_offered_is_what_can_be_placed(
    busy_times: list[tuple[int, int, str, int]], before_min: int, after_min: int
) -> None:
    business = shop(hours=week("08:00-20:00"), staff=(member("a"), member("b", capacity=2)), slot_step_min=15)
    service = Service(id="x", name={}, duration_min=40, buffer_before_min=before_min, buffer_after_min=after_min)
    busy = [
        Busy.between(NOW + timedelta(minutes=begin), NOW + timedelta(minutes=begin + length), who, place)
        for begin, length, who, place in busy_times
    ]
    able = performers(business, "x")
    free = {slot.starts_at: slot.staff_ids for slot in free_slots(business, service, busy, NOW)}
    for slot in free_slots(business, service, [], NOW):
        since_s = int(slot.starts_at.timestamp()) - 60 * before_min
        until_s = int(slot.ends_at.timestamp()) + 60 * after_min
        who = tuple(one.staff_id for one in able if free_place((one,), busy, since_s, until_s))
        assert free.get(slot.starts_at, ()) == who
