"""What the caller's telephone played, on the call's clock, with gaps as silence.

Keeps the last second and what is still to be played, as it was sent, and the level of every 20 ms. Levels are asked
for all the time, samples seldom: those are decoded when they are read. It measures nothing else.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from torim.audio import g711
from torim.audio.gate import QUIETEST_DB, power_db
from torim.audio.vad import Floats

HALF_PER_MS = 4  # samples at half the rate
WHOLE_PER_MS = 8
_KEPT_MS = 1_000
_NEVER_MS = -1_000_000


class PlayedLine:
    """The far end as it was sent, with the instants at which it plays."""

    def __init__(self) -> None:
        self._codes = bytearray()  # mu-law without gaps, from `_start` on
        self._start = 0
        self._levels_at_ms: list[int] = []  # when each 20 ms began to play, in order
        self._levels_db: list[float] = []
        self.until_ms = _NEVER_MS  # when the last of it has played

    def write(self, payload: bytes, play_at_ms: int) -> None:
        """Put mu-law audio at the instant at which it begins to play; what was put there or later goes."""
        self.cut(play_at_ms)
        self._silence_until(play_at_ms * WHOLE_PER_MS)
        self._codes += payload
        for number, power in enumerate(g711.powers(payload)):
            self._levels_at_ms.append(play_at_ms + number * g711.FRAME_MS)
            self._levels_db.append(power_db(power))
        self.until_ms = play_at_ms + len(payload) // WHOLE_PER_MS
        if self._levels_at_ms[0] < play_at_ms - 2 * _KEPT_MS:
            self._forget(play_at_ms - _KEPT_MS)

    def cut(self, now_ms: int) -> None:
        """Forget what was to play from now on."""
        first = bisect_left(self._levels_at_ms, now_ms)
        del self._levels_at_ms[first:], self._levels_db[first:]
        del self._codes[max(0, now_ms * WHOLE_PER_MS - self._start) :]
        self.until_ms = min(self.until_ms, now_ms)

    def read(self, end: int, count: int) -> Floats:
        """``count`` samples up to ``end``, both at half the rate."""
        return halve(g711.decode_float(self._mulaw(2 * end, 2 * count)))

    def mulaw(self, end_ms: int, count: int) -> bytes:
        """``count`` bytes of mu-law that had played by ``end_ms``."""
        return bytes(self._mulaw(end_ms * WHOLE_PER_MS, count))

    def loudest_db(self, from_ms: int, to_ms: int) -> float:
        """Loudest 20 ms that began to play in an interval, `QUIETEST_DB` if none did."""
        first, end = bisect_left(self._levels_at_ms, from_ms), bisect_right(self._levels_at_ms, to_ms)
        return max(self._levels_db[first:end], default=QUIETEST_DB)

    def _mulaw(self, end: int, count: int) -> bytearray:
        self._silence_until(end)
        start, stop = end - count - self._start, end - self._start
        return self._codes[max(0, start) : max(0, stop)].rjust(count, g711.SILENCE)

    def _silence_until(self, end: int) -> None:
        gap = end - self._start - len(self._codes)
        if gap > _KEPT_MS * WHOLE_PER_MS:  # nothing before it is of use any more
            self._codes.clear()
            self._start, gap = end, 0
        self._codes += g711.SILENCE * gap

    def _forget(self, before_ms: int) -> None:
        old = bisect_left(self._levels_at_ms, before_ms)
        del self._levels_at_ms[:old], self._levels_db[:old]
        excess = max(0, before_ms * WHOLE_PER_MS - self._start)
        del self._codes[:excess]
        self._start += excess


def halve(samples: Floats) -> Floats:
    """Half the rate; most of a voice lies below 2 kHz. Amplitudes are doubled."""
    return samples[0::2] + samples[1::2]
