"""Is a sound periodic, is it a telephone key? Two measures of a short piece, asked for only when needed."""

from __future__ import annotations

import numpy as np

from torim.audio.vad import Floats

VOICING_SAMPLES = 320  # 40 ms
_LAG_MIN, _LAG_MAX = 10, 67  # at half the rate: 400 Hz to 60 Hz
_PIECE = VOICING_SAMPLES // 2 - _LAG_MAX  # what is compared with itself, later
_FAINT = 1e-6  # energy of a piece that has no pitch worth the name

_FRAME = 160
_BIN_HZ = 50.0
_FIRST_BIN = 11
_LOW, _HIGH = slice(1, 10), slice(11, 25)  # bins around each group, counted from `_FIRST_BIN`
_BINS = np.arange(_FIRST_BIN, _FIRST_BIN + _HIGH.stop + 1)
_LOW_HZ = (697.0, 770.0, 852.0, 941.0)
_HIGH_HZ = (1209.0, 1336.0, 1477.0, 1633.0)
_OFF_MAX = 0.025  # Q.24 accepts keys up to 1.8 % off
_TWIST_MAX = 20.0  # power ratio of the two tones, 13 dB
_HANN = np.hanning(_FRAME + 2)[1:-1].astype(np.float32)
_TURNS = np.exp(-2j * np.pi * np.outer(_BINS, np.arange(_FRAME)) / _FRAME)
_FOURIER = np.concatenate((_TURNS.real, _TURNS.imag)).astype(np.float32)  # these bins only


def voicing(samples: Floats) -> float:
    """Height of the normalised autocorrelation's peak between 60 and 400 Hz, 0..1, over `VOICING_SAMPLES`."""
    halved = samples[0::2] + samples[1::2]
    correlation = np.correlate(halved, halved[:_PIECE])
    power = np.cumsum(halved * halved)
    energies = power[_PIECE - 1 + _LAG_MIN :] - power[_LAG_MIN - 1 : -_PIECE]
    energy = float(correlation[0])
    if energy <= _FAINT:
        return 0.0
    peak = float((correlation[_LAG_MIN:] / np.sqrt(np.maximum(energies, _FAINT) * energy)).max())
    return min(max(peak, 0.0), 1.0)


def key_share(samples: Floats) -> float:
    """Share of a frame's energy in the two tones of a DTMF key, 0 if pitch or level is not a key's."""
    windowed = samples * _HANN
    total = float(windowed.dot(windowed)) * _FRAME / 2  # of one side of the spectrum
    if total <= 1e-9:
        return 0.0
    parts = _FOURIER.dot(windowed)
    power = np.square(parts).reshape(2, -1).sum(axis=0).tolist()
    low, high = _tone(power, _LOW, _LOW_HZ), _tone(power, _HIGH, _HIGH_HZ)
    if max(low, high) > _TWIST_MAX * min(low, high):
        return 0.0
    return (low + high) / total


def _tone(power: list[float], band: slice, pitches_hz: tuple[float, ...]) -> float:
    """Energy of the strongest peak in a band if it lies on one of the pitches, else 0."""
    top = power.index(max(power[band]), band.start)
    below, at, above = power[top - 1 : top + 2]
    energy = below + at + above
    hz = _BIN_HZ * (_FIRST_BIN + top + (above - below) / energy) if energy else 0.0
    on_pitch = any(abs(hz - pitch) <= _OFF_MAX * pitch for pitch in pitches_hz)
    return energy if on_pitch else 0.0
