"""The ears of one call: every caller frame is measured here, and only measured.

Cheap measures are made on every frame. Voicing, keys and echo are asked for only while the gate is armed; the
neural VAD hears everything, because its memory must not have gaps, and is run by `SileroVad` over many calls.
"""

from __future__ import annotations

import numpy as np

from torim.audio import g711, pitch
from torim.audio.far_end import WINDOW_SAMPLES, FarEndMemory
from torim.audio.gate import QUIETEST_DB, Gate
from torim.audio.vad import VadStream
from torim.core.listening import Measure
from torim.core.settings import ListenSettings
from torim.errors import CoreMisuse

_ALIKE = 0.65  # twice in a row: certainly our own voice


class FrontEnd:
    """Measures of one call's caller audio; `pending` says when the neural VAD has a window to hear."""

    def __init__(self, settings: ListenSettings | None = None) -> None:
        settings = settings or ListenSettings()
        self.stream = VadStream()
        self._gate = Gate(settings)
        self._far_end = FarEndMemory()
        self._tone_share = settings.tone_share
        self._echo = 0.0
        self._alike = 0  # checks in a row that found our own voice
        self._echo_age = 0  # frames since the line was last silent

    def played(self, payload: bytes, play_at_ms: int) -> None:
        """Note far-end audio as it was sent, with the instant at which it plays."""
        self._far_end.played(payload, play_at_ms)

    def cleared(self, now_ms: int) -> None:
        """Forget far-end audio that was to play after now: a clear dropped it."""
        self._far_end.cleared(now_ms)

    def pending(self) -> bool:
        """Whether a full window waits for the neural VAD."""
        return self.stream.windows() > 0

    def frame(self, payload: bytes, now_ms: int) -> Measure:
        """Measure one mu-law frame of 160 bytes that has just come in."""
        if len(payload) != g711.FRAME_SAMPLES:
            raise CoreMisuse(f"Cut caller audio into {g711.FRAME_SAMPLES}-byte frames; got {len(payload)} bytes.")
        samples = self.stream.room(g711.FRAME_SAMPLES)
        np.take(g711.FLOAT32, np.frombuffer(payload, np.uint8), out=samples, mode="clip")
        gate = self._gate
        gate.hear(samples)
        tone = gate.active and pitch.key_share(samples) >= self._tone_share
        if tone:
            gate.disarm()
        played_db = self._far_end.level_db(now_ms)
        armed = gate.armed
        voicing = pitch.voicing(self.stream.last(pitch.VOICING_SAMPLES)) if armed and gate.active else 0.0
        echo = self._likeness(now_ms) if armed and played_db > QUIETEST_DB else self._no_likeness()
        expected_db = self._expect(played_db)
        return Measure(gate.level_db, gate.floor_db, armed, voicing, echo, tone, gate.active, expected_db)

    def _expect(self, played_db: float) -> float:
        """Loudest echo to expect; learns from frames that hold no voice of the caller."""
        if played_db <= QUIETEST_DB:
            return QUIETEST_DB
        expected_db = self._far_end.expected_db(played_db)
        quiet = not self._gate.armed and not self._gate.active
        if quiet or self._alike >= 2:
            self._far_end.learn(self._gate.level_db, played_db)
        return expected_db

    def _likeness(self, now_ms: int) -> float:
        """Computed every second frame: a tenth of a second changes little in 20 ms."""
        if self._echo_age % 2 == 0:
            self._echo = self._far_end.likeness(self.stream.last(WINDOW_SAMPLES), now_ms)
            self._alike = self._alike + 1 if self._echo >= _ALIKE else 0
        self._echo_age += 1
        return self._echo

    def _no_likeness(self) -> float:
        self._echo_age = self._alike = 0
        return 0.0
