"""The shape of a call's recording: how loud each lane is, point by point, for a picture.

Pure numerics over a file that may be long and may still grow; it is read in pieces and never held whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from torim.live.recording import HEADER_BYTES, SAMPLES_PER_MS

_FRAME_BYTES = 4  # two lanes of 16 bits
_PIECE_POINTS = 64
FULL_SCALE = 32_768


@dataclass(frozen=True, slots=True)
class Peaks:
    """The loudest sample of each stretch, 0 to 1000 of full scale."""

    duration_ms: int
    samples_per_point: int
    caller: list[int]
    ai: list[int]


def read_peaks(path: Path, points: int) -> Peaks:
    """The peaks of a recording in about ``points`` stretches of equal length; blocks.

    Raises:
        OSError: The file cannot be read.
    """
    frames = max(0, path.stat().st_size - HEADER_BYTES) // _FRAME_BYTES
    step = max(1, -(-frames // points))
    caller: list[int] = []
    ai: list[int] = []
    with path.open("rb") as file:
        file.seek(HEADER_BYTES)
        while len(caller) * step < frames:
            piece = file.read(_PIECE_POINTS * step * _FRAME_BYTES)
            if len(piece) < _FRAME_BYTES:
                break
            loudest = _loudest(piece, step)
            caller += loudest[:, 0].tolist()
            ai += loudest[:, 1].tolist()
    return Peaks(frames // SAMPLES_PER_MS, step, caller, ai)


def _loudest(piece: bytes, step: int) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """For each stretch of a piece the loudest sample of each lane."""
    whole = len(piece) - len(piece) % _FRAME_BYTES
    lanes = np.abs(np.frombuffer(piece[:whole], "<i2").reshape(-1, 2).astype(np.int32))
    missing = -len(lanes) % step
    padded = np.pad(lanes, ((0, missing), (0, 0)))
    loudest: np.ndarray[tuple[int, int], np.dtype[np.int32]] = (
        padded.reshape(-1, step, 2).max(axis=1) * 1000 // FULL_SCALE
    )
    return loudest
