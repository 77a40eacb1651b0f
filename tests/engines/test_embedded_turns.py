"""Turns found in real audio: the words of the synthetic voice, silence around them, every input format."""

from __future__ import annotations

import asyncio
import base64
from functools import cache
from typing import Any

import numpy as np
import pytest
from embedded_scene import Client, error, of, one, said, transcript, types

from torim.audio import g711
from torim.engines.embedded.formats import encode_audio
from torim.engines.embedded.voice import EspeakVoice
from torim.engines.protocol import MAX_APPEND_BYTES, Pcm, Pcma

MU_LAW = {"type": "audio/pcmu"}
ONLY_EVENTS = {"type": "server_vad", "create_response": False, "interrupt_response": False}


@cache
def spoken(text: str = "I would like to book an appointment please") -> bytes:
    """Real synthetic speech in mu-law."""

    async def speak() -> bytes:
        voice = EspeakVoice()
        try:
            return (await voice.speak(text, "en")).payload
        finally:
            await voice.close()

    return asyncio.run(speak())


def silence(ms: int) -> bytes:
    """A quiet line: noise of the last bit, which is what lines have."""
    rng = np.random.default_rng(7)
    return g711.encode(rng.integers(-8, 9, ms * 8).astype(np.int16))


def a_client(detection: dict[str, Any] | None = ONLY_EVENTS, **options: Any) -> Client:
    client = Client(**options)
    client.configure(
        audio={"input": {"format": MU_LAW, "turn_detection": detection}, "output": {"format": MU_LAW}},
    )
    return client


def test_a_turn_is_announced_ended_and_committed_under_one_id() -> None:
    client = a_client()
    events = client.stream(silence(600) + spoken() + silence(1000))
    assert types(events) == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    assert len({event.get("item_id") or event["item"]["id"] for event in events}) == 1
    item = events[3]["item"]
    assert item["role"] == "user" and item["content"] == [{"type": "input_audio", "transcript": None}]


def test_the_times_of_a_turn_are_those_of_the_audio() -> None:
    client = a_client()
    events = client.stream(silence(1000) + spoken() + silence(1000))
    length_ms = len(spoken()) // 8
    start_ms = one(events, "input_audio_buffer.speech_started")["audio_start_ms"]
    end_ms = one(events, "input_audio_buffer.speech_stopped")["audio_end_ms"]
    assert 1000 - 300 - 40 <= start_ms <= 1000 - 300 + 150  # the padding is included
    assert 1000 + length_ms - 300 <= end_ms - 500 <= 1000 + length_ms + 150  # and the silence
    item_id = one(events, "input_audio_buffer.committed")["item_id"]
    item = client.send("conversation.item.retrieve", item_id=item_id)[0]["item"]
    assert len(base64.b64decode(item["content"][0]["audio"])) == (end_ms - start_ms) * 8


def test_silence_is_no_turn() -> None:
    assert a_client().stream(silence(5000)) == []


def test_a_client_that_wants_no_turns_gets_none_and_commits_itself() -> None:
    client = a_client(detection=None)
    assert client.stream(silence(300) + spoken() + silence(1000)) == []
    events = client.send("input_audio_buffer.commit")
    assert types(events) == ["input_audio_buffer.committed", "conversation.item.added", "conversation.item.done"]


def test_two_turns_are_two_items_in_order() -> None:
    client = a_client()
    events = client.stream(silence(300) + spoken() + silence(900) + spoken("yes of course") + silence(900))
    first, second = of(events, "input_audio_buffer.committed")
    assert second["previous_item_id"] == first["item_id"] != second["item_id"]
    starts = [event["audio_start_ms"] for event in of(events, "input_audio_buffer.speech_started")]
    ends = [event["audio_end_ms"] for event in of(events, "input_audio_buffer.speech_stopped")]
    assert starts[0] < ends[0] <= starts[1] < ends[1]


def test_one_long_append_is_heard_like_many_short_ones() -> None:
    audio = silence(300) + spoken() + silence(900) + spoken("yes of course") + silence(900)
    slow, fast = a_client(), a_client()
    assert types(fast.append(audio)) == types(slow.stream(audio))


def test_the_end_of_a_turn_waits_for_the_silence_that_was_asked_for() -> None:
    patient = {**ONLY_EVENTS, "silence_duration_ms": 1200}
    hasty = {**ONLY_EVENTS, "silence_duration_ms": 200}
    ends = []
    for detection in (hasty, patient):
        events = a_client(detection).stream(silence(300) + spoken("yes please") + silence(2000))
        ends.append(of(events, "input_audio_buffer.speech_stopped")[-1]["audio_end_ms"])
    assert 900 <= ends[1] - ends[0] <= 1100


