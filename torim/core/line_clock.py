"""What marks tell about the line: its round trip, and how far the carrier plays behind our paced clock.

A mark sent before any audio comes back at once and so measures the bare round trip, and no mark can be faster: the
fastest one counts, should the first have been held up. Whatever marks take beyond that is the carrier's own
start-up delay; of two in a row the faster is believed, since the other may have been held up on its way back. How
much that delay wanders is the line's jitter. All instants are on the sample clock, 8 samples a
millisecond. It learns; it decides nothing.
"""

from __future__ import annotations

SAMPLES_PER_MS = 8
MAX_JITTER_SAMPLES = 40 * SAMPLES_PER_MS  # beyond this the line is unusable for talk anyway


class LineClock:
    """The marks that are on their way, and what the returned ones taught."""

    def __init__(self, assumed_delay_ms: int) -> None:
        self._marks: dict[int, int] = {}  # token -> sample clock of the mark
        self._next_token = 0
        self._round_trip: int | None = None
        self._delay = assumed_delay_ms * SAMPLES_PER_MS
        self._last_excess: int | None = None  # of the mark before, in the present stretch of speech
        self._jitter = 0

    @property
    def behind(self) -> int:
        """How far the ear is behind the paced clock, on the safe side."""
        return self._delay + self._jitter

    @property
    def round_trip_ms(self) -> int:
        """To the carrier and back, as the fastest mark measured it."""
        return (self._round_trip or 0) // SAMPLES_PER_MS

    def begin(self) -> None:
        """The carrier begins to play into an empty line: its start-up delay is a new one."""
        self._last_excess = None

    def mark(self, position: int) -> int:
        """Note a mark after everything that plays up to ``position``; returns its token."""
        token = self._next_token
        self._next_token += 1
        self._marks[token] = position
        return token

    def returned(self, token: int, now: int) -> int | None:
        """Learn from a mark; returns the position that was certainly played, None for an unknown mark."""
        position = self._marks.pop(token, None)
        if position is None:
            return None
        delay = max(0, now - position)
        self._round_trip = delay if self._round_trip is None else min(self._round_trip, delay)
        excess = max(0, delay - self._round_trip)
        before, self._delay = self._delay, min(excess, excess if self._last_excess is None else self._last_excess)
        self._last_excess = excess
        wandered_ms = max(abs(self._delay - before), self._jitter * 7 // 8) // SAMPLES_PER_MS
        self._jitter = min(MAX_JITTER_SAMPLES, wandered_ms * SAMPLES_PER_MS)
        return position

    def forget(self) -> None:
        """A clear brings all marks back at once: they teach nothing."""
        self._marks.clear()
