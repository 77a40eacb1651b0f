"""Measure the bridge: cost of a 20 ms frame both ways, memory per call, and how soon a decision clears the line.

    python -m bench.bridge [--calls 1,100] [--seconds 8] [--repeats 5] [--reactions 1000] [--sockets 100]

The cost runs on a clock that jumps: whole calls with real codecs, core, detection and files, between a telephone
and an engine in memory, so that CPU time is all there is. `bare` decodes and re-encodes the same messages and does
nothing else; ratios are to it, from the same run. The telephone and the engine cost the same in both and are
counted in both. The caller is line noise, once without and once with a second of voiced sound every eight
seconds, which is held and verified; the engine answers without end, 100 ms a message, in real time.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import torim  # noqa: F401  # isort: skip - before numpy: it asks for one thread
import numpy as np
from prometheus_client import CollectorRegistry

from bench.instruments import Quiet, Sampler, machine, play, resident_kib, spread
from torim.audio import g711
from torim.carriers.base import CallerAudio
from torim.carriers.twilio import TwilioCodec
from torim.core.abilities import EngineCapabilities
from torim.core.actions import PlayAudio, Purpose
from torim.core.events import AudioDelta, EndReason, StreamStarted
from torim.engines.base import SessionConfig
from torim.engines.openai_realtime import OpenAIRealtimeCodec
from torim.live import interpreter, logs
from torim.live.bridge import Bridge
from torim.live.ears import VadBatch
from torim.live.engine_side import EnginePlan
from torim.live.link import Link, Message, OnClosed, OnMessage
from torim.live.metrics import CallMetrics
from torim.live.setup import CallServices, CallSetup
from torim.live.spool import Spool
from torim.live.trace import CallTrace, TraceHub

SID = "MZ00000000000000000000000000000000"
FRAME_S, DELTA_S = 0.02, 0.1
NOISE_DB, VOICE_DB = -60.0, -20.0
SESSION = SessionConfig("bench", "You are a bench.", transcription_model="none")
WARM_UP_S = 3
VOICES_S = (0, 1)  # of every eight seconds
END = EndReason.SHUTDOWN
DETECTION = ("neural VAD", "measures of sound", "listener")  # stages of the sampler


# --- the two sides ----------------------------------------------------------------------------------------------


@cache
def caller_messages(seed: int, voice_s: int = 1) -> list[str]:
    """Eight seconds of a caller as media messages: noise, and ``voice_s`` seconds of a voiced sound."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 10 ** (NOISE_DB / 20), 8 * 8000)
    at = np.arange(voice_s * 8000) / 8000
    voice = sum(np.sin(2 * np.pi * (110 + seed % 60) * n * at) / n for n in range(1, 20))
    noise[8000 : (1 + voice_s) * 8000] += voice * 10 ** (VOICE_DB / 20)
    audio = g711.encode((np.clip(noise, -1, 1) * 32000).astype(np.int16))
    return [media(audio[start : start + 160]) for start in range(0, len(audio), 160)]


def media(payload: bytes) -> str:
    body = {"track": "inbound", "payload": base64.b64encode(payload).decode()}
    return json.dumps({"event": "media", "sequenceNumber": "4", "streamSid": SID, "media": body})


def delta(response: int) -> str:
    """100 ms of the engine's voice: not silent, not caller-like."""
    rng = np.random.default_rng(response)
    audio = g711.encode((rng.normal(0, 0.05, 800) * 32000).astype(np.int16))
    body = {
        "type": "response.output_audio.delta",
        "event_id": "event_1",
        "response_id": f"resp_{response}",
        "item_id": f"item_{response}",
        "output_index": 0,
        "content_index": 0,
        "delta": base64.b64encode(audio).decode(),
    }
    return json.dumps(body)


class Telephone:
    """The carrier's end: counts, returns marks when they are played, and when they are cleared."""

    def __init__(self) -> None:
        self.frames = 0.0
        self.on_message: Callable[[str], None] = lambda message: None
        self.cleared_at_s = 0.0
        self._ends_s = 0.0
        self._loop = asyncio.get_running_loop()

    def send(self, message: Message) -> None:
        assert isinstance(message, str)
        if message.startswith('{"event":"media"'):
            played_s = (len(message) - 90) * 3 / 4 / 8000
            self.frames += played_s / FRAME_S
            self._ends_s = max(self._ends_s, self._loop.time()) + played_s
        elif message.startswith('{"event":"mark"'):
            self._loop.call_at(max(self._ends_s, self._loop.time()), self.on_message, message)
        elif message.startswith('{"event":"clear"'):
            self._ends_s = self._loop.time()
            self.cleared_at_s = time.perf_counter()

    def close(self, code: int = 1000) -> None: ...

    def unsent_bytes(self) -> int:
        return 0


