"""The scripted double keeps the protocol, follows its script, and misbehaves only as told."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from typing import Any

import httpx
import pytest
import websockets
from openai import AsyncOpenAI
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from torim.core.abilities import EngineCapabilities
from torim.engines.delayed import DelayedPeer
from torim.engines.peer_server import serve_peers
from torim.engines.script import Behaviour, calls_tool, never_answers, rejects, says
from torim.engines.scripted import ScriptedPeer
from torim.engines.scripted_events import error_event
from torim.engines.scripted_receptionist import receptionist
from torim.engines.tones import voice_like

MU_LAW_SESSION = {
    "type": "realtime",
    "audio": {
        "input": {
            "format": {"type": "audio/pcmu"},
            "transcription": {"model": "gpt-live-transcribe"},
            "turn_detection": {"type": "server_vad", "create_response": False, "interrupt_response": False},
        },
        "output": {"format": {"type": "audio/pcmu"}},
    },
}
SILENCE = b"\xff" * 160


class Client:
    """The other end of the double: sends client events, and keeps what came back with its instant."""

    def __init__(self, peer: ScriptedPeer | DelayedPeer) -> None:
        self.peer = peer
        self.seen: list[tuple[int, dict[str, Any]]] = []
        self.now_ms = 0
        self._note(peer.open(0))

    def send(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        return self._note(self.peer.receive(json.dumps({"type": kind, **fields}), self.now_ms))

    def raw(self, message: str | bytes) -> list[dict[str, Any]]:
        return self._note(self.peer.receive(message, self.now_ms))

    def until(self, now_ms: int) -> list[dict[str, Any]]:
        """Live on to an instant, waking the double at each deadline."""
        before = len(self.seen)
        while (due_ms := self.peer.next_deadline_ms()) is not None and due_ms <= now_ms:
            self.now_ms = due_ms
            self._note(self.peer.wake(due_ms))
        self.now_ms = now_ms
        return [event for _, event in self.seen[before:]]

    def speak(self, payload: bytes) -> None:
        """Append caller audio in real time."""
        for start in range(0, len(payload), 160):
            self.until(self.now_ms + 20)
            audio = b64encode(payload[start : start + 160]).decode()
            self.send("input_audio_buffer.append", audio=audio)

    def kinds(self) -> list[str]:
        return [event["type"] for _, event in self.seen]

    def audio(self) -> bytes:
        deltas = (event for _, event in self.seen if event["type"] == "response.output_audio.delta")
        return b"".join(b64decode(event["delta"]) for event in deltas)

    def done(self) -> dict[str, Any]:
        return dict(next(event["response"] for _, event in reversed(self.seen) if event["type"] == "response.done"))

    def _note(self, messages: list[str]) -> list[dict[str, Any]]:
        events = [json.loads(message) for message in messages]
        self.seen += [(self.now_ms, event) for event in events]
        return events


def ready(peer: ScriptedPeer | DelayedPeer) -> Client:
    client = Client(peer)
    client.send("session.update", session=MU_LAW_SESSION)
    return client


# --- the ordinary course ----------------------------------------------------------------------------------


def test_an_answer_comes_in_the_documented_order() -> None:
    client = ready(ScriptedPeer().on_create(says("Hello", audio_ms=100)))
    client.send("response.create")
    client.until(1_000)
    assert client.kinds()[2:] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]


def test_the_audio_is_as_long_as_asked_and_always_the_same() -> None:
    first, second = (ready(ScriptedPeer([says("Hello", audio_ms=1_900)])) for _ in range(2))
    for client in (first, second):
        client.send("response.create")
        client.until(10_000)
    assert len(first.audio()) == 1_900 * 8
    assert first.seen == second.seen


def test_deltas_spell_the_text_and_the_transcript_agrees() -> None:
    client = ready(ScriptedPeer([says("We open at nine, every day.", audio_ms=2_000)]))
    client.send("response.create")
    client.until(10_000)
    events = [event for _, event in client.seen]
    deltas = [e["delta"] for e in events if e["type"] == "response.output_audio_transcript.delta"]
    [whole] = [e["transcript"] for e in events if e["type"] == "response.output_audio_transcript.done"]
    assert "".join(deltas) == whole == "We open at nine, every day."
    assert len(deltas) > 3


@pytest.mark.parametrize(("speed", "end_ms"), [(1.0, 2_020), (4.0, 520), (20.0, 120)])
def test_generation_runs_at_its_speed(speed: float, end_ms: int) -> None:
    client = ready(ScriptedPeer([says("x", audio_ms=2_000)], behaviour=Behaviour(speed=speed)))
    client.send("response.create")
    client.until(5_000)
    assert client.seen[-1][0] == end_ms


def test_metadata_is_echoed_in_created_and_done() -> None:
    client = ready(ScriptedPeer())
    client.send("response.create", response={"metadata": {"torim_key": "k1"}})
    client.until(5_000)
    echoes = [e["response"]["metadata"] for _, e in client.seen if "response" in e]
    assert echoes == [{"torim_key": "k1"}, {"torim_key": "k1"}]


def test_a_tool_round_trip() -> None:
    client = ready(ScriptedPeer().on_create(calls_tool("book", {"slot_id": "s1"})).then(says("Booked.")))
    client.send("response.create")
    client.until(1_000)
    [call] = client.done()["output"]
    assert (call["name"], json.loads(call["arguments"])) == ("book", {"slot_id": "s1"})
    item = {"type": "function_call_output", "call_id": call["call_id"], "output": "{}"}
    client.send("conversation.item.create", item=item)
    client.send("response.create")
    client.until(9_000)
    assert client.done()["output"][0]["content"][0]["transcript"] == "Booked."


def test_one_response_may_speak_and_call() -> None:
    client = ready(ScriptedPeer([says("One moment.").and_calls("find_slots")]))
    client.send("response.create")
    client.until(9_000)
    assert [item["type"] for item in client.done()["output"]] == ["message", "function_call"]


# --- cancel, truncate, delete -----------------------------------------------------------------------------


def test_a_cancel_closes_what_is_open_and_ends_the_response() -> None:
    client = ready(ScriptedPeer([says("A long story", audio_ms=4_000)]))
    client.send("response.create")
    client.until(500)
    heard = len(client.audio())
    kinds = [event["type"] for event in client.send("response.cancel")]
    assert kinds[0] == "response.output_audio.done"
    assert kinds[-1] == "response.done"
    assert (client.done()["status"], client.done()["status_details"]["reason"]) == ("cancelled", "client_cancelled")
    client.until(9_000)
    assert len(client.audio()) == heard


def test_deltas_go_on_until_a_slow_cancel_takes_effect() -> None:
    client = ready(ScriptedPeer([says("x", audio_ms=4_000)], behaviour=Behaviour(cancel_delay_ms=100)))
    client.send("response.create")
    client.until(500)
    heard = len(client.audio())
    client.send("response.cancel")
    client.until(600)
    assert len(client.audio()) > heard
    assert client.done()["status"] == "cancelled"


def test_a_response_that_ends_before_the_cancel_takes_effect_was_not_active() -> None:
    client = ready(ScriptedPeer([says("x", audio_ms=400)], behaviour=Behaviour(cancel_delay_ms=100)))
    client.send("response.create")
    client.until(100)
    client.send("response.cancel", event_id="c1")
    client.until(9_000)
    assert client.done()["status"] == "completed"
    error = next(event["error"] for _, event in client.seen if event["type"] == "error")
    assert (error["code"], error["event_id"]) == ("response_cancel_not_active", "c1")


@pytest.mark.parametrize("response_id", [None, "resp_other"])
def test_a_cancel_of_nothing_is_an_error_that_names_it(response_id: str | None) -> None:
    client = ready(ScriptedPeer())
    [event] = client.send("response.cancel", event_id="c9", response_id=response_id)
    assert (event["error"]["code"], event["error"]["event_id"]) == ("response_cancel_not_active", "c9")


def test_a_cancel_before_created_changes_nothing_and_the_response_comes() -> None:
    client = ready(ScriptedPeer([says("Hello").created_late(200)]))
    client.send("response.create")
    [event] = client.send("response.cancel")
    assert event["error"]["code"] == "response_cancel_not_active"
    client.until(9_000)
    assert client.done()["status"] == "completed"


def test_a_create_while_a_response_lives_is_refused_and_uses_no_answer() -> None:
    peer = ScriptedPeer([says("One"), says("Two")])
    client = ready(peer)
    client.send("response.create")
    [event] = client.send("response.create", event_id="c2")
    assert event["error"]["code"] == "conversation_already_has_active_response"
    assert event["error"]["event_id"] == "c2"
    assert len(peer.left_over()) == 1


def spoken_item(client: Client) -> str:
    client.send("response.create")
    client.until(client.now_ms + 9_000)
    return str(client.done()["output"][0]["id"])


def test_truncation_keeps_the_rules() -> None:
    peer = ScriptedPeer([says("Hello there", audio_ms=1_000)])
    client = ready(peer)
    item_id = spoken_item(client)
    [beyond] = client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=1_200)
    assert beyond["error"]["code"] is None
    assert "already shorter" in beyond["error"]["message"]
    [done] = client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=400)
    assert (done["type"], done["audio_end_ms"]) == ("conversation.item.truncated", 400)
    assert peer.conversation.audio_ms(item_id) == 400
    [unknown] = client.send("conversation.item.truncate", item_id="no", content_index=0, audio_end_ms=1)
    assert unknown["error"]["code"] == "item_truncate_invalid_item_id"


def test_a_deleted_item_is_gone() -> None:
    client = ready(ScriptedPeer())
    item_id = spoken_item(client)
    assert client.send("conversation.item.delete", item_id=item_id)[0]["type"] == "conversation.item.deleted"
    [again] = client.send("conversation.item.delete", item_id=item_id)
    assert again["error"]["code"] == "item_delete_invalid_item_id"


def test_an_output_for_a_call_that_never_was_is_refused() -> None:
    item = {"type": "function_call_output", "call_id": "no", "output": "{}"}
    [event] = ready(ScriptedPeer()).send("conversation.item.create", item=item)
    assert event["error"]["code"] == "invalid_tool_call_id"


# --- misbehaviour -----------------------------------------------------------------------------------------


def test_ghost_deltas_come_after_the_done_of_a_cancel() -> None:
    client = ready(ScriptedPeer([says("x", audio_ms=3_000).leaks(2)]))
    client.send("response.create")
    client.until(300)
    client.send("response.cancel")
    assert [event["type"] for event in client.until(900)] == ["response.output_audio.delta"] * 2


def test_a_stalled_response_never_ends() -> None:
    client = ready(ScriptedPeer([says("x", audio_ms=3_000).stalls(after_ms=500)]))
    client.send("response.create")
    client.until(60_000)
    assert len(client.audio()) == 500 * 8
    assert "response.done" not in client.kinds()


def test_an_answer_that_never_begins_leaves_no_trace() -> None:
    client = ready(ScriptedPeer([never_answers()]))
    assert client.send("response.create") + client.until(60_000) == []


def test_a_rejected_create_names_the_command() -> None:
    [event] = ready(ScriptedPeer([rejects("rate_limit_exceeded")])).send("response.create", event_id="c4")
    assert (event["error"]["code"], event["error"]["event_id"]) == ("rate_limit_exceeded", "c4")


@pytest.mark.parametrize(
    ("answer", "status", "detail"),
    [
        (says("x", audio_ms=2_000).breaks_off(700), "incomplete", "content_filter"),
        (says("x", audio_ms=2_000).fails("server_error", after_ms=700), "failed", "server_error"),
    ],
)
def test_an_answer_that_ends_badly(answer: Any, status: str, detail: str) -> None:
    client = ready(ScriptedPeer([answer]))
    client.send("response.create")
    client.until(9_000)
    details = client.done()["status_details"]
    assert client.done()["status"] == status
    assert details.get("reason", details.get("error", {}).get("code")) == detail
    assert len(client.audio()) == 700 * 8


def test_a_deaf_answer_goes_on_after_the_cancel() -> None:
    client = ready(ScriptedPeer([says("x", audio_ms=1_000).done_late(300).ignores_cancel()]))
    client.send("response.create")
    client.until(300)
    assert client.send("response.cancel")[0]["error"]["code"] == "response_cancel_not_active"
    client.until(9_000)
    assert client.done()["status"] == "completed"


def test_response_done_may_lag_behind_audio_done() -> None:
    client = ready(ScriptedPeer([says("x", audio_ms=400).done_late(300)]))
    client.send("response.create")
    client.until(9_000)
    at_ms = {event["type"]: now_ms for now_ms, event in client.seen}
    assert at_ms["response.done"] - at_ms["response.output_audio.done"] == 300


def test_a_dropped_link_says_nothing_more() -> None:
    peer = ScriptedPeer([says("x", audio_ms=3_000).drops_link(after_ms=500)])
    client = ready(peer)
    client.send("response.create")
    client.until(9_000)
    assert peer.closed is not None
    assert peer.closed.code == 1006
    assert peer.next_deadline_ms() is None
    assert client.send("response.create") == []


def test_expect_and_emit() -> None:
    peer = ScriptedPeer().when("session.update", error_event("invalid_value")).at(700, "{garbage")
    client = Client(peer)
    [event] = client.send("session.update", session=MU_LAW_SESSION)
    assert event["error"]["code"] == "invalid_value"
    assert peer.wake(700) == ["{garbage"]
    assert [command["type"] for command in peer.received] == ["session.update"]
    assert peer.left_over() == []


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "[]",
        b"\xff",
        '{"type":"no.such.event"}',
        '{"type":"response.create","response":{"colour":"red"}}',
        '{"type":"input_audio_buffer.append","audio":"%%"}',
        '{"type":"conversation.item.delete"}',
        '{"type":"response.create","response":' + "[" * 50_000,
        '{"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":"g711"}}}}',
    ],
)
def test_bad_input_is_answered_by_an_error_and_nothing_else(message: str | bytes) -> None:
    client = Client(ScriptedPeer())
    assert [event["type"] for event in client.raw(message)] == ["error"]
    assert client.send("session.update", session=MU_LAW_SESSION)[0]["type"] == "session.updated"


@pytest.mark.parametrize(
    ("missing", "kind", "fields", "answer"),
    [
        ("cancels", "response.cancel", {}, ["error"]),
        ("truncates", "conversation.item.truncate", {"content_index": 0, "audio_end_ms": 0}, []),
        ("deletes", "conversation.item.delete", {}, ["error"]),
    ],
)
def test_a_double_that_lacks_a_capability(missing: str, kind: str, fields: dict[str, Any], answer: list[str]) -> None:
    behaviour = Behaviour(capabilities=EngineCapabilities(**{missing: False}))
    client = ready(ScriptedPeer(behaviour=behaviour))
    if kind != "response.cancel":
        fields = {**fields, "item_id": spoken_item(client)}
    assert [event["type"] for event in client.send(kind, **fields)] == answer


# --- the caller -------------------------------------------------------------------------------------------


def test_speech_on_the_line_becomes_a_turn() -> None:
    peer = ScriptedPeer().caller_says("I need an appointment")
    client = ready(peer)
    client.speak(SILENCE * 50)
    client.speak(voice_like(1_000, seed=3))
    client.speak(SILENCE * 60)
    events = {event["type"]: event for _, event in client.seen}
    started = events["input_audio_buffer.speech_started"]
    committed = events["input_audio_buffer.committed"]
    assert 660 <= started["audio_start_ms"] <= 760  # 1,000 less the padding of 300
    assert started["item_id"] == committed["item_id"]
    assert events["input_audio_buffer.speech_stopped"]["item_id"] == committed["item_id"]
    heard = events["conversation.item.input_audio_transcription.completed"]
    assert heard["transcript"] == "I need an appointment"
    assert "response.created" not in client.kinds()
    assert peer.appended_ms == 3_200


def test_silence_and_a_click_are_no_turn() -> None:
    client = ready(ScriptedPeer())
    client.speak(SILENCE * 20 + b"\x00" * 160 + SILENCE * 60)
    assert "input_audio_buffer.speech_started" not in client.kinds()


def test_a_scripted_turn_needs_no_audio() -> None:
    client = ready(ScriptedPeer().caller_turn(500, 1_500, "yes"))
    client.until(3_000)
    assert [(at_ms, event["type"].split(".")[-1]) for at_ms, event in client.seen[2:]] == [
        (500, "speech_started"),
        (1_500, "speech_stopped"),
        (1_500, "committed"),
        (1_500, "added"),
        (1_500, "done"),
        (1_800, "completed"),
    ]


def test_an_engine_that_creates_answers_and_interrupts_by_itself() -> None:
    peer = ScriptedPeer([says("x", audio_ms=8_000)]).caller_turn(100, 600).caller_turn(900, 1_400)
    client = Client(peer)  # the server's own defaults: it creates and interrupts
    client.until(1_000)
    assert client.done()["status_details"]["reason"] == "turn_detected"
    client.until(9_000)
    assert client.kinds().count("response.created") == 2


def test_a_client_may_commit_what_was_said_so_far() -> None:
    client = ready(ScriptedPeer())
    assert client.send("input_audio_buffer.commit")[0]["error"]["code"] == "input_audio_buffer_commit_empty"
    client.speak(SILENCE * 5)
    assert client.send("input_audio_buffer.commit")[0]["type"] == "input_audio_buffer.committed"


# --- the receptionist, delay, sockets ---------------------------------------------------------------------


def test_the_receptionist_says_exactly_what_it_is_told() -> None:
    client = ready(receptionist())
    client.send("response.create", response={"instructions": 'Say exactly: "שלום, הגעתם."'})
    client.until(60_000)
    assert client.done()["output"][0]["content"][0]["transcript"] == "שלום, הגעתם."


def test_the_receptionist_answers_every_turn_for_about_six_seconds() -> None:
    client = ready(receptionist())
    for _ in range(4):
        before = len(client.audio())
        spoken_item(client)
        assert 5_500 <= (len(client.audio()) - before) // 8 <= 7_500


def test_sessions_of_the_receptionist_share_no_ids() -> None:
    first, second = (spoken_item(ready(receptionist())) for _ in range(2))
    assert first != second


def test_a_delayed_peer_is_late_by_the_delay_each_way() -> None:
    client = ready(DelayedPeer(ScriptedPeer([says("x", audio_ms=100)]), one_way_ms=150))
    client.until(1_000)
    client.send("response.create")
    client.until(9_000)
    at_ms = {event["type"]: now_ms for now_ms, event in client.seen}
    assert at_ms["session.created"] == 150
    assert at_ms["session.updated"] == 300
    assert at_ms["response.created"] == 1_300


def test_a_link_broken_far_away_is_noticed_after_what_was_said_before() -> None:
    peer = DelayedPeer(ScriptedPeer().breaks_link(400), one_way_ms=50)
    client = ready(peer)
    client.until(449)
    assert peer.closed is None
    client.until(450)
    assert peer.closed is not None
    assert client.kinds() == ["session.created", "session.updated"]


def test_every_event_is_valid_for_the_official_types() -> None:
    peer = ScriptedPeer([says("Hello.").and_calls("book"), says("x", audio_ms=2_000)]).caller_turn(100, 900, "yes")
    client = ready(peer)
    client.send("response.create")
    client.until(3_000)
    client.send("response.create")
    client.until(3_200)
    client.send("response.cancel")
    client.send("response.cancel")
    client.send("conversation.item.retrieve", item_id=client.done()["output"][0]["id"])
    adapter: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
    for _, event in client.seen:
        assert adapter.validate_python(event).type == event["type"]


def socket_url(base_url: str) -> str:
    return base_url.replace("http", "ws") + "/realtime?model=x"


def test_the_double_serves_sockets_and_paces_by_the_clock() -> None:
    async def scene() -> list[str]:
        peer = ScriptedPeer([says("Hello", audio_ms=400, speed=20.0).drops_link(after_ms=300, close_code=1011)])
        async with serve_peers(lambda _: peer) as base_url, websockets.connect(socket_url(base_url)) as socket:
            await socket.send(json.dumps({"type": "response.create"}))
            kinds = []
            with pytest.raises(ConnectionClosedError) as closed:
                while True:
                    kinds.append(json.loads(await socket.recv())["type"])
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1011
            return kinds

    kinds = asyncio.run(scene())
    assert kinds[:2] == ["session.created", "response.created"]
    assert kinds.count("response.output_audio.delta") == 3


def test_a_wrong_key_or_path_is_refused_at_the_door() -> None:
    async def scene() -> tuple[int, int]:
        async with serve_peers(lambda _: ScriptedPeer(), api_key="right") as base_url:
            with pytest.raises(InvalidStatus) as refused:
                await websockets.connect(socket_url(base_url))
            async with httpx.AsyncClient(trust_env=False) as http:
                return refused.value.response.status_code, (await http.get(base_url)).status_code

    assert asyncio.run(scene()) == (401, 404)


def test_the_official_client_talks_to_the_double() -> None:
    async def scene() -> list[str]:
        async with serve_peers(lambda _: ScriptedPeer([says("Hello", audio_ms=200, speed=20.0)])) as base_url:
            client = AsyncOpenAI(api_key="none", base_url=base_url)
            async with client.realtime.connect(model="scripted") as link:
                await link.session.update(session={"type": "realtime", "output_modalities": ["audio"]})
                await link.response.create()
                kinds = []
                async for event in link:
                    kinds.append(event.type)
                    if event.type == "response.done":
                        return [*kinds, str(event.response.status)]
        return []

    kinds = asyncio.run(scene())
    assert kinds[:3] == ["session.created", "session.updated", "response.created"]
    assert kinds[-2:] == ["response.done", "completed"]
