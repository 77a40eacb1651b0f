"""What a synthetic call proves about its barge-ins, in milliseconds with the clock named.

Decides how long each barge-in took, whether old audio followed it and whether the server's idea of what was
heard is true. "server" is the instant at which a message is written on the server's socket, counted from when
the first speech sample could have reached it; "ear" is the caller's clock at the model of the ear.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from torim.core.actions import ClearAudio, CommitAudio, CreateResponse, DeleteItem, Note, TruncateItem
from torim.core.events import AudioDelta, ResponseCreated, TurnCommitted
from torim.core.reasons import Reason
from torim.lab.ear import FRAME_SAMPLES, SAMPLES_PER_MS, Cleared, Span, heard_between
from torim.lab.hearing import heard_samples, item_audio, last_heard
from torim.lab.record import CallRecord, ServerEntry, Utterance

CUTS = (Reason.CUT, Reason.CUT_BY_KEY, Reason.CUT_BY_WORDS)
RESUMES = (Reason.RESUMED, Reason.RESUMED_AT_DEADLINE)
MISSED_AFTER_MS = 1_000  # no stop by then is a miss (MEASURES, section 1)
VERIFY_MS = 2_000  # how long after the onset a cut may still belong to it
BREAK_MS = 60  # a shorter gap in the far end is the network's, not silence
SLACK = 4 * SAMPLES_PER_MS  # the server's clock shows whole milliseconds, read once in a turn of its loop

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a barge-in may cost."""

    clear_ms: float = 150.0
    truncation_ms: float = 40.0
    silence_ms: float = MISSED_AFTER_MS


@dataclass(frozen=True, slots=True)
class BargeIn:
    """One barge-in as measured; None where there was nothing to measure."""

    stage: str
    words: str  # what was said, or the key
    onset_samples: int
    sounding: bool  # whether the AI was being heard at the onset
    hold_ms: float | None  # onset -> clear written (server)
    clear_ms: float | None  # onset -> clear read by the carrier (ear)
    silence_ms: float | None  # onset -> last far-end sample (ear)
    cut_ms: float | None  # onset -> the decision that it is the caller's voice (server)
    stale_ms: float  # far-end audio heard between the clear of the cut and the next response
    heard_ms: float | None  # of the item that was interrupted (ear)
    truncated_ms: int | None  # what the server told the engine
    blocked: bool  # forbidden by the greeting lock or the call's setting
    replies: int  # responses asked for because of it, until the caller acts again
    resumes: int = 0  # how often the AI went on before the voice was recognised
    early_reply: bool = False  # one was asked for before the caller's turn was committed

    @property
    def truncation_error_ms(self) -> float | None:
        if self.heard_ms is None or self.truncated_ms is None:
            return None
        return self.truncated_ms - self.heard_ms

    def problems(self, limits: Limits) -> list[str]:
        """What is wrong with it, in words; empty if nothing is."""
        found = list(_slow(self, limits))
        if self.stale_ms > 0:
            found.append(f"{self.stale_ms:.0f} ms of old audio after the cut")
        error = self.truncation_error_ms
        if error is not None and abs(error) > limits.truncation_ms:
            found.append(f"truncated {error:+.0f} ms off what was heard")
        if self.early_reply:
            found.append("a reply was asked for before the caller's turn was committed")
        return found


def _slow(row: BargeIn, limits: Limits) -> Iterator[str]:
    if row.blocked:
        yield "blocked by the greeting lock or the setting"
    elif row.sounding and row.clear_ms is None and (row.silence_ms or 0.0) > limits.clear_ms:
        yield "the AI did not stop"  # in less than that it may have come to its own end
    elif row.clear_ms is not None and row.clear_ms > limits.clear_ms:
        yield f"clear only after {row.clear_ms:.0f} ms"
    if row.sounding and not row.blocked and row.silence_ms is not None and row.silence_ms > limits.silence_ms:
        yield f"silence only after {row.silence_ms:.0f} ms"
    if row.sounding and not row.blocked and row.heard_ms is not None and row.truncated_ms is None:
        yield "the engine was not told what was heard"


