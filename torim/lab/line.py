"""The caller's side of the telephone line: background noise, echo of the far end, the way through the net.

Decides what reaches the wire when the caller says something. It never waits and reads no clock; everything
random comes from a seed, so that a run can be repeated. Levels are dBFS of 16-bit audio, instants samples.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from torim.audio import g711
from torim.lab.ear import SAMPLES_PER_MS

FULL_SCALE = 32768.0
Samples = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EchoPath:
    """How the far end comes back: echo return loss, delay and how long the reflection rings."""

    erl_db: float
    delay_ms: int
    spread_ms: int = 30


@dataclass(frozen=True, slots=True)
class LineSettings:
    """One telephone line; the defaults are a quiet handset without echo."""

    noise_db: float = -62.0
    echo: EchoPath | None = None
    delay_ms: int = 0  # one way, between the carrier and us
    jitter_ms: int = 0
    seed: int = 1


class CallerLine:
    """Turns what the caller says in one frame into the mu-law frame that is sent."""

    def __init__(self, settings: LineSettings) -> None:
        self._random = np.random.default_rng(settings.seed)
        self._noise_rms = FULL_SCALE * 10 ** (settings.noise_db / 20)
        self._echo = _Echo(settings.echo, self._random) if settings.echo else None

    def frame(self, speech: bytes, far_end: bytes) -> bytes:
        """Mix speech, noise and the echo of what the ear plays in the same 20 ms; mu-law in and out."""
        mixed = g711.decode(speech).astype(np.float64)
        mixed += self._random.normal(0.0, self._noise_rms, len(mixed))
        if self._echo is not None:
            mixed += self._echo.frame(g711.decode(far_end).astype(np.float64))
        return g711.encode(np.clip(np.rint(mixed), -32768, 32767).astype(np.int16))


class _Echo:
    """A delayed, dispersed copy of the far end: exponentially decaying taps of unit energy."""

    def __init__(self, path: EchoPath, rng: np.random.Generator) -> None:
        length = max(1, path.spread_ms * SAMPLES_PER_MS)
        decay = np.exp(-4.0 * np.arange(length) / length)
        taps = decay * rng.normal(0.0, 1.0, length)
        taps[0] = 1.0
        gain = 10 ** (-path.erl_db / 20)
        self._taps = taps / math.sqrt(float(np.sum(taps**2))) * gain
        self._delay_samples = path.delay_ms * SAMPLES_PER_MS
        self._past = np.zeros(self._delay_samples + length - 1)

    def frame(self, far_end: Samples) -> Samples:
        """The echo that arrives while ``far_end`` is played."""
        self._past = np.concatenate([self._past, far_end])
        end = len(self._past) - self._delay_samples
        window = self._past[end - len(far_end) - len(self._taps) + 1 : end]
        self._past = self._past[len(far_end) :]
        return np.convolve(window, self._taps, mode="valid")


class Route:
    """One direction of the network: a delay with seeded jitter that keeps the order of messages."""

    def __init__(self, delay_ms: int, jitter_ms: int, seed: int) -> None:
        self._delay_ms = delay_ms
        self._jitter_ms = jitter_ms
        self._random = random.Random(seed)
        self._last_samples = 0

    @property
    def direct(self) -> bool:
        """Whether messages arrive the instant they are sent."""
        return self._delay_ms == 0 and self._jitter_ms == 0

    def arrives_samples(self, sent_samples: int) -> int:
        """When a message sent now arrives; never before one that was sent earlier."""
        delay = self._delay_ms + self._random.uniform(0, self._jitter_ms)
        arrives = sent_samples + round(delay * SAMPLES_PER_MS)
        self._last_samples = max(self._last_samples, arrives)
        return self._last_samples


def onset_samples(payload: bytes, threshold_db: float = -40.0, window_ms: int = 5) -> int:
    """The first sample of speech in a mu-law utterance: where a window first reaches the threshold.

    Returns the length of the utterance if none does.
    """
    window = window_ms * SAMPLES_PER_MS
    loud = _loud_windows(payload, threshold_db, window)
    return int(loud[0]) * window if len(loud) else len(payload)


def last_voice_samples(payload: bytes, threshold_db: float = -40.0, window_ms: int = 5) -> int:
    """One past the last sample of speech in a mu-law utterance."""
    window = window_ms * SAMPLES_PER_MS
    loud = _loud_windows(payload, threshold_db, window)
    return min(len(payload), (int(loud[-1]) + 1) * window) if len(loud) else 0


def _loud_windows(payload: bytes, threshold_db: float, window: int) -> npt.NDArray[np.intp]:
    samples = g711.decode(payload).astype(np.float64)
    padded = np.pad(samples, (0, -len(samples) % window))
    rms = np.sqrt(np.mean(padded.reshape(-1, window) ** 2, axis=1))
    return np.flatnonzero(rms >= FULL_SCALE * 10 ** (threshold_db / 20))
