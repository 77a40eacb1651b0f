"""Who calls: the calling number, or a number proved by a one-time code that was sent to it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from torim.desk.business import load_business
from torim.desk.identity import CODES_OF_ALL, Checked, CodeLimit, Identity, calling_number
from torim.desk.receptionist import CallContext, Receptionist
from torim.errors import CarrierError

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # Sunday, 12:00 in Jerusalem

DANA, NOA = "+972501234567", "+972527654321"
CODE = "408261"


class Phone:
    """The caller's own telephone, which receives the text messages."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []
        self.broken = False

    def send(self, number: str, text: str) -> None:
        if self.broken:
            raise CarrierError("No way through.", "sms.unreachable")
        self.received.append((number, text))


class Line:
    """One call of Noa's, who booked as Dana."""

    def __init__(self, receptionist: Receptionist, caller: str | None = NOA, call: str = "CA2") -> None:
        self.receptionist, self.caller, self.call = receptionist, caller, call
        self.identity = receptionist.identity(caller)
        self._count = 0

    def ask(self, tool: str, now: Any = NOW, **arguments: Any) -> Any:
        self._count += 1
        context = CallContext(self.call, f"t{self._count}", self.caller, "en", self.identity)
        return json.loads(self.receptionist.run(tool, json.dumps(arguments), context, now))


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
def line(desk: Any, phone: Phone) -> Line:
    receptionist = Receptionist(load_business(), desk.store, send_text=phone.send, make_code=lambda: CODE)
    Line(receptionist, DANA, "CA1").ask("book_appointment", slot_id="20261124T0800Z", service_id="haircut")
    return Line(receptionist)


def test_a_proved_number_shows_its_appointments(line: Line, phone: Phone) -> None:
    assert line.ask("list_appointments")["appointments"] == []
    assert line.ask("send_code", phone="050-123-4567")["ok"] is True
    assert phone.received == [
        (DANA, "Shaked Hair Studio: your code is 408261, good for five minutes. Tell it only to our receptionist.")
    ]
    assert line.ask("check_code", code="40 82 61.")["ok"] is True
    (found,) = line.ask("list_appointments")["appointments"]
    assert line.ask("cancel_appointment", appointment_id=found["id"])["ok"] is True


def test_the_code_is_kept_as_a_hash_and_never_told_to_the_model(line: Line) -> None:
    answer = line.ask("send_code", phone=DANA)
    assert CODE not in json.dumps(answer)
    assert CODE not in repr(line.identity)
    assert CODE.encode() not in line.identity._open.digest  # type: ignore[union-attr]


def test_three_wrong_answers_spend_a_code(line: Line) -> None:
    line.ask("send_code", phone=DANA)
    assert [line.ask("check_code", code="000000")["error"] for _ in range(3)] == [
        "identity.code_wrong",
        "identity.code_wrong",
        "identity.code_spent",
    ]
    assert line.ask("check_code", code=CODE)["error"] == "identity.code_spent"
    assert line.ask("list_appointments")["appointments"] == []


def test_a_code_expires(line: Line) -> None:
    line.ask("send_code", phone=DANA)
    late = NOW + timedelta(minutes=5, seconds=1)
    assert line.ask("check_code", late, code=CODE)["error"] == "identity.code_spent"


def test_a_code_is_good_once_and_in_its_own_call_only(line: Line) -> None:
    line.ask("send_code", phone=DANA)
    other = Line(line.receptionist, NOA, "CA3")
    assert other.ask("check_code", code=CODE)["error"] == "identity.code_spent"
    assert line.ask("check_code", code=CODE)["ok"] is True
    assert line.ask("check_code", code=CODE)["error"] == "identity.code_spent"


def test_a_call_sends_two_codes_at_most(line: Line, phone: Phone) -> None:
    errors = [line.ask("send_code", phone=DANA).get("error") for _ in range(3)]
    assert errors == [None, None, "identity.not_sent"]
    assert len(phone.received) == 2


def test_nobody_is_flooded_by_many_calls(line: Line, phone: Phone) -> None:
    for call in range(6):
        Line(line.receptionist, NOA, f"CB{call}").ask("send_code", phone=DANA)
    assert len(phone.received) == 3


def test_a_message_that_does_not_go_out_is_admitted(line: Line, phone: Phone) -> None:
    phone.broken = True
    refused = line.ask("send_code", phone=DANA)
    assert (refused["ok"], refused["error"]) == (False, "identity.not_sent")
    assert line.ask("check_code", code=CODE)["error"] == "identity.code_spent"


def test_what_is_no_number_is_asked_for_again(line: Line, phone: Phone) -> None:
    assert line.ask("send_code", phone="my husband's")["error"] == "identity.no_number"
    assert phone.received == []


def test_a_withheld_number_proves_nothing(line: Line, phone: Phone) -> None:
    hidden = Line(line.receptionist, "+266696687", "CA4")
    assert hidden.ask("send_code", phone=DANA)["error"] == "identity.withheld"
    assert phone.received == []


def test_the_tools_for_codes_exist_only_where_messages_can_be_sent(line: Line, desk: Any) -> None:
    assert {"send_code", "check_code"} <= {tool.name for tool in line.receptionist.tools()}
    assert not {"send_code", "check_code"} & {tool.name for tool in desk.receptionist.tools()}
    assert "send_code" in line.receptionist.instructions("he", NOW)
    assert "send_code" not in desk.receptionist.instructions("he", NOW)


@pytest.mark.parametrize("given", [None, "", "anonymous", "+266696687", "+7378742833", "sip:alice@example.org"])
def test_who_has_no_number_to_show_is_withheld(given: str | None) -> None:
    assert calling_number(given, "IL") is None


def test_a_calling_number_has_one_form() -> None:
    assert calling_number("+972 50 123 4567", None) == calling_number("0501234567", "IL") == DANA


def test_without_a_code_there_is_nothing_to_check() -> None:
    assert Identity(DANA).check(CODE, "CA1", NOW) is Checked.SPENT


def test_the_limit_forgets_after_an_hour() -> None:
    limit = CodeLimit()
    assert [limit.allows(DANA, NOW) for _ in range(4)] == [True, True, True, False]
    assert limit.allows(NOA, NOW)
    assert limit.allows(DANA, NOW + timedelta(hours=1))


def test_many_numbers_together_are_sent_so_many_codes_and_no_more() -> None:
    """Some numbers earn by every message that they receive."""
    limit = CodeLimit()
    sent = [limit.allows(f"+9725012{number:05d}", NOW) for number in range(CODES_OF_ALL + 20)]
    assert sum(sent) == CODES_OF_ALL
    assert limit.allows(DANA, NOW + timedelta(hours=1))
