"""What the caller says and when: utterances placed to the sample on the caller's track, cut into frames.

Decides where an utterance begins. It never waits and reads no clock.
"""

from __future__ import annotations

from torim.lab.ear import FRAME_SAMPLES, SILENCE
from torim.lab.line import last_voice_samples, onset_samples
from torim.lab.record import Utterance


class Mouth:
    """The caller's side of the line before noise and echo: mu-law, one frame after the other."""

    def __init__(self) -> None:
        self._speech: list[tuple[Utterance, bytes]] = []
        self._next_samples = 0  # first sample that has not left yet

    def say(self, text: str, payload: bytes, at_samples: int = 0, stage: str = "") -> Utterance:
        """Place an utterance so that its first speech sample falls on an instant, or as soon as possible."""
        onset = onset_samples(payload)
        start = max(at_samples - onset, self._next_samples, self._busy_until())
        end = start + last_voice_samples(payload)
        utterance = Utterance(text, start, start + onset, end, stage)
        self._speech.append((utterance, payload))
        return utterance

    def _busy_until(self) -> int:
        return max((said.start_samples + len(payload) for said, payload in self._speech), default=0)

    def frame(self) -> tuple[bytes, Utterance | None]:
        """The next 20 ms, and the utterance whose first speech sample lies in them."""
        begin, end = self._next_samples, self._next_samples + FRAME_SAMPLES
        out = bytearray([SILENCE]) * FRAME_SAMPLES
        begun = None
        for said, payload in self._speech:
            first, last = max(begin, said.start_samples), min(end, said.start_samples + len(payload))
            if first < last:
                out[first - begin : last - begin] = payload[first - said.start_samples : last - said.start_samples]
            if begin <= said.onset_samples < end:
                begun = said
        self._next_samples = end
        self._speech = [(said, audio) for said, audio in self._speech if said.start_samples + len(audio) > end]
        return bytes(out), begun

    @property
    def next_samples(self) -> int:
        """Where the next frame begins."""
        return self._next_samples

    @property
    def speaking(self) -> bool:
        """Whether something that was placed has not been said to its end."""
        return bool(self._speech)
