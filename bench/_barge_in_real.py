"""Trials of `bench.barge_in` on real sockets: starts the server and its engines, and places the calls from here."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from pathlib import Path

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
import uvloop

from bench import _barge_in_engines, _barge_in_server
from torim.errors import CarrierError
from torim.lab.bargein.evidence import Evidence
from torim.lab.bargein.real import Placed, Tell, going_on, joined, lateness_ms, place_all
from torim.lab.bargein.sound import Voices
from torim.lab.bargein.trials import Trial
from torim.live import interpreter

START_S = 60.0


@dataclass(frozen=True, slots=True)
class RealRun:
    """What came of the calls, and what they cost the server."""

    evidence: list[Evidence]
    facts: dict[str, float]


def run_real(trials: Sequence[Trial], voices: Voices, calls: int, tell: Tell, beside: Sequence[Trial] = ()) -> RealRun:
    """Place every trial's call, ``calls`` at a time, at a server in a process of its own; so are the engines.

    A call for each of ``beside`` goes on all the while and is not judged.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.TemporaryDirectory() as folder, _engines(context, [*trials, *beside], voices) as engines_url:
        handed_over = Path(folder) / "told"
        server = context.Process(target=_barge_in_server.serve, args=(theirs, engines_url, handed_over))
        server.start()
        try:
            began_s, cpu_s = time.monotonic(), time.process_time()
            placed, also = _place(ours, trials, beside, voices, calls, tell)
            callers_share = (time.process_time() - cpu_s) / (time.monotonic() - began_s)
            told: _barge_in_server.Told = pickle.loads(handed_over.read_bytes())
        finally:
            server.terminate()
            server.join()
    late_ms = sorted(late for one in (*placed, *also) for late in lateness_ms(one, told.calls.get(one.call_sid)))
    evidence = [joined(one, told.calls.get(one.call_sid)) for one in placed]
    spoken_s = sum(one.caller.record.length_samples for one in (*placed, *also)) / 8000
    facts = {
        "server_cpu_share": round(told.cpu_s / told.wall_s, 3),
        "server_cpu_share_per_call": round(told.cpu_s / max(spoken_s, 1e-9), 5),
        "callers_cpu_share": round(callers_share, 3),
        "frame_read_p50_ms": _at(late_ms, 0.5),  # after its last sample: callers, kernel and server together
        "frame_read_p99_ms": _at(late_ms, 0.99),
        "server_loop_lag_p99_ms": round(told.lag_p99_ms, 2),
        "caller_worst_tick_ms": round(max((one.late_ms for one in evidence), default=0.0), 1),
        "load_average": round(os.getloadavg()[0], 2),
    }
    return RealRun(evidence, facts)


@contextmanager
def _engines(context: SpawnContext, trials: Sequence[Trial], voices: Voices) -> Iterator[str]:
    """Where the engines are served."""
    ours, theirs = context.Pipe()
    process = context.Process(target=_barge_in_engines.serve, args=(theirs, trials, voices))
    process.start()
    try:
        if not ours.poll(START_S):
            raise CarrierError("The bench's engines did not start; see what they printed.", "bench.engines")
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _at(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2) if ordered else 0.0


def _place(
    pipe: Connection, trials: Sequence[Trial], beside: Sequence[Trial], voices: Voices, calls: int, tell: Tell
) -> tuple[list[Placed], list[Placed]]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_placing(pipe, trials, beside, voices, calls, tell))


async def _placing(
    pipe: Connection, trials: Sequence[Trial], beside: Sequence[Trial], voices: Voices, calls: int, tell: Tell
) -> tuple[list[Placed], list[Placed]]:
    server = _Server(pipe)
    base_url = str(await server.answer(START_S))
    with interpreter.settled():
        async with going_on(beside, base_url, voices, server.expect) as also:
            placed = await place_all(trials, base_url, voices, server.expect, calls, tell)
    pipe.send("end")
    await server.answer(START_S)
    return placed, also


class _Server:
    """The other end of the pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._answers: asyncio.Queue[object] = asyncio.Queue()
        asyncio.get_running_loop().add_reader(pipe.fileno(), self._read)

    def _read(self) -> None:
        try:
            self._answers.put_nowait(self._pipe.recv())
        except EOFError:
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())

    async def answer(self, within_s: float) -> object:
        try:
            return await asyncio.wait_for(self._answers.get(), within_s)
        except TimeoutError:
            raise CarrierError("The bench's server did not answer; see what it printed.", "bench.server") from None

    def expect(self, call_sid: str, trial: Trial) -> None:
        """Tell the server whose engine a call wants that is about to be made."""
        self._pipe.send((call_sid, trial.number))
