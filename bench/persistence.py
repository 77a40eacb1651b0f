"""Measure what persistence costs the media loop: the timeline, the records of calls, the recording.

    python -m bench.persistence [--calls 40] [--seconds 8] [--repeats 7]

Whole calls on a clock that jumps, as in bench.bridge, between a telephone and an engine that talks without end and
gives its words; the caller cuts in with a second of voice every eight seconds. The same calls are run without any
persistence and with more and more of it, in turn; the database is SQLite in a file, written by the writer's own
thread. `loop` is the CPU time of the media loop's thread: what a caller could feel. `process` adds the threads that
render, write files and fill the database; they run in real time while the clock jumps, so they commit less often for
each second of a call than in service, and what a batch costs is in bench.storage. The goal is for the loop: under 5 %.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

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


async def run_calls(rig: Rig, calls: int, seconds: int) -> tuple[float, float]:
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
    await asyncio.gather(*speakers)
    for bridge in bridges:
        bridge.abort(END)
    loop_s = time.thread_time() - loop_s
    sweeping.cancel()
    rig.pool.shutdown()
    rig.spool.flush()
    rig.writer.flush(60)
    return loop_s, time.process_time() - process_s


def measured(keeping: Keeping, calls: int, seconds: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder), keeping, calls)
        try:
            return play(run_calls(rig, calls, seconds))  # type: ignore[no-any-return]
        finally:
            rig.close()


def main() -> int:
    args = _arguments()
    logs.configure("ERROR")
    print(*machine(), sep="\n")
    quiet = Quiet()
    taken: dict[str, list[tuple[float, float]]] = {keeping.name: [] for keeping in KEEPINGS}
    for _ in range(args.repeats):
        for keeping in KEEPINGS:
            taken[keeping.name].append(measured(keeping, args.calls, args.seconds))
    print(f"{args.calls} calls of {args.seconds} s, {args.repeats} times in turn; {quiet}")
    return _report(taken, args.calls * args.seconds)


def _report(taken: dict[str, list[tuple[float, float]]], call_seconds: int) -> int:
    nothing = taken[KEEPINGS[0].name]
    print(f"{'kept':<32}{'loop, ms per call-second':>26}{'more':>9}{'process, ms':>14}{'more':>9}")
    worst = 0.0
    for name, runs in taken.items():
        columns = []
        for part in (0, 1):
            times = [run[part] for run in runs]
            # Each run is compared with the one without persistence of the same turn: the machine is the same then.
            more = statistics.median(run[part] / bare[part] - 1 for run, bare in zip(runs, nothing, strict=True))
            columns.append((statistics.median(times) / call_seconds * 1000, more))
        worst = max(worst, columns[0][1])
        (loop, more_loop), (process, more_process) = columns
        print(f"{name:<32}{loop:>26.3f}{more_loop:>9.1%}{process:>14.3f}{more_process:>9.1%}")
    print(f"goal: the loop's share under {GOAL:.0%}: {'kept' if worst < GOAL else 'MISSED'}")
    return 0 if worst < GOAL else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
