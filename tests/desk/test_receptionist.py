"""The receptionist's tools, as a model or the touch-tone menu calls them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from torim.desk.business import load_business
from torim.desk.receptionist import CallContext, Receptionist
from torim.desk.tools import ARGUMENTS
from torim.storage.store import Store

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # Sunday, 12:00 in Jerusalem
TUESDAY_TEN = {"slot_id": "20261124T0800Z", "service_id": "haircut"}


def test_a_caller_chooses_a_service_and_a_time_and_is_booked(desk: Any) -> None:
    services = desk.ask("list_services", {})["services"]
    assert services[0] == {"id": "haircut", "name": "haircut", "spoken": "haircut, half an hour"}
    offer = desk.ask("find_slots", {"service_id": "haircut", "wish": "Tuesday"})
    assert [slot["spoken"] for slot in offer["slots"]] == [
        "Tuesday, November twenty-fourth, at nine in the morning",
        "Tuesday, November twenty-fourth, at twelve noon",
        "Tuesday, November twenty-fourth, at four thirty in the afternoon",
    ]
    chosen = offer["slots"][1]
    booked = desk.ask("book_appointment", {"slot_id": chosen["id"], "service_id": "haircut", "name": "Dana"})
    assert booked["ok"] is True
    assert booked["spoken"] == f"Your appointment is booked: haircut, {chosen['spoken']}."
    (made,) = desk.appointments()
    assert made.id == booked["appointment_id"]
    assert (made.contact_name, made.contact_phone, made.call_id) == ("Dana", "+972501234567", "CA1")
    assert made.starts_at == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert (made.timezone, made.status) == ("Asia/Jerusalem", "booked")


def test_the_same_conversation_in_hebrew(desk: Any) -> None:
    offer = desk.ask("find_slots", {"service_id": "haircut", "wish": "מחר בבוקר"}, language="he")
    assert offer["slots"][0]["spoken"] == "מחר, יום שני, בשעה תשע בבוקר"
    booked = desk.ask("book_appointment", TUESDAY_TEN, language="he")
    assert booked["spoken"] == "התור נקבע: תספורת, ביום שלישי, עשרים וארבעה בנובמבר, בשעה עשר בבוקר."


def test_a_caller_who_changes_the_language_is_answered_in_it(desk: Any) -> None:
    wish = TUESDAY_TEN | {"language": "he"}
    assert desk.ask("list_services", {"language": "he"})["services"][0]["name"] == "תספורת"
    assert desk.ask("find_slots", {"service_id": "none", "language": "he"})["spoken"].startswith("אני מצטערת")
    assert desk.ask("book_appointment", wish)["spoken"].startswith("התור נקבע: תספורת")
    assert desk.ask("list_services", {"language": "fr"})["services"][0]["name"] == "תספורת"  # not spoken here


def test_f39_a_tool_repeated_after_a_barge_in_books_once(desk: Any) -> None:
    first = desk.ask("book_appointment", TUESDAY_TEN)
    again = desk.ask("book_appointment", TUESDAY_TEN)
    assert first == again
    assert len(desk.appointments()) == 1


def test_f39_a_model_that_asks_for_the_same_again_in_a_new_tool_call_books_once(desk: Any) -> None:
    first = desk.ask("book_appointment", TUESDAY_TEN)
    named = desk.ask("book_appointment", TUESDAY_TEN | {"name": "Dana"}, tool_call="t2")
    assert first == named
    (made,) = desk.appointments()
    assert made.contact_name == "Dana"


def test_a_repeated_tool_is_answered_even_when_its_time_is_no_longer_offered(desk: Any) -> None:
    first = desk.ask("book_appointment", TUESDAY_TEN)
    assert desk.ask("book_appointment", TUESDAY_TEN, now=NOW + timedelta(days=7)) == first


def test_a_time_that_another_call_took_is_refused_with_alternatives(desk: Any) -> None:
    desk.ask("book_appointment", TUESDAY_TEN)
    refused = desk.ask("book_appointment", TUESDAY_TEN, call="CA2")
    assert (refused["ok"], refused["error"]) == (False, "booking.slot_taken")
    assert refused["spoken"] == "I'm sorry, that time has just been taken."
    assert 0 < len(refused["slots"]) <= 3
    assert TUESDAY_TEN["slot_id"] not in [slot["id"] for slot in refused["slots"]]
    assert refused["slots"][0]["spoken"].startswith("Tuesday, November twenty-fourth")
    alternative = {"slot_id": refused["slots"][0]["id"], "service_id": "haircut"}
    assert desk.ask("book_appointment", alternative, call="CA2", tool_call="t2")["ok"] is True


def test_a_taken_time_is_not_offered(desk: Any) -> None:
    before = desk.ask("find_slots", {"service_id": "color", "wish": "24.11"})
    desk.ask("book_appointment", {"slot_id": before["slots"][0]["id"], "service_id": "color"})
    after = desk.ask("find_slots", {"service_id": "color", "wish": "24.11"})
    assert before["slots"][0]["id"] not in [slot["id"] for slot in after["slots"]]


def test_what_was_offered_can_be_booked_a_little_later(desk: Any) -> None:
    soonest = desk.ask("find_slots", {"service_id": "haircut", "wish": "today"})["slots"][0]
    wish = {"slot_id": soonest["id"], "service_id": "haircut"}
    assert desk.ask("book_appointment", wish, now=NOW + timedelta(minutes=10))["ok"] is True


def test_a_full_day_is_said_and_the_next_ones_offered(desk: Any) -> None:
    offer = desk.ask("find_slots", {"service_id": "haircut", "wish": "on Saturday"})
    assert offer["spoken"].startswith("I'm afraid there's nothing free then. I can offer Sunday")
    assert len(offer["slots"]) == 3


def test_a_book_that_is_full_to_the_horizon_is_said(desk: Any) -> None:
    closed = msgspec.structs.replace(load_business(), hours=msgspec.convert({}, type(load_business().hours)))
    receptionist = Receptionist(closed, desk.store)
    context = CallContext("CA1", "t1", None, "he")
    answer = json.loads(receptionist.run("find_slots", '{"service_id": "haircut"}', context, NOW))
    assert answer == {"ok": True, "slots": [], "spoken": "לצערי אין תורים פנויים בימים הקרובים."}


@pytest.mark.parametrize(
    ("tool", "arguments", "error"),
    [
        ("book_appointment", TUESDAY_TEN | {"slot_id": "tomorrow"}, "booking.unknown_slot"),
        ("book_appointment", TUESDAY_TEN | {"slot_id": "20261124T0807Z"}, "booking.not_offered"),
        ("book_appointment", TUESDAY_TEN | {"slot_id": "20261128T0800Z"}, "booking.not_offered"),
        ("book_appointment", TUESDAY_TEN | {"slot_id": "20201124T0800Z"}, "booking.not_offered"),
        ("book_appointment", TUESDAY_TEN | {"service_id": "massage"}, "booking.unknown_service"),
        ("book_appointment", {"service_id": "haircut"}, "tool.bad_arguments"),
        ("find_slots", {"service_id": "massage"}, "booking.unknown_service"),
        ("find_slots", {"service_id": "haircut", "date": "2026-11-24"}, "tool.bad_arguments"),
        ("find_slots", {"service_id": "haircut", "wish": "on the 31st of February"}, "wish.impossible"),
        ("find_slots", {"service_id": "haircut", "wish": "yesterday at ten"}, "wish.past"),
        ("find_slots", {"service_id": "haircut", "wish": "on the 3rd of June"}, "wish.too_far"),
        ("cancel_appointment", {"appointment_id": "none"}, "booking.not_found"),
        ("confirm", {"appointment_id": "none"}, "booking.not_found"),
        ("reschedule_appointment", {"appointment_id": "none", "slot_id": "20261124T0800Z"}, "booking.not_found"),
        ("leave_message", {"text": "  "}, "message.empty"),
        ("leave_message", {"text": "Call me", "urgency": "extreme"}, "tool.bad_arguments"),
        ("transfer_call", {}, "transfer.nobody"),
        ("send_code", {"phone": "0521234567"}, "identity.not_sent"),
        ("check_code", {"code": "123456"}, "identity.code_spent"),
        ("find_slots", {"service_id": "haircut", "when": "soon"}, "tool.bad_arguments"),
        ("find_slots", {"service_id": 7}, "tool.bad_arguments"),
        ("find_slots", '{"service_id": "haircut"', "tool.bad_arguments"),
        ("find_slots", "[]", "tool.bad_arguments"),
        ("cancel_everything", {}, "tool.unknown"),
        ("save_voice_note", {"audio_start_ms": 0, "audio_end_ms": 900}, "tool.unknown"),
    ],
)
def test_whatever_the_model_sends_is_answered(desk: Any, tool: str, arguments: Any, error: str) -> None:
    answer = desk.ask(tool, arguments)
    assert (answer["ok"], answer["error"]) == (False, error)
    assert answer["detail"]
    assert answer["spoken"]
    assert desk.appointments() == []


def test_a_refused_time_comes_with_others(desk: Any) -> None:
    refused = desk.ask("book_appointment", TUESDAY_TEN | {"slot_id": "20261128T0800Z"})
    assert refused["slots"][0]["spoken"].startswith("Sunday, November twenty-ninth")
    refused = desk.ask("book_appointment", TUESDAY_TEN | {"slot_id": "whenever"})
    assert len(refused["slots"]) == 3


def test_an_unknown_service_is_answered_with_the_known_ones(desk: Any) -> None:
    refused = desk.ask("find_slots", {"service_id": "massage"})
    assert [service["id"] for service in refused["services"]] == ["haircut", "blow_dry", "color"]


@given(text=st.text(max_size=60), tool=st.sampled_from(sorted(ARGUMENTS)))
def test_no_text_makes_a_tool_raise(text: str, tool: str) -> None:
    receptionist = Receptionist(load_business(), Store("sqlite:///never-opened.db"))
    answer = json.loads(receptionist.run(tool, text, CallContext("c", "t", None, "he"), NOW))
    assert isinstance(answer["ok"], bool)


def test_a_database_that_refuses_is_admitted_to_the_caller(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/none/torim.db")
    receptionist = Receptionist(load_business(), store)
    context = CallContext("c", "t", None, "en")
    answer = json.loads(receptionist.run("book_appointment", json.dumps(TUESDAY_TEN), context, NOW))
    assert (answer["ok"], answer["error"]) == (False, "storage.unreachable")
    assert answer["spoken"] == "I'm sorry, I couldn't save that. Nothing has been changed."


def test_empty_arguments_end_a_call(desk: Any) -> None:
    assert desk.ask("end_call", "") == {"ok": True}


def test_the_voice_note_is_offered_only_where_it_can_be_taken(desk: Any) -> None:
    names = [tool.name for tool in desk.receptionist.tools()]
    assert names == [
        "list_services",
        "find_slots",
        "hold_slot",
        "book_appointment",
        "confirm",
        "reschedule_appointment",
        "cancel_appointment",
        "list_appointments",
        "leave_message",
        "end_call",
    ]
    with_notes = Receptionist(load_business(), desk.store, voice_notes=True)
    assert "save_voice_note" in [tool.name for tool in with_notes.tools()]


def test_the_schemas_are_strict(desk: Any) -> None:
    for tool in Receptionist(load_business(), desk.store, voice_notes=True).tools():
        assert tool.description
        assert tool.parameters["type"] == "object"
        assert tool.parameters["additionalProperties"] is False
        assert tool.parameters["required"] == list(tool.parameters["properties"])
        assert "default" not in json.dumps(tool.parameters)
        assert "$ref" not in json.dumps(tool.parameters)
    slots = next(tool for tool in desk.receptionist.tools() if tool.name == "find_slots")
    assert slots.parameters["properties"]["language"]["anyOf"][0]["enum"] == ["he", "en"]
    assert slots.parameters["required"] == ["service_id", "wish", "language"]
    assert slots.parameters["properties"]["wish"]["anyOf"][1] == {"type": "null"}
    assert slots.parameters["properties"]["service_id"]["enum"] == ["haircut", "blow_dry", "color"]


def test_the_instructions_hold_what_the_model_may_know(desk: Any) -> None:
    english = desk.receptionist.instructions("en", NOW)
    assert "Today is Sunday, November twenty-second, twenty twenty-six; it is now twelve noon." in english
    assert "Sunday and Monday 09:00-19:00; Tuesday 09:00-14:00, 15:00-20:00;" in english
    assert "Saturday closed" in english
    hebrew = desk.receptionist.instructions("he", NOW)
    assert "היום יום ראשון, עשרים ושניים בנובמבר, אלפיים עשרים ושש" in hebrew
    assert "ימים ראשון ושני 09:00-19:00; יום שלישי" in hebrew
    assert "{" not in english + hebrew


def test_nothing_of_another_caller_stands_in_the_instructions(desk: Any) -> None:
    before = desk.receptionist.instructions("en", NOW)
    desk.ask("book_appointment", TUESDAY_TEN | {"name": "Dana"})
    assert desk.receptionist.instructions("en", NOW) == before


def test_fixed_sentences_are_said_exactly(desk: Any) -> None:
    prompts = desk.receptionist.prompts("he")
    assert sorted(prompts) == [
        "apology",
        "goodbye",
        "greeting",
        "handover",
        "moment",
        "prompt",
        "retry",
        "returned",
        "way_out",
    ]
    assert prompts["prompt"] == 'Say exactly: "אתם עדיין על הקו?"'
    assert prompts["greeting"].startswith('Say exactly: "שלום, כאן סטודיו שקד.')
    assert desk.receptionist.prompts("en")["prompt"] == 'Say exactly: "Are you still there?"'
    assert not prompts["retry"].startswith("Say exactly")


def test_a_greeting_of_the_business_is_used(desk: Any) -> None:
    business = msgspec.structs.replace(load_business(), greeting={"he": "שלום וברכה"})
    assert Receptionist(business, desk.store).sentences("he")["greeting"] == "שלום וברכה"
    assert "Shaked" in Receptionist(business, desk.store).sentences("en")["greeting"]
