"""Whatever arrives, the codec answers with events: it never raises and never loses a byte."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torim.core.events import AudioDelta, EngineFault, FaultKind
from torim.engines.base import SessionConfig
from torim.engines.openai_realtime import _EVENTS, OpenAIRealtimeCodec

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["response", "item_id", "response_id", "delta", "error", "session", "transcript", "audio_start_ms"]
)


def link() -> OpenAIRealtimeCodec:
    return OpenAIRealtimeCodec(SessionConfig("m", ""))


def delta(payload: bytes) -> str:
    fields = {"response_id": "R1", "item_id": "I1", "output_index": 0, "content_index": 0}
    body = {"type": "response.output_audio.delta", "event_id": "e1", **fields}
    return json.dumps({**body, "delta": b64encode(payload).decode()})


@given(st.text() | st.binary())
def test_arbitrary_text_and_bytes_never_raise(message: str | bytes) -> None:
    link().decode(message)


@given(st.sampled_from(sorted(_EVENTS)), st.dictionaries(FIELDS, JSON))
def test_arbitrary_json_under_every_known_type_never_raises(kind: str, fields: dict[str, Any]) -> None:
    link().decode(json.dumps({**fields, "type": kind}))


@given(st.binary(min_size=1, max_size=400), st.data())
def test_a_truncated_message_is_a_fault_that_ends_nothing(payload: bytes, data: st.DataObject) -> None:
    whole = delta(payload)
    [fault] = link().decode(whole[: data.draw(st.integers(0, len(whole) - 1))])
    assert isinstance(fault, EngineFault)
    assert fault.command_id is None  # so that the core asks nothing again
    assert (fault.kind, fault.code) == (FaultKind.RETRY, "engine.bad_message")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "null",
        "[]",
        '"response.done"',
        '{"type":7}',
        '{"no":"type"}',
        '{"type":"response.done"}',
        '{"type":"response.output_audio.delta","response_id":"R1","item_id":"I1","delta":"AAA"}',
        '{"type":"response.output_audio.delta","response_id":"R1","item_id":"I1","delta":"%%%="}',
        '{"type":"response.output_audio.delta","response_id":"R1","delta":"AAAA"}',
        '{"type":"input_audio_buffer.speech_started","item_id":"U1"}',
        '{"type":"x","deep":' + "[" * 50_000,
        b"\xff\xfe\x00",
        '{"type":"\ud800"}',
    ],
)
def test_what_is_not_the_protocol_is_named_so(message: str | bytes) -> None:
    [fault] = link().decode(message)
    assert isinstance(fault, EngineFault)
    assert fault.code == "engine.bad_message"


def test_a_link_survives_garbage_between_good_messages() -> None:
    codec = link()
    codec.decode("{")
    assert codec.decode(delta(b"\x01")) == [AudioDelta("R1", "I1", 0, b"\x01")]


@given(st.binary(min_size=1, max_size=2_000), st.lists(st.integers(1, 333), min_size=1))
def test_f33_random_delta_sizes_keep_every_byte(audio: bytes, sizes: list[int]) -> None:
    codec, start, heard, turn = link(), 0, b"", 0
    while start < len(audio):
        size = sizes[turn % len(sizes)]
        for event in codec.decode(delta(audio[start : start + size])):
            assert isinstance(event, AudioDelta)
            heard += event.payload
        start, turn = start + size, turn + 1
    assert heard == audio


def test_f33_one_byte_deltas_keep_every_byte() -> None:
    codec, audio = link(), bytes(range(256))
    events = [codec.decode(delta(audio[i : i + 1]))[0] for i in range(256)]
    assert b"".join(e.payload for e in events if isinstance(e, AudioDelta)) == audio


@given(st.binary(max_size=2_000))
def test_appended_audio_keeps_every_byte(payload: bytes) -> None:
    assert json.loads(link().append_audio(payload))["audio"] == b64encode(payload).decode()
