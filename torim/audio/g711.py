"""G.711 mu-law, the sound of the telephone: bytes to samples and back by table.

Converts only; it never resamples, mixes or decides. Full scale is 32768: a float sample of 1.0 is 0 dBFS.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 8000
FRAME_SAMPLES = 160
FRAME_MS = 20
SILENCE = b"\xff"  # positive zero

_BIAS = 0x84
_CLIP = 32635


def _decode_table() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS) << ((code >> 4) & 0x07)
    magnitude -= _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _encode_table() -> NDArray[np.uint8]:
    """Code of every int16 value, indexed by its bits as uint16; the two lowest bits do not count."""
    value = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 2 << 2
    magnitude = np.minimum(np.abs(value), _CLIP) + _BIAS
    segment = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (segment + 3)) & 0x0F
    sign = np.where(value < 0, 0x80, 0)
    codes: NDArray[np.uint8] = (~(sign | (segment << 4) | mantissa) & 0xFF).astype(np.uint8)
    return codes


INT16 = _decode_table()
FLOAT32 = INT16.astype(np.float32) / 32768.0
SQUARES = np.square(FLOAT32)
_MEAN_OF_FRAME = np.full(FRAME_SAMPLES, 1 / FRAME_SAMPLES, np.float32)
_CODES = _encode_table()


def decode(payload: bytes) -> NDArray[np.int16]:
    """Samples of mu-law bytes."""
    return INT16.take(np.frombuffer(payload, np.uint8))


def decode_float(payload: bytes | bytearray) -> NDArray[np.float32]:
    """Samples of mu-law bytes, -1..1."""
    return FLOAT32.take(np.frombuffer(payload, np.uint8))


def powers(payload: bytes) -> list[float]:
    """Mean square of each 20 ms of mu-law bytes, full scale 1; a remainder counts as if silence followed."""
    whole = payload.ljust(-(-len(payload) // FRAME_SAMPLES) * FRAME_SAMPLES, SILENCE)
    squares = SQUARES.take(np.frombuffer(whole, np.uint8))
    found: list[float] = squares.reshape(-1, FRAME_SAMPLES).dot(_MEAN_OF_FRAME).tolist()
    return found


def encode(samples: NDArray[np.int16]) -> bytes:
    """Mu-law bytes of int16 samples."""
    return _CODES.take(samples.astype(np.int16, copy=False).view(np.uint16)).tobytes()


@lru_cache(maxsize=64)
def _gain_table(gain_db: float) -> bytes:
    scaled = np.round(INT16 * 10.0 ** (gain_db / 20.0))
    return encode(np.clip(scaled, -32768, 32767).astype(np.int16))


def duck(payload: bytes, gain_db: float) -> bytes:
    """The same audio, ``gain_db`` louder or (negative) quieter, clipped at full scale."""
    return payload if gain_db == 0 else payload.translate(_gain_table(gain_db))
