"""Whatever a client sends, in whatever order: the session answers, keeps its rules and stays alive."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from embedded_scene import Client, said
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter

from torim.engines.embedded.jobs import Converse, Failed, Result, ToolCall

STRICT: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
NAMES = ("list_services", "find_slots", "book_appointment", "save_voice_note")
TOOLS = [{"type": "function", "name": name, "description": "", "parameters": {}} for name in NAMES]
OUTPUTS = (
    '{"services":[{"id":"a","name":"cut"},{"id":"b","name":"shave"}]}',
    '{"slots":[{"id":"s","spoken":"today"}]}',
    '{"ok":true,"spoken":"Booked."}',
    '{"ok":false}',
    "broken",
)

# --- what a client may do ---------------------------------------------------------------------------------

texts = st.sampled_from(["[dtmf] 1", "[dtmf] 2#", "[dtmf] #", "[dtmf] 98", "hello", "שלום", ""])
steps = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 400)),
    st.tuples(st.just("write"), texts),
    st.tuples(st.just("say"), st.sampled_from(["one two three", "Hi. There.", ""])),
    st.tuples(st.just("create"), st.sampled_from(["auto", "none", "text"])),
    st.tuples(st.just("cancel"), st.none()),
    st.tuples(st.just("append"), st.integers(0, 400)),
    st.tuples(st.just("commit"), st.none()),
    st.tuples(st.just("clear"), st.none()),
    st.tuples(st.just("truncate"), st.integers(-1, 900)),
    st.tuples(st.just("retrieve"), st.none()),
    st.tuples(st.just("delete"), st.none()),
    st.tuples(st.just("output"), st.sampled_from(OUTPUTS)),
    st.tuples(st.just("garbage"), st.sampled_from(["{", "[]", '{"type":"x"}', '{"type":"response.create","x":1}'])),
    st.tuples(st.just("detection"), st.sampled_from([None, {"type": "server_vad"}, {"type": "semantic_vad"}])),
)


def perform(client: Client, step: tuple[str, Any]) -> None:
    name, value = step
    items = [event["item"] for event in client.seen if event["type"] == "conversation.item.done"]
    item_id = items[-1]["id"] if items else "none"
    calls = [item["call_id"] for item in items if item["type"] == "function_call"]
    match name:
        case "wait":
            client.wait(value)
        case "write" | "say":
            getattr(client, name)(value)
        case "create":
            response = {"output_modalities": ["text"]} if value == "text" else {"conversation": value}
            client.send("response.create", response=response)
        case "cancel":
            client.send("response.cancel")
        case "append":
            client.append(b"\x55" * (value * 8))
        case "commit" | "clear":
            client.send(f"input_audio_buffer.{name}")
        case "truncate":
            client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=value)
        case "retrieve" | "delete":
            client.send(f"conversation.item.{name}", item_id=item_id)
        case "output":
            item = {"type": "function_call_output", "call_id": calls[-1] if calls else "none", "output": value}
            client.send("conversation.item.create", item=item)
        case "garbage":
            client.raw(value)
        case "detection":
            client.configure(audio={"input": {"turn_detection": value}})


def think(job: Converse) -> Result:
    """A model of every mood, by the length of what it is asked."""
    mood = len(json.dumps(list(job.messages))) % 3
    if mood == 0:
        return Failed(job.job_id, "engine.endpoint_timeout", "late")
    return said(job, "Well then." if mood == 1 else "", ToolCall("list_services", "{}"))


def played(plan: list[tuple[str, Any]], chats: bool) -> Client:
    client = Client(chats=chats, transcribes=chats, language="he")
    client.chat = think
    client.configure(tools=TOOLS, audio={"input": {"format": {"type": "audio/pcmu"}}})
    for step in plan:
        perform(client, step)
    client.wait(60_000)
    return client


@settings(max_examples=80, deadline=None)
@given(st.lists(steps, max_size=25), st.booleans())
def test_any_order_of_events_keeps_the_rules(plan: list[tuple[str, Any]], chats: bool) -> None:
    the_rules_are_kept(plan, chats)


@pytest.mark.deep
@settings(max_examples=5000, deadline=None)
@given(st.lists(steps, max_size=40), st.booleans())
def test_any_long_order_of_events_keeps_the_rules(plan: list[tuple[str, Any]], chats: bool) -> None:
    the_rules_are_kept(plan, chats)


def the_rules_are_kept(plan: list[tuple[str, Any]], chats: bool) -> None:
    client = played(plan, chats)
    for event in client.seen:
        STRICT.validate_python(event, strict=True)
    every_response_ends_once(client.seen)
    nothing_of_a_response_comes_after_its_end(client.seen)
    every_output_is_opened_and_closed(client.seen)
    the_words_of_the_deltas_are_those_of_the_end(client.seen)
    assert not client.jobs and not client.session.waiting_jobs()
    assert client.send("input_audio_buffer.clear")[-1]["type"] == "input_audio_buffer.cleared"


def every_response_ends_once(events: list[dict[str, Any]]) -> None:
    began = Counter(event["response"]["id"] for event in events if event["type"] == "response.created")
    ended = Counter(event["response"]["id"] for event in events if event["type"] == "response.done")
    assert began == ended and set(began.values()) <= {1}
    alive: set[str] = set()
    for event in events:
        if event["type"] == "response.created" and event["response"]["conversation_id"]:
            assert not alive
            alive.add(event["response"]["id"])
        elif event["type"] == "response.done":
            alive.discard(event["response"]["id"])


def nothing_of_a_response_comes_after_its_end(events: list[dict[str, Any]]) -> None:
    over: set[str] = set()
    for event in events:
        assert event.get("response_id") not in over
        if event["type"] == "response.done":
            over.add(event["response"]["id"])


def every_output_is_opened_and_closed(events: list[dict[str, Any]]) -> None:
    for opening, closing in (
        ("response.output_item.added", "response.output_item.done"),
        ("response.content_part.added", "response.content_part.done"),
    ):
        opened = [_name(event) for event in events if event["type"] == opening]
        closed = [_name(event) for event in events if event["type"] == closing]
        assert sorted(opened) == sorted(closed) and len(set(opened)) == len(opened)


def _name(event: dict[str, Any]) -> str:
    return event["item_id"] if "item_id" in event else event["item"]["id"]


def the_words_of_the_deltas_are_those_of_the_end(events: list[dict[str, Any]]) -> None:
    for kind, end in (("output_audio_transcript", "transcript"), ("output_text", "text")):
        said_so_far: Counter[str] = Counter()
        words: dict[str, str] = {}
        for event in events:
            if event["type"] == f"response.{kind}.delta":
                words[event["item_id"]] = words.get(event["item_id"], "") + event["delta"]
            elif event["type"] == f"response.{kind}.done":
                assert event[end] == words.get(event["item_id"], "")
                said_so_far[event["item_id"]] += 1
        assert set(said_so_far.values()) <= {1}


KEYS = st.sampled_from(["type", "event_id", "session", "item", "audio", "response", "item_id", "content"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5)))
def test_any_json_is_answered(message: Any) -> None:
    client = Client()
    for event in client.raw(json.dumps(message)):
        STRICT.validate_python(event, strict=True)
    assert client.send("input_audio_buffer.clear")[-1]["type"] == "input_audio_buffer.cleared"


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["session.update", "response.create", "conversation.item.create", "conversation.item.truncate"]),
    st.dictionaries(
        st.sampled_from(["session", "item", "response", "item_id", "content_index", "audio_end_ms", "event_id"]),
        st.one_of(
            st.none(),
            st.integers(-5, 5),
            st.text(max_size=5),
            st.fixed_dictionaries(
                {"type": st.sampled_from(["realtime", "message", "function_call", "function_call_output", "x"])},
                optional={
                    "role": st.sampled_from(["user", "assistant", "system", 5]),
                    "content": st.lists(st.fixed_dictionaries({"type": st.just("input_text"), "text": st.text()})),
                    "audio": st.dictionaries(st.sampled_from(["input", "output"]), st.none() | st.just({})),
                    "tools": st.lists(st.none(), max_size=1),
                    "max_output_tokens": st.integers(-1, 9000) | st.just("inf"),
                },
            ),
        ),
    ),
)
def test_half_right_events_are_answered(kind: str, fields: dict[str, Any]) -> None:
    client = Client()
    events = client.send(kind, **fields)
    assert events
    for event in [*events, *client.wait(5000)]:
        STRICT.validate_python(event, strict=True)