def test_semantic_detection_ends_turns_too() -> None:
    detection = {"type": "semantic_vad", "eagerness": "high", "create_response": False}
    events = a_client(detection).stream(silence(300) + spoken() + silence(1200))
    assert types(events)[:3] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
    ]


@pytest.mark.parametrize("audio_format", [Pcm(), Pcma()])
def test_every_format_is_heard(audio_format: Pcm | Pcma) -> None:
    client = a_client()
    wire = {"type": "audio/pcm", "rate": 24000} if isinstance(audio_format, Pcm) else {"type": "audio/pcma"}
    client.configure(audio={"input": {"format": wire}})
    audio = encode_audio(silence(300) + spoken() + silence(1000), audio_format)
    events = client.stream(audio, frame_bytes=481)  # odd: a sample is split between two appends
    assert types(events)[:2] == ["input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"]


def test_appended_pcm_may_be_split_anywhere() -> None:
    audio = encode_audio(spoken(), Pcm())
    whole, split = a_client(detection=None), a_client(detection=None)
    kept = []
    for client, frame_bytes in ((whole, len(audio)), (split, 1)):
        client.configure(audio={"input": {"format": {"type": "audio/pcm", "rate": 24000}}})
        client.stream(audio[:2400], frame_bytes=min(frame_bytes, 2400))
        client.stream(audio[2400:], frame_bytes=48_001)
        item_id = one(client.send("input_audio_buffer.commit"), "input_audio_buffer.committed")["item_id"]
        kept.append(client.send("conversation.item.retrieve", item_id=item_id)[0]["item"]["content"][0]["audio"])
    assert kept[0] == kept[1]


# --- commit, clear, and what is wrong ---------------------------------------------------------------------


def test_a_commit_of_nothing() -> None:
    client = a_client(detection=None)
    client.append(silence(60))
    fault = error(client.send("input_audio_buffer.commit", event_id="c1"))
    assert fault["code"] == "input_audio_buffer_commit_empty" and fault["event_id"] == "c1"
    assert "buffer only has 60.00ms of audio" in fault["message"]


def test_a_cleared_buffer_is_empty() -> None:
    client = a_client(detection=None)
    client.append(silence(500))
    assert types(client.send("input_audio_buffer.clear")) == ["input_audio_buffer.cleared"]
    assert error(client.send("input_audio_buffer.commit"))["code"] == "input_audio_buffer_commit_empty"


def test_a_commit_by_hand_while_the_caller_speaks_keeps_the_announced_id() -> None:
    client = a_client()
    events = client.stream(silence(300) + spoken()[: 8 * 900])
    announced = one(events, "input_audio_buffer.speech_started")["item_id"]
    events = client.send("input_audio_buffer.commit")
    assert one(events, "input_audio_buffer.committed")["item_id"] == announced
    events = client.stream(spoken()[8 * 900 :] + silence(1000))
    assert one(events, "input_audio_buffer.speech_started")["item_id"] != announced


def test_a_clear_while_the_caller_speaks_forgets_the_turn() -> None:
    client = a_client()
    client.stream(silence(300) + spoken())
    client.send("input_audio_buffer.clear")
    assert client.stream(silence(2000)) == []


def test_audio_that_is_no_base64() -> None:
    client = a_client()
    fault = error(client.send("input_audio_buffer.append", event_id="c1", audio="abc*"))
    assert (fault["code"], fault["param"], fault["event_id"]) == ("invalid_value", "audio", "c1")
    assert error(client.send("input_audio_buffer.append", audio=5))["code"] == "invalid_type"


def test_an_append_beyond_the_limit_costs_only_itself() -> None:
    client = a_client(detection=None)
    too_much = "A" * (MAX_APPEND_BYTES * 4 // 3 + 8)
    fault = error(client.send("input_audio_buffer.append", audio=too_much))
    assert fault["code"] == "string_above_max_length" and fault["param"] == "audio"
    client.append(silence(200))
    assert types(client.send("input_audio_buffer.commit"))[0] == "input_audio_buffer.committed"


# --- a server that answers by itself ----------------------------------------------------------------------

BOTH = {"type": "server_vad"}


def test_a_turn_is_answered_by_itself_where_that_is_wanted() -> None:
    client = a_client(BOTH)
    events = client.stream(silence(300) + spoken() + silence(800))
    assert "response.created" in types(events)
    assert "I notice when you speak" in transcript(client.until_done())


def test_a_caller_who_speaks_interrupts_where_that_is_wanted() -> None:
    client = a_client(BOTH)
    client.say("one two three four five six seven eight")
    client.wait(100)
    events = client.stream(silence(100) + spoken()[: 8 * 800])
    assert types(events)[0] == "input_audio_buffer.speech_started"
    done = one(events, "response.done")["response"]
    assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}


