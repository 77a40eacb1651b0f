"""What the caller's telephone played, on the call's clock, with gaps as silence.

Keeps the last two seconds and what is still to be played: at half the rate for comparing, as it was sent for the
canceller, and the level of every 20 ms. It measures nothing else.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torim.audio import g711
from torim.audio.gate import QUIETEST_DB, power_db
from torim.audio.vad import Floats

HALF_PER_MS = 4  # samples at half the rate
WHOLE_PER_MS = 8
_RING_MS = 2_048
_LEVELS_MS = 1_000
_NEVER_MS = -1_000_000


class Ring:
    """The newest samples of a line that never pauses: what was not written is silence."""

    def __init__(self, silence: NDArray[Any], capacity: int) -> None:
        self._silence = silence[0]
        self._samples = np.repeat(silence, capacity)
        self._capacity = capacity
        self.until = 0  # first sample not yet known

    def write(self, start: int, samples: NDArray[Any]) -> None:
        """Put samples at their place; what lies between is silence."""
        samples = samples[: self._capacity]
        self.fill(start)
        self._put(start, samples)
        self.until = max(self.until, start + len(samples))

    def cut(self, start: int) -> None:
        """Silence from ``start`` on, whatever was written."""
        if self.until > start:
            self._blank(start, self.until)
            self.until = start

    def fill(self, until: int) -> None:
        """Silence from the last known sample on."""
        if until > self.until:
            self._blank(self.until, until)
            self.until = until

    def read(self, end: int, count: int) -> NDArray[Any]:
        """``count`` samples up to ``end``."""
        self.fill(end)
        start = (end - count) % self._capacity
        if start + count <= self._capacity:
            return self._samples[start : start + count]
        return np.concatenate((self._samples[start:], self._samples[: start + count - self._capacity]))

    def _blank(self, start: int, until: int) -> None:
        start = max(start, until - self._capacity)
        at = start % self._capacity
        first = min(until - start, self._capacity - at)
        self._samples[at : at + first] = self._silence
        self._samples[: until - start - first] = self._silence

    def _put(self, start: int, samples: NDArray[Any]) -> None:
        at = start % self._capacity
        first = min(len(samples), self._capacity - at)
        self._samples[at : at + first] = samples[:first]
        self._samples[: len(samples) - first] = samples[first:]


class PlayedLine:
    """The far end as it was sent, with the instants at which it plays."""

    def __init__(self) -> None:
        self._halved = Ring(np.zeros(1, np.float32), _RING_MS * HALF_PER_MS)
        self._whole = Ring(np.frombuffer(g711.SILENCE, np.uint8), _RING_MS * WHOLE_PER_MS)
        self._levels: deque[tuple[int, float]] = deque()  # per 20 ms: when, dBFS
        self.until_ms = _NEVER_MS  # when the last of it has played

    def write(self, payload: bytes, play_at_ms: int) -> None:
        """Put mu-law audio at the instant at which it begins to play."""
        samples = g711.decode_float(payload)
        for start in range(0, len(samples), g711.FRAME_SAMPLES):
            piece = samples[start : start + g711.FRAME_SAMPLES]
            self._levels.append((play_at_ms + start // 8, power_db(float(piece.dot(piece)) / len(piece))))
        while self._levels[0][0] < play_at_ms - _LEVELS_MS:
            self._levels.popleft()
        self._halved.write(play_at_ms * HALF_PER_MS, halve(samples[: len(samples) // 2 * 2]))
        self._whole.write(play_at_ms * WHOLE_PER_MS, np.frombuffer(payload, np.uint8))
        self.until_ms = max(self.until_ms, play_at_ms + len(payload) // WHOLE_PER_MS)

    def cut(self, now_ms: int) -> None:
        """Forget what was to play from now on."""
        while self._levels and self._levels[-1][0] >= now_ms:
            self._levels.pop()
        self._halved.cut(now_ms * HALF_PER_MS)
        self._whole.cut(now_ms * WHOLE_PER_MS)
        self.until_ms = min(self.until_ms, now_ms)

    def read(self, end: int, count: int) -> Floats:
        """``count`` samples up to ``end``, both at half the rate."""
        return self._halved.read(end, count)

    def mulaw(self, end_ms: int, count: int) -> bytes:
        """``count`` bytes of mu-law that had played by ``end_ms``."""
        return self._whole.read(end_ms * WHOLE_PER_MS, count).tobytes()

    def loudest_db(self, from_ms: int, to_ms: int) -> float:
        """Loudest 20 ms that began to play in an interval, `QUIETEST_DB` if none did."""
        loudest = QUIETEST_DB
        for at_ms, level_db in reversed(self._levels):
            if at_ms < from_ms:
                break
            if at_ms <= to_ms and level_db > loudest:
                loudest = level_db
        return loudest


def halve(samples: Floats) -> Floats:
    """Half the rate; most of a voice lies below 2 kHz. Amplitudes are doubled."""
    return samples[0::2] + samples[1::2]
