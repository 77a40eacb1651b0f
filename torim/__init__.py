"""Torim: an AI phone receptionist that a caller can always interrupt.

The matrix products of the speech detector are small: a linear-algebra library that spreads them over threads makes
them ten times dearer. So numpy, whoever imports it first, is asked for one thread unless the operator said otherwise.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
