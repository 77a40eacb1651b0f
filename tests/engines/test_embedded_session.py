"""A Realtime session as its client sees it: order, races and errors."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from embedded_scene import Client, audio_ms, error, of, one, said, transcript, types, voiced

from torim.engines.embedded.jobs import Failed, Spoken, ToolCall
from torim.engines.embedded.response import Pace


def a_client(**options: Any) -> Client:
    client = Client(**options)
    audio = {"input": {"format": {"type": "audio/pcmu"}}, "output": {"format": {"type": "audio/pcmu"}}}
    client.configure(audio=audio)
    return client


def an_item_spoken(client: Client, text: str = "one two three four") -> str:
    """Have words spoken to their end; gives the item's id."""
    client.say(text)
    return one(client.until_done(), "response.output_item.done")["item"]["id"]


# --- the session ------------------------------------------------------------------------------------------


def test_a_connection_is_greeted_with_the_defaults() -> None:
    client = Client()
    session = one(client.seen, "session.created")["session"]
    assert session["type"] == "realtime" and session["object"] == "realtime.session"
    assert session["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500


def test_an_update_changes_only_what_it_names() -> None:
    client = Client()
    client.configure(instructions="Be brief.", audio={"input": {"transcription": {"model": "whisper-1"}}})
    patch = {"input": {"format": {"type": "audio/pcmu"}, "turn_detection": {"type": "server_vad", "threshold": 0.7}}}
    session = one(client.configure(audio=patch), "session.updated")["session"]
    assert session["instructions"] == "Be brief."
    assert session["audio"]["input"]["transcription"]["model"] == "whisper-1"
    assert session["audio"]["input"]["turn_detection"]["threshold"] == 0.7
    assert session["audio"]["input"]["turn_detection"]["prefix_padding_ms"] == 300
    assert session["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 24000}


def test_null_clears_and_empty_lists_clear() -> None:
    client = Client()
    tool = {"type": "function", "name": "f", "description": "", "parameters": {}}
    client.configure(tools=[tool], audio={"input": {"noise_reduction": {"type": "near_field"}}})
    cleared = {"input": {"turn_detection": None, "noise_reduction": None}}
    session = one(client.configure(tools=[], instructions="", audio=cleared), "session.updated")["session"]
    assert session["tools"] == [] and session["instructions"] == ""
    assert session["audio"]["input"]["turn_detection"] is None
    assert session["audio"]["input"]["noise_reduction"] is None


def test_another_kind_of_turn_detection_starts_from_its_own_defaults() -> None:
    client = Client()
    client.configure(audio={"input": {"turn_detection": {"type": "server_vad", "create_response": False}}})
    session = client.configure(audio={"input": {"turn_detection": {"type": "semantic_vad"}}})[0]["session"]
    expected = {"type": "semantic_vad", "eagerness": "auto", "create_response": True, "interrupt_response": True}
    assert session["audio"]["input"]["turn_detection"] == expected


def test_a_refused_update_changes_nothing() -> None:
    client = Client()
    client.configure(instructions="kept", audio={"input": {"format": {"type": "audio/g711"}}})
    session = client.configure()[0]["session"]
    assert session["instructions"] == "" and session["audio"]["input"]["format"]["type"] == "audio/pcm"


def test_the_model_of_a_session_never_changes() -> None:
    client = Client(model="the-one")
    assert client.configure(model="another")[0]["session"]["model"] == "the-one"


def test_the_voice_stays_once_it_was_heard() -> None:
    client = a_client()
    assert client.configure(audio={"output": {"voice": "cedar"}})[0]["session"]["audio"]["output"]["voice"] == "cedar"
    an_item_spoken(client)
    assert error(client.configure(audio={"output": {"voice": "marin"}}))["code"] == "cannot_update_voice"
    assert types(client.configure(audio={"output": {"voice": "cedar"}})) == ["session.updated"]


def test_the_speed_stays_while_a_response_is_under_way() -> None:
    client = a_client()
    client.say("one two three")
    assert error(client.configure(audio={"output": {"speed": 1.2}}))["code"] == "cannot_update_speed"
    client.until_done()
    assert types(client.configure(audio={"output": {"speed": 1.2}})) == ["session.updated"]


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        ({"voices": 1}, "unknown_parameter", "session.voices"),
        ({"audio": {"input": {"vad": 1}}}, "unknown_parameter", "session.audio.input.vad"),
        ({"type": "transcription"}, "invalid_value", "session.type"),
        ({"audio": {"output": {"format": {"type": "mp3"}}}}, "invalid_value", "session.audio.output.format.type"),
        (
            {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 8000}}}},
            "invalid_value",
            "session.audio.input.format.rate",
        ),
        ({"output_modalities": ["audio", "text"]}, "invalid_value", "session.output_modalities"),
        ({"tool_choice": "maybe"}, "invalid_value", "session.tool_choice"),
        ({"instructions": None}, "invalid_type", "session.instructions"),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 1.5}}}},
            "decimal_above_max_value",
            "session.audio.input.turn_detection.threshold",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": -1}}}},
            "integer_below_min_value",
            "session.audio.input.turn_detection.silence_duration_ms",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(session: dict[str, Any], code: str, param: str) -> None:
    client = Client()
    fault = error(client.send("session.update", event_id="c1", session={"type": "realtime", **session}))
    assert (fault["code"], fault["param"], fault["event_id"]) == (code, param, "c1")
    assert fault["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("message", "code", "param", "event_id"),
    [
        ("{not json", "invalid_json", None, None),
        ("[]", "invalid_type", "", None),
        ('{"event_id":"c1"}', "missing_required_parameter", "type", "c1"),
        ('{"type":"dance","event_id":"c1"}', "invalid_value", "type", "c1"),
        ('{"type":"conversation.item.delete","event_id":"c1"}', "missing_required_parameter", "item_id", "c1"),
        ('{"type":"output_audio_buffer.clear","event_id":"c1"}', "invalid_value", "type", "c1"),
        (b"\xff\xfe\x00", "invalid_json", None, None),
        ('"\ud800"', "invalid_json", None, None),
        ("[" * 100_000, "invalid_json", None, None),
        ('{"type":"dance", and so on', "invalid_json", None, None),
    ],
)
def test_a_bad_message_is_answered_and_the_session_lives(
    message: str | bytes, code: str, param: str | None, event_id: str | None
) -> None:
    client = a_client()
    fault = error(client.raw(message))
    assert (fault["code"], fault["param"], fault["event_id"]) == (code, param, event_id)
    an_item_spoken(client)


