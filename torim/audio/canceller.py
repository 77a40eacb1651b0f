"""The WebRTC echo canceller (AEC3), an optional part: far and near go in, near without the echo of far comes out.

A wrapper of `AudioProcessingModule` in the `livekit` package, which the extra `torim[echo]` installs; without it
`available()` is False and everything else works. It keeps no time and decides nothing: when it is worth running and
when to believe it is decided in `echo_removal`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torim.audio import g711
from torim.errors import CoreMisuse

EXTRA = "torim[echo]"
DELAY_SAMPLES = 88  # what goes in comes out 11 ms later

_STEP = 80  # the canceller's own frame: 10 ms

Int16s = NDArray[np.int16]


@cache
def _module() -> Any | None:
    """The package, if it is installed and its library can be loaded; takes a quarter of a second the first time."""
    try:
        from livekit import rtc

        rtc.AudioProcessingModule(echo_cancellation=True)
    except (ImportError, OSError):
        return None
    return rtc


def available() -> bool:
    """Whether echo can be cancelled here."""
    return _module() is not None


class Canceller:
    """One line's canceller. Raises `CoreMisuse` where it is not `available`."""

    def __init__(self) -> None:
        rtc = _module()
        if rtc is None:
            raise CoreMisuse(f"The echo canceller is not installed: pip install {EXTRA}.")
        self._processing = rtc.AudioProcessingModule(echo_cancellation=True, high_pass_filter=True)
        self._far_frame, self._far = _frame(rtc)
        self._near_frame, self._near = _frame(rtc)

    def cancel(self, near: Int16s, far: Int16s) -> Int16s:
        """One frame of 20 ms (160 samples) without the echo of what was played, `DELAY_SAMPLES` late.

        ``far`` is what played in the same 20 ms; both must go on without gaps or repetitions. Raises `RuntimeError`
        if the library refuses.
        """
        out = np.empty(g711.FRAME_SAMPLES, np.int16)
        for start in range(0, g711.FRAME_SAMPLES, _STEP):
            self._far[:] = far[start : start + _STEP]
            self._processing.process_reverse_stream(self._far_frame)
            self._near[:] = near[start : start + _STEP]
            self._processing.process_stream(self._near_frame)
            out[start : start + _STEP] = self._near
        return out


def _frame(rtc: Any) -> tuple[Any, Int16s]:
    """A frame of the library's, and its samples: it is changed in place."""
    frame = rtc.AudioFrame(bytearray(2 * _STEP), g711.SAMPLE_RATE_HZ, 1, _STEP)
    return frame, np.frombuffer(frame.data, np.int16)
