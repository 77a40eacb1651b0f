"""Three refusals in a row lead the caller out: to a message, or to a person who is there."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from torim.desk.business import Transfer, load_business
from torim.desk.hours import Hours
from torim.desk.phrases import Phrase
from torim.desk.receptionist import CallContext, Receptionist
from torim.desk.speech import say
from torim.desk.troubles import Troubles

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # Sunday, 12:00 in Jerusalem


class OneCall:
    """A call of which every tool knows what went wrong before."""

    def __init__(self, desk: Any, transfer: Transfer | None = None) -> None:
        business = msgspec.structs.replace(load_business(), transfer=transfer or Transfer())
        self.receptionist = Receptionist(business, desk.store)
        self.service = business.services[0].id
        self.troubles = Troubles()
        self.asked = 0

    def ask(self, tool: str, language: str = "en", **arguments: Any) -> Any:
        self.asked += 1
        context = CallContext("CA1", f"t{self.asked}", "+972501234567", language, None, self.troubles)
        return json.loads(self.receptionist.run(tool, json.dumps(arguments), context, NOW))

    def give_up(self, why: str, language: str = "en") -> Any:
        self.asked += 1
        context = CallContext("CA1", f"t{self.asked}", "+972501234567", language, None, self.troubles)
        return json.loads(self.receptionist.unanswered("find_slots", why, context, NOW))

    def fail(self, language: str = "en") -> Any:
        answer = self.ask("find_slots", language, service_id=self.service, wish="the 31st of February")
        assert answer["error"] == "wish.impossible"
        return answer


def test_the_third_refusal_in_a_row_offers_a_message(desk: Any) -> None:
    call = OneCall(desk)
    assert [call.fail().get("way_out") for _ in range(2)] == [None, None]
    third = call.fail()
    assert third["spoken"] == say("en", Phrase.WAY_OUT) and "take a message" in third["spoken"]
    assert third["way_out"] and "leave_message" in third["detail"] and "transfer_call" not in third["detail"]
    assert call.ask("leave_message", text="Call me back.")["ok"]


@pytest.mark.parametrize("language", ["en", "he"])
def test_a_person_is_offered_where_one_is_there(desk: Any, language: str) -> None:
    always = Hours(**dict.fromkeys(Hours.__struct_fields__, ("00:00-24:00",)))
    call = OneCall(desk, Transfer(number="+972541112222", hours=always))
    third = [call.fail(language) for _ in range(3)][-1]
    assert third["spoken"] == say(language, Phrase.WAY_OUT_OR_PERSON)
    assert "transfer_call" in third["detail"]


def test_after_hours_only_a_message_is_offered(desk: Any) -> None:
    call = OneCall(desk, Transfer(number="+972541112222", hours=Hours(monday=("09:00-10:00",))))
    assert [call.fail() for _ in range(3)][-1]["spoken"] == say("en", Phrase.WAY_OUT)


def test_refusals_of_several_tools_count_together(desk: Any) -> None:
    call = OneCall(desk)
    call.fail()
    assert call.ask("send_code", phone="052-765-4321")["error"] == "identity.not_sent"  # offers a message itself
    assert call.ask("cancel_appointment", appointment_id="nothing")["error"] == "booking.not_found"
    assert call.ask("find_slots", wish="tomorrow")["error"] == "tool.bad_arguments"
    assert call.troubles.in_a_row == 3


def test_what_succeeds_in_between_begins_the_count_again(desk: Any) -> None:
    call = OneCall(desk)
    for _ in range(4):
        call.fail()
        call.fail()
        assert call.ask("find_slots", service_id=call.service, wish="tomorrow")["ok"]
    assert call.troubles.in_a_row == 0


def test_naming_the_services_is_no_success(desk: Any) -> None:
    call = OneCall(desk)
    call.fail()
    call.ask("list_services")
    call.fail()
    assert call.fail()["way_out"]


def test_a_time_that_somebody_took_is_no_misunderstanding(desk: Any) -> None:
    call = OneCall(desk)
    taken = {"ok": False, "error": "booking.slot_taken"}
    assert not any(call.troubles.count("book_appointment", taken) for _ in range(9))


def test_a_database_that_fails_again_and_again_leads_out_too() -> None:
    troubles, failed = Troubles(), {"ok": False, "error": "storage.locked"}
    assert [troubles.count("find_slots", failed) for _ in range(6)] == [False, False, True, False, False, True]
    assert not troubles.count("leave_message", failed)


def test_tools_that_give_no_answer_count_too(desk: Any) -> None:
    call = OneCall(desk)
    first, second, third = (call.give_up("timeout") for _ in range(3))
    assert first["ok"] is False and first["error"] == "timeout"
    assert first["spoken"] == say("en", Phrase.NOT_UNDERSTOOD), "nobody knows whether it was done"
    assert "way_out" not in first and "way_out" not in second
    assert third["way_out"] and third["spoken"] == say("en", Phrase.WAY_OUT)


@pytest.mark.parametrize("language", ["en", "he"])
def test_a_caller_whose_words_are_not_understood_is_offered_what_there_is(desk: Any, language: str) -> None:
    without = OneCall(desk).receptionist.prompts(language)["way_out"]
    reachable = OneCall(desk, Transfer(number="+972541112222")).receptionist.prompts(language)["way_out"]
    assert f'"{say(language, Phrase.WAY_OUT)}"' in without
    assert f'"{say(language, Phrase.WAY_OUT_OR_PERSON)}"' in reachable
