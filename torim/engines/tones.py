"""Made-up speech: voice-like mu-law audio that is the same every time, for the scripted double.

A buzz with three formants and a syllable rhythm: it has the level, the pitch and the pauses of a voice, so
that echo and voice detectors take it seriously, and no words.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from torim.audio import g711

VOICES = 8

_FORMANTS_HZ = ((600.0, 1.0), (1150.0, 0.5), (2500.0, 0.18))  # centre, weight
_FORMANT_WIDTH_HZ = 180.0
_SYLLABLES_HZ = 4.0
_PEAK = 9000  # of 32768: about -22 dBFS in the mean, a telephone voice
_CYCLE_POINTS = 1024


@lru_cache(maxsize=64)
def voice_like(audio_ms: int, seed: int = 0) -> bytes:
    """``audio_ms`` of mu-law audio at 8 kHz; each of the `VOICES` seeds has its own pitch."""
    time_s = np.arange(audio_ms * 8) / g711.SAMPLE_RATE_HZ
    pitch_hz = 105.0 + 13.0 * (seed % VOICES)
    cycles = pitch_hz * (time_s + 0.01 * np.sin(2 * np.pi * 1.3 * time_s))
    buzz = _cycle(pitch_hz)[(cycles * _CYCLE_POINTS).astype(np.int64) % _CYCLE_POINTS]
    syllables = 0.15 + 0.85 * np.sin(np.pi * _SYLLABLES_HZ * time_s) ** 2
    return g711.encode((buzz * syllables * _PEAK).astype(np.int16))


@lru_cache(maxsize=8)
def _cycle(pitch_hz: float) -> NDArray[np.float64]:
    """One period of the buzz, peak 1."""
    phase = np.arange(_CYCLE_POINTS) * (2 * np.pi / _CYCLE_POINTS)
    harmonics = range(1, int(3400 / pitch_hz) + 1)
    buzz = sum((_weight(n * pitch_hz) * np.sin(n * phase + n * n) for n in harmonics), np.zeros(_CYCLE_POINTS))
    loudest = float(np.abs(buzz).max())
    return buzz / loudest


def _weight(frequency_hz: float) -> float:
    offsets = ((frequency_hz - centre_hz) / _FORMANT_WIDTH_HZ for centre_hz, _ in _FORMANTS_HZ)
    peaks = (
        weight * float(np.exp(-offset * offset)) for offset, (_, weight) in zip(offsets, _FORMANTS_HZ, strict=True)
    )
    return 0.02 + sum(peaks)
