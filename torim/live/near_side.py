"""The caller's audio of one call: up to the engine, always; then to the recording and to the ears.

It decides nothing: what the ears say goes to the core.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torim.core.events import VoiceEvent
from torim.core.listening import FarEnd
from torim.live.ears import Ears
from torim.live.levels import Level
from torim.live.recording import Recording
from torim.live.uplink import FILL_MAX_MS, SILENCE_FRAME, Uplink


class NearSide:
    """The near end of one call."""

    __slots__ = ("_ears", "_recording", "level", "uplink")

    def __init__(self, append: Callable[[bytes], None], ears: Ears, recording: Recording | None) -> None:
        self.uplink = Uplink(append)
        self.level = Level()
        self._ears = ears
        self._recording = recording

    def frames(self, payload: bytes, now_ms: int) -> Sequence[bytes]:
        """The whole frames of what the carrier sent."""
        return self.uplink.frames(payload, now_ms)

    def missing(self, now_ms: int) -> list[bytes]:
        """Frames of silence in place of what the carrier did not send."""
        return [SILENCE_FRAME] * self.uplink.missing_frames(now_ms)

    def lost(self, now_ms: int) -> bool:
        """Whether the carrier has been silent for too long to be there."""
        return self.uplink.silent_ms(now_ms) > FILL_MAX_MS

    @property
    def echo_stays(self) -> bool:
        """Whether the line is known to return our voice and nothing takes it out."""
        return self._ears.front_end.echo_stays

    def hear(self, frame: bytes, far_end: FarEnd, now_ms: int) -> list[VoiceEvent]:
        """Take one frame; returns what it means. The recording keeps it as it came, with our voice in it."""
        self.level.add(frame, now_ms)
        if self._recording is not None and frame is not SILENCE_FRAME:
            # Not what stood in for missing frames: these may still come, and then belong where they were spoken.
            self._recording.caller(frame, now_ms)
        heard = self._ears.cleaned(frame, now_ms)
        audio_ms = self.uplink.push(heard)
        return self._ears.frame(heard, far_end, audio_ms, now_ms)

    def speech(self, probability: float, far_end: FarEnd) -> list[VoiceEvent]:
        """What a late word of the neural VAD means."""
        return self._ears.speech(probability, far_end, self.uplink.audio_ms)