class Engine:
    """The engine's end: answers every create with a voice that does not end until it is cancelled."""

    def __init__(self, on_message: OnMessage, on_closed: OnClosed) -> None:
        self._say = on_message
        self._loop = asyncio.get_running_loop()
        self._number = 0
        self._delta = ""
        self._timer: asyncio.TimerHandle | None = None
        self._loop.call_soon(self._say, '{"type":"session.created","event_id":"e","session":{"type":"realtime"}}')

    def send(self, message: Message) -> None:
        assert isinstance(message, str)
        if message.startswith('{"type":"input_audio_buffer.append"'):
            return
        command = json.loads(message)
        reactions: dict[str, Callable[[dict[str, Any]], None]] = {
            "session.update": self._update,
            "response.create": self._create,
            "response.cancel": self._cancel,
        }
        if reaction := reactions.get(command["type"]):
            reaction(command)

    def close(self, code: int = 1000) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def unsent_bytes(self) -> int:
        return 0

    def _later(self, **event: Any) -> None:
        self._loop.call_soon(self._say, json.dumps({"event_id": "e", **event}))

    def _update(self, command: dict[str, Any]) -> None:
        self._later(type="session.updated", session=command["session"])

    def _create(self, command: dict[str, Any]) -> None:
        self._number += 1
        self._delta = delta(self._number)
        metadata = command["response"].get("metadata")
        body = {"id": f"resp_{self._number}", "status": "in_progress", "metadata": metadata}
        self._later(type="response.created", response=body)
        self._timer = self._loop.call_later(DELTA_S, self._tick)

    def _cancel(self, command: dict[str, Any]) -> None:
        self.close()
        details = {"type": "cancelled", "reason": "client_cancelled"}
        body = {"id": f"resp_{self._number}", "status": "cancelled", "status_details": details, "output": []}
        self._later(type="response.done", response=body)

    def _tick(self) -> None:
        self._say(self._delta)
        self._timer = self._loop.call_later(DELTA_S, self._tick)


async def connect(on_message: OnMessage, on_closed: OnClosed) -> Link:
    return Engine(on_message, on_closed)


# --- the two bridges --------------------------------------------------------------------------------------------


class BareBridge:
    """Decodes, forwards, encodes; knows nothing."""

    def __init__(self, codec: TwilioCodec, telephone: Telephone) -> None:
        self._codec = codec
        self._telephone = telephone
        self._engine_codec = OpenAIRealtimeCodec(SESSION)
        self._engine = Engine(self.on_engine, lambda reason: None)

    def start(self) -> None:
        self._engine.send('{"type":"response.create","event_id":"c","response":{}}')

    def on_message(self, message: str) -> None:
        for item in self._codec.decode(message):
            if type(item) is CallerAudio:
                self._engine.send(self._engine_codec.append_audio(item.payload))

    def on_engine(self, message: Message) -> None:
        for event in self._engine_codec.decode(message):
            if type(event) is AudioDelta:
                for encoded in self._codec.encode(PlayAudio(event.payload)):
                    self._telephone.send(encoded)

    def tick(self, *, write: bool) -> None: ...

    def close(self) -> None:
        self._engine.close()


def opened() -> TwilioCodec:
    codec = TwilioCodec()
    start = {"streamSid": SID, "callSid": "CA1", "customParameters": {}}
    codec.decode(json.dumps({"event": "start", "start": start}))
    return codec


class Rig:
    """What the calls of one run share."""

    def __init__(self, folder: Path, calls: int) -> None:
        self.folder = folder
        self.spool = Spool(lambda message: None)
        self.hub = TraceHub()
        self.pool = ThreadPoolExecutor(1)
        registry = CollectorRegistry()
        self.services = CallServices(
            VadBatch(lambda: calls), self.pool, CallMetrics(registry), lambda setup, reason: None
        )

    def bridge(self, number: int, telephone: Telephone) -> Bridge:
        call_id = f"CA{number}"
        setup = CallSetup(
            call_id=call_id,
            call_sid=call_id,
            carrier="twilio",
            started_at=datetime(2026, 1, 5, 9, tzinfo=UTC),
            caller="",
            called="",
            language="en",
            plans=(EnginePlan("bench", EngineCapabilities(), partial(OpenAIRealtimeCodec, SESSION), connect),),
            desk=lambda action: "{}",
            prompts={Purpose.GREETING: "Talk."},
            trace=CallTrace(call_id, self.folder / f"{call_id}.call", self.spool, self.hub, {"call": call_id}),
            notes_dir=self.folder,
            greeting_lock=False,
        )
        return Bridge(setup, self.services, opened(), telephone, lambda bridge: None)

    def close(self) -> None:
        self.spool.close()
        self.pool.shutdown()