def test_sixty_minutes_are_the_end() -> None:
    client = a_client()
    assert client.session.next_deadline_ms() == 3_600_000
    events = client.wait(3_600_000)
    assert events[-1]["error"]["code"] == "session_expired"
    assert events[-1]["error"]["message"] == "Your session hit the maximum duration of 60 minutes."
    assert client.session.closed is not None and client.session.closed.code == 1001
    assert client.say("anything") == [] and client.session.next_deadline_ms() is None


def test_ids_are_unique_and_carry_the_prefix() -> None:
    client = a_client(prefix="ab12")
    an_item_spoken(client)
    ids = [event["event_id"] for event in client.seen]
    assert len(set(ids)) == len(ids) and all("ab12" in name for name in ids)


# --- a response -------------------------------------------------------------------------------------------


def test_the_order_of_a_spoken_response() -> None:
    client = a_client()
    events = client.say("Good morning.") + client.until_done()
    assert types(events) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.delta",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]


def test_the_words_of_the_deltas_are_those_of_the_end() -> None:
    client = a_client()
    events = client.say("Good morning. How are you? Fine.") + client.until_done()
    deltas = "".join(event["delta"] for event in of(events, "response.output_audio_transcript.delta"))
    done = one(events, "response.done")["response"]
    assert deltas == transcript(events) == "Good morning. How are you? Fine."
    assert done["output"][0]["content"][0]["transcript"] == deltas
    assert done["status"] == "completed" and done["status_details"] is None


def test_each_word_leaves_just_before_its_own_audio() -> None:
    client = a_client()
    events = client.say("one two. three four.") + client.until_done()
    sent_ms, starts = 0, []
    for event in events:
        if event["type"] == "response.output_audio.delta":
            sent_ms += len(base64.b64decode(event["delta"])) // 8
        elif event["type"] == "response.output_audio_transcript.delta":
            starts.append((event["delta"], sent_ms))
            assert event["start_ms"] == sent_ms
    assert starts == [("one", 0), (" two.", 200), (" three", 400), (" four.", 600)]


