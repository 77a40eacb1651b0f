"""Takes our own voice out of what the caller's line returns, on lines that return it.

Decides when the canceller runs (while our voice sounds or may come back, on every line until it is known to be
quiet), when what it gives is to be heard, and when it is not to be believed. A canceller that has not met an echo
yet silences everything, the caller too: until a line is known to return our voice and its echo has been heard for a
while, the line is heard as it is. What is heard of a line that once was cancelled is late by the canceller's delay
from then on, cancelled or not, so that its time never jumps again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from torim.audio import g711
from torim.audio.canceller import DELAY_SAMPLES, Canceller, Int16s
from torim.audio.far_end import NEWEST_SAMPLES, PATH_MAX_MS, TAIL_MS, EchoMeter, Tail
from torim.audio.gate import QUIETEST_DB, power_db
from torim.audio.line_echo import Returns

_AUDIBLE_DB = -52.0  # the gate's absolute floor: less is no echo
_PLAYED_DB = -60.0  # an echo of less than this teaches nothing
_MET_FRAMES = 30  # of echo: by then the canceller lets a caller through
_UNKNOWN_MAX_FRAMES = 500  # 10 s of our voice: a line that has taught nothing by then is left alone
_REMOVED_DB = 12.0  # at least this much is taken out of most of an echo, and less out of a caller
_OURS = 0.6  # our own voice and nobody else's
_UNLIKE = 0.25  # our own voice is more alike
_LONG_MS, _SHIFT_MS = 330, 250  # the canceller finds delays up to some 400 ms; beyond it is given our voice late
_CHECK_EVERY = 2  # frames: the line is known
_DOUBT_FRAMES = 15  # what was removed was not our voice

_FADE = np.linspace(0.0, 1.0, g711.FRAME_SAMPLES, dtype=np.float32)


class Cancels(Protocol):
    """A `Canceller`, or what stands in for it."""

    def cancel(self, near: Int16s, far: Int16s) -> Int16s: ...


class FrameClock:
    """When each frame ended, without the jitter of its arrival: the canceller must not see frames jump."""

    _WINDOW_FRAMES = 50
    _SLACK_MS = 8  # within this the clock is right

    def __init__(self) -> None:
        self._end_ms: int | None = None
        self._least_late_ms = 1_000_000
        self._frames = 0

    def tick(self, now_ms: int) -> int:
        """The end of the frame that has just come in, on the call's clock."""
        if self._end_ms is None:
            self._end_ms = now_ms
            return now_ms
        self._end_ms += g711.FRAME_MS
        late_ms = now_ms - self._end_ms
        self._least_late_ms = min(self._least_late_ms, late_ms)
        self._frames += 1
        if late_ms < -self._SLACK_MS:
            self._end_ms = now_ms  # no frame comes before it ends
        elif self._frames >= self._WINDOW_FRAMES:
            if self._least_late_ms > self._SLACK_MS:
                self._end_ms += self._least_late_ms
            self._least_late_ms = 1_000_000
            self._frames = 0
        return self._end_ms


