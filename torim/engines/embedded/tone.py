"""The tone after which the caller is asked to speak."""

from __future__ import annotations

from functools import cache

import numpy as np

from torim.audio import g711

PITCH_HZ = 1000
LENGTH_MS = 250
_LEVEL = 0.25  # of full scale
_FADE_MS = 10  # without it the tone begins and ends with a click


@cache
def beep() -> bytes:
    """The tone as mu-law at 8 kHz, with a little silence on both sides."""
    count = LENGTH_MS * 8
    at = np.arange(count)
    fade = np.minimum(np.minimum(at, count - 1 - at) / (_FADE_MS * 8), 1.0)
    tone = _LEVEL * 32767 * fade * np.sin(2 * np.pi * PITCH_HZ * at / 8000)
    pause = g711.SILENCE * (100 * 8)
    return pause + g711.encode(tone.astype(np.int16)) + pause
