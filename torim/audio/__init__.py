"""Measures sound, decides nothing: mu-law, energy, voicing, speech probability, likeness to our own voice.

The matrix products here are small. A linear-algebra library that spreads them over threads makes them several
times dearer, so numpy is asked for one thread unless the operator said otherwise.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
