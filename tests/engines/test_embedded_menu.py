"""The touch-tone receptionist: a caller presses keys, the session's tools answer, an appointment is made."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from embedded_scene import Client, of, one, said, transcript, types

from torim.engines.embedded.hebrew import HEBREW_WORD
from torim.engines.embedded.hebrew_words import SOUNDS
from torim.engines.embedded.jobs import Failed
from torim.engines.embedded.menu_words import HEBREW, KEY_NAMES
from torim.engines.embedded.tone import beep

SERVICES = {
    "ok": True,
    "services": [
        {"id": "haircut", "name": "haircut", "spoken": "haircut, half an hour"},
        {"id": "color", "name": "hair colouring", "spoken": "hair colouring, an hour and a half"},
    ],
    "spoken": "You can book: haircut and hair colouring.",
}
SLOTS = {
    "ok": True,
    "slots": [{"id": f"s{number}", "spoken": f"on Tuesday at {hour}"} for number, hour in enumerate(["ten", "noon"])],
    "spoken": "There is Tuesday.",
}
BOOKED = {"ok": True, "appointment_id": "a1", "spoken": "Your appointment is made: haircut, on Tuesday at noon."}
TAKEN = {
    "ok": False,
    "error": "booking.slot_taken",
    "spoken": "Taken.",
    "slots": [{"id": "s9", "spoken": "on Friday at nine"}],
}
NAMES = ("list_services", "find_slots", "book_appointment", "save_voice_note", "end_call")


class Caller(Client):
    """A caller whose client runs the tools that the menu calls."""

    def __init__(self, tools: tuple[str, ...] = NAMES, language: str | None = "en", **options: Any) -> None:
        super().__init__(**options)
        self.answers: dict[str, dict[str, Any]] = {
            "list_services": SERVICES,
            "find_slots": SLOTS,
            "book_appointment": BOOKED,
            "save_voice_note": {"ok": True, "note_id": "n1"},
            "end_call": {"ok": True},
        }
        self.calls: list[tuple[str, dict[str, Any]]] = []
        hints = {"model": "m", "language": language} if language else {"model": "m", "languages": ["en", "he"]}
        audio = {"format": {"type": "audio/pcmu"}}
        turns = {"type": "server_vad", "create_response": False, "interrupt_response": False}
        self.configure(
            tools=[{"type": "function", "name": name, "description": "", "parameters": {}} for name in tools],
            audio={"input": {**audio, "transcription": hints, "turn_detection": turns}, "output": audio},
        )

    def press(self, digits: str) -> str:
        """Press keys and let the answer come; gives the words that are spoken."""
        self.write(f"[dtmf] {digits}")
        return self.answer()

    def answer(self) -> str:
        """Ask for an answer and run the tools it calls until words are spoken."""
        for _ in range(6):
            events = self.respond()
            calls = [item for item in events[-1]["response"]["output"] if item["type"] == "function_call"]
            if not calls:
                return transcript(events)
            for call in calls:
                self.run(call)
        raise AssertionError("tools are called in a circle")

    def run(self, call: dict[str, Any]) -> None:
        self.calls.append((call["name"], json.loads(call["arguments"])))
        output = json.dumps(self.answers[call["name"]])
        item = {"type": "function_call_output", "call_id": call["call_id"], "output": output}
        self.send("conversation.item.create", item=item)

    def speak(self, start_ms: int, length_ms: int) -> None:
        """A turn of speech, committed by hand."""
        self.append(b"\xff" * (start_ms * 8 - self.session._listening.clock_ms * 8))
        self.send("input_audio_buffer.clear")
        self.append(b"\x55" * length_ms * 8)
        self.send("input_audio_buffer.commit")


# --- the way to an appointment ----------------------------------------------------------------------------


def test_the_greeting_is_followed_by_what_the_keys_can_do() -> None:
    caller = Caller()
    caller.say("Hello, this is Shaked Hair Studio.")
    assert transcript(caller.until_done()) == (
        "Hello, this is Shaked Hair Studio. To book an appointment, press one. To hear this again, press nine."
    )
    caller.say("Are you still there?")
    assert transcript(caller.until_done()) == "Are you still there?"


def test_fixed_words_stay_alone_where_the_keys_lead_nowhere() -> None:
    caller = Caller(tools=())
    caller.say("Hello.")
    assert transcript(caller.until_done()) == "Hello."


def test_an_appointment_by_keys() -> None:
    caller = Caller()
    assert caller.press("1").startswith("For haircut, press one. For hair colouring, press two.")
    assert caller.press("1").startswith("For an appointment on Tuesday at ten, press one.")
    assert caller.press("2") == "haircut, on Tuesday at noon. To confirm, press one. To choose another time, press two."
    assert caller.press("1") == "Please say your name after the tone, then press the hash key."
    caller.speak(start_ms=4000, length_ms=900)
    assert caller.answer().startswith("Your appointment is made: haircut, on Tuesday at noon. For anything else")
    assert caller.calls == [
        ("list_services", {}),
        ("find_slots", {"service_id": "haircut"}),
        ("save_voice_note", {"audio_start_ms": 4000, "audio_end_ms": 4900}),
        ("book_appointment", {"slot_id": "s1", "service_id": "haircut", "name_note_id": "n1"}),
    ]


def booked_up_to_the_name(caller: Caller) -> None:
    for key in "1121":
        caller.press(key)


def test_the_tone_is_in_the_audio_and_not_in_the_words() -> None:
    caller = Caller()
    for key in "112":
        caller.press(key)
    caller.press("1")
    item_id = of(caller.seen, "response.done")[-1]["response"]["output"][0]["id"]
    item = caller.send("conversation.item.retrieve", item_id=item_id)[0]["item"]
    assert base64.b64decode(item["content"][0]["audio"]).endswith(beep())


def test_the_hash_key_after_the_name_was_taken_does_not_disturb() -> None:
    caller = Caller()
    booked_up_to_the_name(caller)
    caller.speak(4000, 900)
    caller.answer()
    assert caller.press("#").startswith("Your appointment is made")
    assert [name for name, _ in caller.calls].count("book_appointment") == 1


def test_without_a_name_it_is_asked_for_once_more_then_left_out() -> None:
    caller = Caller()
    booked_up_to_the_name(caller)
    assert caller.press("#").startswith("I did not hear a name. Please say your name")
    assert caller.press("#").startswith("Your appointment is made")
    assert caller.calls[-1] == ("book_appointment", {"slot_id": "s1", "service_id": "haircut"})


def test_a_note_that_cannot_be_kept_does_not_cost_the_appointment() -> None:
    caller = Caller()
    caller.answers["save_voice_note"] = {"ok": False, "error": "no_such_audio"}
    booked_up_to_the_name(caller)
    caller.speak(4000, 900)
    assert caller.answer().startswith("Your appointment is made")
    assert "name_note_id" not in caller.calls[-1][1]


def test_a_name_that_was_written_down_goes_with_the_appointment() -> None:
    caller = Caller(transcribes=True)
    caller.transcript = "Dana Levi"
    booked_up_to_the_name(caller)
    caller.speak(4000, 900)
    caller.work()
    caller.answer()
    assert caller.calls[-1][1]["name"] == "Dana Levi"


def test_a_time_that_was_taken_meanwhile() -> None:
    caller = Caller()
    caller.answers["book_appointment"] = TAKEN
    booked_up_to_the_name(caller)
    caller.speak(4000, 900)
    said_words = caller.answer()
    assert said_words.startswith("Sorry, that time is no longer free. For an appointment on Friday at nine, press one.")
    caller.answers["book_appointment"] = BOOKED
    assert caller.press("1").startswith("haircut, on Friday at nine.")
    assert caller.press("1").startswith("Your appointment is made")
    assert caller.calls[-1][1] == {"slot_id": "s9", "service_id": "haircut", "name_note_id": "n1"}


def test_keys_pressed_ahead_are_acted_on_in_order() -> None:
    caller = Caller()
    assert caller.press("1121").startswith("Please say your name")
    assert [name for name, _ in caller.calls] == ["list_services", "find_slots"]


def test_another_appointment_or_the_end() -> None:
    caller = Caller()
    booked_up_to_the_name(caller)
    caller.speak(4000, 900)
    caller.answer()
    assert caller.press("9").startswith("To book an appointment, press one.")
    assert caller.press("1").startswith("For haircut")


def test_the_caller_ends_the_call_by_a_key() -> None:
    caller = Caller()
    booked_up_to_the_name(caller)
    caller.speak(4000, 900)
    caller.answer()
    assert caller.press("0") == "Goodbye."
    assert caller.calls[-1] == ("end_call", {})


def test_a_single_service_needs_no_choice() -> None:
    caller = Caller()
    caller.answers["list_services"] = {"services": SERVICES["services"][:1]}  # type: ignore[index]
    assert caller.press("1").startswith("For an appointment on Tuesday at ten")


# --- wrong turns ------------------------------------------------------------------------------------------


def test_a_wrong_key_is_told_kindly_and_the_options_come_again() -> None:
    caller = Caller()
    caller.press("1")
    assert caller.press("7").startswith("Sorry, that key does nothing here. For haircut, press one.")
    assert caller.press("1").startswith("For an appointment")


def test_nine_repeats_and_zero_starts_over() -> None:
    caller = Caller()
    first = caller.press("1")
    assert caller.press("9") == first
    assert caller.press("0").startswith("To book an appointment, press one.")


def test_another_time_can_be_chosen_before_it_is_confirmed() -> None:
    caller = Caller()
    for key in "111":
        caller.press(key)
    assert caller.press("2").startswith("For an appointment on Tuesday at ten, press one.")


def test_nothing_free() -> None:
    caller = Caller()
    caller.answers["find_slots"] = {"ok": True, "slots": [], "spoken": "Nothing is free this week."}
    caller.press("1")
    assert caller.press("1").startswith("Nothing is free this week. To book an appointment, press one.")


@pytest.mark.parametrize("output", ["not json", "[]", '{"services": 5}', '{"services":[{"name":"x"}]}', "{}"])
def test_a_tool_that_answers_nonsense_is_not_called_in_a_circle(output: str) -> None:
    caller = Caller()
    caller.write("[dtmf] 1")
    call = caller.respond()[-1]["response"]["output"][0]
    item = {"type": "function_call_output", "call_id": call["call_id"], "output": output}
    caller.send("conversation.item.create", item=item)
    assert caller.answer().startswith("Sorry, that did not work. Please try again. To book an appointment")
    assert caller.calls == []


def test_speech_is_owned_up_to_and_the_keys_come_again() -> None:
    caller = Caller()
    caller.press("1")
    caller.speak(4000, 900)
    assert caller.answer().startswith("I'm sorry, I cannot understand speech yet. Please use the keys of your phone.")
    assert transcript(caller.seen).endswith("To start over, press zero.")
    assert caller.press("1").startswith("For an appointment on Tuesday")


def test_a_digit_that_was_said_and_written_down_counts_as_the_key() -> None:
    caller = Caller(transcribes=True)
    caller.press("1")
    caller.transcript = "Two."
    caller.speak(4000, 600)
    caller.work()
    caller.answer()
    assert caller.calls[-1] == ("find_slots", {"service_id": "color"})


def test_a_demonstration_without_tools_still_answers() -> None:
    caller = Caller(tools=())
    assert caller.press("25").startswith("You pressed two five. This is a demonstration")
    caller.speak(4000, 900)
    assert caller.answer().startswith("I'm sorry, I cannot understand speech yet.")
    assert not caller.calls


# --- barge-in ---------------------------------------------------------------------------------------------


def test_a_key_during_the_menu_is_acted_on() -> None:
    caller = Caller()
    caller.say("Hello, this is the studio.")
    caller.wait(200)
    item_id = caller.send("response.cancel")[-1]["response"]["output"][0]["id"]
    caller.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=300)
    assert caller.press("1").startswith("For haircut, press one.")


def test_a_call_whose_response_was_cancelled_is_made_again() -> None:
    caller = Caller()
    caller.write("[dtmf] 1")
    caller.send("response.create", response={"instructions": 'Say exactly: "one two three"'})
    caller.wait(60)
    caller.send("response.cancel")
    assert caller.answer().startswith("For haircut")
    assert [name for name, _ in caller.calls] == ["list_services"]


def test_an_answer_that_was_cancelled_is_given_again() -> None:
    caller = Caller()
    caller.press("1")
    caller.write("[dtmf] 2")
    call = caller.respond()[-1]["response"]["output"][0]
    caller.run(call)
    caller.send("response.create")
    caller.wait(100)
    caller.send("response.cancel")
    assert caller.answer().startswith("For an appointment on Tuesday at ten")
    assert len(caller.calls) == 2


def test_while_a_booking_runs_it_is_not_made_again_and_its_outcome_is_heard() -> None:
    caller = Caller()
    booked_up_to_the_name(caller)
    caller.speak(4000, 900)
    caller.run(caller.respond()[-1]["response"]["output"][0])
    booking = caller.respond()[-1]["response"]["output"][0]
    caller.write("[dtmf] 9")
    assert transcript(caller.respond()) == "One moment, please."
    caller.run(booking)
    assert caller.answer().startswith("Your appointment is made")
    assert [name for name, _ in caller.calls].count("book_appointment") == 1


def test_a_false_alarm_that_was_deleted_leaves_no_trace() -> None:
    caller = Caller()
    caller.press("1")
    caller.speak(4000, 300)
    item_id = of(caller.seen, "input_audio_buffer.committed")[-1]["item_id"]
    caller.send("conversation.item.delete", item_id=item_id)
    assert caller.answer().startswith("For haircut, press one.")


def test_a_conversation_replayed_on_a_new_link_goes_on_where_it_was() -> None:
    caller = Caller()
    for key in "11":
        caller.press(key)
    items = [event["item"] for event in of(caller.seen, "conversation.item.done")]
    again = Caller()
    for item in items:
        if item["type"] == "message" and item["role"] == "assistant":
            item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "..."}]}
        again.send("conversation.item.create", item=item)
    assert again.press("2").startswith("haircut, on Tuesday at noon.")


# --- languages --------------------------------------------------------------------------------------------


def test_the_other_language_is_offered_in_its_own_words() -> None:
    caller = Caller(language=None)
    assert caller.press("9").endswith("לעברית, הקישו שמונה.")
    assert caller.press("8").startswith("לקביעת תור, הקישו אחת.")
    assert caller.press("8").startswith("To book an appointment")


def test_offers_are_asked_for_again_in_the_new_language() -> None:
    caller = Caller(language=None)
    caller.press("1")
    assert caller.press("8").startswith("haircut, הקישו אחת.")
    assert [name for name, _ in caller.calls] == ["list_services", "list_services"]


def test_a_tool_that_takes_a_language_is_told_it() -> None:
    caller = Caller(language=None)
    schema = {"type": "object", "properties": {"language": {"type": "string"}}}
    tools = [{"type": "function", "name": name, "description": "", "parameters": schema} for name in NAMES]
    caller.configure(tools=tools)
    caller.press("8")
    caller.press("1")
    assert caller.calls == [("list_services", {"language": "he"})]


def test_a_language_that_the_tools_do_not_know_is_not_offered() -> None:
    caller = Caller(language=None)
    schema = {"type": "object", "properties": {"language": {"anyOf": [{"enum": ["en"]}, {"type": "null"}]}}}
    tools = [{"type": "function", "name": name, "description": "", "parameters": schema} for name in NAMES]
    caller.configure(tools=tools)
    assert caller.press("9") == "To book an appointment, press one. To hear this again, press nine."
    assert caller.press("8").startswith("Sorry, that key does nothing here.")


def test_the_opening_language_is_that_of_the_instructions() -> None:
    caller = Caller(language=None)
    caller.configure(instructions="את פקידת הקבלה של העסק. You may switch.")
    assert caller.press("9").startswith("לקביעת תור")


def test_a_hebrew_call_from_the_menu_to_the_name() -> None:
    caller = Caller(language="he")
    slots = [{"id": "s1", "spoken": "ביום שלישי, בשעה עשר"}]
    caller.answers["list_services"] = {"services": [{"id": "a", "name": "תספורת"}, {"id": "b", "name": "פן"}]}
    caller.answers["find_slots"] = {"slots": slots}
    assert caller.press("1").startswith("תספורת, הקישו אחת. פן, הקישו שתיים.")
    assert caller.press("1").startswith("ביום שלישי, בשעה עשר, הקישו אחת.")
    caller.press("1")
    assert caller.press("1").startswith("אמרו את שמכם אחרי הצליל")


def test_every_hebrew_word_of_the_menu_has_its_sounds() -> None:
    lines = [*HEBREW.values(), *KEY_NAMES["he"].values()]
    words = {word for line in lines for word in HEBREW_WORD.findall(line)}
    assert sorted(words - SOUNDS.keys()) == []


# --- with a chat model ------------------------------------------------------------------------------------


def test_a_chat_model_takes_the_keys_too() -> None:
    caller = Caller(chats=True, transcribes=True)
    caller.chat = lambda job: said(job, "You chose one.")
    caller.say("Hello.")
    assert transcript(caller.until_done()) == "Hello."
    assert caller.press("1") == "You chose one."


def test_when_the_chat_model_fails_the_keys_lead_on() -> None:
    caller = Caller(chats=True, transcribes=True)
    caller.chat = lambda job: Failed(job.job_id, "engine.endpoint_unreachable", "down")
    assert "You can go on with the keys of your phone. To book an appointment, press one." in caller.press("5")
    assert caller.press("1").startswith("For haircut")
    caller.chat = lambda job: said(job, "I am back.")
    caller.write("hello?")
    assert caller.answer() == "I am back."


def test_the_events_of_a_call_are_those_of_a_model() -> None:
    caller = Caller()
    caller.write("[dtmf] 1")
    events = caller.respond()
    assert "response.function_call_arguments.done" in types(events)
    assert one(events, "response.done")["response"]["output"][0]["name"] == "list_services"


# --- a message, a person ----------------------------------------------------------------------------------

PEOPLE = (*NAMES, "leave_message", "transfer_call")


def test_a_message_may_have_pauses_and_ends_with_the_hash_key() -> None:
    caller = Caller(tools=PEOPLE)
    caller.answers["leave_message"] = {"ok": True, "message_id": "m1", "spoken": "I will pass it on."}
    assert caller.press("3") == "Please leave your message after the tone, then press the hash key."
    caller.speak(start_ms=4000, length_ms=900)
    assert caller.answer().startswith("Go on after the tone, or press the hash key")
    caller.speak(start_ms=9000, length_ms=1200)
    caller.answer()
    assert caller.press("#").startswith("I will pass it on. For anything else, press nine.")
    assert caller.calls == [
        ("save_voice_note", {"audio_start_ms": 4000, "audio_end_ms": 10200}),
        ("leave_message", {"text": "", "urgency": "normal", "note_id": "n1"}),
    ]


def test_a_message_without_a_word_is_asked_for_again() -> None:
    caller = Caller(tools=PEOPLE)
    caller.press("3")
    assert caller.press("#").startswith("I did not hear a message. Please leave your message")


def test_a_person_who_is_not_there_is_replaced_by_a_message() -> None:
    caller = Caller(tools=PEOPLE)
    caller.answers["transfer_call"] = {"ok": False, "error": "transfer.nobody", "spoken": "Nobody is here."}
    assert caller.press("4").startswith("Nobody is here. Please leave your message after the tone")


def test_a_person_who_is_there_takes_the_call() -> None:
    caller = Caller(tools=PEOPLE)
    caller.answers["transfer_call"] = {"ok": True, "spoken": "One moment."}
    caller.press("4")
    assert [name for name, _ in caller.calls] == ["transfer_call"]


def test_what_the_tools_do_not_offer_is_not_in_the_menu() -> None:
    caller = Caller()
    assert "message" not in caller.press("9")
    assert caller.press("3").startswith("Sorry, that key does nothing here.")
