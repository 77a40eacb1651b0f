"""The tone after which the caller is asked to speak, and the one that says that something still takes."""

from __future__ import annotations

from functools import cache

import numpy as np

from torim.audio import g711

PITCH_HZ = 1000
LENGTH_MS = 250
_LEVEL = 0.25  # of full scale
_FADE_MS = 10  # without it the tone begins and ends with a click


WAIT_HZ, WAIT_MS, WAIT_LEVEL = 440, 90, 0.06  # two soft knocks


@cache
def beep() -> bytes:
    """The tone as mu-law at 8 kHz, with a little silence on both sides."""
    pause = g711.SILENCE * (100 * 8)
    return pause + _tone(PITCH_HZ, LENGTH_MS, _LEVEL) + pause


@cache
def wait_tone() -> bytes:
    """Two soft knocks as mu-law at 8 kHz."""
    knock = _tone(WAIT_HZ, WAIT_MS, WAIT_LEVEL)
    return knock + g711.SILENCE * (WAIT_MS * 8) + knock


def _tone(pitch_hz: int, length_ms: int, level: float) -> bytes:
    count = length_ms * 8
    at = np.arange(count)
    fade = np.minimum(np.minimum(at, count - 1 - at) / (_FADE_MS * 8), 1.0)
    return g711.encode((level * 32767 * fade * np.sin(2 * np.pi * pitch_hz * at / 8000)).astype(np.int16))
