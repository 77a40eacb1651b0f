"""A call put together by hand, sample by sample, so that every number of a measurement is known beforehand."""

from dataclasses import dataclass, field

import numpy as np

from torim.audio import g711
from torim.core import actions as act
from torim.core import events as ev
from torim.core.actions import Action, Purpose
from torim.core.events import Event
from torim.core.reasons import Level, Reason
from torim.lab.record import CallRecord, ServerEntry, Utterance

CHUNK_MS = 60


def voice(seed: int, length_ms: int, level: float = 0.15) -> bytes:
    """Something with the shape of speech: syllables of noise."""
    rng = np.random.default_rng(seed)
    count = length_ms * 8
    syllables = 0.55 + 0.45 * np.sin(np.arange(count) / 8000 * 2 * np.pi * 4.3 + seed)
    return g711.encode((rng.normal(0, level * 32768 / 3, count) * syllables).clip(-32000, 32000).astype(np.int16))


@dataclass
class Staged:
    """Builds a record; instants are ms of the server's clock, which the ear shares exactly."""

    record: CallRecord = field(default_factory=lambda: CallRecord("CA1", "A staged call"))

    def server(self, at_ms: int, *subjects: Event | Action) -> None:
        for subject in subjects:
            line = f"{at_ms:>6}  {type(subject).__name__}"
            self.record.enter(ServerEntry(at_ms, subject, line, at_ms * 8))

    def respond(self, number: int, at_ms: int, audio: bytes, text: str = "", played_ms: int | None = None) -> None:
        """A response whose audio the engine gives at once and the server plays from then on."""
        response, item, key = f"R{number}", f"I{number}", f"k{number}"
        self.server(
            at_ms,
            act.CreateResponse(f"c{number}", key, Purpose.REPLY),
            ev.ResponseCreated(response, key),
            ev.TextDelta(response, item, 0, text),
            ev.AudioDelta(response, item, 0, audio),
            act.Note(Reason.FIRST_AUDIO, Level.DEBUG, {"response": response}),
        )
        end = len(audio) if played_ms is None else played_ms * 8
        for offset in range(0, end, CHUNK_MS * 8):
            when = at_ms * 8 + max(0, offset - 200 * 8)
            self.record.ear.media(audio[offset : min(end, offset + CHUNK_MS * 8)], when)

    def say(self, at_ms: int, text: str, length_ms: int = 900, stage: str = "") -> None:
        start = at_ms * 8
        self.record.said.append(Utterance(text, start, start, start + length_ms * 8, stage, "", arrived_samples=start))

    def clear(self, at_ms: int) -> None:
        self.record.ear.clear(at_ms * 8)
        self.server(at_ms, act.ClearAudio(1))

    def cut(self, at_ms: int, number: int, told_ms: int) -> None:
        self.server(
            at_ms,
            act.CancelResponse("x", f"R{number}"),
            act.TruncateItem("t", f"I{number}", 0, told_ms),
            act.Note(Reason.CUT, Level.INFO, {}),
        )

    def done(self, at_ms: int, number: int, status: ev.ResponseStatus = ev.ResponseStatus.COMPLETED) -> None:
        self.server(at_ms, ev.ResponseDone(f"R{number}", status))

    def end(self, at_ms: int) -> CallRecord:
        self.record.length_samples = at_ms * 8
        self.record.ended_by = "caller"
        self.record.mouth = self._mouth(at_ms)
        return self.record

    def _mouth(self, at_ms: int) -> list[bytes]:
        track = bytearray(b"\xff" * (at_ms * 8))
        for index, said in enumerate(self.record.said):
            sound = voice(100 + index, (said.end_samples - said.start_samples) // 8)
            track[said.start_samples : said.end_samples] = sound
        whole = bytes(track[: at_ms * 8])
        return [whole[i : i + 160] for i in range(0, len(whole), 160)]
