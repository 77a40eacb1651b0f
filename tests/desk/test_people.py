"""Messages that are kept once, and callers who are put through, or not."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from torim.desk.business import Business, Transfer, load_business
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
    desk.ask("leave_message", {"text": "", "note_id": "CA1-0a1b"})
    assert desk.store.messages(desk.business_id)[0].text == "Voice message [CA1-0a1b]"


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


def test_the_transfer_exists_only_where_there_is_a_number(desk: Any) -> None:
    assert "transfer_call" not in [tool.name for tool in desk.receptionist.tools()]
    assert "transfer_call" in [tool.name for tool in Receptionist(with_transfer(), desk.store).tools()]
