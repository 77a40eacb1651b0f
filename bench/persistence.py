"""Measure what persistence costs the media loop: the timeline, the records of calls, the recording.

    python -m bench.persistence [--calls 40] [--seconds 8] [--repeats 7]

Whole calls on a clock that jumps, as in bench.bridge, between a telephone and an engine that talks without end and
gives its words; the caller cuts in with a second of voice every eight seconds. The same calls are run without any
persistence and with more and more of it, in turn; the database is SQLite in a file, written by the writer's own
thread.

`share` is how much of the media loop's own time is spent in the modules that keep things (timeline, recording,
archive, spool, writer), by a look at its stack every millisecond of CPU time: it holds on a busy machine too, and is
what the goal of 5 % is for. `loop` is the CPU time of that thread, `process` adds the threads that render, write files
and fill the database; both are as quiet as the machine is. Those threads run in real time while the clock jumps, so
they commit less often for each second of a call than in service; what a batch costs is in bench.storage.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType

from prometheus_client import CollectorRegistry

from bench.bridge import END, SESSION, SID, WARM_UP_S, Engine, Telephone, caller_messages, opened, speak
from bench.instruments import Quiet, machine, play
from torim.core.abilities import EngineCapabilities
from torim.core.actions import Purpose
from torim.core.events import StreamStarted
from torim.desk.business import load_business
from torim.engines.openai_realtime import OpenAIRealtimeCodec
from torim.live import logs
from torim.live.archive import Archive
from torim.live.bridge import Bridge
from torim.live.ears import VadBatch
from torim.live.engine_side import EnginePlan
from torim.live.host import FOLLOW_EVERY, SWEEP_S, WRITE_EVERY
from torim.live.link import Link, OnClosed, OnMessage
from torim.live.metrics import CallMetrics
from torim.live.recording import Recording
from torim.live.setup import CallServices, CallSetup
from torim.live.spool import Spool
from torim.live.trace import CallTrace, Entry, TraceHub
from torim.storage.store import Store
from torim.storage.writer import Writer

GOAL = 0.05
SAMPLE_S = 0.001
KEEPERS = ("live/trace.py", "live/recording.py", "live/archive.py", "live/spool.py", "storage/writer.py")
STARTED = datetime(2026, 1, 5, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How much of a call is kept."""

    name: str
    timeline: bool = False
    records: bool = False  # transcript and events in the database
    recording: bool = False


KEEPINGS = (
    Keeping("nothing"),
    Keeping("timeline", timeline=True),
    Keeping("timeline, database", timeline=True, records=True),
    Keeping("timeline, database, recording", timeline=True, records=True, recording=True),
)


@dataclass(slots=True)
class Looks:
    """Looks at the media loop's stack: how many there were, and how many met a module that keeps things."""

    all: int = 0
    keeping: int = 0

    @contextmanager
    def looking(self) -> Iterator[None]:
        before = signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_S, SAMPLE_S)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    def _look(self, number: int, frame: FrameType | None) -> None:
        self.all += 1
        while frame is not None:
            if frame.f_code.co_filename.endswith(KEEPERS):
                self.keeping += 1
                return
            frame = frame.f_back


class NoTrace(CallTrace):
    """Keeps nothing."""

    def record(self, at_ms: int, entry: Entry) -> None: ...

    def flush(self) -> None: ...


class Narrator(Engine):
    """An engine that gives the words of what it says, too."""

    def _tick(self) -> None:
        super()._tick()
        body = {
            "type": "response.output_audio_transcript.delta",
            "event_id": "e",
            "response_id": f"resp_{self._number}",
            "item_id": f"item_{self._number}",
            "output_index": 0,
            "content_index": 0,
            "delta": "word ",
        }
        self._say(json.dumps(body))


async def connect(on_message: OnMessage, on_closed: OnClosed) -> Link:
    return Narrator(on_message, on_closed)