def measure(record: CallRecord) -> list[BargeIn]:
    """Measure everything that was said or pressed over the AI, or that the scenario named a stage."""
    spans = record.heard()
    rows = []
    for index, said in enumerate(record.said):
        if said.stage or record.ear_sounded(said.onset_samples):
            until = _next_onset(record, index)
            rows.append(_Measurement(record, spans, said, until).row())
    return rows


def _next_onset(record: CallRecord, index: int) -> int:
    after = (said.onset_samples for said in record.said[index + 1 :])
    return next(after, record.length_samples)


class _Measurement:
    """One barge-in's evidence, gathered from the record; ends where the caller acts again."""

    def __init__(
        self,
        record: CallRecord,
        spans: list[Span],
        said: Utterance,
        until_samples: int,
    ) -> None:
        self._record = record
        self._spans = spans
        self._said = said
        self._until = until_samples
        self._sounding = record.ear_sounded(said.onset_samples)
        self._entries = self._window()
        self._cut_at_ms = self._first_cut_ms()
        self._clears = self._clears_at_ear()

    def _window(self) -> list[ServerEntry]:
        arrived = self._said.arrived_samples
        if arrived is None:
            return []
        clock = self._record.clock
        after = (entry for entry in self._record.timeline if clock.samples(entry.at_ms) >= arrived - SLACK)
        return [entry for entry in after if clock.samples(entry.at_ms) < self._until]

    def _first_cut_ms(self) -> int | None:
        return next((at_ms for at_ms, note in self._of(Note) if note.reason in CUTS), None)

    def _clears_at_ear(self) -> list[Cleared]:
        onset = self._said.onset_samples
        limit = min(self._until, onset + VERIFY_MS * SAMPLES_PER_MS)
        return [clear for clear in self._record.ear.clears if onset <= clear.at_samples < limit]

    def row(self) -> BargeIn:
        heard_ms, truncated_ms = self._truncation()
        return BargeIn(
            stage=self._said.stage or "while the AI spoke",
            words=self._said.text or f"key {self._said.key}",
            onset_samples=self._said.onset_samples,
            sounding=self._sounding,
            hold_ms=self._hold_ms(),
            clear_ms=self._clear_ms(),
            silence_ms=self._silence_ms(),
            cut_ms=self._since_onset_ms(self._cut_at_ms),
            stale_ms=self._stale_ms(),
            heard_ms=heard_ms,
            truncated_ms=truncated_ms,
            blocked=any(note.reason is Reason.BLOCKED for _, note in self._of(Note)),
            replies=sum(1 for _ in self._of(CreateResponse)),
            resumes=self._resumes(),
            early_reply=self._early_reply(),
        )

    def _of(self, kind: type[Subject]) -> Iterator[tuple[int, Subject]]:
        for entry in self._entries:
            if isinstance(entry.subject, kind):
                yield entry.at_ms, entry.subject

    def _since_onset_ms(self, at_ms: int | None) -> float | None:
        arrived = self._said.arrived_samples
        if at_ms is None or arrived is None:
            return None
        return max(0.0, (self._record.clock.samples(at_ms) - arrived) / SAMPLES_PER_MS)

    def _hold_ms(self) -> float | None:
        if not self._sounding:
            return None
        took_ms = self._since_onset_ms(next((at_ms for at_ms, _ in self._of(ClearAudio)), None))
        return took_ms if took_ms is None or took_ms <= VERIFY_MS else None

    def _clear_ms(self) -> float | None:
        """Only a clear that silenced something counts; others are book-keeping."""
        if not self._sounding or not self._clears:
            return None
        return (self._clears[0].at_samples - self._said.onset_samples) / SAMPLES_PER_MS

    def _silence_ms(self) -> float | None:
        """Until the silence that lasted: what was resumed or ducked before the cut was heard too."""
        if not self._sounding:
            return None
        onset, cut = self._said.onset_samples, self._cut_at_ear()
        first = self._record.ear.sounds_until(onset, BREAK_MS)
        ends = (span.end_samples for span in self._spans if cut is not None and onset < span.start_samples < cut)
        return (max(ends, default=first) - onset) / SAMPLES_PER_MS

    def _cut_at_ear(self) -> int | None:
        """When the cut took effect at the ear: its own clear, else the clear of the hold before it."""
        if not self._record.timeline:
            while_speaking = (c.at_samples for c in self._clears if c.at_samples < self._said.end_samples)
            return max(while_speaking, default=None)
        if self._cut_at_ms is None:
            return None
        decided = self._record.clock.samples(self._cut_at_ms)
        own = next((clear.at_samples for clear in self._clears if clear.at_samples >= decided - SLACK), None)
        return own or max((clear.at_samples for clear in self._clears), default=decided)

    def _stale_ms(self) -> float:
        cut = self._cut_at_ear()
        if cut is None:
            return 0.0
        return heard_between(self._spans, cut, self._reply_samples(cut)) / SAMPLES_PER_MS

    def _reply_samples(self, cut_samples: int) -> int:
        """The earliest instant at which audio of a response asked for after the cut can be heard."""
        if self._cut_at_ms is None:
            return min(self._until, self._said.end_samples)
        keys = {create.key for at_ms, create in self._of(CreateResponse) if at_ms >= self._cut_at_ms}
        wanted = {made.response_id for _, made in self._of(ResponseCreated) if made.key in keys}
        for at_ms, delta in self._of(AudioDelta):
            if delta.response_id in wanted:
                return max(cut_samples, self._record.clock.samples(at_ms))
        return self._until

    def _resumes(self) -> int:
        before = self._cut_at_ms if self._cut_at_ms is not None else sys.maxsize
        return sum(note.reason in RESUMES for at_ms, note in self._of(Note) if at_ms <= before)

    def _early_reply(self) -> bool:
        """Whether a reply was asked for while the caller had the floor; a key's turn is over at once."""
        asked = next((at_ms for at_ms, _ in self._of(CreateResponse)), None)
        if self._said.key or self._cut_at_ms is None or asked is None:
            return False
        commits = (at_ms for kind in (TurnCommitted, CommitAudio) for at_ms, _ in self._of(kind))
        return asked < min(commits, default=asked + 1)

    def _truncation(self) -> tuple[float | None, int | None]:
        """Of the item that the ear was hearing: what was heard, and what the engine was told."""
        stopped = self._cut_at_ear()
        if stopped is None or not self._sounding:
            return None, None
        held = min((clear.at_samples for clear in self._clears), default=stopped)
        before = last_heard(self._spans, held) if held < stopped else b""
        tail = last_heard(self._spans, stopped)
        audio = item_audio(self._record, until_ms=self._cut_at_ms)
        for item_id in reversed(audio):  # one synthetic voice says the same words in the same way: the last one
            heard = heard_samples(audio[item_id], tail, heard_samples(audio[item_id], before))
            if heard is not None:
                return heard / SAMPLES_PER_MS, self._told_ms(item_id, heard, len(audio[item_id]))
        return None, next((cut.audio_end_ms for _, cut in self._of(TruncateItem)), None)

    def _told_ms(self, item_id: str, heard: int, whole: int) -> int | None:
        for _, truncate in self._of(TruncateItem):
            if truncate.item_id == item_id:
                return truncate.audio_end_ms
        if any(delete.item_id == item_id for _, delete in self._of(DeleteItem)):
            return 0
        # Heard to its end, there is nothing to tell.
        return whole // SAMPLES_PER_MS if whole - heard < FRAME_SAMPLES else None
