"""The server of `bench.barge_in`, a process of its own: Torim as it is, with the engine of each trial.

It is told through a pipe which trial calls next, notes every event and action when it has happened and every frame
when it was read, and hands all of it over at the end. It measures nothing by itself.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import pickle
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
import uvloop

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
from torim.live import heap, logs
from torim.live.admission import Admission
from torim.live.engine_side import EnginePlan
from torim.live.link import Link, Message
from torim.live.peer_link import connect_peer
from torim.live.serve import Server, running
from torim.live.stream import Stream
from torim.live.trace import Traced

ENGINE_HEARS_DB = -40
ENGINE = EngineCapabilities()
MEDIA, CHUNK = '{"event": "media"', '"chunk": "'  # as the lab's caller writes them


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

    async def run(self, folder: Path) -> Told:
        config = Config(
            data_dir=folder / "data", port=0, media_port=0, engine="scripted", language="en", greeting_lock=False
        )
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with running(config, self._plans) as server:
            # The load comes from this machine, too, and makes timers late; who is admitted is proved elsewhere.
            server.node.host.admission = Admission(10_000, lambda: len(server.calls), lambda: 0.0)
            self._tap(server)
            server.subscribe(self._traced)
            asyncio.get_running_loop().add_reader(self.pipe.fileno(), self._told, ended)
            self.pipe.send(server.web_url)
            began_s, cpu_s = time.monotonic(), time.process_time()
            with heap.settled():
                await ended
            spent = time.process_time() - cpu_s
            await server.settled()
            return self._summary(server, spent, time.monotonic() - began_s)

    def _tap(self, server: Server) -> None:
        """Stand between the socket and the stream: what is measured begins when a message was read."""
        opens = server.node.host.open

        def tapped(carrier: str, link: Link) -> Any:
            return _TappedStream(opens(carrier, link), self.calls)

        server.node.host.open = tapped  # type: ignore[method-assign]

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
        connect = partial(connect_peer, make_peer)
        self.pipe.send(trial.number)
        return (EnginePlan("scripted", ENGINE, partial(OpenAIRealtimeCodec, session), connect),)

    def _traced(self, traced: Traced) -> None:
        side = self.calls.get(traced.call_id)
        if side is not None and traced.entry is not None:
            side.pickled.append(pickle.dumps((time.monotonic_ns(), _light(traced.entry)), pickle.HIGHEST_PROTOCOL))


def _light(entry: Any) -> Any:
    """Without its sound: only when it was counts."""
    return dataclasses.replace(entry, payload=b"") if isinstance(entry, AudioDelta | PlayAudio) else entry


class _TappedStream:
    """One media stream; every message is noted before the server looks at it."""

    def __init__(self, stream: Stream, calls: dict[str, ServerSide]) -> None:
        self._stream = stream
        self._calls = calls
        self._side = ServerSide()
        self.on_closed = stream.on_closed

    def on_message(self, message: Message) -> None:
        """Note when a frame was read, and whose stream it is."""
        at_ns = time.monotonic_ns()
        text = message if isinstance(message, str) else message.decode()
        if text.startswith(MEDIA):
            start = text.index(CHUNK) + len(CHUNK)
            self._side.taken_in.append((at_ns, int(text[start : text.index('"', start)]) - 1))
        elif '"event": "start"' in text:
            self._calls[json.loads(text)["start"]["callSid"]] = self._side
        self._stream.on_message(message)
