"""The menu with the real desk behind it: an appointment in a real database, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from embedded_scene import Client, Pace, transcript

from torim.desk.business import load_business
from torim.desk.receptionist import CallContext, Receptionist
from torim.engines.embedded import hebrew
from torim.engines.embedded.hebrew import HEBREW_WORD
from torim.storage.store import Store

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/torim.db")
    store.upgrade()
    yield store
    store.close()


class Call:
    """One call to the sample business, by keys."""

    def __init__(self, store: Store, language: str, call_sid: str = "CA1") -> None:
        self.call_sid = call_sid
        self.desk = Receptionist(load_business(), store, voice_notes=True)
        self.language = language
        self.client = Client(pace=Pace(speed=50.0))
        self.client.configure(
            instructions=self.desk.instructions(language, NOW),
            tools=[
                {"type": "function", "name": t.name, "description": t.description, "parameters": dict(t.parameters)}
                for t in self.desk.tools()
            ],
            audio={
                "input": {
                    "format": {"type": "audio/pcmu"},
                    "transcription": {"model": "gpt-transcribe", "languages": ["he", "en"]},
                    "turn_detection": {"type": "server_vad", "create_response": False, "interrupt_response": False},
                }
            },
        )

    def greet(self) -> str:
        return transcript(self.client.respond(instructions=self.desk.prompts(self.language)["greeting"]))

    def press(self, digits: str) -> str:
        self.client.write(f"[dtmf] {digits}")
        while True:
            events = self.client.respond()
            calls = [item for item in events[-1]["response"]["output"] if item["type"] == "function_call"]
            if not calls:
                return transcript(events)
            for call in calls:
                self._run(call["call_id"], call["name"], call["arguments"])

    def _run(self, call_id: str, name: str, arguments: str) -> None:
        context = CallContext(self.call_sid, call_id, "+972501234567", self.language)
        output = self.desk.run(name, arguments, context, NOW)
        item = {"type": "function_call_output", "call_id": call_id, "output": output}
        self.client.send("conversation.item.create", item=item)


def test_an_english_call_makes_an_appointment(store: Store) -> None:
    call = Call(store, "en")
    assert "To book an appointment, press one." in call.greet()
    assert call.press("1").startswith("For haircut, press one. For blow-dry, press two.")
    assert "press one. For an appointment" in call.press("1")
    assert call.press("2").startswith("haircut, ")
    assert call.press("1").startswith("Please say your name")
    call.press("#")
    booked = call.press("#")
    assert "For anything else, press nine." in booked
    (appointment,) = store.appointments(call.desk.business.id)
    assert appointment.service_id == "haircut"


def test_a_hebrew_call_makes_an_appointment_in_words_that_have_their_sounds(store: Store) -> None:
    call = Call(store, "he")
    texts = [call.greet(), *(call.press(key) for key in ("1", "2", "1", "1", "#", "#", "9", "9", "5"))]
    assert texts[0].startswith("שלום, כאן סטודיו שקד.") and "לקביעת תור, הקישו אחת." in texts[0]
    assert texts[0].endswith("For English, press eight.")
    assert texts[6].startswith("התור נקבע: פן,")
    assert len(store.appointments(call.desk.business.id)) == 1
    words = {word for text in texts for word in HEBREW_WORD.findall(text)}
    assert sorted(word for word in words if not hebrew.known(word)) == []


def test_a_caller_who_changes_the_language_is_served_in_the_new_one(store: Store) -> None:
    call = Call(store, "he")
    call.press("8")
    assert call.press("1").startswith("For haircut, press one.")
    assert call.press("1").startswith("For an appointment ")
    call.press("1")
    call.press("1")
    call.press("#")
    assert call.press("#").startswith("Your appointment is booked: haircut,")


def test_a_time_taken_by_another_caller_meanwhile(store: Store) -> None:
    first, second = Call(store, "en", "CA1"), Call(store, "en", "CA2")
    for call in (first, second):
        for key in ("1", "1", "1", "1", "#"):
            call.press(key)
    assert "For anything else" in first.press("#")
    assert second.press("#").startswith("Sorry, that time is no longer free. For an appointment")
    assert second.press("1").startswith("haircut, ")
    assert "For anything else" in second.press("1")
    assert len(store.appointments(first.desk.business.id)) == 2


DANA = "+972501234567"


def booked(store: Store) -> str:
    """An appointment of the caller's, from an earlier call."""
    desk = Receptionist(load_business(), store)
    wish = '{"slot_id": "20261124T0800Z", "service_id": "haircut", "name": "Dana"}'
    desk.run("book_appointment", wish, CallContext("CA0", "t", DANA, "en"), NOW)
    (made,) = store.appointments(desk.business.id)
    return made.id


def test_an_appointment_is_moved_by_keys(store: Store) -> None:
    made = booked(store)
    call = Call(store, "en")
    assert "To hear, move or cancel your appointments, press two." in call.greet()
    assert call.press("2").startswith("haircut, Tuesday, November twenty-fourth, at ten in the morning. To move it")
    assert "press one. For an appointment" in call.press("1")
    sure = call.press("2")
    assert sure.endswith("To confirm, press one. To choose another time, press two.")
    moved = call.press("1")
    assert moved.startswith("Your appointment has been moved: haircut, ")
    (found,) = store.appointments(call.desk.business.id)
    assert (found.id, found.contact_name, found.status) == (made, "Dana", "booked")
    assert found.starts_at != datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def test_an_appointment_is_cancelled_by_keys_after_one_question(store: Store) -> None:
    booked(store)
    call = Call(store, "he")
    call.greet()
    assert call.press("2").endswith("להעברה למועד אחר, הקישו אחת. לביטול, הקישו שתיים. לחזרה להתחלה, הקישו אפס.")
    assert "לבטל את התור?" in call.press("2")
    assert "להעברה למועד אחר" in call.press("2")  # keep it
    call.press("2")
    assert call.press("1").startswith("התור בוטל: תספורת, ביום שלישי")
    assert [made.status for made in store.appointments(call.desk.business.id)] == ["cancelled"]


def test_a_caller_without_appointments_is_told_so_and_goes_on(store: Store) -> None:
    call = Call(store, "en")
    assert call.press("2").startswith("I can't find an appointment under your number. To book an appointment")


def test_who_is_not_understood_three_times_leaves_a_message(store: Store) -> None:
    call = Call(store, "en")
    call.greet()
    for _ in range(2):
        assert call.press("5").startswith("Sorry, that key does nothing here. To book")
    assert "Please leave your message after the tone" in call.press("5")
