"""A bridge between a telephone in memory and the scripted engine, on a clock that jumps instead of waiting."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry

from torim.audio import g711
from torim.carriers.twilio import TwilioCodec
from torim.core.abilities import EngineCapabilities
from torim.core.actions import Purpose, RunTool
from torim.core.events import EndReason
from torim.engines.base import SessionConfig
from torim.engines.openai_realtime import OpenAIRealtimeCodec
from torim.engines.scripted import ScriptedPeer
from torim.live.bridge import Bridge
from torim.live.ears import VadBatch
from torim.live.engine_side import EnginePlan
from torim.live.link import Connect, Link, Message, OnClosed, OnMessage
from torim.live.metrics import CallMetrics
from torim.live.peer_link import connect_peer
from torim.live.setup import CallServices, CallSetup
from torim.live.spool import Spool
from torim.live.trace import CallTrace, Traced, TraceHub

SILENCE = b"\xff" * 160
SID = "MZ0123456789abcdef0123456789abcdef"
FRAME_S = 0.02


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer as soon as nothing else is left to do."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._really_select = self._selector.select  # type: ignore[attr-defined]
        self._selector.select = self._jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._now_s

    def _jump(self, timeout: float | None = None) -> Any:
        events = self._really_select(0 if timeout is not None else None)
        if timeout and not events:
            self._now_s += timeout
        return events


def play(scene: Coroutine[Any, Any, Any]) -> Any:
    """Run a scene to its end without waiting for anything."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(scene)


