"""The energy gate: is anything there at all? Answers within a frame or two, whatever the sound is.

It only arms: a click may not pass, a cough or music may. What the sound is, others say.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from torim.audio import g711
from torim.core.settings import ListenSettings

QUIETEST_DB = -96.0
_START_FLOOR_DB = -60.0  # a line is taken as this quiet until its noise was heard
_BLOCKS = 5
_HALF = 80  # samples in 10 ms
_MEAN_OF_HALF = np.full(_HALF, 1 / _HALF, np.float32)
_HALVES_TO_ARM = 3  # of the last four: two frames, the first of which may begin late
_ONES = tuple(bits.bit_count() for bits in range(16))


def power_db(power: float) -> float:
    """Mean square of samples -1..1 in dBFS."""
    return 10.0 * math.log10(power) if power > 2.5e-10 else QUIETEST_DB


class NoiseFloor:
    """The quietest frame of the last while, kept in blocks so that old noise is forgotten."""

    def __init__(self, window_ms: int) -> None:
        self._frames_per_block = max(1, window_ms // g711.FRAME_MS // _BLOCKS)
        self._minima = deque([_START_FLOOR_DB], maxlen=_BLOCKS)
        self._block_min = 0.0
        self._frames = 0
        self.db = _START_FLOOR_DB

    def hear(self, level_db: float) -> None:
        """Take in one frame's level."""
        self._block_min = min(self._block_min, level_db)
        self._frames += 1
        if level_db < self.db:
            self.db = level_db
        if self._frames == self._frames_per_block:
            self._minima.append(self._block_min)
            self.db = min(self._minima)
            self._block_min = 0.0
            self._frames = 0


class Gate:
    """Energy of 10 ms halves against an absolute and an adaptive floor."""

    def __init__(self, settings: ListenSettings) -> None:
        self._absolute_db = settings.absolute_floor_db
        self._margin_db = settings.gate_margin_db
        self._hangover_frames = settings.arm_hangover_ms // g711.FRAME_MS
        self._floor = NoiseFloor(settings.floor_window_ms)
        self._recent = 0  # one bit per half, newest lowest
        self._frames_left = 0
        self.level_db = QUIETEST_DB
        self.active = False

    @property
    def floor_db(self) -> float:
        return self._floor.db

    @property
    def armed(self) -> bool:
        return self._frames_left > 0

    def hear(self, payload: bytes) -> None:
        """Take in one mu-law frame of 160 bytes."""
        squares = g711.SQUARES.take(np.frombuffer(payload, np.uint8))
        first, second = squares.reshape(2, _HALF).dot(_MEAN_OF_HALF).tolist()
        self.level_db = power_db((first + second) / 2.0)
        threshold = 10.0 ** (max(self._absolute_db, self._floor.db + self._margin_db) / 10.0)
        bits = 2 * (first > threshold) + (second > threshold)
        self.active = bits > 0
        self._recent = (self._recent << 2 & 15) | bits
        self._floor.hear(self.level_db)
        if _ONES[self._recent] >= _HALVES_TO_ARM:
            self._frames_left = self._hangover_frames
        elif self._frames_left:
            self._frames_left -= 1

    def disarm(self) -> None:
        """Forget what armed it: it was a tone."""
        self._recent = 0
        self._frames_left = 0
