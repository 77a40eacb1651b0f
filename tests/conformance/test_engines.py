"""Every registered engine plays the same scenes, whole and with each capability masked in turn.

A scene runs the engine's codec against its server in virtual time. An engine that is only reached over a network
is represented by the scripted double: there it is the codec that is put to the test.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from torim.audio.vad import SileroVad
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
    EngineEvent,
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
from torim.engines.embedded.jobs import Failed, Job, Result, Speech, Spoken, Synthesize, Word
from torim.engines.embedded.session import Session, SessionOptions
from torim.engines.peer import RealtimePeer
from torim.engines.registry import EnginePlugin, engines
from torim.engines.script import Behaviour
from torim.engines.scripted_receptionist import receptionist
from torim.engines.tones import voice_like

MASKS = ("nothing", "cancels", "truncates", "deletes", "detects_turns")
NO_FIELDS: dict[str, Any] = {"type": "object", "properties": {}}
TOOLS = tuple(
    ToolSpec(name, f"{name}.", NO_FIELDS)
    for name in ("list_services", "find_slots", "book_appointment", "save_voice_note", "end_call")
)
SERVICES = {"ok": True, "services": [{"id": "cut", "name": "Cut", "spoken": "a haircut"}], "spoken": "A haircut."}
SILENCE = b"\xff" * 160
SENTENCE = "Hello, this is the test salon, how may I help you today?"
HELLO = f'Say exactly: "{SENTENCE}"'


class Performed:
    """The embedded session with an edge that does every job at once: made-up speech, no endpoints."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, now_ms: int) -> list[str]:
        return self._session.open(now_ms) + self._work(now_ms)

    def receive(self, message: str | bytes, now_ms: int) -> list[str]:
        return self._session.receive(message, now_ms) + self._work(now_ms)

    def wake(self, now_ms: int) -> list[str]:
        return self._session.wake(now_ms) + self._work(now_ms)

    def next_deadline_ms(self) -> int | None:
        return self._session.next_deadline_ms()

    def _work(self, now_ms: int) -> list[str]:
        events: list[str] = []
        while jobs := self._session.jobs():
            for job in jobs:
                events += self._session.finish(_done(job), now_ms)
        return events


def _done(job: Job) -> Result:
    if not isinstance(job, Synthesize):
        return Failed(job.job_id, "no_endpoint", "There is no endpoint in this test.")
    words, at_ms = [], 0
    for piece in re.findall(r"\S+\s*", job.text):
        words.append(Word(piece, at_ms, at_ms + len(piece) * 75))
        at_ms += len(piece) * 75
    return Spoken(job.job_id, Speech(voice_like(at_ms), tuple(words)))


def _embedded(capabilities: EngineCapabilities) -> RealtimePeer:
    return Performed(Session(SessionOptions(prefix="t"), SileroVad()))


def _double(capabilities: EngineCapabilities) -> RealtimePeer:
    return receptionist(Behaviour(capabilities=capabilities))


def server_of(plugin: EnginePlugin) -> Callable[[EngineCapabilities], RealtimePeer]:
    """How the scenes bring up an engine's server; a plugin's own peer shows its own capabilities only."""
    if plugin.name == "embedded":
        return _embedded
    if plugin.name == "scripted" or plugin.peer is None:
        return _double
    own = plugin.peer
    return lambda _: own()


E = TypeVar("E", bound=EngineEvent)


class Scene:
    """One link to one engine, from the handshake on."""

    def __init__(self, plugin: EnginePlugin, mask: str) -> None:
        changes = {} if mask == "nothing" else {mask: False}
        self.can = replace(plugin.capabilities, **changes)
        config = SessionConfig("test", "You are a receptionist.", language="en", tools=TOOLS)
        self.codec = plugin.codec(config, self.can)
        self.server = server_of(plugin)(self.can)
        self.now_ms = 0
        self.seen: list[EngineEvent] = []
        self._commands = 0
        self._take(self.server.open(0))
        for message in self.codec.handshake():
            self._take(self.server.receive(message, 0))

    def do(self, action: EngineAction) -> None:
        for message in self.codec.encode(action):
            self._take(self.server.receive(message, self.now_ms))

    def create(self, instructions: str | None = None) -> str:
        """Ask for a response; gives the key."""
        self._commands += 1
        key = f"k{self._commands}"
        self.do(CreateResponse(f"create{self._commands}", key, Purpose.REPLY, instructions))
        return key

    def append(self, payload: bytes) -> None:
        """Append caller audio in real time."""
        for start in range(0, len(payload), 160):
            self.run(20)
            message = self.codec.append_audio(payload[start : start + 160])
            self._take(self.server.receive(message, self.now_ms))

    def run(self, for_ms: int) -> None:
        """Let time pass."""
        end_ms = self.now_ms + for_ms
        while (due_ms := self.server.next_deadline_ms()) is not None and due_ms <= end_ms:
            self.now_ms = max(self.now_ms, due_ms)
            self._take(self.server.wake(self.now_ms))
        self.now_ms = end_ms

    def until(self, kind: type[EngineEvent], limit_ms: int = 60_000) -> None:
        """Let time pass until an event of that kind was seen."""
        end_ms = self.now_ms + limit_ms
        while not self.of(kind) and self.now_ms < end_ms:
            self.run(10)
        assert self.of(kind), f"no {kind.__name__} within {limit_ms} ms"

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.seen if isinstance(event, kind)]

    def forget(self) -> None:
        self.seen.clear()

    def answer(self, instructions: str | None = None) -> ResponseDone:
        """A whole response; the events seen are its own."""
        self.forget()
        self.create(instructions)
        self.until(ResponseDone)
        return self.of(ResponseDone)[0]

    def fault(self) -> EngineFault:
        [fault] = self.of(EngineFault)
        return fault

    def _take(self, messages: list[str]) -> None:
        for message in messages:
            self.seen += self.codec.decode(message)


