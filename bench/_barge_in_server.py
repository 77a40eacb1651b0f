"""The server of `bench.barge_in`, a process of its own: Torim as it is, with the engine of each trial.

It is told through a pipe which call is which trial's, notes every event and action when it has happened and every frame
when it was read, and hands all of it over at the end. It measures nothing by itself.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import pickle
import tempfile
import time
from collections.abc import Callable
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
from torim.engines.base import Endpoint, SessionConfig
from torim.engines.openai_realtime import OpenAIRealtimeCodec
from torim.errors import CarrierError
from torim.lab.bargein.real import ServerSide
from torim.live import interpreter, logs
from torim.live.admission import Admission
from torim.live.engine_side import EnginePlan
from torim.live.link import Link, Message
from torim.live.serve import Server, running
from torim.live.sockets import connect_websocket
from torim.live.stream import Stream
from torim.live.trace import Traced

ENGINE = EngineCapabilities()
LINES = 10_000
MEDIA, CHUNK = '{"event": "media"', '"chunk": "'  # as the lab's caller writes them


@dataclass(frozen=True, slots=True)
class Told:
    """What the other process is told at the end."""

    calls: dict[str, ServerSide]  # by the carrier's call id
    cpu_s: float
    wall_s: float
    lag_p99_ms: float


def serve(pipe: Connection, engines_url: str, handed_over: Path) -> None:
    """Serve until the pipe says "end"; then leave a pickled `Told` in a file."""
    logs.configure("ERROR", "console")
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(_Bench(pipe, engines_url.replace("http", "ws", 1)).run(Path(folder)))
    handed_over.write_bytes(pickle.dumps(told))
    pipe.send("ended")


@dataclass(slots=True)
class _Bench:
    pipe: Connection
    engines_url: str
    calls: dict[str, ServerSide] = field(default_factory=dict)
    trials: dict[str, int] = field(default_factory=dict)  # by the carrier's call id
    opening: str = ""  # the call whose stream begins just now

    async def run(self, folder: Path) -> Told:
        config = Config(
            data_dir=folder / "data",
            port=0,
            media_port=0,
            engine="scripted",
            language="en",
            greeting_lock=False,
            max_calls=LINES,
        )
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with running(config, self._plans) as server:
            # The load comes from this machine, too, and makes timers late; who is admitted is proved elsewhere.
            server.node.host.admission = Admission(LINES, lambda: len(server.calls), lambda: 0.0)
            self._tap(server)
            server.subscribe(self._traced)
            asyncio.get_running_loop().add_reader(self.pipe.fileno(), self._told, ended)
            self.pipe.send(server.web_url)
            began_s, cpu_s = time.monotonic(), time.process_time()
            with interpreter.settled():
                await ended
            spent = time.process_time() - cpu_s
            await server.settled()
            return self._summary(server, spent, time.monotonic() - began_s)

    def _tap(self, server: Server) -> None:
        """Stand between the socket and the stream: what is measured begins when a message was read."""
        opens = server.node.host.open

        def tapped(carrier: str, link: Link) -> Any:
            return _TappedStream(opens(carrier, link), self._begins)

        server.node.host.open = tapped  # type: ignore[method-assign]

    def _summary(self, server: Server, cpu_s: float, wall_s: float) -> Told:
        return Told(self.calls, cpu_s, wall_s, server.node.host.lag.p99_ms())

    def _told(self, ended: asyncio.Future[None]) -> None:
        message = self.pipe.recv()
        if message == "end":
            ended.set_result(None)
        else:
            call_sid, number = message
            self.trials[call_sid] = number

    def _begins(self, call_sid: str, side: ServerSide) -> None:
        self.calls[call_sid] = side
        self.opening = call_sid

    # --- what calls are given ---------------------------------------------------------------------------------

    def _plans(self, session: SessionConfig) -> tuple[EnginePlan, ...]:
        number = self.trials.get(self.opening)
        if number is None:
            raise CarrierError("A stream began that no trial asked for.", "lab.stray_stream")
        connect = partial(connect_websocket, Endpoint(f"{self.engines_url}/realtime?model={number}"))
        return (EnginePlan("scripted", ENGINE, partial(OpenAIRealtimeCodec, session), connect),)

    def _traced(self, traced: Traced) -> None:
        side = self.calls.get(traced.call_id)
        if side is not None and traced.entry is not None and self.trials[traced.call_id] >= 0:  # others are not judged
            side.pickled.append(pickle.dumps((time.monotonic_ns(), _light(traced.entry)), pickle.HIGHEST_PROTOCOL))


def _light(entry: Any) -> Any:
    """Without its sound: only when it was counts."""
    return dataclasses.replace(entry, payload=b"") if isinstance(entry, AudioDelta | PlayAudio) else entry


class _TappedStream:
    """One media stream; every message is noted before the server looks at it."""

    def __init__(self, stream: Stream, begins: Callable[[str, ServerSide], None]) -> None:
        self._stream = stream
        self._begins = begins
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
            self._begins(json.loads(text)["start"]["callSid"], self._side)
        self._stream.on_message(message)