def test_audio_comes_faster_than_it_sounds() -> None:
    for speed in (1.0, 4.0, 20.0):
        client = a_client(pace=Pace(speed=speed, delta_ms=100))
        client.say("one two three four five six seven eight nine ten")
        client.until_done()
        first = client.seen.index(of(client.seen, "response.output_audio.delta")[0])
        assert audio_ms(client.seen[first:]) == 2000
        client = a_client(pace=Pace(speed=speed, delta_ms=100))
        client.say("one two three four five six seven eight nine ten")
        half = client.wait(int(1000 / speed))
        assert 1000 <= audio_ms(half) <= 1200


def test_one_delta_at_a_time() -> None:
    client = a_client(pace=Pace(speed=1000.0, delta_ms=100))
    client.say("one two three four")
    client.work()
    client.now_ms += 1000  # the loop was busy: everything is overdue
    events = client._take(client.session.wake(client.now_ms))
    assert len(of(events, "response.output_audio.delta")) == 1
    assert client.session.next_deadline_ms() is not None
    client.send("response.cancel")
    assert not of(client.wait(1000), "response.output_audio.delta")


def test_metadata_comes_back_in_created_and_done() -> None:
    client = a_client()
    events = client.say("Hello.", metadata={"client_event_id": "e7"}) + client.until_done()
    for kind in ("response.created", "response.done"):
        assert one(events, kind)["response"]["metadata"] == {"client_event_id": "e7"}


