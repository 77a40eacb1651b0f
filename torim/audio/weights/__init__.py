"""Vendored model weights, and the one function that reads them.

Origin and licence of each file stand in README.md beside it. Nothing is downloaded, ever.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WEIGHTS_FILE = Path(__file__).with_name("silero_vad_8k.npz")


def load() -> dict[str, NDArray[np.float32]]:
    """Weights of the speech detector by name, in their original shapes; `torim.audio.vad` reads them once."""
    with np.load(WEIGHTS_FILE) as archive:
        return {name: archive[name] for name in archive.files}
