"""One direction of a telephone's radio leg: a narrow band, a coarse codec, lost frames.

Decides what a frame sounds like at its other end. It never waits and reads no clock; what is lost comes from a
seeded generator. The coarse codec is no GSM: it has the band of a telephone and the noise of a waveform coder
of 4 bits a sample, scaled anew every 5 ms, which is about as far from the original as GSM full rate is, without
its speech model. A lost frame is replaced by the last one, fading.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from torim.lab.echo_path import Samples, low_pass

BAND_HZ = (300.0, 3400.0)
BAND_TAPS = 81
BLOCK_SAMPLES = 40  # 5 ms, the sub-frame of GSM
LEVELS = 8  # either side of zero: 4 bits
SCALE_STEP = 2 ** (1 / 4)  # 1.5 dB
FADE = 0.5  # of each frame that stands in for a lost one


class Codec(Enum):
    """How a leg codes speech."""

    NONE = "mu-law only"
    GSM_LIKE = "300-3400 Hz, 4 bits in 5 ms blocks"


@dataclass(frozen=True, slots=True)
class LegSettings:
    """One direction of a telephone's leg."""

    codec: Codec = Codec.NONE
    loss: float = 0.0  # share of 20 ms frames

    @property
    def plain(self) -> bool:
        """Whether it changes nothing."""
        return self.codec is Codec.NONE and not self.loss


class Leg:
    """A stream of frames through one direction of a leg."""

    def __init__(self, settings: LegSettings, rng: np.random.Generator) -> None:
        self._settings = settings
        self._rng = rng
        self._past = np.zeros(BAND_TAPS - 1)
        self._last = np.zeros(0)

    def frame(self, samples: Samples) -> Samples:
        """One frame as it comes out; frames all have one length, a whole number of 5 ms blocks."""
        if self._settings.codec is Codec.GSM_LIKE:
            samples = requantised(self._band(samples))
        if self._settings.loss and self._rng.random() < self._settings.loss:
            samples = self._last * FADE if len(self._last) else np.zeros(len(samples))
        self._last = samples
        return samples

    def _band(self, samples: Samples) -> Samples:
        whole = np.concatenate([self._past, samples])
        self._past = whole[len(samples) :]
        return np.convolve(whole, _BAND, mode="valid")


def requantised(samples: Samples) -> Samples:
    """Samples in blocks of 5 ms, each with a scale of its own and 4 bits."""
    blocks = samples.reshape(-1, BLOCK_SAMPLES)
    peaks = np.maximum(np.abs(blocks).max(axis=1, keepdims=True), 1.0)
    steps = SCALE_STEP ** np.ceil(np.log(peaks) / np.log(SCALE_STEP)) / LEVELS
    coarse: Samples = np.rint(blocks / steps) * steps
    return coarse.reshape(-1)


_BAND = low_pass(BAND_HZ[1], BAND_TAPS) - low_pass(BAND_HZ[0], BAND_TAPS)
