"""Whether this process takes another call: room, a loop that keeps up, and not being on the way out.

It decides about new calls only; live calls are never degraded to make room.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

LAG_TICK_MS = 20
LAG_SAMPLES = 500  # ten seconds
LAG_REFUSE_MS = 10  # at p99: above it, frames of live calls wait audibly


class LoopLag:
    """How late the loop's timers fire, over the last ten seconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, observe: Callable[[float], None]) -> None:
        self._loop = loop
        self._observe = observe
        self._late_ms: deque[float] = deque(maxlen=LAG_SAMPLES)
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to measure."""
        self._arm()

    def stop(self) -> None:
        """Stop measuring."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def p99_ms(self) -> float:
        """The lateness that one timer in a hundred exceeds; 0 while too little is known."""
        if len(self._late_ms) < LAG_SAMPLES // 5:
            return 0.0
        ordered = sorted(self._late_ms)
        return ordered[int(len(ordered) * 0.99)]

    def _arm(self) -> None:
        due_s = self._loop.time() + LAG_TICK_MS / 1000
        self._timer = self._loop.call_at(due_s, self._tick, due_s)

    def _tick(self, due_s: float) -> None:
        late_ms = max(0.0, (self._loop.time() - due_s) * 1000)
        self._late_ms.append(late_ms)
        self._observe(late_ms)
        self._arm()


class Admission:
    """The one place that says no to a new call."""

    def __init__(self, max_calls: int, calls: Callable[[], int], lag_p99_ms: Callable[[], float]) -> None:
        self._max_calls = max_calls
        self._calls = calls
        self._lag_p99_ms = lag_p99_ms
        self.draining = False

    def refusal(self) -> str | None:
        """Why a new call is not taken, as advice; None if it is."""
        calls = self._calls()
        if self.draining:
            return "shutting down: no new calls"
        if calls >= self._max_calls:
            return f"all {self._max_calls} lines are taken: raise TORIM_MAX_CALLS or add workers"
        lag_ms = self._lag_p99_ms()
        # Without a live call there is nobody to protect, and the lag is the machine's own.
        if calls and lag_ms > LAG_REFUSE_MS:
            return f"the media loop is {lag_ms:.0f} ms late at p99: add workers or a faster machine"
        return None
