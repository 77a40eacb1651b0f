"""The AI's audio after it was sent: when each piece plays, for the ears' echo evidence and for the recording.

It paces as the core's ledger does and decides nothing: a clear takes back what had not played.
"""

from __future__ import annotations

from torim.live.ears import Ears
from torim.live.levels import Level
from torim.live.recording import SAMPLES_PER_MS, Recording


class PlayClock:
    """When audio sent now will play: in order, in real time, as the core's ledger paces it."""

    __slots__ = ("_line_end_samples",)

    def __init__(self) -> None:
        self._line_end_samples = 0

    def play_at_ms(self, payload: bytes, now_ms: int) -> int:
        """The instant at which audio sent now begins to play."""
        start = max(self._line_end_samples, now_ms * SAMPLES_PER_MS)
        self._line_end_samples = start + len(payload)
        return start // SAMPLES_PER_MS

    def cleared(self, now_ms: int) -> None:
        """Everything that had not played by now was dropped."""
        self._line_end_samples = min(self._line_end_samples, now_ms * SAMPLES_PER_MS)


class FarSide:
    """The far end of one call, as it was sent."""

    __slots__ = ("_ears", "_play_clock", "level", "recording")

    def __init__(self, ears: Ears, recording: Recording | None) -> None:
        self._ears = ears
        self._play_clock = PlayClock()
        self.level = Level()
        self.recording = recording

    def sent(self, payload: bytes, now_ms: int) -> None:
        """Audio was sent to the carrier."""
        play_at_ms = self._play_clock.play_at_ms(payload, now_ms)
        self._ears.played(payload, play_at_ms)
        self.level.add(payload, play_at_ms)
        if self.recording is not None:
            self.recording.played(payload, play_at_ms)

    def cleared(self, now_ms: int) -> None:
        """A clear was sent to the carrier."""
        self._play_clock.cleared(now_ms)
        self._ears.cleared(now_ms)
        self.level.cleared(now_ms)
        if self.recording is not None:
            self.recording.cleared(now_ms)
