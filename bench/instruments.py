"""What the benches measure with: a loop whose clock jumps, a sampler that prices the stages of a call, the machine."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import os
import platform
import signal
import statistics
import time
from collections import Counter, deque
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import torim  # noqa: F401  # isort: skip - before numpy: it asks for one thread
import numpy as np

POLL_S = 0.1
SAMPLE_S = 0.001
ROOT = str(Path(__file__).parents[1]) + "/"

# The innermost frame whose file begins so gives a sample its stage.
STAGES = {
    "torim/audio/vad.py": "neural VAD",
    "torim/audio/": "measures of sound",
    "torim/core/listening.py": "listener",
    "torim/core/echo.py": "listener",
    "torim/core/": "core",
    "torim/carriers/": "carrier codec",
    "torim/engines/": "engine codec",
    "torim/live/": "bridge",
    "bench/": "the two sides",
}


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer: nothing waits, so CPU time is all that passes.

    Timers are kept as tuples and the selector is looked at now and then only, so that the loop itself costs little,
    as the one in service does, which is written in C.
    """

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._polled_s = 0.0
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._count = itertools.count()

    def time(self) -> float:
        return self._now_s

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._count), timer))
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None: ...

    def _run_once(self) -> None:
        ready: deque[asyncio.Handle] = self._ready  # type: ignore[attr-defined]
        timers = self._timers
        if not ready and timers:
            self._now_s = max(self._now_s, timers[0][0])
        if self._now_s - self._polled_s >= POLL_S or not (ready or timers):
            self._polled_s = self._now_s
            self._process_events(self._selector.select(0))  # type: ignore[attr-defined]
        while timers and timers[0][0] <= self._now_s:
            ready.append(heapq.heappop(timers)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()


def play(scene: Coroutine[Any, Any, Any]) -> Any:
    """Run a scene on a loop whose clock jumps."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(scene)


class Sampler:
    """Where the main thread spends its CPU time, by stage: a look at it every millisecond of its own time."""

    def __init__(self) -> None:
        self.samples: Counter[str] = Counter()

    @contextmanager
    def looking(self) -> Iterator[None]:
        before = signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_S, SAMPLE_S)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    def shares(self) -> Iterator[tuple[str, float]]:
        """Each stage with its share of the time, dearest first."""
        total = sum(self.samples.values())
        for stage, count in self.samples.most_common():
            yield stage, count / total

    def _look(self, number: int, frame: FrameType | None) -> None:
        while frame is not None and (stage := _stage(frame.f_code.co_filename)) is None:
            frame = frame.f_back
        self.samples[stage if frame is not None and stage else "the rest"] += 1


@cache
def _stage(file: str) -> str | None:
    path = file.removeprefix(ROOT)
    return next((stage for start, stage in STAGES.items() if path.startswith(start)), None)


def spread(taken: list[float]) -> str:
    """Percentiles of milliseconds, in words."""
    if not taken:
        return "not measured"
    ordered = sorted(taken)
    picks = {name: ordered[int(len(ordered) * share)] for name, share in (("p50", 0.5), ("p99", 0.99))}
    shown = ", ".join(f"{name} {value:.3f}" for name, value in picks.items())
    return f"{shown}, max {ordered[-1]:.3f} ms, mean {statistics.mean(ordered):.3f}, n={len(ordered)}"


def resident_kib() -> int:
    """What this process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def machine() -> Iterator[str]:
    """The machine in a few lines."""
    yield f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    if model:
        yield model[0].partition(":")[2].strip()
    yield f"Python {platform.python_version()}, numpy {np.__version__}"


class Quiet:
    """How busy the machine was with other work, which makes CPU time dear: caches and the core are shared."""

    def __init__(self) -> None:
        self._wall_s, self._own_s = time.perf_counter(), time.process_time()
        self._stolen_s = _stolen_s()

    def __str__(self) -> str:
        wall_s = time.perf_counter() - self._wall_s
        own = (time.process_time() - self._own_s) / wall_s
        stolen = (_stolen_s() - self._stolen_s) / wall_s / (os.cpu_count() or 1)
        return (
            f"load {os.getloadavg()[0]:.1f}, {stolen:.0%} of the processors stolen by the hypervisor,"
            f" this process ran {own:.0%} of the time: absolute times hold where that is near 100 %"
        )


def _stolen_s() -> float:
    fields = Path("/proc/stat").read_text().splitlines()[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")
