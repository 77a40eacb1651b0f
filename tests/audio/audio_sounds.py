"""Synthetic sounds for the ears: 8 kHz, -1..1, deterministic."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from torim.audio import g711

Samples = NDArray[np.float64]


def noise(ms: int, level_db: float, seed: int = 1) -> Samples:
    """White noise."""
    return np.random.default_rng(seed).standard_normal(ms * 8) * 10 ** (level_db / 20)


def key(low_hz: float, high_hz: float, ms: int, level_db: float = -16) -> Samples:
    """The two tones of a telephone key."""
    t = np.arange(ms * 8) / 8000
    return 10 ** (level_db / 20) * (np.sin(2 * np.pi * low_hz * t) + np.sin(2 * np.pi * high_hz * t))


def vowel(ms: int, level_db: float, pitch_hz: float = 130.0, seed: int = 0) -> Samples:
    """A voiced sound: harmonics under two formants, the pitch gliding."""
    rng = np.random.default_rng(seed)
    t = np.arange(ms * 8) / 8000
    pitch = pitch_hz * (1 + 0.12 * np.sin(2 * np.pi * 1.7 * t + rng.uniform(0, 6)))
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    formants = rng.uniform(350, 750), rng.uniform(1000, 1900)
    weights = [sum(np.exp(-(((k * pitch_hz - f) / 150) ** 2)) for f in formants) + 0.02 for k in range(1, 25)]
    sound = sum(w * np.sin(k * phase) for k, w in enumerate(weights, start=1))
    return sound / np.std(sound) * 10 ** (level_db / 20)


def syllables(count: int, level_db: float, seed: int = 0) -> Samples:
    """Vowels of changing pitch and colour with gaps between them, as speech has."""
    rng = np.random.default_rng(seed)
    parts = []
    for index in range(count):
        sound = vowel(int(rng.integers(120, 240)), level_db, rng.uniform(90, 220), seed * 1000 + index)
        parts += [sound * np.hanning(len(sound)) * 1.6, np.zeros(int(rng.integers(40, 110)) * 8)]
    return np.concatenate(parts)


def frames(sound: Samples) -> Iterator[bytes]:
    """Mu-law frames of 20 ms; an incomplete last one is left out."""
    payload = g711.encode((np.clip(sound, -1, 1) * 32767).astype(np.int16))
    for start in range(0, len(payload) - 159, 160):
        yield payload[start : start + 160]