def test_where_it_is_not_wanted_the_answer_goes_on() -> None:
    client = a_client()
    client.say("one two three four five six seven eight")
    client.wait(100)
    events = client.stream(silence(100) + spoken() + silence(800))
    assert "response.done" not in types(events) and "response.created" not in types(events)
    assert one(client.until_done(), "response.done")["response"]["status"] == "completed"


def test_a_turn_that_cannot_be_answered_now_says_so() -> None:
    client = a_client({"type": "server_vad", "interrupt_response": False})
    client.say("one two three four five six seven eight")
    events = client.stream(silence(100) + spoken() + silence(800))
    fault = one(events, "error")["error"]
    assert fault["code"] == "conversation_already_has_active_response" and fault["event_id"] is None


def test_a_silent_caller_is_prompted_after_the_idle_time() -> None:
    client = a_client({"type": "server_vad", "idle_timeout_ms": 5000})
    client.say("one two three four five")  # one second of audio
    client.until_done()
    assert client.wait(5500) == []
    events = client.wait(1000)
    assert types(events)[:3] == [
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.committed",
        "conversation.item.added",
    ]
    assert "response.created" in types(events)


# --- transcripts ------------------------------------------------------------------------------------------


def transcribing(**options: Any) -> Client:
    client = a_client(**options)
    client.configure(audio={"input": {"transcription": {"model": "whisper-1", "language": "en"}}})
    return client


def test_what_was_said_is_written_down() -> None:
    client = transcribing(transcribes=True)
    client.transcript = "I would like an appointment"
    client.stream(silence(300) + spoken() + silence(800))
    (job,) = client.jobs
    assert len(job.payload) > len(spoken()) // 2 and job.language == "en"  # type: ignore[union-attr]
    events = client.work()
    done = one(events, "conversation.item.input_audio_transcription.completed")
    assert done["transcript"] == "I would like an appointment" and done["usage"]["type"] == "duration"
    item = client.send("conversation.item.retrieve", item_id=done["item_id"])[0]["item"]
    assert item["content"][0]["transcript"] == "I would like an appointment"


def test_a_transcript_that_fails_says_so() -> None:
    client = transcribing(transcribes=True)
    client.transcript = None
    client.stream(silence(300) + spoken() + silence(800))
    failed = one(client.work(), "conversation.item.input_audio_transcription.failed")
    assert failed["error"]["code"] == "engine.endpoint_timeout"


def test_without_an_endpoint_a_transcript_fails_at_once() -> None:
    client = transcribing()
    events = client.stream(silence(300) + spoken() + silence(800))
    failed = one(events, "conversation.item.input_audio_transcription.failed")
    assert failed["error"]["code"] == "transcription_unavailable"
    assert failed["item_id"] == one(events, "input_audio_buffer.committed")["item_id"]


def test_an_answer_waits_for_the_words_it_is_about() -> None:
    client = transcribing(transcribes=True, chats=True)
    client.transcript = "what time is it"
    asked: list[Any] = []
    client.chat = lambda job: asked.append(job) or said(job, "Noon.")  # type: ignore[func-returns-value]
    client.stream(silence(300) + spoken() + silence(800))
    assert types(client.send("response.create")) == ["response.created"]
    assert not asked
    assert transcript(client.until_done()) == "Noon."
    assert asked[0].messages[-1] == {"role": "user", "content": "what time is it"}


def test_an_answer_does_not_wait_for_the_words_of_a_deleted_item() -> None:
    client = transcribing(transcribes=True, chats=True)
    client.chat = lambda job: said(job, "Yes?")
    events = client.stream(silence(300) + spoken() + silence(800))
    client.send("response.create")
    client.jobs.clear()  # the transcript never comes
    client.send("conversation.item.delete", item_id=one(events, "input_audio_buffer.committed")["item_id"])
    assert transcript(client.until_done()) == "Yes?"


def test_fixed_words_wait_for_nobody() -> None:
    client = transcribing(transcribes=True)
    client.stream(silence(300) + spoken() + silence(800))
    client.jobs.clear()
    client.say("One moment.")
    assert transcript(client.until_done()) == "One moment."


def test_the_transcript_of_a_deleted_item_is_not_told() -> None:
    client = transcribing(transcribes=True)
    events = client.stream(silence(300) + spoken() + silence(800))
    client.send("conversation.item.delete", item_id=one(events, "input_audio_buffer.committed")["item_id"])
    assert client.work() == []
