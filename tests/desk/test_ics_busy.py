"""Busy times of a calendar in ICS form, as calendar programs write them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from torim.desk.ics_busy import busy_stretches
from torim.errors import BookingError

JERUSALEM = ZoneInfo("Asia/Jerusalem")
SINCE = datetime(2026, 11, 22, tzinfo=UTC)
TZ = """BEGIN:VTIMEZONE
TZID:Asia/Jerusalem
BEGIN:STANDARD
DTSTART:19961025T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0300
TZOFFSETTO:+0200
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19960328T020000
RRULE:FREQ=YEARLY;BYDAY=-1FR;BYMONTH=3
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
END:DAYLIGHT
END:VTIMEZONE
"""


def calendar(*events: str, zone: str = TZ) -> str:
    body = "".join(
        f"BEGIN:VEVENT\nUID:{n}\nDTSTAMP:20260101T000000Z\n{event}\nEND:VEVENT\n" for n, event in enumerate(events)
    )
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{zone}{body}END:VCALENDAR\n"
    return text.replace("\n", "\r\n")


def busy(text: str, days: int = 30, since: datetime = SINCE) -> list[str]:
    found = busy_stretches(text, JERUSALEM, since, since + timedelta(days=days))
    return [f"{begins.astimezone(JERUSALEM):%m-%d %H:%M}-{ends.astimezone(JERUSALEM):%H:%M}" for begins, ends in found]


def test_an_event_with_a_zone_one_in_utc_and_one_without_any() -> None:
    text = calendar(
        "DTSTART;TZID=Asia/Jerusalem:20261123T100000\nDTEND;TZID=Asia/Jerusalem:20261123T110000",
        "DTSTART:20261124T080000Z\nDTEND:20261124T083000Z",
        "DTSTART:20261125T120000\nDURATION:PT45M",
    )
    assert busy(text) == ["11-23 10:00-11:00", "11-24 10:00-10:30", "11-25 12:00-12:45"]


def test_a_day_without_a_time_is_the_whole_day_here() -> None:
    assert busy(calendar("DTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261126")) == ["11-24 00:00-00:00"]
    (stretch,) = busy_stretches(calendar("DTSTART;VALUE=DATE:20261124"), JERUSALEM, SINCE, SINCE + timedelta(days=9))
    assert stretch == (datetime(2026, 11, 23, 22, tzinfo=UTC), datetime(2026, 11, 24, 22, tzinfo=UTC))


@pytest.mark.parametrize("mark", ["TRANSP:TRANSPARENT", "STATUS:CANCELLED"])
def test_what_takes_no_time_is_left_out(mark: str) -> None:
    assert busy(calendar(f"DTSTART:20261124T080000Z\nDTEND:20261124T090000Z\n{mark}")) == []


def test_a_weekly_event_keeps_its_local_time_when_the_clocks_change() -> None:
    text = calendar(
        "DTSTART;TZID=Asia/Jerusalem:20270317T100000\nDTEND;TZID=Asia/Jerusalem:20270317T110000\nRRULE:FREQ=WEEKLY;COUNT=3"
    )
    since = datetime(2027, 3, 1, tzinfo=UTC)
    assert busy(text, 60, since) == ["03-17 10:00-11:00", "03-24 10:00-11:00", "03-31 10:00-11:00"]
    first, *_, last = busy_stretches(text, JERUSALEM, since, since + timedelta(days=60))
    assert (first[0].hour, last[0].hour) == (8, 7)


def test_repetitions_end_are_left_out_and_are_moved() -> None:
    text = calendar(
        "DTSTART;TZID=Asia/Jerusalem:20261122T090000\nDTEND;TZID=Asia/Jerusalem:20261122T093000\n"
        "RRULE:FREQ=DAILY;UNTIL=20261127T070000Z\nEXDATE;TZID=Asia/Jerusalem:20261124T090000"
    )
    moved = (
        "BEGIN:VEVENT\r\nUID:0\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;TZID=Asia/Jerusalem:20261125T090000\r\n"
        "DTSTART;TZID=Asia/Jerusalem:20261125T150000\r\nDTEND;TZID=Asia/Jerusalem:20261125T160000\r\nEND:VEVENT\r\n"
    )
    text = text.replace("END:VCALENDAR", f"{moved}END:VCALENDAR")
    assert busy(text) == [
        "11-22 09:00-09:30",
        "11-23 09:00-09:30",
        "11-25 15:00-16:00",
        "11-26 09:00-09:30",
        "11-27 09:00-09:30",
    ]


def test_an_endless_event_of_long_ago_is_found_now() -> None:
    text = calendar("DTSTART:20100104T070000Z\nDTEND:20100104T080000Z\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE")
    assert busy(text, 7) == ["11-23 09:00-10:00", "11-25 09:00-10:00"]


def test_repeated_days_and_extra_dates() -> None:
    text = calendar("DTSTART;VALUE=DATE:20261123\nRRULE:FREQ=WEEKLY;UNTIL=20261130\nRDATE;VALUE=DATE:20261202")
    assert [line[:5] for line in busy(text)] == ["11-23", "11-30", "12-02"]


def test_events_that_meet_are_one_stretch() -> None:
    text = calendar(
        "DTSTART:20261124T080000Z\nDTEND:20261124T090000Z",
        "DTSTART:20261124T083000Z\nDTEND:20261124T100000Z",
        "DTSTART:20261124T100000Z\nDTEND:20261124T103000Z",
    )
    assert busy(text) == ["11-24 10:00-12:30"]


def test_an_event_that_began_before_and_lasts_is_counted() -> None:
    assert len(busy(calendar("DTSTART:20261120T080000Z\nDTEND:20261123T080000Z"))) == 1
    assert busy(calendar("DTSTART:20261120T080000Z\nDTEND:20261121T080000Z")) == []


def test_published_busy_times() -> None:
    text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VFREEBUSY\r\nUID:f\r\nDTSTAMP:20260101T000000Z\r\n"
    text += "FREEBUSY:20261124T080000Z/PT1H,20261125T080000Z/20261125T093000Z\r\n"
    text += "FREEBUSY;FBTYPE=FREE:20261126T080000Z/PT1H\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    assert busy(text) == ["11-24 10:00-11:00", "11-25 10:00-11:30"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>Log in</html>",
        calendar("DTSTART:yesterday\nDTEND:20261124T090000Z"),
        calendar("DTSTART:20261124T080000Z\nRRULE:FREQ=SECONDLY"),
        calendar("DTSTART:20261124T080000Z\nDTEND;VALUE=DATE:20261125"),
    ],
)
def test_what_cannot_be_understood_is_said_and_not_guessed(text: str) -> None:
    with pytest.raises(BookingError, match="linked calendar cannot be used") as refused:
        busy(text)
    assert refused.value.code == "calendar.unreadable"