def test_usage_is_counted() -> None:
    client = a_client()
    client.configure(instructions="x" * 400)
    client.say("one two three four five")
    usage = one(client.until_done(), "response.done")["response"]["usage"]
    assert usage["output_token_details"] == {"audio_tokens": 20, "text_tokens": 5}
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_a_written_response() -> None:
    client = a_client()
    events = client.say("Good morning.", output_modalities=["text"]) + client.until_done()
    assert types(events)[3:] == [
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    assert one(events, "response.output_text.done")["text"] == "Good morning."
    assert not client.jobs


def test_a_second_response_has_to_wait() -> None:
    client = a_client()
    client.say("one two")
    fault = error(client.send("response.create", event_id="second"))
    assert fault["code"] == "conversation_already_has_active_response" and fault["event_id"] == "second"
    assert one(client.until_done(), "response.done")["response"]["status"] == "completed"
    assert client.say("three")[0]["type"] == "response.created"


def test_a_response_aside_writes_to_no_conversation() -> None:
    client = a_client()
    client.say("one two three four")
    events = client.say("aside", conversation="none", metadata={"topic": "x"})
    assert one(events, "response.created")["response"]["conversation_id"] is None
    events += client.until_done()
    assert one(events, "response.done")["response"]["metadata"] == {"topic": "x"}
    aside = one(events, "response.done")["response"]["output"][0]["id"]
    assert not [event for event in of(client.seen, "conversation.item.added") if event["item"]["id"] == aside]
    fault = error(client.send("conversation.item.retrieve", item_id=aside))
    assert fault["code"] == "item_retrieve_invalid_item_id"


def test_a_limit_of_tokens_stops_in_the_middle() -> None:
    client = a_client()
    client.say("one two three four", max_output_tokens=6)
    done = one(client.until_done(), "response.done")["response"]
    assert done["status"] == "incomplete"
    assert done["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert audio_ms(client.seen) == 300 and done["output"][0]["status"] == "incomplete"


def test_without_a_voice_the_response_fails_and_says_why() -> None:
    client = a_client()
    client.voice_works = False
    client.say("one two three")
    done = one(client.until_done(), "response.done")["response"]
    assert done["status"] == "failed"
    assert done["status_details"]["error"]["code"] == "engine.no_voice"
    client.voice_works = True
    an_item_spoken(client)


# --- cancel -----------------------------------------------------------------------------------------------


def test_a_cancel_takes_effect_at_once() -> None:
    client = a_client()
    client.say("one two three four five six")
    client.wait(100)
    events = client.send("response.cancel")
    assert types(events) == [
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    done = events[-1]["response"]
    assert done["status"] == "cancelled"
    assert done["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    assert done["output"][0]["status"] == "incomplete"
    assert client.wait(5000) == []


def test_the_transcript_of_a_cancelled_response_has_the_words_that_left() -> None:
    client = a_client()
    events = client.say("one two three four five six") + client.wait(150)
    events += client.send("response.cancel", response_id=one(events, "response.created")["response"]["id"])
    deltas = "".join(event["delta"] for event in of(events, "response.output_audio_transcript.delta"))
    assert deltas == transcript(events) == "one two three four"


def test_a_cancel_before_the_first_sound() -> None:
    client = a_client()
    client.say("one two three")
    assert types(client.send("response.cancel"))[-1] == "response.done"
    assert client.wait(2000) == [] and audio_ms(client.seen) == 0


def test_a_cancel_with_nothing_to_cancel() -> None:
    client = a_client()
    fault = error(client.send("response.cancel", event_id="c9"))
    assert fault["code"] == "response_cancel_not_active" and fault["event_id"] == "c9"
    assert fault["message"].startswith("Cancellation failed")


def test_a_cancel_that_comes_after_the_end() -> None:
    client = a_client()
    client.say("one")
    response_id = one(client.until_done(), "response.done")["response"]["id"]
    fault = error(client.send("response.cancel", response_id=response_id))
    assert fault["code"] == "response_cancel_not_active"
    an_item_spoken(client)


def test_a_late_cancel_does_not_hit_the_next_response() -> None:
    client = a_client()
    client.say("one")
    first = one(client.until_done(), "response.done")["response"]["id"]
    client.say("two three")
    assert error(client.send("response.cancel", response_id=first))["code"] == "response_cancel_not_active"
    assert one(client.until_done(), "response.done")["response"]["status"] == "completed"


def test_a_cancel_before_its_create_cancels_nothing() -> None:
    client = a_client()
    client.send("response.cancel")
    client.say("one two")
    assert one(client.until_done(), "response.done")["response"]["status"] == "completed"


def test_cancel_and_create_in_one_breath() -> None:
    client = a_client()
    client.say("one two three four")
    client.wait(60)
    client.send("response.cancel")
    assert types(client.say("five"))[0] == "response.created"
    assert transcript(client.until_done()) == "five"


def test_an_item_without_a_sound_can_be_retrieved() -> None:
    client = Client()  # on the default format, which is converted
    client.say("one two three")
    item_id = client.send("response.cancel")[-1]["response"]["output"][0]["id"]
    item = client.send("conversation.item.retrieve", item_id=item_id)[0]["item"]
    assert item["content"][0]["audio"] == ""


def test_speech_that_comes_after_a_cancel_is_not_spoken() -> None:
    client = a_client()
    client.say("one two three")
    late = client.jobs.copy()
    client.jobs.clear()
    client.send("response.cancel")
    assert late and late[0].job_id not in client.session.waiting_jobs()
    client.jobs = late
    assert client.work() == []


# --- items ------------------------------------------------------------------------------------------------


def test_an_item_is_added_then_done() -> None:
    client = a_client()
    first = client.write("hello", id="mine-1")
    assert types(first) == ["conversation.item.added", "conversation.item.done"]
    assert first[0]["previous_item_id"] is None and first[0]["item"]["id"] == "mine-1"
    assert client.write("again")[0]["previous_item_id"] == "mine-1"


def test_items_go_where_they_are_put() -> None:
    client = a_client()
    client.write("b", id="b")
    content = [{"type": "input_text", "text": "a"}]
    item = {"type": "message", "role": "user", "content": content}
    root = client.send("conversation.item.create", previous_item_id="root", item={**item, "id": "a"})
    between = client.send("conversation.item.create", previous_item_id="a", item={**item, "id": "ab"})
    lost = client.send("conversation.item.create", previous_item_id="zz", item=item)
    assert root[0]["previous_item_id"] is None and between[0]["previous_item_id"] == "a"
    assert error(lost)["code"] == "item_create_invalid_previous_item_id"
    assert error(client.write("twice", id="b"))["code"] == "item_create_duplicate_item_id"


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"type": "message", "role": "user", "content": [{"type": "output_text", "text": "x"}]}, "invalid_value"),
        ({"type": "message", "role": "user", "content": []}, "invalid_value"),
        ({"type": "message", "role": "robot", "content": [{"type": "input_text", "text": "x"}]}, "invalid_value"),
        ({"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "*"}]}, "invalid_value"),
        ({"type": "poem", "text": "x"}, "invalid_value"),
        ({"type": "function_call_output", "call_id": "none", "output": "{}"}, "invalid_tool_call_id"),
        ({"type": "function_call_output", "output": "{}"}, "missing_required_parameter"),
    ],
)
def test_items_that_cannot_be(item: dict[str, Any], code: str) -> None:
    assert error(a_client().send("conversation.item.create", item=item))["code"] == code


def test_a_spoken_item_can_be_retrieved_with_its_audio() -> None:
    client = a_client()
    item_id = an_item_spoken(client, "one two")
    item = one(client.send("conversation.item.retrieve", item_id=item_id), "conversation.item.retrieved")["item"]
    assert base64.b64decode(item["content"][0]["audio"]) == voiced("one two").payload
    assert item["content"][0]["transcript"] == "one two"


def test_the_same_sentence_twice_is_kept_twice() -> None:
    client = a_client()
    speech = voiced("again and again.")
    client._result = lambda job: Spoken(job.job_id, speech)  # type: ignore[method-assign]
    item_id = an_item_spoken(client, "again and again. again and again.")
    item = client.send("conversation.item.retrieve", item_id=item_id)[0]["item"]
    assert base64.b64decode(item["content"][0]["audio"]) == speech.payload * 2


def test_truncate_keeps_what_was_heard_and_forgets_the_words() -> None:
    client = a_client()
    item_id = an_item_spoken(client)
    events = client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=450)
    assert types(events) == ["conversation.item.truncated"] and events[0]["audio_end_ms"] == 450
    item = client.send("conversation.item.retrieve", item_id=item_id)[0]["item"]
    assert len(base64.b64decode(item["content"][0]["audio"])) == 450 * 8
    assert item["content"][0]["transcript"] is None


def test_truncate_beyond_the_audio() -> None:
    client = a_client()
    item_id = an_item_spoken(client)
    fault = error(client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=801))
    assert fault["code"] is None and fault["type"] == "invalid_request_error"
    assert fault["message"] == "Audio content of 800ms is already shorter than 801ms"
    client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=500)
    fault = error(client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=600))
    assert fault["message"] == "Audio content of 500ms is already shorter than 600ms"