@pytest.fixture(params=sorted(engines()))
def plugin(request: pytest.FixtureRequest) -> EnginePlugin:
    return engines()[request.param]


@pytest.fixture(params=MASKS)
def scene(request: pytest.FixtureRequest, plugin: EnginePlugin) -> Scene:
    return Scene(plugin, request.param)


def test_the_engine_is_ready_after_the_handshake(scene: Scene) -> None:
    assert scene.seen == [EngineReady()]


def test_a_response_begins_with_our_key_sounds_and_completes(scene: Scene) -> None:
    scene.forget()
    key = scene.create(HELLO)
    scene.until(ResponseDone)
    created, done = scene.of(ResponseCreated)[0], scene.of(ResponseDone)[0]
    deltas = scene.of(AudioDelta)
    assert created.key == key
    assert (done.response_id, done.status, done.calls) == (created.response_id, ResponseStatus.COMPLETED, ())
    assert {delta.response_id for delta in deltas} == {created.response_id}
    assert sum(len(delta.payload) for delta in deltas) > 1_000 * 8
    assert SENTENCE in "".join(text.text for text in scene.of(TextDelta))
    assert [end.item_id for end in scene.of(AudioDone)] == list(dict.fromkeys(d.item_id for d in deltas))
    assert scene.of(EngineFault) == []


def test_audio_comes_faster_than_it_is_heard(scene: Scene) -> None:
    start_ms = scene.now_ms
    scene.answer(HELLO)
    audio_ms = sum(len(delta.payload) for delta in scene.of(AudioDelta)) // 8
    assert scene.now_ms - start_ms < audio_ms


def test_words_leave_with_their_audio_where_the_engine_says_so(scene: Scene) -> None:
    if not scene.can.times_words:
        pytest.skip("an engine that publishes no word times")
    scene.answer(HELLO)
    audio_ms, words = 0, []
    for event in scene.seen:
        if isinstance(event, TextDelta):
            words.append((audio_ms, event.text))
        elif isinstance(event, AudioDelta):
            audio_ms += len(event.payload) // 8
    text, spoken = "".join(word for _, word in words), 0
    for at_ms, word in words:
        assert abs(at_ms - audio_ms * spoken / len(text)) < 400
        spoken += len(word)


def test_a_cancel_ends_the_response_and_its_sound(scene: Scene) -> None:
    scene.create(HELLO)
    scene.until(AudioDelta)
    response_id = scene.of(AudioDelta)[0].response_id
    scene.do(CancelResponse("cancel1", response_id))
    scene.until(ResponseDone)
    expected = ResponseStatus.CANCELLED if scene.can.cancels else ResponseStatus.COMPLETED
    assert scene.of(ResponseDone)[0].status is expected
    scene.forget()
    scene.run(5_000)
    assert scene.of(AudioDelta) == []
    assert scene.answer(HELLO).status is ResponseStatus.COMPLETED


def test_a_cancel_of_nothing_is_benign_and_names_the_command(scene: Scene) -> None:
    done = scene.answer(HELLO)
    scene.forget()
    scene.do(CancelResponse("cancel1", done.response_id))
    if not scene.can.cancels:
        assert scene.seen == []
        return
    fault = scene.fault()
    assert (fault.kind, fault.code) == (FaultKind.BENIGN, "response_cancel_not_active")
    assert fault.command_id == "cancel1"


def test_a_second_create_is_told_that_a_response_is_alive(scene: Scene) -> None:
    scene.create(HELLO)
    scene.until(AudioDelta)
    scene.do(CreateResponse("again", "k9", Purpose.REPLY))
    fault = scene.fault()
    assert (fault.kind, fault.command_id) == (FaultKind.BUSY, "again")
    scene.until(ResponseDone)
    assert [created.key for created in scene.of(ResponseCreated)] == ["k1"]