class EchoRemoval:
    """One call's line without our own voice in it."""

    def __init__(self, meter: EchoMeter, make: Callable[[], Cancels] = Canceller) -> None:
        self.working_frames = 0  # given out in a row up to now
        self._meter = meter
        self._make = make
        self._canceller: Cancels | None = None
        self._clock = FrameClock()
        self._raw = Tail()
        self._kept: bytes | None = None  # the end of the last frame, once the line is heard late
        self._shift_ms = 0
        self._refused = False
        self._run_frames = 0  # of a line not yet known
        self._met_frames = 0
        self._doubt = 0
        self.likeness = 0.0  # of the newest frame as it came to our own voice

    def frame(self, payload: bytes, now_ms: int) -> bytes:
        """What is to be heard of one mu-law frame that has just come in."""
        end_ms = self._clock.tick(now_ms)
        late = self._late(payload)
        self._raw.push(payload)
        if not self._due(now_ms):
            self._rest()
            return self._give(late, None)
        near = g711.decode(payload)
        try:
            cleaned = self._running().cancel(near, self._far(end_ms))
        except RuntimeError:
            self._refused = True  # by the library: this line is heard as it is
            return self._give(late, None)
        raw_db = power_db(next(iter(g711.powers(payload))))
        self._follow(raw_db, cleaned, now_ms)
        begun = self.working or self._may_begin(raw_db, now_ms)
        return self._give(late, cleaned if self._believed and begun else None)

    @property
    def working(self) -> bool:
        """Whether the last frame given out is the canceller's."""
        return self.working_frames > 0

    @property
    def settled(self) -> bool:
        """Whether nothing but the canceller's frames is in the last 100 ms."""
        return self.working_frames > NEWEST_SAMPLES // g711.FRAME_SAMPLES

    @property
    def _believed(self) -> bool:
        return self._meter.line.returns is Returns.ECHO and self._met_frames >= _MET_FRAMES

    # --- when -------------------------------------------------------------------------------------------------

    def _due(self, now_ms: int) -> bool:
        """Whether our voice sounds or may still come back, on a line where that is worth the trouble."""
        delay_ms = self._meter.delay_ms
        path_ms = PATH_MAX_MS if delay_ms is None else delay_ms + TAIL_MS
        if self._refused or now_ms - self._meter.played.until_ms > path_ms:
            return False
        returns = self._meter.line.returns
        if returns is Returns.UNKNOWN:
            self._run_frames += 1
            return self._run_frames <= _UNKNOWN_MAX_FRAMES
        return returns is Returns.ECHO

    def _far(self, end_ms: int) -> Int16s:
        """What the canceller is to look for in this frame."""
        return g711.decode(self._meter.played.mulaw(end_ms - self._shift_ms, g711.FRAME_SAMPLES))

    def _running(self) -> Cancels:
        delay_ms = self._meter.delay_ms
        shift_ms = _SHIFT_MS if delay_ms is not None and delay_ms >= _LONG_MS else 0
        if self._canceller is None or shift_ms != self._shift_ms:
            self._canceller = self._make()
            self._shift_ms = shift_ms
            self._met_frames = 0
        return self._canceller

    def _rest(self) -> None:
        """Not needed now: what was learned of an echo is kept for the next words, and of any other line nothing."""
        returns = self._meter.line.returns
        if returns is Returns.QUIET:
            self._run_frames = 0
        if returns is Returns.QUIET or (returns is Returns.UNKNOWN and self._run_frames > _UNKNOWN_MAX_FRAMES):
            self._canceller = None
            self._met_frames = 0

    # --- whether to believe it --------------------------------------------------------------------------------

    def _may_begin(self, raw_db: float, now_ms: int) -> bool:
        """Whether nothing but our own voice is heard: beginning over a caller, it silences them first."""
        return raw_db < _AUDIBLE_DB or self._meter.newest(now_ms) >= _OURS

    def _follow(self, raw_db: float, cleaned: Int16s, now_ms: int) -> None:
        meter = self._meter
        if raw_db < _AUDIBLE_DB:
            self.likeness = 0.0
            if self.working:
                meter.hear_quiet(raw_db, now_ms)
            return
        if meter.expected_db(now_ms) < _PLAYED_DB:
            return
        self._met_frames = min(self._met_frames + 1, _MET_FRAMES)
        if self.working:
            self._doubt_it(raw_db, cleaned, now_ms)

    def _doubt_it(self, raw_db: float, cleaned: Int16s, now_ms: int) -> None:
        """Our voice is taken out of its echo, a caller is let through; anything else is not to be believed."""
        if self.working_frames % _CHECK_EVERY:
            self.likeness = self._meter.check(self._raw, now_ms)
        removed = raw_db - _level_db(cleaned.astype(np.float32) / np.float32(32768)) >= _REMOVED_DB
        if removed and self.likeness < _UNLIKE:
            self._doubt += 1
        else:
            self._doubt = max(0, self._doubt - 1)
        if self._doubt >= _DOUBT_FRAMES:
            self._doubt = self._met_frames = 0
            self._meter.forget()
            self._canceller = None

    # --- what is heard ----------------------------------------------------------------------------------------

    def _late(self, payload: bytes) -> bytes:
        """The frame as it came, late once the line is heard late."""
        if self._kept is None:
            return payload
        whole = self._kept + payload
        self._kept = whole[-DELAY_SAMPLES:]
        return whole[: len(payload)]

    def _give(self, late: bytes, cleaned: Int16s | None) -> bytes:
        if cleaned is not None and self._kept is None:
            self._kept = late[-DELAY_SAMPLES:]
        if cleaned is None:
            self.working_frames = 0
            return late
        self.working_frames += 1
        return g711.encode(cleaned if self.working_frames > 1 else _blend(g711.decode(late), cleaned))


def _blend(old: Int16s, new: Int16s) -> Int16s:
    """From one sound into another, without a click."""
    return np.rint(old + (new.astype(np.float32) - old) * _FADE).astype(np.int16)


def _level_db(samples: NDArray[np.float32]) -> float:
    return power_db(float(samples.dot(samples)) / len(samples)) if len(samples) else QUIETEST_DB