# --- measuring --------------------------------------------------------------------------------------------------


async def run_calls(
    make: Callable[[int, Telephone], Any],
    calls: int,
    seconds: int,
    voice_s: int = 1,
    looking: AbstractContextManager[None] | None = None,
) -> tuple[float, float, float]:
    """CPU seconds after warming up, and frames up and down that passed in them; ``looking`` spans the same time."""

    bridges, telephones, speakers = [], [], []
    scripts = [caller_messages(seed, voice_s) for seed in range(min(calls, 8))]
    for number in range(calls):
        telephone = Telephone()
        bridge = make(number, telephone)
        telephone.on_message = bridge.on_message
        bridge.start([StreamStarted()]) if isinstance(bridge, Bridge) else bridge.start()
        script = scripts[number % len(scripts)]
        speakers.append(asyncio.create_task(speak(bridge, script, number / calls, seconds + WARM_UP_S)))
        bridges.append(bridge)
        telephones.append(telephone)
    sweeping = asyncio.create_task(sweep(bridges))
    await asyncio.sleep(WARM_UP_S)
    gc.collect()
    before_s, before = time.process_time(), sum(telephone.frames for telephone in telephones)
    with looking or nullcontext():
        await asyncio.gather(*speakers)
    spent_s, played = time.process_time() - before_s, sum(t.frames for t in telephones) - before
    sweeping.cancel()
    for bridge in bridges:
        bridge.abort(END) if isinstance(bridge, Bridge) else bridge.close()
    return spent_s, calls * seconds / FRAME_S, played


async def speak(bridge: Any, script: list[str], phase: float, seconds: int) -> None:
    """Fifty frames a second, callers spread over the 20 ms and over the eight seconds."""
    loop = asyncio.get_running_loop()
    start_s, offset = loop.time() + phase * FRAME_S, int(phase * len(script))
    for number in range(round(seconds / FRAME_S)):
        await asyncio.sleep(max(0.0, start_s + number * FRAME_S - loop.time()))
        bridge.on_message(script[(number + offset) % len(script)])


async def sweep(bridges: list[Any]) -> None:
    sweeps = 0
    while True:
        await asyncio.sleep(0.1)
        sweeps += 1
        for bridge in bridges:
            bridge.tick(write=sweeps % 3 == 0)


def cost(folder: Path, calls: int, seconds: int, repeats: int) -> None:
    """Print CPU microseconds per 20 ms both ways: bare, and whole with a silent and with a voiced caller."""
    bares, wholes = [], {voice_s: list[float]() for voice_s in VOICES_S}
    samplers, quiet, played = {voice_s: Sampler() for voice_s in VOICES_S}, Quiet(), 1.0
    for _ in range(repeats):
        spent_s, up, _ = play(run_calls(lambda n, telephone: BareBridge(opened(), telephone), calls, seconds))
        bares.append(spent_s / up * 1e6)
        for voice_s in VOICES_S:
            rig = Rig(folder, calls)
            spent_s, up, down = play(run_calls(rig.bridge, calls, seconds, voice_s, samplers[voice_s].looking()))
            rig.close()
            wholes[voice_s].append(spent_s / up * 1e6)
            played = min(played, down / up)
    print(f"{calls:>4} calls: {prices(bares)}: bare")
    for voice_s, whole_us in wholes.items():
        ratio = statistics.median(whole / bare for whole, bare in zip(whole_us, bares, strict=True))
        print(
            f"{calls:>4} calls: {prices(whole_us)}, {ratio:4.1f} x bare: whole, a voice {voice_s / 8:3.0%} of the time"
        )
        shares = dict(samplers[voice_s].shares())
        told = ", ".join(f"{stage} {share:.0%}" for stage, share in shares.items())
        heard_us = min(whole_us) * sum(shares.get(stage, 0.0) for stage in DETECTION)
        print(
            f"{calls:>4} calls: of that: {told}; detection {heard_us:.1f} us, {heard_us / 200:.2f} % of a core a call"
        )
    print(f"{calls:>4} calls: the AI sounded {played:.0%} of the time at least; {quiet}")


def prices(taken_us: list[float]) -> str:
    """The best and the median of the repeats: other work on the machine only ever adds."""
    return f"best {min(taken_us):6.1f}, median {statistics.median(taken_us):6.1f} us a 20 ms frame both ways"