class AtOnce(Executor):
    """Runs work where it is submitted: a jumping clock must not overtake a thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Telephone:
    """The carrier's end of the line, as a `Link`: plays in real time, returns marks, obeys clear."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.close_code: int | None = None
        self.unsent = 0
        self.bridge: Bridge | None = None
        self._plays_until_s = 0.0
        self._marks: dict[str, asyncio.TimerHandle] = {}

    def send(self, message: Message) -> None:
        body = json.loads(message)
        self.sent.append(body)
        {"media": self._media, "mark": self._mark, "clear": self._clear}[body["event"]](body)

    def close(self, code: int = 1000) -> None:
        self.close_code = code if self.close_code is None else self.close_code

    def unsent_bytes(self) -> int:
        return self.unsent

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [body for body in self.sent if body["event"] == kind]

    def audio_ms(self) -> int:
        return sum(len(base64.b64decode(body["media"]["payload"])) // 8 for body in self.events("media"))

    def _media(self, body: dict[str, Any]) -> None:
        now_s = asyncio.get_running_loop().time()
        samples = len(base64.b64decode(body["media"]["payload"]))
        self._plays_until_s = max(now_s, self._plays_until_s) + samples / 8000

    def _mark(self, body: dict[str, Any]) -> None:
        loop, name = asyncio.get_running_loop(), body["mark"]["name"]
        at_s = max(loop.time(), self._plays_until_s)
        self._marks[name] = loop.call_at(at_s, self._return, name)

    def _clear(self, body: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        self._plays_until_s = loop.time()
        for name, timer in list(self._marks.items()):
            timer.cancel()
            loop.call_soon(self._return, name)

    def _return(self, name: str) -> None:
        if self._marks.pop(name, None) is not None and self.bridge is not None:
            self.bridge.on_message(json.dumps({"event": "mark", "streamSid": SID, "mark": {"name": name}}))


class Scene:
    """One call, and what happened in it."""

    def __init__(self, bridge: Bridge, telephone: Telephone, peers: list[ScriptedPeer], hub: TraceHub) -> None:
        self.bridge = bridge
        self.telephone = telephone
        self.peers = peers
        self.traced: list[Traced] = []
        self.over = asyncio.Event()
        hub.subscribe(self.traced.append)

    @property
    def engine(self) -> ScriptedPeer:
        """The engine connection in use."""
        return self.peers[-1]

    def carrier(self, event: str, **body: Any) -> None:
        """One message of the carrier."""
        self.bridge.on_message(json.dumps({"event": event, "streamSid": SID, **body}))

    def frame(self, payload: bytes = SILENCE) -> None:
        """One media message."""
        self.carrier("media", media={"payload": base64.b64encode(payload).decode()})

    def press(self, digit: str) -> None:
        self.carrier("dtmf", dtmf={"digit": digit})

    async def listen(self, ms: int) -> None:
        """Stay silent on the line."""
        await self.say(SILENCE * (ms // 20))

    async def say(self, audio: bytes) -> None:
        """Send audio at 50 frames a second."""
        for start in range(0, len(audio), 160):
            self.frame(audio[start : start + 160])
            await asyncio.sleep(FRAME_S)

    async def until(self, seen: Callable[[], object], ms: int = 20_000) -> None:
        """Stay silent on the line until something is so."""
        for _ in range(ms // 20):
            if seen():
                return
            self.frame()
            await asyncio.sleep(FRAME_S)
        raise AssertionError(f"not seen within {ms} ms")

    def happened(self, kind: type) -> list[Any]:
        """Events and actions of one type, in order."""
        return [traced.entry for traced in self.traced if isinstance(traced.entry, kind)]

    def sounding(self) -> bool:
        return self.bridge.call.far_end(self.bridge.clock.now_ms()).sounding


def vowel(ms: int) -> bytes:
    """A sung "ee": harmonics under two formants, the pitch gliding, swelling three times a second."""
    at = np.arange(ms * 8) / 8000
    pitch_hz = 130 * (1 + 0.15 * np.sin(2 * np.pi * 1.5 * at))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / 8000
    voice = np.zeros(len(at))
    for n in range(1, 22):
        gain = 0.02 + sum(1 / (1 + ((n * pitch_hz - formant_hz) / 110) ** 2) for formant_hz in (350, 2000))
        voice += gain * np.sin(n * phase) / n**0.3
    voice *= 1 - 0.5 * np.cos(2 * np.pi * 3.2 * at)
    return g711.encode((voice / np.abs(voice).max() * 12_000).astype(np.int16))


def syllables(ms: int, seed: int = 5) -> bytes:
    """Somebody who babbles: syllables of changing length and pitch."""
    rng = np.random.default_rng(seed)
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < ms * 8:
        at = np.arange(int(rng.integers(900, 2_000))) / 8_000
        pitch_hz = rng.uniform(90, 220) * (1 + 0.1 * np.sin(9 * at))
        phase = 2 * np.pi * np.cumsum(pitch_hz) / 8_000
        sound = sum(np.sin(k * phase) * rng.uniform(0.1, 1) / k for k in range(1, 18))
        parts += [sound * np.hanning(len(at)) * 7_000, np.zeros(int(rng.integers(300, 800)))]
    return g711.encode(np.concatenate(parts)[: ms * 8].astype(np.int16))


def scripted_plan(make_peer: Callable[[], ScriptedPeer], peers: list[ScriptedPeer]) -> EnginePlan:
    """A plan whose every connection is a new peer, kept in ``peers``."""

    def new_peer() -> ScriptedPeer:
        peers.append(make_peer())
        return peers[-1]

    return engine_plan(partial(connect_peer, new_peer))


def engine_plan(connect: Connect, name: str = "scripted") -> EnginePlan:
    """A plan with the usual codec and any connection."""
    session = SessionConfig("scripted", "You are a receptionist.", transcription_model="scripted-ears")
    return EnginePlan(name, EngineCapabilities(), partial(OpenAIRealtimeCodec, session), connect)


def silent_engine(on_message: OnMessage, on_closed: OnClosed) -> Awaitable[Link]:
    """An engine that accepts the connection and never says a word."""

    async def connect() -> Link:
        return Telephone.__new__(DeafLink)

    return connect()


class DeafLink(Telephone):
    """A link into nothing."""

    def __init__(self) -> None: ...
    def send(self, message: Message) -> None: ...
    def close(self, code: int = 1000) -> None: ...
    def unsent_bytes(self) -> int:
        return 0


def make_scene(
    tmp_path: Path,
    make_peer: Callable[[], ScriptedPeer] = ScriptedPeer,
    plans: tuple[EnginePlan, ...] | None = None,
    desk: Callable[[RunTool], str] = lambda action: '{"ok":true}',
    **changes: Any,
) -> Scene:
    """Open a stream on a new bridge; the engine is being connected."""
    peers: list[ScriptedPeer] = []
    hub, spool = TraceHub(), Spool(lambda message: None)
    telephone = Telephone()
    ended: list[tuple[str, EndReason]] = []
    setup = CallSetup(
        call_id="CA1",
        call_sid="CA1",
        carrier="twilio",
        started_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
        caller="+972501234567",
        called="+97231234567",
        language="en",
        plans=plans or (scripted_plan(make_peer, peers),),
        desk=desk,
        prompts={Purpose.GREETING: 'Say exactly: "Hello, this is the salon."'},
        trace=CallTrace("CA1", tmp_path / "CA1.call", spool, hub, {"call": "CA1"}),
        notes_dir=tmp_path / "voice_notes",
        greeting_lock=False,
    )
    services = CallServices(
        VadBatch(lambda: 1),
        AtOnce(),
        CallMetrics(CollectorRegistry()),
        lambda setup, reason: ended.append((setup.call_sid, reason)),
    )
    codec = TwilioCodec()
    opened = codec.decode(
        json.dumps({"event": "start", "start": {"streamSid": SID, "callSid": "CA1", "customParameters": {}}})
    )
    bridge = Bridge(replace(setup, **changes), services, codec, telephone, lambda bridge: scene.over.set())
    telephone.bridge = bridge
    scene = Scene(bridge, telephone, peers, hub)
    bridge.start(opened[1:])
    return scene