def test_truncate_to_nothing_and_to_everything() -> None:
    client = a_client()
    item_id = an_item_spoken(client)
    for end_ms in (800, 0):
        events = client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=end_ms)
        assert types(events) == ["conversation.item.truncated"]


def test_truncate_of_the_wrong_thing() -> None:
    client = a_client()
    client.write("hello", id="u1")
    item_id = an_item_spoken(client)
    cases = [
        ({"item_id": "none", "content_index": 0, "audio_end_ms": 0}, "item_truncate_invalid_item_id", "item_id"),
        ({"item_id": item_id, "content_index": 0, "audio_end_ms": -1}, "integer_below_min_value", "audio_end_ms"),
        ({"item_id": item_id, "content_index": 1, "audio_end_ms": 0}, "invalid_value", "content_index"),
        ({"item_id": "u1", "content_index": 0, "audio_end_ms": 0}, "invalid_value", "item_id"),
    ]
    for fields, code, param in cases:
        fault = error(client.send("conversation.item.truncate", **fields))
        assert (fault["code"], fault["param"]) == (code, param)


def test_a_barge_in_cancel_then_truncate_of_the_part_that_was_sent() -> None:
    client = a_client()
    client.say("one two three four five six seven eight")
    client.wait(100)
    item_id = client.send("response.cancel")[-1]["response"]["output"][0]["id"]
    sent_ms = audio_ms(client.seen)
    assert sent_ms < 1600
    fault = error(client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=1600))
    assert fault["message"] == f"Audio content of {sent_ms}ms is already shorter than 1600ms"
    events = client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=250)
    assert types(events) == ["conversation.item.truncated"]


def test_delete_then_it_is_gone() -> None:
    client = a_client()
    client.write("hello", id="u1")
    assert types(client.send("conversation.item.delete", item_id="u1")) == ["conversation.item.deleted"]
    assert error(client.send("conversation.item.delete", item_id="u1"))["code"] == "item_delete_invalid_item_id"
    assert error(client.send("conversation.item.retrieve", item_id="u1"))["code"] == "item_retrieve_invalid_item_id"


