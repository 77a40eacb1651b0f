"""The only clock of a call, and the only reading of the wall clock in `live`.

It decides nothing: it turns the event loop's time into whole milliseconds since the call's stream started.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime


class CallClock:
    """Milliseconds since the stream started; never goes back."""

    __slots__ = ("_latest_ms", "_loop", "_start_s")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._start_s = loop.time()
        self._latest_ms = 0

    def now_ms(self) -> int:
        """Whole milliseconds since the stream started."""
        now_ms = int((self._loop.time() - self._start_s) * 1000)
        if now_ms > self._latest_ms:
            self._latest_ms = now_ms
        return self._latest_ms

    def reached_ms(self, deadline_ms: int) -> int:
        """The time when a timer fires that was set to a deadline; loops may be a fraction early."""
        now_ms = self.now_ms()
        if now_ms == deadline_ms - 1:
            self._latest_ms = deadline_ms
        return self._latest_ms

    def loop_time_s(self, at_ms: int) -> float:
        """The event loop's time of an instant of this call, for `loop.call_at`."""
        return self._start_s + at_ms / 1000


class Deadline:
    """The one timer of a call, set to the next deadline of its core.

    A later deadline leaves the running timer alone: it finds out when it fires, which is cheaper than being
    set anew at every event.
    """

    __slots__ = ("_at_ms", "_clock", "_loop", "_reached", "_timer", "_wanted_ms")

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: CallClock, reached: Callable[[], None]) -> None:
        self._loop = loop
        self._clock = clock
        self._reached = reached
        self._timer: asyncio.TimerHandle | None = None
        self._at_ms = 0  # what the running timer is set to
        self._wanted_ms: int | None = None

    def set(self, deadline_ms: int | None) -> None:
        """Be called at this instant, and at no earlier one; None: not at all."""
        self._wanted_ms = deadline_ms
        if deadline_ms is None or (self._timer is not None and self._at_ms <= deadline_ms):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._at_ms = deadline_ms
        self._timer = self._loop.call_at(self._clock.loop_time_s(deadline_ms), self._fire)

    def cancel(self) -> None:
        """Forget the deadline and the timer."""
        self._wanted_ms = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        self._timer = None
        wanted_ms = self._wanted_ms
        if wanted_ms is None:
            return
        if self._clock.reached_ms(self._at_ms) < wanted_ms:
            self.set(wanted_ms)
            return
        self._wanted_ms = None
        self._reached()


def utc_now() -> datetime:
    """The wall clock, for records and for the desk; never for the timing of a call."""
    return datetime.now(UTC)
