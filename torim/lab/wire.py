"""Time for the synthetic caller: its clock in samples, and a line that delivers messages when they are due.

Decides nothing about their content. Besides the caller this is the only place of the lab that reads a clock.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from torim.lab.ear import SAMPLES_PER_MS
from torim.lab.line import Route

Item = TypeVar("Item")
NS_PER_SAMPLE = 125_000


class LabClock:
    """Samples of 1/8000 s since the stream started."""

    def __init__(self) -> None:
        self._start_ns = time.monotonic_ns()

    def restart(self) -> None:
        """Begin at zero: the stream starts now."""
        self._start_ns = time.monotonic_ns()

    def now_samples(self) -> int:
        return (time.monotonic_ns() - self._start_ns) // NS_PER_SAMPLE

    def samples_of(self, monotonic_ns: int) -> int:
        """An instant of this machine's monotonic clock, whichever process read it."""
        return (monotonic_ns - self._start_ns) // NS_PER_SAMPLE

    def until_s(self, at_samples: int) -> float:
        """Seconds from now to an instant; never negative."""
        due_ns = self._start_ns + at_samples * NS_PER_SAMPLE
        return max(0.0, (due_ns - time.monotonic_ns()) / 1e9)

    async def reach(self, at_samples: int) -> None:
        """Sleep until an instant; sleeps shorter than asked are made up for."""
        while (left_s := self.until_s(at_samples)) > 0:  # noqa: ASYNC110 - time is what is waited for
            await asyncio.sleep(left_s)


class DelayLine(Generic[Item]):
    """Hands each item on when its route says that it arrives, in order; at once on a direct route."""

    def __init__(self, clock: LabClock, route: Route, deliver: Callable[[Item, int], None]) -> None:
        self._clock = clock
        self._route = route
        self._deliver = deliver
        self._waiting: deque[tuple[int, Item]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def put(self, item: Item) -> int:
        """Send an item now; returns the instant at which it arrives."""
        now = self._clock.now_samples()
        if self._route.direct:
            self._deliver(item, now)
            return now
        due = self._route.arrives_samples(now)
        self._waiting.append((due, item))
        self._arm()
        return due

    def _arm(self) -> None:
        if self._timer is None and self._waiting:
            delay_s = self._clock.until_s(self._waiting[0][0])
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._fire)

    def _fire(self) -> None:
        self._timer = None
        now = self._clock.now_samples()
        while self._waiting and self._waiting[0][0] <= now + SAMPLES_PER_MS:
            due, item = self._waiting.popleft()
            self._deliver(item, max(due, now))
        self._arm()

    def close(self) -> None:
        """Drop what is still on the way."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
