"""Turn detection by level alone, for the scripted double: where the caller's speech starts and stops.

It measures mu-law audio against one threshold and decides nothing about turns. A real engine does better;
this one is predictable.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from torim.audio import g711

_FRAME_BYTES = g711.FRAME_SAMPLES
_FRAME_MS = g711.FRAME_MS
_LEVEL_STEP = 32  # of linear amplitude per unit of the table
_LEVEL = bytes(min(255, abs(int(sample)) // _LEVEL_STEP) for sample in g711.INT16)


class Edge(Enum):
    STARTED = "started"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Found:
    """A change of the caller's speech, on the clock of appended audio."""

    edge: Edge
    audio_ms: int


class EnergyTurns:
    """Follows appended audio of one session."""

    def __init__(self, onset_db: int = -40, onset_ms: int = 60) -> None:
        amplitude = 32768 * 10 ** (onset_db / 20)
        self._threshold = int(amplitude / _LEVEL_STEP) * _FRAME_BYTES
        self._onset_frames = onset_ms // _FRAME_MS
        self._rest = b""
        self._loud_frames = 0
        self._quiet_frames = 0
        self.speaking = False
        self.clock_ms = 0

    def hear(self, payload: bytes, silence_duration_ms: int) -> list[Found]:
        """Take appended audio of any length; speech stops after ``silence_duration_ms`` without sound."""
        audio = self._rest + payload
        whole = len(audio) // _FRAME_BYTES * _FRAME_BYTES
        self._rest = audio[whole:]
        frames = (audio[start : start + _FRAME_BYTES] for start in range(0, whole, _FRAME_BYTES))
        found = (self._frame(frame, silence_duration_ms) for frame in frames)
        return [change for change in found if change]

    def forget(self) -> None:
        """The buffer was committed by the client: whatever was being said is a turn of its own now."""
        self.speaking = False
        self._loud_frames = self._quiet_frames = 0

    def _frame(self, frame: bytes, silence_duration_ms: int) -> Found | None:
        self.clock_ms += _FRAME_MS
        loud = sum(frame.translate(_LEVEL)) >= self._threshold
        self._quiet_frames = 0 if loud else self._quiet_frames + 1
        if self.speaking:
            return self._maybe_stopped(silence_duration_ms)
        self._loud_frames = self._loud_frames + 1 if loud else 0
        if self._loud_frames < self._onset_frames:
            return None
        self.speaking = True
        return Found(Edge.STARTED, self.clock_ms - self._loud_frames * _FRAME_MS)

    def _maybe_stopped(self, silence_duration_ms: int) -> Found | None:
        if self._quiet_frames * _FRAME_MS < silence_duration_ms:
            return None
        self.forget()
        return Found(Edge.STOPPED, self.clock_ms)