def test_an_item_may_be_deleted_while_it_is_spoken() -> None:
    client = a_client()
    events = client.say("one two three") + client.wait(60)
    item_id = one(events, "response.output_item.added")["item"]["id"]
    client.send("conversation.item.delete", item_id=item_id)
    assert one(client.until_done(), "response.done")["response"]["status"] == "completed"


# --- the chat model ---------------------------------------------------------------------------------------

TOOL = {"type": "function", "name": "weather", "description": "d", "parameters": {"type": "object"}}


def a_chatting_client() -> Client:
    client = a_client(chats=True, transcribes=True)
    client.configure(tools=[TOOL], instructions="Be kind.")
    return client


def test_a_function_call_there_and_back() -> None:
    client = a_chatting_client()
    client.write("how is the weather?")
    client.chat = lambda job: said(job, "", ToolCall("weather", '{"city":"Haifa","days":[1,2,3]}'))
    events = client.send("response.create") + client.until_done()
    kinds = types(events)
    assert kinds[:3] == ["response.created", "response.output_item.added", "conversation.item.added"]
    assert kinds[-4:] == [
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    done = one(events, "response.function_call_arguments.done")
    assert "".join(e["delta"] for e in of(events, "response.function_call_arguments.delta")) == done["arguments"]
    call = events[-1]["response"]["output"][0]
    assert (call["name"], call["arguments"]) == ("weather", done["arguments"])
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"sunny":true}'}
    assert types(client.send("conversation.item.create", item=output))[0] == "conversation.item.added"
    asked: list[Any] = []
    client.chat = lambda job: asked.append(job) or said(job, "It is sunny.")  # type: ignore[func-returns-value]
    client.send("response.create")
    assert transcript(client.until_done()) == "It is sunny."
    assert [message["role"] for message in asked[0].messages] == ["system", "user", "assistant", "tool"]
    assert asked[0].tools[0]["function"]["name"] == "weather"


def test_words_and_a_call_in_one_response() -> None:
    client = a_chatting_client()
    client.write("weather?")
    client.chat = lambda job: said(job, "Let me look.", ToolCall("weather", "{}"))
    client.send("response.create")
    output = one(client.until_done(), "response.done")["response"]["output"]
    assert [item["type"] for item in output] == ["message", "function_call"]


def test_a_response_cancelled_while_the_model_thinks() -> None:
    client = a_chatting_client()
    client.write("hello")
    client.send("response.create")
    (job,) = client.jobs
    assert types(client.send("response.cancel")) == ["response.done"]
    assert job.job_id not in client.session.waiting_jobs()


def test_a_truncated_answer_is_remembered_as_it_was_heard() -> None:
    client = a_chatting_client()
    client.chat = lambda job: said(job, "one two three four")
    client.write("count")
    client.send("response.create")
    item_id = one(client.until_done(), "response.done")["response"]["output"][0]["id"]
    client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=450)
    asked: list[Any] = []
    client.chat = lambda job: asked.append(job) or said(job, "five")  # type: ignore[func-returns-value]
    client.write("go on")
    client.send("response.create")
    client.until_done()
    assert [m["content"] for m in asked[0].messages if m["role"] == "assistant"] == ["one two"]


def test_a_model_that_fails_is_owned_up_to() -> None:
    client = a_chatting_client()
    client.chat = lambda job: Failed(job.job_id, "engine.endpoint_timeout", "late")
    client.write("hello")
    client.send("response.create")
    assert "cannot talk freely" in transcript(client.until_done())


def test_instructions_of_one_response_are_for_that_one() -> None:
    client = a_chatting_client()
    asked: list[Any] = []
    client.chat = lambda job: asked.append(job) or said(job, "ok")  # type: ignore[func-returns-value]
    client.write("hello")
    client.send("response.create", response={"instructions": "Shout.", "tools": []})
    client.until_done()
    client.send("response.create")
    client.until_done()
    assert [job.messages[0]["content"] for job in asked] == ["Shout.", "Be kind."]
    assert [len(job.tools) for job in asked] == [0, 1]


# --- determinism ------------------------------------------------------------------------------------------


def test_the_same_scene_gives_the_same_events() -> None:
    def scene() -> str:
        client = a_client(prefix="p")
        client.say("one two three four")
        client.wait(120)
        client.send("response.cancel")
        client.write("[dtmf] 1")
        client.send("response.create")
        client.until_done()
        return json.dumps(client.seen)

    assert scene() == scene()
