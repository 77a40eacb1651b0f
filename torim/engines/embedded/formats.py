"""The audio formats of a session: wire bytes to the mu-law that the engine works in, and back.

Inside there is only mu-law at 8 kHz, 8 bytes a millisecond. It converts; it decides nothing.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from torim.audio import g711
from torim.engines.protocol import AudioFormat, Pcm, Pcma

BYTES_PER_MS = 8
PCM_RATIO = 3  # 24 kHz over 8 kHz
_TAPS = 72  # of the low-pass at 24 kHz: 3.4 kHz, 1.5 ms of delay


def bytes_per_ms(audio_format: AudioFormat) -> int:
    """How many wire bytes a millisecond of audio takes."""
    return BYTES_PER_MS * PCM_RATIO * 2 if isinstance(audio_format, Pcm) else BYTES_PER_MS


def encode_audio(payload: bytes, audio_format: AudioFormat) -> bytes:
    """Whole mu-law audio in a session's output format; 24 kHz PCM is interpolated."""
    if isinstance(audio_format, Pcm):
        return _upsample(g711.decode(payload)).astype("<i2").tobytes()
    return payload.translate(_mulaw_to_alaw()) if isinstance(audio_format, Pcma) else payload


class InputCoder:
    """The caller's audio as it comes in; keeps what a filter or a split sample needs between appends."""

    def __init__(self, audio_format: AudioFormat) -> None:
        self.format = audio_format
        self._rest = b""
        self._history: NDArray[np.float32] = np.zeros(_TAPS - 1, np.float32)

    def decode(self, data: bytes) -> bytes:
        """Mu-law of appended wire bytes; up to two samples and one byte wait for the next append."""
        if isinstance(self.format, Pcm):
            return self._downsample(data)
        return data.translate(_alaw_to_mulaw()) if isinstance(self.format, Pcma) else data

    def _downsample(self, data: bytes) -> bytes:
        data = self._rest + data
        whole = len(data) // (2 * PCM_RATIO) * 2 * PCM_RATIO
        self._rest = data[whole:]
        if not whole:
            return b""
        samples = np.frombuffer(data, "<i2", whole // 2).astype(np.float32)
        joined = np.concatenate([self._history, samples])
        self._history = joined[-(_TAPS - 1) :]
        filtered = np.convolve(joined, _low_pass(), "valid")[::PCM_RATIO]
        return g711.encode(np.clip(np.round(filtered), -32768, 32767).astype(np.int16))


def _upsample(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    if not len(samples):
        return samples
    sparse = np.zeros(len(samples) * PCM_RATIO, np.float32)
    sparse[::PCM_RATIO] = samples
    smooth = np.convolve(sparse, _low_pass() * PCM_RATIO, "full")[_TAPS // 2 :][: len(sparse)]
    return np.clip(np.round(smooth), -32768, 32767).astype(np.int16)


@cache
def _low_pass() -> NDArray[np.float32]:
    """A windowed sinc at 24 kHz that passes the telephone band."""
    at = np.arange(_TAPS) - (_TAPS - 1) / 2
    taps = np.sinc(2 * 3400 / 24000 * at) * np.hamming(_TAPS)
    return np.asarray(taps / taps.sum(), np.float32)


@cache
def _alaw_samples() -> NDArray[np.int16]:
    """The sample of every A-law code (G.711)."""
    code = np.arange(256) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 264) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


@cache
def _alaw_to_mulaw() -> bytes:
    return g711.encode(_alaw_samples())


@cache
def _mulaw_to_alaw() -> bytes:
    """The A-law code whose sample lies nearest, for every mu-law code."""
    samples = g711.decode(bytes(range(256))).astype(np.int32)
    distance = np.abs(samples[:, None] - _alaw_samples().astype(np.int32)[None, :])
    return bytes(distance.argmin(axis=1).tolist())
