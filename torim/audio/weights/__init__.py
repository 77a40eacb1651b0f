"""Vendored model weights, and the functions that read them.

Origin and licence of each file stand in README.md beside it. Nothing is downloaded, ever.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WEIGHTS_FILE = Path(__file__).with_name("silero_vad_8k.npz")
VERIFIER_FILE = Path(__file__).with_name("verifier.npz")


def load() -> dict[str, NDArray[np.float32]]:
    """Weights of the speech detector by name, in their original shapes; `torim.audio.vad` reads them once."""
    with np.load(WEIGHTS_FILE) as archive:
        return {name: archive[name] for name in archive.files}


def load_verifier() -> dict[str, NDArray[Any]] | None:
    """Weights of the verifier, and the hash of the speech detector that they were trained on; None if missing."""
    if not VERIFIER_FILE.is_file():
        return None
    with np.load(VERIFIER_FILE) as archive:
        return {name: archive[name] for name in archive.files}


def vad_sha256() -> str:
    """Hash of the speech detector's weights, over names, shapes and values: not of the archive around them."""
    digest = hashlib.sha256()
    for name, values in sorted(load().items()):
        digest.update(f"{name} {values.shape} ".encode())
        digest.update(np.ascontiguousarray(values, "<f4").tobytes())
    return digest.hexdigest()