def test_an_item_is_truncated_where_it_was_heard(scene: Scene) -> None:
    scene.answer(HELLO)
    item_id = scene.of(AudioDelta)[0].item_id
    scene.forget()
    scene.do(TruncateItem("cut1", item_id, 0, 400))
    assert scene.seen == []


@pytest.mark.parametrize(("item", "audio_end_ms"), [("its own", 3_600_000), ("item_unknown", 10)])
def test_an_impossible_truncation_is_benign(scene: Scene, item: str, audio_end_ms: int) -> None:
    scene.answer(HELLO)
    item_id = scene.of(AudioDelta)[0].item_id if item == "its own" else item
    scene.forget()
    scene.do(TruncateItem("cut1", item_id, 0, audio_end_ms))
    if scene.can.truncates:
        assert (scene.fault().kind, scene.fault().command_id) == (FaultKind.BENIGN, "cut1")
    else:
        assert scene.seen == []


def test_an_item_is_deleted_once(scene: Scene) -> None:
    scene.answer(HELLO)
    item_id = scene.of(AudioDelta)[0].item_id
    scene.forget()
    scene.do(DeleteItem("delete1", item_id))
    assert scene.seen == []
    scene.do(DeleteItem("delete2", item_id))
    if scene.can.deletes:
        assert (scene.fault().kind, scene.fault().code) == (FaultKind.BENIGN, "item_delete_invalid_item_id")
    else:
        assert scene.seen == []


def test_a_key_leads_to_a_tool_and_its_result_to_words(scene: Scene) -> None:
    scene.answer(HELLO)
    calls_seen: list[FunctionCall] = []
    for number in range(6):
        if not calls_seen:
            scene.do(AddText(f"key{number}", "user", "[dtmf] 1"))
        done = scene.answer()
        calls_seen += done.calls
        if calls_seen and not done.calls:
            break
        for call in done.calls:
            assert json.loads(call.arguments) is not None
            scene.do(AddToolOutput(f"output-{call.call_id}", call.call_id, json.dumps(SERVICES)))
    assert calls_seen[0].name in {tool.name for tool in TOOLS}
    assert scene.of(AudioDelta)
    assert scene.of(EngineFault) == []


def test_a_conversation_is_replayed_on_a_new_link(scene: Scene) -> None:
    scene.forget()
    scene.do(AddText("replay1", "assistant", "Hello."))
    scene.do(AddText("replay2", "user", "I need a haircut."))
    scene.do(AddText("replay3", "system", "[tool list_services] {}"))
    scene.do(AddToolOutput("output1", "call_of_an_earlier_link", "{}"))
    assert scene.seen == []
    assert scene.answer(HELLO).status is ResponseStatus.COMPLETED


def test_speech_becomes_a_turn_and_no_response_of_its_own(scene: Scene) -> None:
    scene.forget()
    scene.append(SILENCE * 50)
    scene.append(voice_like(1_200, seed=3))
    scene.append(SILENCE * 75)
    assert scene.of(ResponseCreated) == []
    if not scene.can.detects_turns:
        assert not scene.of(SpeechStarted)
        assert not scene.of(TurnCommitted)
        return
    [started], [stopped], [committed] = scene.of(SpeechStarted), scene.of(SpeechStopped), scene.of(TurnCommitted)
    assert started.item_id == stopped.item_id == committed.item_id
    assert 500 <= started.audio_ms <= 1_100  # 300 ms of padding before the voice at 1,000
    assert 2_200 <= stopped.audio_ms <= 3_400


def test_we_may_commit_what_was_said(scene: Scene) -> None:
    scene.forget()
    scene.do(CommitAudio("commit0"))
    fault = scene.fault()
    assert (fault.kind, fault.code) == (FaultKind.BENIGN, "input_audio_buffer_commit_empty")
    assert fault.command_id == "commit0"
    scene.forget()
    scene.append(SILENCE * 10)
    scene.do(CommitAudio("commit1"))
    assert len(scene.of(TurnCommitted)) == 1
    assert scene.of(EngineFault) == []


@pytest.mark.parametrize("garbage", ["{", "[1]", '{"type":"no.such.event"}', b"\xff\xfe", '{"type":"response.create"'])
def test_garbage_is_answered_and_the_link_goes_on(scene: Scene, garbage: str | bytes) -> None:
    scene.forget()
    for message in scene.server.receive(garbage, scene.now_ms):
        scene.seen += scene.codec.decode(message)
    assert isinstance(scene.fault(), EngineFault)
    assert scene.answer(HELLO).status is ResponseStatus.COMPLETED


def test_a_bad_append_changes_nothing(scene: Scene) -> None:
    bad = {"type": "input_audio_buffer.append", "audio": b64encode(b"x" * 7).decode()[:-2]}
    for message in scene.server.receive(json.dumps(bad), scene.now_ms):
        scene.seen += scene.codec.decode(message)
    scene.append(SILENCE * 10)
    scene.do(CommitAudio("commit1"))
    assert len(scene.of(TurnCommitted)) == 1