class Rig:
    """What the calls of one run share."""

    def __init__(self, folder: Path, keeping: Keeping, calls: int) -> None:
        self.folder = folder
        self.keeping = keeping
        self.spool = Spool(lambda message: None)
        self.pool = ThreadPoolExecutor(1)
        self.store = Store(f"sqlite:///{folder / 'torim.db'}")
        self.store.upgrade()
        self.writer = Writer(self.store)
        self.archive = Archive(self.store, self.writer, load_business(), "en", self.pool, self.spool)
        metrics = CallMetrics(CollectorRegistry())
        self.services = CallServices(VadBatch(lambda: calls), self.pool, metrics, lambda setup, reason: None)

    def bridge(self, number: int, telephone: Telephone) -> Bridge:
        call_id, keeping = f"CA{number}", self.keeping
        timeline = self.folder / f"{call_id}.call"
        keeps = self.archive.keeps(call_id) if keeping.records else None
        make = CallTrace if keeping.timeline else NoTrace
        setup = CallSetup(
            call_id=call_id,
            call_sid=call_id,
            carrier="twilio",
            started_at=STARTED,
            caller="",
            called="",
            language="en",
            plans=(EnginePlan("bench", EngineCapabilities(), partial(OpenAIRealtimeCodec, SESSION), connect),),
            desk=lambda action: "{}",
            prompts={Purpose.GREETING: "Talk."},
            trace=make(call_id, timeline, self.spool, TraceHub(), {"call": call_id, "stream": SID}, keeps),
            notes_dir=self.folder,
            greeting_lock=False,
        )
        if keeping.recording:
            setup = replace(setup, recording=Recording(self.folder / f"{call_id}.wav", self.spool))
        if keeping.records:
            self.archive.started(setup)
        return Bridge(setup, self.services, opened(), telephone, self.ended)

    def ended(self, bridge: Bridge) -> None:
        if self.keeping.records:
            self.archive.ended(bridge)

    async def sweep(self, bridges: list[Bridge]) -> None:
        """What the host does beside the calls."""
        sweeps = 0
        while True:
            await asyncio.sleep(SWEEP_S)
            sweeps += 1
            for bridge in bridges:
                bridge.tick(write=sweeps % WRITE_EVERY == 0)
                if self.keeping.records and (bridge.tally.take_growth() or sweeps % FOLLOW_EVERY == 0):
                    self.archive.follow(bridge)

    def close(self) -> None:
        self.pool.shutdown()
        self.spool.close()
        self.writer.close()
        self.store.close()


async def run_calls(rig: Rig, looks: Looks, calls: int, seconds: int) -> tuple[float, float]:
    """CPU seconds of the loop's thread and of the process, for calls of so many seconds, their ends included."""
    bridges, speakers = [], []
    scripts = [caller_messages(seed) for seed in range(min(calls, 8))]
    for number in range(calls):
        telephone = Telephone()
        bridge = rig.bridge(number, telephone)
        telephone.on_message = bridge.on_message
        bridge.start([StreamStarted()])
        speakers.append(asyncio.create_task(speak(bridge, scripts[number % 8], number / calls, seconds + WARM_UP_S)))
        bridges.append(bridge)
    sweeping = asyncio.create_task(rig.sweep(bridges))
    await asyncio.sleep(WARM_UP_S)
    gc.collect()
    loop_s, process_s = time.thread_time(), time.process_time()
    with looks.looking():
        await asyncio.gather(*speakers)
        for bridge in bridges:
            bridge.abort(END)
    loop_s = time.thread_time() - loop_s
    sweeping.cancel()
    rig.pool.shutdown()
    rig.spool.flush()
    rig.writer.flush(60)
    return loop_s, time.process_time() - process_s


def measured(keeping: Keeping, looks: Looks, calls: int, seconds: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder), keeping, calls)
        try:
            return play(run_calls(rig, looks, calls, seconds))  # type: ignore[no-any-return]
        finally:
            rig.close()


def main() -> int:
    args = _arguments()
    logs.configure("ERROR")
    print(*machine(), sep="\n")
    quiet = Quiet()
    taken: dict[str, list[tuple[float, float]]] = {keeping.name: [] for keeping in KEEPINGS}
    looks = {keeping.name: Looks() for keeping in KEEPINGS}
    for _ in range(args.repeats):
        for keeping in KEEPINGS:
            taken[keeping.name].append(measured(keeping, looks[keeping.name], args.calls, args.seconds))
    print(f"{args.calls} calls of {args.seconds} s, {args.repeats} times in turn; {quiet}")
    return _report(taken, looks, args.calls * args.seconds)


def _report(taken: dict[str, list[tuple[float, float]]], looks: dict[str, Looks], call_seconds: int) -> int:
    print(f"{'kept':<32}{'share of the loop':>18}{'loop':>9}{'process':>9}  ms per call-second")
    worst = 0.0
    for name, runs in taken.items():
        loop_ms, process_ms = (min(run[part] for run in runs) / call_seconds * 1000 for part in (0, 1))
        share = looks[name].keeping / max(1, looks[name].all)
        worst = max(worst, share)
        print(f"{name:<32}{share:>18.1%}{loop_ms:>9.3f}{process_ms:>9.3f}")
    print(f"goal: under {GOAL:.0%} of the loop: {'kept' if worst < GOAL else 'MISSED'}")
    return 0 if worst < GOAL else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
