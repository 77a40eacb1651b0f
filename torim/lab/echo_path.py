"""How the far end comes back to us: the ways in which a telephone returns what it plays.

Decides the sound of the echo, frame by frame. It never waits and reads no clock; everything random comes from
the generator that it is given. Four ways: a single reflection or a few taps (a hybrid), a dispersive response,
a loudspeaker in a room (overdriven, low-passed, 150 ms long), and what a telephone's own canceller leaves over
(bursts). The echo return loss is the energy of the response; a voice may come back a decibel or two off it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

SAMPLES_PER_MS = 8
FULL_SCALE = 32768.0
Samples = npt.NDArray[np.float64]


class Response(Enum):
    """What becomes of the far end on its way back."""

    DISPERSED = "dispersed"  # dense, decaying over the spread
    SINGLE = "single"  # one reflection
    THREE_TAPS = "three taps"  # over the spread
    SPEAKERPHONE = "speakerphone"  # 150 ms of room, low pass at 3.4 kHz, soft clipping
    RESIDUAL = "residual"  # of a telephone's canceller: bursts of 50 to 300 ms, up to 15 dB weaker


@dataclass(frozen=True, slots=True)
class EchoPath:
    """How the far end comes back: echo return loss, delay, how long the response rings, and its kind."""

    erl_db: float
    delay_ms: int
    spread_ms: int = 30
    response: Response = Response.DISPERSED


ROOM_MS = 150
OVERDRIVE = 3.0  # of a loudspeaker: peaks of a telephone voice reach the bend
LOW_PASS_HZ = 3400
UNCONVERGED_MS = 500  # a canceller that has just met the far end lets all of it through
BURST_MS, GAP_MS = (50, 300), (150, 900)
BURST_SPREAD_DB = 15.0


class Echo:
    """One line's echo, a stream of frames."""

    def __init__(self, path: EchoPath, rng: np.random.Generator) -> None:
        taps = _TAPS[path.response](path, rng)
        gain = 10 ** (-path.erl_db / 20)
        self._taps = taps / math.sqrt(float(np.sum(taps**2))) * gain
        self._delay_samples = path.delay_ms * SAMPLES_PER_MS
        self._past = np.zeros(self._delay_samples + len(taps) - 1)
        self._overdriven = path.response is Response.SPEAKERPHONE
        self._bursts = _Bursts(rng) if path.response is Response.RESIDUAL else None

    def frame(self, far_end: Samples) -> Samples:
        """The echo that arrives while ``far_end`` is played."""
        if self._overdriven:
            far_end = np.tanh(far_end * (OVERDRIVE / FULL_SCALE)) * (FULL_SCALE / OVERDRIVE)
        self._past = np.concatenate([self._past, far_end])
        end = len(self._past) - self._delay_samples
        window = self._past[end - len(far_end) - len(self._taps) + 1 : end]
        self._past = self._past[len(far_end) :]
        echo = np.convolve(window, self._taps, mode="valid")
        return echo if self._bursts is None else echo * self._bursts.gain(echo)


class _Bursts:
    """The gate of a canceller that works most of the time."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._open = True
        self._level = 1.0
        self._left_ms = UNCONVERGED_MS  # of the far end, not of silence
        self._last = 0.0

    def gain(self, echo: Samples) -> Samples:
        """The gain over a frame, without clicks."""
        target = self._level if self._open else 0.0
        ramp = np.linspace(self._last, target, len(echo))
        self._last = target
        if np.any(echo):
            self._left_ms -= len(echo) // SAMPLES_PER_MS
        if self._left_ms <= 0:
            self._turn()
        return ramp

    def _turn(self) -> None:
        self._open = not self._open
        self._left_ms = int(self._rng.integers(*(BURST_MS if self._open else GAP_MS)))
        self._level = 10 ** (-self._rng.uniform(0, BURST_SPREAD_DB) / 20)


def _dispersed(path: EchoPath, rng: np.random.Generator) -> Samples:
    length = max(1, path.spread_ms * SAMPLES_PER_MS)
    decay = np.exp(-4.0 * np.arange(length) / length)
    taps: Samples = decay * rng.normal(0.0, 1.0, length)
    taps[0] = 1.0
    return taps


def _single(path: EchoPath, rng: np.random.Generator) -> Samples:
    return np.array([float(rng.choice((-1.0, 1.0)))])


def _three_taps(path: EchoPath, rng: np.random.Generator) -> Samples:
    length = max(3, path.spread_ms * SAMPLES_PER_MS)
    taps = np.zeros(length)
    places = (0, int(rng.integers(1, length - 1)), length - 1)
    for place, weight in zip(places, (1.0, 0.6, 0.4), strict=True):
        taps[place] = weight * float(rng.choice((-1.0, 1.0)))
    return taps


def _speakerphone(path: EchoPath, rng: np.random.Generator) -> Samples:
    room = _dispersed(EchoPath(path.erl_db, path.delay_ms, ROOM_MS), rng)
    return np.convolve(room, low_pass(LOW_PASS_HZ, 33))


def low_pass(hz: float, length: int) -> Samples:
    """A windowed-sinc low pass of unit gain; ``length`` is odd."""
    at = np.arange(length) - length // 2
    taps: Samples = np.sinc(2 * hz / 8000 * at) * np.hamming(length)
    return taps / float(taps.sum())


_TAPS = {
    Response.DISPERSED: _dispersed,
    Response.SINGLE: _single,
    Response.THREE_TAPS: _three_taps,
    Response.SPEAKERPHONE: _speakerphone,
    Response.RESIDUAL: _dispersed,
}
