"""The Realtime codec: what we say to an engine, and what its words mean to the core."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

import pytest

from torim.core.abilities import EngineCapabilities
from torim.core.actions import (
    AddText,
    AddToolOutput,
    CancelResponse,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    EngineAction,
    Purpose,
    TruncateItem,
)
from torim.core.events import (
    AudioDelta,
    AudioDone,
    CallerTranscript,
    EngineFault,
    EngineReady,
    FaultKind,
    FunctionCall,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TurnCommitted,
)
from torim.engines.base import SessionConfig, ToolSpec
from torim.engines.openai_realtime import SESSION_COMMAND_ID, OpenAIRealtimeCodec

BOOK = ToolSpec("book", "Books a slot.", {"type": "object", "properties": {"slot_id": {"type": "string"}}})
CONFIG = SessionConfig("gpt-realtime-2", "Be brief.", transcription_model="gpt-live-transcribe", tools=(BOOK,))


def codec(**changes: Any) -> OpenAIRealtimeCodec:
    return OpenAIRealtimeCodec(CONFIG, EngineCapabilities(**changes))


def server(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, "event_id": "event_1", **fields})


def wire_of(action: EngineAction) -> dict[str, Any]:
    [message] = codec().encode(action)
    return dict(json.loads(message))


def asked_session(link: OpenAIRealtimeCodec) -> dict[str, Any]:
    [message] = link.handshake()
    return dict(json.loads(message)["session"])


# --- the handshake ----------------------------------------------------------------------------------------


def test_the_handshake_asks_for_mu_law_both_ways_and_no_second_writer() -> None:
    session = asked_session(codec())
    audio = session["audio"]
    assert session["type"] == "realtime"
    assert session["output_modalities"] == ["audio"]
    assert audio["input"]["format"] == audio["output"]["format"] == {"type": "audio/pcmu"}
    assert audio["input"]["turn_detection"] == {
        "type": "server_vad",
        "silence_duration_ms": 500,
        "create_response": False,
        "interrupt_response": False,
    }
    assert audio["output"]["voice"] == "marin"
    assert session["tools"][0]["name"] == "book"
    assert session["tools"][0]["type"] == "function"


def test_the_handshake_is_tagged() -> None:
    assert json.loads(codec().handshake()[0])["event_id"] == SESSION_COMMAND_ID


@pytest.mark.parametrize(
    ("model", "languages", "expected"),
    [
        ("gpt-live-transcribe", ("he", "en"), {"languages": ["he", "en"]}),
        ("gpt-realtime-whisper", ("he",), {"language": "he"}),
        ("gpt-realtime-whisper", ("he", "en"), {}),
    ],
)
def test_transcription_names_languages_only_as_the_model_takes_them(
    model: str, languages: tuple[str, ...], expected: dict[str, Any]
) -> None:
    config = SessionConfig("m", "", transcription_model=model, languages=languages)
    session = asked_session(OpenAIRealtimeCodec(config))
    assert session["audio"]["input"]["transcription"] == {"model": model, **expected}


def test_an_engine_without_turn_detection_is_not_asked_for_it() -> None:
    assert asked_session(codec(detects_turns=False))["audio"]["input"]["turn_detection"] is None


def test_the_engine_may_be_the_one_that_creates() -> None:
    link = OpenAIRealtimeCodec(SessionConfig("m", "", engine_creates=True))
    turns = asked_session(link)["audio"]["input"]["turn_detection"]
    assert (turns["create_response"], turns["interrupt_response"]) == (True, True)


def test_ready_comes_only_with_the_session_that_was_asked_for_and_only_once() -> None:
    link = codec()
    session = asked_session(link)
    assert link.decode(server("session.created", session={"type": "realtime"})) == []
    assert link.decode(server("session.updated", session=session)) == [EngineReady()]
    assert link.decode(server("session.updated", session=session)) == []


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        ("audio.output.format", {"type": "audio/pcm", "rate": 24000}, "output format"),
        ("audio.input.format", {"type": "audio/pcm", "rate": 24000}, "input format"),
        ("audio.input.format", None, "input format"),
        ("audio.input.turn_detection.create_response", True, "create_response"),
        ("audio.input.turn_detection.interrupt_response", True, "interrupt_response"),
        ("audio.input.turn_detection", None, "turn detection"),
        ("audio.output.voice", "alloy", "voice"),
        ("output_modalities", ["text"], "text"),
        ("audio", None, "format"),
    ],
)
def test_f31_a_session_that_is_not_the_one_we_asked_for_never_becomes_ready(path: str, value: Any, word: str) -> None:
    link = codec()
    session = asked_session(link)
    *parents, last = path.split(".")
    target = session
    for name in parents:
        target = target[name]
    target[last] = value
    [fault] = link.decode(server("session.updated", session=session))
    assert isinstance(fault, EngineFault)
    assert fault.kind is FaultKind.CONFIG
    assert word in fault.message


def test_f31_a_rejected_session_update_is_a_configuration_fault() -> None:
    error = {"type": "invalid_request_error", "code": "invalid_value", "event_id": SESSION_COMMAND_ID}
    [fault] = codec().decode(server("error", error=error))
    assert isinstance(fault, EngineFault)
    assert (fault.kind, fault.code) == (FaultKind.CONFIG, "invalid_value")


def test_a_server_may_leave_out_flags_that_are_off_and_a_voice_it_cannot_choose() -> None:
    link = codec()
    session = asked_session(link)
    session["audio"]["input"]["turn_detection"] = {"type": "server_vad"}
    del session["audio"]["output"]["voice"]
    assert link.decode(server("session.updated", session=session)) == [EngineReady()]


# --- commands ---------------------------------------------------------------------------------------------


def test_a_create_carries_its_key_and_instructions() -> None:
    message = wire_of(CreateResponse("c7", "k3", Purpose.GREETING, 'Say exactly: "שלום"'))
    assert message == {
        "type": "response.create",
        "event_id": "c7",
        "response": {"metadata": {"torim_key": "k3"}, "instructions": 'Say exactly: "שלום"'},
    }


def test_a_create_without_instructions_leaves_the_sessions_own() -> None:
    assert "instructions" not in wire_of(CreateResponse("c7", "k3", Purpose.REPLY))["response"]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (CancelResponse("c1", "R2"), {"type": "response.cancel", "response_id": "R2"}),
        (
            TruncateItem("c2", "I1", 0, 1480),
            {"type": "conversation.item.truncate", "item_id": "I1", "content_index": 0, "audio_end_ms": 1480},
        ),
        (DeleteItem("c3", "I1"), {"type": "conversation.item.delete", "item_id": "I1"}),
        (CommitAudio("c4"), {"type": "input_audio_buffer.commit"}),
    ],
)
def test_every_command_is_tagged_with_its_id(action: EngineAction, expected: dict[str, Any]) -> None:
    assert wire_of(action) == {**expected, "event_id": getattr(action, "command_id")}  # noqa: B009


@pytest.mark.parametrize(
    ("role", "part"), [("user", "input_text"), ("assistant", "output_text"), ("system", "input_text")]
)
def test_a_replayed_text_has_the_part_type_of_its_role(role: str, part: str) -> None:
    item = wire_of(AddText("c5", role, "[dtmf] 123"))["item"]
    assert item == {"type": "message", "role": role, "content": [{"type": part, "text": "[dtmf] 123"}]}


def test_a_tool_output_follows_the_call_that_this_session_made() -> None:
    link = codec()
    call = {"type": "function_call", "call_id": "T1", "name": "book", "arguments": "{}"}
    link.decode(server("response.done", response={"id": "R1", "status": "completed", "output": [call]}))
    [message] = link.encode(AddToolOutput("c6", "T1", '{"ok":true}'))
    assert json.loads(message)["item"] == {
        "type": "function_call_output",
        "call_id": "T1",
        "output": '{"ok":true}',
    }


def test_after_a_reconnect_a_tool_output_brings_its_call_along() -> None:
    kinds = [json.loads(m)["item"]["type"] for m in codec().encode(AddToolOutput("c6", "T1", "{}"))]
    assert kinds == ["function_call", "function_call_output"]


@pytest.mark.parametrize(
    ("missing", "action"),
    [
        ("cancels", CancelResponse("c", "R1")),
        ("truncates", TruncateItem("c", "I1", 0, 10)),
        ("deletes", DeleteItem("c", "I1")),
    ],
)
def test_a_command_beyond_the_engine_is_not_sent(missing: str, action: EngineAction) -> None:
    assert codec(**{missing: False}).encode(action) == []
    assert len(codec().encode(action)) == 1


def test_caller_audio_travels_as_base64_and_nothing_else() -> None:
    payload = bytes(range(160))
    message = json.loads(codec().append_audio(payload))
    assert message.keys() == {"type", "audio"}
    assert message["type"] == "input_audio_buffer.append"
    assert b64decode(message["audio"]) == payload


# --- events -----------------------------------------------------------------------------------------------


def test_created_echoes_our_key() -> None:
    body = {"id": "R1", "metadata": {"torim_key": "k3"}}
    assert codec().decode(server("response.created", response=body)) == [ResponseCreated("R1", "k3")]


@pytest.mark.parametrize("metadata", [None, {}, {"other": "x"}, {"torim_key": 7}])
def test_a_response_without_our_key_is_the_engines_own(metadata: Any) -> None:
    body = {"id": "R1", "metadata": metadata}
    assert codec().decode(server("response.created", response=body)) == [ResponseCreated("R1", None)]


@pytest.mark.parametrize("name", ["response.output_audio.delta", "response.audio.delta"])
def test_an_audio_delta_under_both_of_its_names(name: str) -> None:
    fields = {
        "response_id": "R1",
        "item_id": "I1",
        "content_index": 1,
        "delta": b64encode(b"\xff\x00").decode(),
    }
    assert codec().decode(server(name, **fields)) == [AudioDelta("R1", "I1", 1, b"\xff\x00")]


def test_an_empty_delta_is_no_sound() -> None:
    fields = {"response_id": "R1", "item_id": "I1", "content_index": 0, "delta": ""}
    assert codec().decode(server("response.output_audio.delta", **fields)) == []


def test_audio_done_ends_one_item() -> None:
    fields = {"response_id": "R1", "item_id": "I1", "content_index": 0}
    assert codec().decode(server("response.output_audio.done", **fields)) == [AudioDone("R1", "I1", 0)]


@pytest.mark.parametrize(
    "name",
    [
        "response.output_audio_transcript.delta",
        "response.audio_transcript.delta",
        "response.output_text.delta",
        "response.text.delta",
    ],
)
def test_words_of_an_answer(name: str) -> None:
    fields = {"response_id": "R1", "item_id": "I1", "content_index": 0, "delta": "תור"}
    assert codec().decode(server(name, **fields)) == [TextDelta("R1", "I1", 0, "תור")]


def test_the_callers_turn() -> None:
    link = codec()
    started = server("input_audio_buffer.speech_started", item_id="U1", audio_start_ms=740)
    stopped = server("input_audio_buffer.speech_stopped", item_id="U1", audio_end_ms=2110)
    committed = server("input_audio_buffer.committed", item_id="U1", previous_item_id=None)
    assert link.decode(started) == [SpeechStarted("U1", 740)]
    assert link.decode(stopped) == [SpeechStopped("U1", 2110)]
    assert link.decode(committed) == [TurnCommitted("U1")]


def test_the_callers_words_come_or_fail() -> None:
    name = "conversation.item.input_audio_transcription."
    heard = server(name + "completed", item_id="U1", content_index=0, transcript="hello", usage={})
    failed = server(name + "failed", item_id="U1", content_index=0, error={"code": "x"})
    assert codec().decode(heard) == [CallerTranscript("U1", "hello")]
    assert codec().decode(failed) == [CallerTranscript("U1", None)]


CALL_ITEM = {
    "type": "function_call",
    "id": "I2",
    "call_id": "T1",
    "name": "book",
    "arguments": '{"slot_id":"s"}',
}


def done_with(status: str, **fields: Any) -> ResponseDone:
    body = {"id": "R1", "object": "realtime.response", "status": status, **fields}
    event = codec().decode(server("response.done", response=body))[0]
    assert isinstance(event, ResponseDone)
    return event


def test_a_completed_response_hands_over_its_function_calls() -> None:
    done = done_with("completed", output=[{"type": "message", "content": []}, CALL_ITEM])
    assert done.status is ResponseStatus.COMPLETED
    assert done.calls == (FunctionCall("T1", "book", '{"slot_id":"s"}'),)


@pytest.mark.parametrize("status", ["cancelled", "failed", "incomplete"])
def test_a_response_that_did_not_complete_never_hands_over_a_call(status: str) -> None:
    assert done_with(status, output=[CALL_ITEM]).calls == ()


def test_a_half_written_call_on_the_wire_is_not_a_call() -> None:
    fields = {"response_id": "R1", "item_id": "I2", "call_id": "T1", "name": "book", "arguments": '{"slo'}
    assert codec().decode(server("response.function_call_arguments.done", **fields)) == []


def test_the_engines_reason_is_kept() -> None:
    details = {"type": "incomplete", "reason": "content_filter"}
    assert done_with("incomplete", status_details=details).detail == "content_filter"


def test_an_unknown_status_ends_the_response_as_failed() -> None:
    done = done_with("in_progress")
    assert (done.status, done.detail) == (ResponseStatus.FAILED, "status in_progress")


def test_token_counters_are_flat() -> None:
    usage = {"total_tokens": 30, "input_token_details": {"cached_tokens": 4, "x": None}, "note": "n"}
    assert done_with("completed", usage=usage).usage == (
        ("total_tokens", 30),
        ("input_token_details.cached_tokens", 4),
    )


def test_an_exhausted_account_seen_in_a_failed_response_is_fatal() -> None:
    error = {"type": "insufficient_quota", "code": "insufficient_quota", "message": "no quota"}
    body = {"id": "R1", "status": "failed", "status_details": {"type": "failed", "error": error}}
    done, fault = codec().decode(server("response.done", response=body))
    assert done == ResponseDone("R1", ResponseStatus.FAILED, "insufficient_quota")
    assert fault == EngineFault(FaultKind.FATAL, "insufficient_quota", "no quota")


@pytest.mark.parametrize(
    "kind",
    [
        "response.cancelled",
        "rate_limits.updated",
        "conversation.item.truncated",
        "conversation.item.added",
        "output_audio_buffer.started",
        "event.of.next.year",
    ],
)
def test_f40_events_that_we_do_not_depend_on_mean_nothing(kind: str) -> None:
    assert codec().decode(server(kind, response={"id": "R1"}, item_id="I1")) == []


def test_f40_a_response_is_complete_with_created_and_done_alone() -> None:
    link = codec()
    created = link.decode(server("response.created", response={"id": "R1"}))
    done = link.decode(server("response.done", response={"id": "R1", "status": "cancelled"}))
    assert created + done == [ResponseCreated("R1"), ResponseDone("R1", ResponseStatus.CANCELLED)]
