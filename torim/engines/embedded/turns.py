"""Where the caller's turns begin and end in the appended audio, judged by the neural VAD.

It decides when speech started and when it stopped, on the clock of appended audio. It never hears the AI's
voice and decides nothing about responses; echo is the client's business, as with any Realtime server.
"""

from __future__ import annotations

from dataclasses import dataclass

from torim.audio.vad import WINDOW_MS, WINDOW_SAMPLES, SileroVad, VadStream
from torim.engines.protocol import SemanticVad, ServerVad

ONSET_MS = 2 * WINDOW_MS  # a single window can be a click
CONTINUED_MS = 10 * WINDOW_MS  # speech cut by a commit: its last sound is no new turn, more talk is
RELEASE_MARGIN = 0.15  # below the threshold by this much before silence counts: no flutter at its edge
MIN_RELEASE = 0.05
EAGER_SILENCE_MS = {"low": 1200, "medium": 700, "auto": 700, "high": 400}


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Speech was recognised; it began at ``at_ms``, without padding."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class SpeechOver:
    """Speech has been followed by the wanted silence, which ends at ``at_ms``."""

    at_ms: int


TurnEvent = SpeechBegan | SpeechOver


def silence_ms(detection: ServerVad | SemanticVad) -> int:
    """How much silence ends a turn; a semantic detector's patience is turned into a silence."""
    if isinstance(detection, SemanticVad):
        return EAGER_SILENCE_MS[detection.eagerness]
    return detection.silence_duration_ms


class TurnDetector:
    """Turns in one stream of mu-law audio."""

    def __init__(self, vad: SileroVad) -> None:
        self.stream = VadStream()
        self._vad = vad
        self._heard_ms = 0  # clock at the end of the last window
        self._speech_ms = 0  # speech in a row, while silent
        self._silence_ms = 0  # silence in a row, while speaking
        self._onset_ms = ONSET_MS  # speech in a row that makes a turn
        self.speaking = False

    def feed(self, payload: bytes, detection: ServerVad | SemanticVad) -> list[TurnEvent]:
        """Take mu-law audio of any length and give what begins and ends in it."""
        threshold = detection.threshold if isinstance(detection, ServerVad) else 0.5
        events: list[TurnEvent] = []
        for start in range(0, len(payload), WINDOW_SAMPLES):  # at most one window waits at a time
            self.stream.push(payload[start : start + WINDOW_SAMPLES])
            if self.stream.windows():
                self._heard_ms += WINDOW_MS
                (probability,) = self._vad.run([self])
                events += self._window(probability, threshold, silence_ms(detection))
        return events

    def forget(self) -> None:
        """Start anew: what was being said is committed or cleared."""
        if self.speaking and self._silence_ms == 0:
            self._onset_ms = CONTINUED_MS
        self.speaking = False
        self._speech_ms = self._silence_ms = 0

    def _window(self, probability: float, threshold: float, wanted_silence_ms: int) -> list[TurnEvent]:
        if not self.speaking:
            return self._while_silent(probability >= threshold)
        release = max(threshold - RELEASE_MARGIN, MIN_RELEASE)
        self._silence_ms = 0 if probability >= release else self._silence_ms + WINDOW_MS
        if self._silence_ms < max(wanted_silence_ms, WINDOW_MS):
            return []
        self.forget()
        return [SpeechOver(self._heard_ms)]

    def _while_silent(self, speech: bool) -> list[TurnEvent]:
        self._speech_ms = self._speech_ms + WINDOW_MS if speech else 0
        if not speech:
            self._onset_ms = ONSET_MS
        if self._speech_ms < self._onset_ms:
            return []
        began_ms = self._heard_ms - self._speech_ms
        self.speaking, self._speech_ms = True, 0
        return [SpeechBegan(max(began_ms, 0))]
