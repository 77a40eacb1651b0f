"""What the caller's telephone played, on the call's clock, with gaps as silence.

Keeps the last second and what is still to be played, as it was sent, and the level of every 20 ms. Levels are asked
for all the time, samples seldom: those are decoded when they are read. It measures nothing else.
"""

from __future__ import annotations

from torim.audio import g711
from torim.audio.gate import QUIETEST_DB, power_db
from torim.audio.vad import Floats

HALF_PER_MS = 4  # samples at half the rate
WHOLE_PER_MS = 8
_KEPT_MS = 1_000
_STEP_DB = 0.5
_NEVER_MS = -1_000_000


class PlayedLine:
    """The far end as it was sent, with the instants at which it plays."""

    def __init__(self) -> None:
        self._codes = bytearray()  # mu-law without gaps, from `_start` on
        self._start = 0
        self._levels = bytearray()  # steps above `QUIETEST_DB` of what began to play in every 20 ms, from `_slot` on
        self._slot = 0
        self.until_ms = _NEVER_MS  # when the last of it has played

    def write(self, payload: bytes, play_at_ms: int) -> None:
        """Put mu-law audio at the instant at which it begins to play; what was put there or later goes."""
        self.cut(play_at_ms)
        self._silence_until(play_at_ms * WHOLE_PER_MS)
        self._codes += payload
        self._note_levels(payload, play_at_ms)
        self.until_ms = play_at_ms + len(payload) // WHOLE_PER_MS
        if self._start < (play_at_ms - 2 * _KEPT_MS) * WHOLE_PER_MS:
            self._forget(play_at_ms - _KEPT_MS)

    def cut(self, now_ms: int) -> None:
        """Forget what was to play from now on."""
        del self._levels[max(0, _slot_from(now_ms) - self._slot) :]
        del self._codes[max(0, now_ms * WHOLE_PER_MS - self._start) :]
        self.until_ms = min(self.until_ms, now_ms)

    def read(self, end: int, count: int) -> Floats:
        """``count`` samples up to ``end``, both at half the rate."""
        return halve(g711.decode_float(self._mulaw(2 * end, 2 * count)))

    def mulaw(self, end_ms: int, count: int) -> bytes:
        """``count`` bytes of mu-law that had played by ``end_ms``."""
        return bytes(self._mulaw(end_ms * WHOLE_PER_MS, count))

    def loudest_db(self, from_ms: int, to_ms: int) -> float:
        """Loudest 20 ms that began to play in an interval, `QUIETEST_DB` if none did; both ends to 20 ms."""
        first, end = _slot_from(from_ms) - self._slot, to_ms // g711.FRAME_MS + 1 - self._slot
        return QUIETEST_DB + max(self._levels[max(0, first) : max(0, end)], default=0) * _STEP_DB

    def _mulaw(self, end: int, count: int) -> bytearray:
        self._silence_until(end)
        start, stop = end - count - self._start, end - self._start
        return self._codes[max(0, start) : max(0, stop)].rjust(count, g711.SILENCE)

    def _silence_until(self, end: int) -> None:
        gap = end - self._start - len(self._codes)
        if gap > _KEPT_MS * WHOLE_PER_MS:  # nothing before it is of use any more
            self._codes.clear()
            self._levels.clear()
            self._start, gap = end, 0
        self._codes += g711.SILENCE * gap

    def _note_levels(self, payload: bytes, play_at_ms: int) -> None:
        slot = play_at_ms // g711.FRAME_MS
        if not self._levels:
            self._slot = slot
        self._levels += bytes(max(0, slot - self._slot - len(self._levels)))
        del self._levels[slot - self._slot :]
        self._levels += bytes(round((power_db(power) - QUIETEST_DB) / _STEP_DB) for power in g711.powers(payload))

    def _forget(self, before_ms: int) -> None:
        old = max(0, before_ms // g711.FRAME_MS - self._slot)
        del self._levels[:old]
        self._slot += old
        excess = max(0, before_ms * WHOLE_PER_MS - self._start)
        del self._codes[:excess]
        self._start += excess


def _slot_from(at_ms: int) -> int:
    """The first 20 ms that begin at an instant or later."""
    return -(-at_ms // g711.FRAME_MS)


def halve(samples: Floats) -> Floats:
    """Half the rate; most of a voice lies below 2 kHz. Amplitudes are doubled."""
    return samples[0::2] + samples[1::2]
