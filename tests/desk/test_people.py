"""Messages that are kept once, and callers who are put through, or not."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from torim.desk.business import Business, ClosedDay, Observance, Transfer, load_business
from torim.desk.hours import Hours
from torim.desk.receptionist import CallContext, Receptionist

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # Sunday, 12:00 in Jerusalem

SATURDAY = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
COLLEAGUE = "+972541112222"


def with_transfer(hours: Hours | None = None) -> Business:
    return msgspec.structs.replace(load_business(), transfer=Transfer(number=COLLEAGUE, hours=hours))


def put_through(receptionist: Receptionist, now: datetime) -> Any:
    return json.loads(receptionist.run("transfer_call", "{}", CallContext("CA1", "t1", None, "en"), now))


def test_a_message_is_kept_with_who_left_it(desk: Any) -> None:
    wish = {"text": "Please call me back about the invoice.", "name": "Dana", "urgency": "urgent"}
    answer = desk.ask("leave_message", wish)
    assert answer["spoken"] == "I've taken that down and will pass it on."
    (message,) = desk.store.messages(desk.business_id)
    assert (message.id, message.text) == (answer["message_id"], "Please call me back about the invoice.")
    assert (message.name, message.from_number, message.urgency) == ("Dana", "+972501234567", "urgent")


def test_a_message_that_is_repeated_is_kept_once(desk: Any) -> None:
    wish = {"text": "Call me back.", "name": "Dana"}
    first = desk.ask("leave_message", wish)
    assert desk.ask("leave_message", wish) == first
    assert desk.ask("leave_message", wish, tool_call="t2") == first
    assert desk.ask("leave_message", wish, call="CA2")["message_id"] != first["message_id"]


def test_a_withheld_number_can_say_one(desk: Any) -> None:
    context = CallContext("CA1", "t1", None, "he")
    wish = {"text": "לחזור אליי", "phone": "052-765-4321"}
    answer = json.loads(desk.receptionist.run("leave_message", json.dumps(wish), context, NOW))
    assert answer["spoken"] == "רשמתי, ואעביר את ההודעה."
    assert desk.store.messages(desk.business_id)[0].from_number == "+972527654321"


def test_a_message_may_be_a_voice_note(desk: Any) -> None:
    desk.ask("leave_message", {"text": "", "note_id": "CA1-0a1b2c3d"})
    assert desk.store.messages(desk.business_id)[0].text == "Voice message [CA1-0a1b2c3d]"


@pytest.mark.parametrize("note_id", ["CA2-0a1b2c3d", "../calls/2026-11-22/CA1", "CA1-0a1b2c3d/x", "CA1", ""])
def test_only_a_note_of_the_same_call_is_believed(desk: Any, note_id: str) -> None:
    """A model may say anything: a note of another call, or a path to a recording."""
    assert desk.ask("leave_message", {"text": "", "note_id": note_id})["error"] == "message.empty"
    slot = desk.ask("find_slots", {"service_id": "haircut"})["slots"][0]["id"]
    booking = {"slot_id": slot, "service_id": "haircut", "name_note_id": note_id}
    assert desk.ask("book_appointment", booking)["ok"]
    assert desk.appointments()[0].name_note is None


def test_in_opening_hours_a_caller_is_put_through(desk: Any) -> None:
    receptionist = Receptionist(with_transfer(), desk.store)
    assert put_through(receptionist, NOW) == {"ok": True, "spoken": "I'm putting you through now. One moment, please."}
    assert receptionist.transfer_number(NOW) == COLLEAGUE


@pytest.mark.parametrize(
    ("hours", "now", "there"),
    [
        (None, SATURDAY, False),
        (None, NOW + timedelta(hours=7), False),  # 19:00: just closed
        (Hours(saturday=("09:00-13:00",)), SATURDAY, True),
        (Hours(saturday=("09:00-13:00",)), NOW, False),
    ],
)
def test_the_hours_decide_whether_somebody_is_there(desk: Any, hours: Hours, now: datetime, there: bool) -> None:
    receptionist = Receptionist(with_transfer(hours), desk.store)
    answer = put_through(receptionist, now)
    assert answer["ok"] is there
    assert receptionist.transfer_number(now) == (COLLEAGUE if there else None)
    if not there:
        assert answer["error"] == "transfer.nobody"
        assert "take a message" in answer["spoken"]


ALL_WEEK = Hours(**dict.fromkeys(Hours.__struct_fields__, ("08:00-22:00",)))
FRIDAY, ROSH_HASHANA = date(2026, 11, 27), date(2027, 10, 3)  # its second day, a Sunday


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """By the wall clock of the business."""
    return datetime.combine(day, time(hour, minute), ZoneInfo("Asia/Jerusalem")).astimezone(UTC)


@pytest.mark.parametrize("hours", [None, ALL_WEEK])
@pytest.mark.parametrize(
    ("now", "there"),
    [
        (at(FRIDAY, 15, 54), True),
        (at(FRIDAY, 15, 56), False),  # after candle lighting
        (at(FRIDAY + timedelta(days=1), 17, 14), False),
        (at(FRIDAY + timedelta(days=1), 17, 15), True),  # nightfall
        (at(ROSH_HASHANA, 12), False),
        (at(ROSH_HASHANA - timedelta(days=7), 12), True),
        (at(date(2026, 12, 2), 12), False),  # the business's own closed day
    ],
)
def test_on_shabbat_and_closed_days_nobody_is_put_through(
    desk: Any, hours: Hours | None, now: datetime, there: bool
) -> None:
    renovation = ClosedDay(first=date(2026, 12, 1), last=date(2026, 12, 3))
    changes: dict[str, Any] = {"hours": ALL_WEEK, "closed_days": (renovation,), "holidays": Observance(shabbat=True)}
    business = msgspec.structs.replace(with_transfer(hours), **changes)
    receptionist = Receptionist(business, desk.store)
    assert put_through(receptionist, now)["ok"] is there
    assert receptionist.transfer_number(now) == (COLLEAGUE if there else None)


@pytest.mark.parametrize("now", [at(FRIDAY, 18), at(ROSH_HASHANA, 12), at(date(2026, 12, 2), 12)])
def test_somebody_may_be_on_call_when_the_business_is_closed(desk: Any, now: datetime) -> None:
    on_call = Transfer(number=COLLEAGUE, hours=ALL_WEEK, on_closed_days=True)
    changes: dict[str, Any] = {"closed_days": (ClosedDay(first=date(2026, 12, 2)),)}
    business = msgspec.structs.replace(with_transfer(), transfer=on_call, holidays=Observance(shabbat=True), **changes)
    assert put_through(Receptionist(business, desk.store), now)["ok"]


def test_the_transfer_exists_only_where_there_is_a_number(desk: Any) -> None:
    assert "transfer_call" not in [tool.name for tool in desk.receptionist.tools()]
    assert "transfer_call" in [tool.name for tool in Receptionist(with_transfer(), desk.store).tools()]
