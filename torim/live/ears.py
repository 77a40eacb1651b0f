"""A call's hearing: each caller frame is measured, and the listener says what it means.

It decides only when the neural VAD runs: at once for a process with few calls, gathered over calls for at
most 5 ms under load, and not at all where the listener lets it rest. What a measure means is decided in
`torim.core.listening`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from torim.audio.front_end import FrontEnd
from torim.audio.vad import SileroVad
from torim.audio.verifier import Watch, installed, installed_over_echo
from torim.core.events import VoiceEvent
from torim.core.listening import FarEnd, Listener
from torim.core.settings import ListenSettings

BATCH_WAIT_S = 0.005
BATCH_FROM_CALLS = 16  # windows come every 32 ms a call: with fewer calls 5 ms gather no second one
BATCH_FULL = 64


class Hearer(Protocol):
    """Whoever waits for a speech probability."""

    @property
    def front_end(self) -> FrontEnd: ...

    def heard(self, probability: float) -> None: ...


class VadBatch:
    """The process's neural VAD: one forward pass for the windows of several calls."""

    def __init__(self, calls: Callable[[], int]) -> None:
        self._vad = SileroVad()
        self._calls = calls
        self._waiting: list[Hearer] = []
        self._timer: asyncio.TimerHandle | None = None

    def submit(self, hearer: Hearer) -> float | None:
        """The probability at once; under load None, and `heard` is called within 5 ms."""
        if self._calls() < BATCH_FROM_CALLS:
            return self._vad.run([hearer.front_end])[0]
        self._waiting.append(hearer)
        if len(self._waiting) >= BATCH_FULL:
            self.run()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(BATCH_WAIT_S, self.run)
        return None

    def run(self) -> None:
        """Run what waits now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        for hearer, probability in zip(waiting, self._vad.run([hearer.front_end for hearer in waiting]), strict=True):
            hearer.heard(probability)


class Ears:
    """One call's hearing."""

    __slots__ = ("_batch", "_late", "_listener", "_waiting", "_watch", "front_end")

    def __init__(self, settings: ListenSettings, batch: VadBatch, late: Callable[[float], None]) -> None:
        self.front_end = FrontEnd(settings)
        self._listener = Listener(settings)
        self._batch = batch
        self._late = late
        self._waiting = False
        self._watch = Watch(installed(), installed_over_echo())

    def played(self, payload: bytes, play_at_ms: int) -> None:
        """AI audio as it was sent, with the instant at which it plays: what an echo would be an echo of."""
        self.front_end.played(payload, play_at_ms)

    def cleared(self, now_ms: int) -> None:
        """What was to play from now on was dropped."""
        self.front_end.cleared(now_ms)

    def cleaned(self, frame: bytes, now_ms: int) -> bytes:
        """What is to be heard of a caller frame, by the engine too."""
        return self.front_end.cleaned(frame, now_ms)

    def frame(self, frame: bytes, far_end: FarEnd, audio_ms: int, now_ms: int) -> list[VoiceEvent]:
        """What one caller frame means; the neural VAD's part may come later, through ``late``."""
        events = self._listener.frame(self.front_end.frame(frame, now_ms), far_end, audio_ms)
        if self._waiting or not self.front_end.pending() or self._listener.rests(far_end):
            return events
        probability = self._batch.submit(self)
        if probability is None:
            self._waiting = True
            return events
        return events + self.speech(probability, far_end, audio_ms)

    def heard(self, probability: float) -> None:
        """The batch has run: hand the probability to the call."""
        self._waiting = False
        self._late(probability)

    def speech(self, probability: float, far_end: FarEnd, audio_ms: int) -> list[VoiceEvent]:
        """What a probability that has just been computed means, with the verifier's word where it is asked for."""
        listener = self._listener
        odds = self._watch.hear(listener.question, self.front_end.stream.state, listener.over_echo)
        events = listener.speech(probability, far_end, audio_ms, odds)
        if listener.take_vad_reset():
            self.front_end.reset_vad()
        return events
