"""Is a sound periodic, is it a telephone key? Two measures of a short piece, asked for only when needed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from torim.audio.vad import Floats

VOICING_SAMPLES = 320  # 40 ms: two periods of the deepest voice
_LAG_MIN, _LAG_MAX = 20, 134  # 400 Hz to 60 Hz
_FFT = 512
_UNBIAS = (VOICING_SAMPLES / (VOICING_SAMPLES - np.arange(_LAG_MIN, _LAG_MAX))).astype(np.float32)

_TONE_SAMPLES = 160
_HANN = np.hanning(_TONE_SAMPLES + 2)[1:-1].astype(np.float32)
_LOW = slice(12, 21)  # 50 Hz bins around 697 to 941 Hz
_HIGH = slice(22, 36)  # 1209 to 1633 Hz
_TWIST_MAX = 20.0  # power ratio of the two tones, 13 dB


def voicing(samples: Floats) -> float:
    """Height of the autocorrelation's peak between 60 and 400 Hz, 0..1, over `VOICING_SAMPLES`."""
    spectrum = np.fft.rfft(samples - samples.mean(), _FFT)
    correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)
    energy = float(correlation[0])
    if energy <= 1e-9:
        return 0.0
    peak = float((correlation[_LAG_MIN:_LAG_MAX] * _UNBIAS).max()) / energy
    return min(max(peak, 0.0), 1.0)


def key_share(samples: Floats) -> float:
    """Share of a frame's energy held by one tone of each DTMF group, 0 when their levels do not match."""
    spectrum = np.fft.rfft(samples * _HANN)
    power = spectrum.real**2 + spectrum.imag**2
    total = float(power.sum())
    if total <= 1e-9:
        return 0.0
    low, high = _peak(power, _LOW), _peak(power, _HIGH)
    if max(low, high) > _TWIST_MAX * min(low, high):
        return 0.0
    return (low + high) / total


def _peak(power: NDArray[np.floating[Any]], band: slice) -> float:
    top = band.start + int(power[band].argmax())
    return float(power[top - 1 : top + 2].sum())
