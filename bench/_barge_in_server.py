"""The server of `bench.barge_in`, a process of its own: Torim as it is, with the engine of each trial.

It is told through a pipe which trial calls next, notes every event and action when it has happened and every frame
when it was read, and hands all of it over at the end. It measures nothing by itself.
"""

from __future__ import annotations

import asyncio
import dataclasses
import pickle
import tempfile
import time
from binascii import a2b_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from zlib import crc32

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
import uvloop

from torim.commands.loops import settled_heap
from torim.config import Config
from torim.core.abilities import EngineCapabilities
from torim.core.actions import PlayAudio
from torim.core.events import AudioDelta
from torim.engines.base import SessionConfig
from torim.engines.openai_realtime import OpenAIRealtimeCodec
from torim.errors import CarrierError
from torim.lab.bargein.engine import engine_of
from torim.lab.bargein.real import ServerSide
from torim.lab.bargein.sound import Voices
from torim.lab.bargein.trials import Trial
from torim.live import logs
from torim.live.admission import Admission
from torim.live.engine_side import EnginePlan
from torim.live.link import Link, Message, OnClosed, OnMessage
from torim.live.peer_link import connect_peer
from torim.live.serve import Server, running
from torim.live.trace import Traced

ENGINE_HEARS_DB = -40
ENGINE = EngineCapabilities()
AUDIO = '"audio":"'


@dataclass(frozen=True, slots=True)
class Told:
    """What the other process is told at the end."""

    calls: dict[str, ServerSide]  # by the carrier's call id
    cpu_s: float
    wall_s: float
    lag_p99_ms: float


def serve(pipe: Connection, trials: Sequence[Trial], voices: Voices, handed_over: Path) -> None:
    """Serve until the pipe says "end"; then leave a pickled `Told` in a file."""
    logs.configure("ERROR", "console")
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(_Bench(pipe, {trial.number: trial for trial in trials}, voices).run(Path(folder)))
    handed_over.write_bytes(pickle.dumps(told))
    pipe.send("ended")


@dataclass(slots=True)
class _Bench:
    pipe: Connection
    trials: Mapping[int, Trial]
    voices: Voices
    calls: dict[str, ServerSide] = field(default_factory=dict)
    expected: int | None = None
    given: ServerSide | None = None  # the engine's intake of the call that is beginning

    async def run(self, folder: Path) -> Told:
        config = Config(
            data_dir=folder / "data", port=0, media_port=0, engine="scripted", language="en", greeting_lock=False
        )
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with running(config, self._plans) as server:
            # The load comes from this machine, too, and makes timers late; who is admitted is proved elsewhere.
            server.node.host.admission = Admission(10_000, lambda: len(server.calls), lambda: 0.0)
            server.subscribe(self._traced)
            asyncio.get_running_loop().add_reader(self.pipe.fileno(), self._told, ended)
            self.pipe.send(server.web_url)
            began_s, cpu_s = time.monotonic(), time.process_time()
            with settled_heap():
                await ended
            spent = time.process_time() - cpu_s
            await server.settled()
            return self._summary(server, spent, time.monotonic() - began_s)

    def _summary(self, server: Server, cpu_s: float, wall_s: float) -> Told:
        return Told(self.calls, cpu_s, wall_s, server.node.host.lag.p99_ms())

    def _told(self, ended: asyncio.Future[None]) -> None:
        message = self.pipe.recv()
        if message == "end":
            ended.set_result(None)
        else:
            self.expected = message

    # --- what calls are given ---------------------------------------------------------------------------------

    def _plans(self, session: SessionConfig) -> tuple[EnginePlan, ...]:
        if self.expected is None:
            raise CarrierError("A stream began that no trial asked for.", "lab.stray_stream")
        trial, self.expected = self.trials[self.expected], None
        statement = self.voices.statement(trial.voice, trial.statement_ms)
        make_peer = partial(engine_of, trial, statement, self.voices, ENGINE_HEARS_DB)
        side = ServerSide()
        self.given = side
        connect = partial(_tapped, side, make_peer)
        self.pipe.send(trial.number)
        return (EnginePlan("scripted", ENGINE, partial(OpenAIRealtimeCodec, session), connect),)

    def _traced(self, traced: Traced) -> None:
        at_ns = time.monotonic_ns()
        side = self.calls.get(traced.call_id)
        if side is None:
            if self.given is None:
                return
            side, self.given = self.given, None
            self.calls[traced.call_id] = side
        if traced.entry is not None:
            side.entries.append((at_ns, _light(traced.entry)))


def _light(entry: Any) -> Any:
    """Without its sound: only when it was counts."""
    return dataclasses.replace(entry, payload=b"") if isinstance(entry, AudioDelta | PlayAudio) else entry


async def _tapped(side: ServerSide, make_peer: Any, on_message: OnMessage, on_closed: OnClosed) -> Link:
    return _Tap(await connect_peer(make_peer, on_message, on_closed), side)


class _Tap:
    """The link to an engine; every frame of the caller is appended as soon as it is read."""

    def __init__(self, link: Link, side: ServerSide) -> None:
        self._link = link
        self._side = side

    def send(self, message: Message) -> None:
        at_ns = time.monotonic_ns()
        text = message if isinstance(message, str) else message.decode()
        if '"input_audio_buffer.append"' in text:
            start = text.index(AUDIO) + len(AUDIO)
            frame = a2b_base64(text[start : text.index('"', start)])
            self._side.taken_in.append((at_ns, crc32(frame)))
        self._link.send(message)

    def close(self, code: int = 1000) -> None:
        self._link.close(code)

    def unsent_bytes(self) -> int:
        return self._link.unsent_bytes()