def memory(folder: Path, calls: int, seconds: int) -> float:
    """KiB a call, from the growth of the process."""
    rig = Rig(folder, calls)
    play(run_calls(rig.bridge, 8, 1))
    gc.collect()
    before = resident_kib()
    grown: list[int] = []

    async def measured() -> None:
        running = asyncio.create_task(run_calls(rig.bridge, calls, seconds))
        await asyncio.sleep(WARM_UP_S + seconds - 0.1)
        grown.append(resident_kib() - before)
        await running

    play(measured())
    rig.close()
    print(f"{calls:>4} calls: {grown[0] / calls:6.0f} KiB a call (growth of the process over {seconds} s of call)")
    return grown[0] / calls


async def reactions(rig: Rig, count: int) -> list[float]:
    """Milliseconds from a key's message handed in to the clear handed to the socket, AI sounding."""

    telephone = Telephone()
    bridge = rig.bridge(0, telephone)
    telephone.on_message = bridge.on_message
    bridge.start([StreamStarted()])
    key = json.dumps({"event": "dtmf", "streamSid": SID, "dtmf": {"digit": "#"}})
    taken: list[float] = []
    speaking = asyncio.create_task(speak(bridge, caller_messages(0)[:300], 0, count))
    for _ in range(count):
        await asyncio.sleep(0.5 + random.random() * 0.1)
        if not bridge.call.far_end(bridge.clock.now_ms()).sounding:
            continue
        before_s = time.perf_counter()
        bridge.on_message(key)
        if telephone.cleared_at_s >= before_s:
            taken.append((telephone.cleared_at_s - before_s) * 1000)
    speaking.cancel()
    bridge.abort(END)
    return taken


async def socket_reactions(folder: Path, count: int) -> list[float]:
    """Milliseconds from a key sent on a real socket to the clear received on it, engine in process."""
    from websockets.asyncio.client import connect as dial

    from torim.config import Config
    from torim.engines.script import says
    from torim.engines.scripted import ScriptedPeer
    from torim.lab.webhook import parse_twiml
    from torim.live.peer_link import connect_peer
    from torim.live.serve import running

    def plans(session: SessionConfig) -> tuple[EnginePlan, ...]:
        peer = partial(ScriptedPeer, otherwise=lambda request: says("On and on and on.", 20_000))
        codec = partial(OpenAIRealtimeCodec, session)
        return (EnginePlan("bench", EngineCapabilities(), codec, partial(connect_peer, peer)),)

    import httpx

    taken: list[float] = []
    config = Config(data_dir=folder, port=0, media_port=0, engine="scripted", language="en", greeting_lock=False)
    async with running(config, plans) as server, httpx.AsyncClient(trust_env=False) as http:
        form = {"CallSid": "CAbench", "From": "+1", "To": "+2"}
        stream = parse_twiml((await http.post(f"{server.web_url}/twilio/voice", data=form)).text, server.web_url).stream
        assert stream is not None
        async with dial(stream.url, compression=None, proxy=None) as socket:
            start = {"streamSid": SID, "callSid": "CAbench", "customParameters": dict(stream.parameters)}
            await socket.send(json.dumps({"event": "start", "start": start}))
            key = json.dumps({"event": "dtmf", "streamSid": SID, "dtmf": {"digit": "#"}})
            for _ in range(count):
                await until(socket, '"media"')
                await asyncio.sleep(0.05)
                before_s = time.perf_counter()
                await socket.send(key)
                await until(socket, '"clear"')
                taken.append((time.perf_counter() - before_s) * 1000)
    return taken


async def until(socket: Any, event: str) -> None:
    async for message in socket:
        if event in message:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", default="1,100", help="numbers of calls in one process")
    parser.add_argument("--seconds", type=int, default=8, help="of each call")
    parser.add_argument("--repeats", type=int, default=5, help="bare and whole by turns")
    parser.add_argument("--reactions", type=int, default=1000)
    parser.add_argument("--sockets", type=int, default=100, help="reactions over real sockets")
    args = parser.parse_args()
    logs.configure("ERROR")
    print("\n".join(machine()))
    numbers = [int(number) for number in args.calls.split(",")]
    interpreter.settle()  # as a worker does
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        memory(folder, max(numbers), args.seconds)
        for calls in numbers:
            cost(folder, calls, args.seconds if calls > 10 else args.seconds * 10, args.repeats)
        rig = Rig(folder, 1)
        print(f"key to clear, in memory: {spread(play(reactions(rig, args.reactions)))}")
        rig.close()
        if args.sockets:
            import uvloop

            print(f"key to clear, round trip on a socket: {spread(uvloop.run(socket_reactions(folder, args.sockets)))}")


if __name__ == "__main__":
    main()
