"""The caller's side of the telephone line: background noise, echo of the far end, the way through the net.

Decides what reaches the wire when the caller says something. It never waits and reads no clock; everything
random comes from a seed, so that a run can be repeated. Levels are dBFS of 16-bit audio, instants samples.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from torim.audio import g711
from torim.lab.ear import SAMPLES_PER_MS
from torim.lab.echo_path import FULL_SCALE, Echo, EchoPath, Samples
from torim.lab.leg import Leg, LegSettings

__all__ = ["FULL_SCALE", "CallerLine", "EchoPath", "LineSettings", "Route", "last_voice_samples", "onset_samples"]

NOISE_SAMPLES = 8_000


@dataclass(frozen=True, slots=True)
class LineSettings:
    """One telephone line; the defaults are a quiet handset without echo."""

    noise_db: float = -62.0
    echo: EchoPath | None = None
    delay_ms: int = 0  # one way, between the carrier and us
    jitter_ms: int = 0
    seed: int = 1
    leg: LegSettings = field(default_factory=LegSettings)  # of the caller's telephone, the same in both directions


class CallerLine:
    """Turns what the caller says in one frame into the mu-law frame that is sent."""

    def __init__(self, settings: LineSettings) -> None:
        self._random = np.random.default_rng(settings.seed)
        self._noise_rms = FULL_SCALE * 10 ** (settings.noise_db / 20)
        self._echo = Echo(settings.echo, self._random) if settings.echo else None
        self._background = np.zeros(0)
        self._noise_left = 0
        self._down = _leg(settings, 1)
        self._up = _leg(settings, 2)

    def frame(self, speech: bytes, far_end: bytes) -> bytes:
        """Mix speech, noise and the echo of what the ear plays in the same 20 ms; mu-law in and out."""
        mixed = g711.decode(speech).astype(np.float64)
        mixed += self._noise(len(mixed))
        if self._echo is not None:
            played = g711.decode(far_end).astype(np.float64)
            mixed += self._echo.frame(played if self._down is None else self._down.frame(played))
        if self._up is not None:
            mixed = self._up.frame(mixed)
        return g711.encode(np.clip(np.rint(mixed), -32768, 32767).astype(np.int16))

    def _noise(self, count: int) -> Samples:
        """The next samples of the background, drawn many frames at a time."""
        if self._noise_left < count:
            rest = self._background[len(self._background) - self._noise_left :]
            self._background = np.concatenate([rest, self._random.normal(0.0, self._noise_rms, NOISE_SAMPLES)])
            self._noise_left = len(self._background)
        start = len(self._background) - self._noise_left
        self._noise_left -= count
        return self._background[start : start + count]


def _leg(settings: LineSettings, side: int) -> Leg | None:
    """One direction of the telephone's leg, with chance of its own; None if it changes nothing."""
    return None if settings.leg.plain else Leg(settings.leg, np.random.default_rng((settings.seed, side)))


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
