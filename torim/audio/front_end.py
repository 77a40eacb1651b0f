"""The ears of one call: every caller frame is measured here, and only measured.

Cheap measures are made on every frame. Pitch and keys are asked for when the gate has just armed and while our
own voice may come back, echo only then. What the neural VAD is to hear is kept here, and run by `SileroVad` over
many calls; it may wait where the listener says so, and then hears the newest of what it missed.
"""

from __future__ import annotations

from torim.audio import canceller, g711, pitch
from torim.audio.echo_removal import EchoRemoval
from torim.audio.far_end import EchoMeter, Tail
from torim.audio.gate import QUIETEST_DB, Gate
from torim.audio.line_echo import Returns
from torim.audio.vad import VadStream
from torim.core.listening import Measure
from torim.core.settings import ListenSettings
from torim.errors import CoreMisuse

_FRESH_FRAMES = 25  # half a second: whatever armed the gate has shown its pitch by then


class FrontEnd:
    """Measures of one call's caller audio; `pending` says when the neural VAD has a window to hear."""

    def __init__(self, settings: ListenSettings | None = None) -> None:
        settings = settings or ListenSettings()
        self.stream = VadStream()
        self._gate = Gate(settings)
        self._echo = EchoMeter()
        self._heard = Tail()
        self._removal = EchoRemoval(self._echo) if settings.cancel_echo and canceller.available() else None
        self._tone_share = settings.tone_share
        self._armed_frames = 0  # in a row

    def played(self, payload: bytes, play_at_ms: int) -> None:
        """Note far-end audio as it was sent, with the instant at which it plays."""
        if payload:
            self._echo.played.write(payload, play_at_ms)

    def cleared(self, now_ms: int) -> None:
        """Forget far-end audio that was to play from now on: a clear dropped it."""
        self._echo.played.cut(now_ms)

    def reset_vad(self) -> None:
        """Have the neural VAD remember nothing of what it has heard."""
        self.stream.reset()

    def pending(self) -> bool:
        """Whether a full window waits for the neural VAD."""
        return self.stream.windows() > 0

    def cleaned(self, payload: bytes, now_ms: int) -> bytes:
        """What is to be heard of a frame that has just come in: without our own voice, where the line returns it."""
        return payload if self._removal is None else self._removal.frame(payload, now_ms)

    def frame(self, payload: bytes, now_ms: int) -> Measure:
        """Measure one mu-law frame of 160 bytes that has just come in, and was `cleaned`."""
        if len(payload) != g711.FRAME_SAMPLES:
            raise CoreMisuse(f"Cut caller audio into {g711.FRAME_SAMPLES}-byte frames; got {len(payload)} bytes.")
        self.stream.push(payload)
        self._heard.push(payload)
        gate = self._gate
        gate.hear(payload)
        removing = self.removing
        expected_db = self._echo.expected_db(now_ms)
        we_are_heard = expected_db > QUIETEST_DB
        fresh = gate.active and (we_are_heard or self._armed_frames < _FRESH_FRAMES)
        tone = fresh and pitch.key_share(self.stream.last(g711.FRAME_SAMPLES)) >= self._tone_share
        if tone:
            gate.disarm()
        self._armed_frames = self._armed_frames + 1 if gate.armed else 0
        voicing = echo = 0.0
        if gate.armed:
            voicing = pitch.voicing(self.stream.last(pitch.VOICING_SAMPLES)) if fresh else 0.0
            if we_are_heard:
                echo = self._likeness(now_ms)
        elif we_are_heard and not gate.active and not removing:
            self._echo.hear_quiet(gate.level_db, now_ms)
        return Measure(
            level_db=gate.level_db,
            floor_db=gate.floor_db,
            armed=gate.armed,
            voicing=voicing,
            echo=echo,
            tone=tone,
            active=gate.active,
            echo_db=expected_db,
            echo_known=self._echo.delay_ms is not None,
            unknown=we_are_heard and self._echo.line.returns is Returns.UNKNOWN,
            removing=removing and self._removal is not None and self._removal.settled,
            returning=self._echo.returning(now_ms),
        )

    @property
    def echo_stays(self) -> bool:
        """Whether the line is known to return our voice and nothing takes it out."""
        return self._removal is None and self._echo.line.returns is Returns.ECHO

    @property
    def removing(self) -> bool:
        """Whether what is heard is what the canceller left over."""
        return self._removal is not None and self._removal.working

    def _likeness(self, now_ms: int) -> float:
        """Likeness to our own voice, of the line or of what the canceller left over."""
        if self._removal is None or not self._removal.working:
            return self._echo.check(self._heard, now_ms)
        return self._echo.likeness(self._heard, now_ms)
