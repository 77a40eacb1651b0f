"""What a trial of the stage matrix showed: whether the caller was obeyed and answered once, and in how many ms.

Decides what is wrong with a trial, from the server's timeline and the model of the ear. The rules are the same at
every stage; what differs is what happened to be alive. It places nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from torim.core.actions import (
    AddText,
    AddToolOutput,
    CancelResponse,
    ClearAudio,
    CommitAudio,
    CreateResponse,
    Note,
    RunTool,
)
from torim.core.events import (
    AudioDelta,
    AudioDone,
    KeyPressed,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    ToolFinished,
    TurnCommitted,
    VoiceOnset,
    VoiceSure,
)
from torim.core.reasons import Level, Reason
from torim.lab.ear import FRAME_SAMPLES, SAMPLES_PER_MS
from torim.lab.matrix import By, Stage, Trial
from torim.lab.matrix_call import Played
from torim.lab.measure import CUTS, MISSED_AFTER_MS, RESUMES, SLACK, BargeIn, measure
from torim.lab.record import CallRecord, ServerEntry, Utterance

HOLD_MS = 150.0  # from the first sample of speech to the clear
TRUNCATION_MS = 40.0
LOOK_BACK_FRAMES = 150  # to one that reached the engine as it was spoken
AT_ONCE_MS = 20  # a tool's output is handed over in the turn of the loop in which it came
Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Judged:
    """One trial as it went. Milliseconds count from the first sample of speech, or from the key."""

    trial: Trial
    in_stage: bool  # the onset fell where it should; a late generator misses short stages
    sounding: bool  # the AI was being heard
    hold_ms: float | None  # to the clear, from when the sample was taken in (server's clock)
    hold_audio_ms: float | None  # to the clear, in caller audio taken in: what detection needed
    silence_ms: float | None  # from the sample as spoken to the last far-end sample (ear)
    cut_ms: float | None  # to the decision (server)
    stale_ms: float
    truncation_error_ms: float | None
    jitter_ms: float  # how much later than others frames were taken in around it: generator, network, machine
    resumes: int  # how often the AI went on before the voice was recognised
    problems: tuple[str, ...]

    @property
    def obeyed(self) -> bool:
        return not self.problems


def judge(played: Played) -> list[Judged]:
    """Every trial of a call that could be made."""
    rows = {row.stage: row for row in measure(played.record)}
    return [
        _Evidence(played, index, said, rows[said.stage]).judged()
        for index, said in enumerate(played.said)
        if said.stage in rows
    ]


def call_problems(played: Played) -> list[str]:
    """What is wrong with a call as a whole."""
    record = played.record
    found = [f"protocol violation: {detail}" for detail in sorted(set(record.violations))]
    found += [f"at ERROR: {entry.line}" for entry in _errors(record)]
    if played.failure:
        found.append(played.failure)
    elif not played.answered_last:
        found.append("the last trial was not answered")
    greetings = sum(isinstance(entry.subject, CreateResponse) for entry in _unprovoked(played))
    if played.said and greetings != 1:
        found.append(f"{greetings} answers were asked for before the caller did anything")
    cancelled = [entry.subject.response_id for entry in record.timeline if isinstance(entry.subject, CancelResponse)]
    found += [f"{name} was cancelled twice" for name in sorted(set(cancelled)) if cancelled.count(name) > 1]
    return found


def _unprovoked(played: Played) -> Iterator[ServerEntry]:
    """Entries from before the first trial; a key is answered within the error of the clock."""
    first = played.said[0].onset_samples - FRAME_SAMPLES if played.said else 0
    clock = played.record.clock
    return (entry for entry in played.record.timeline if clock.samples(entry.at_ms) < first)


def _errors(record: CallRecord) -> Iterator[ServerEntry]:
    for entry in record.timeline:
        if isinstance(entry.subject, Note) and entry.subject.level >= Level.ERROR:
            yield entry


class _Evidence:
    """One trial's part of the record: from the arrival of its first sample to the next trial's."""

    def __init__(self, played: Played, index: int, said: Utterance, row: BargeIn) -> None:
        self._played = played
        self._trial = played.plan.trials[index]
        self._locked = played.plan.greeting_lock and index == 0
        self._said = said
        self._row = row
        self._record = played.record
        arrived = said.onset_samples if said.arrived_samples is None else said.arrived_samples
        following = played.said[index + 1].onset_samples if index + 1 < len(played.said) else None
        self._arrived = arrived
        self._jitter_ms = self._measured_jitter_ms()
        self._begin = self._position(arrived)
        self._end = len(self._record.timeline) if following is None else self._position(following)

    def _position(self, at_samples: int) -> int:
        """The first entry of the timeline at or after an instant."""
        clock, timeline = self._record.clock, self._record.timeline
        return next(
            (i for i, entry in enumerate(timeline) if clock.samples(entry.at_ms) >= at_samples - SLACK), len(timeline)
        )

    def judged(self) -> Judged:
        row = self._row
        return Judged(
            trial=self._trial,
            in_stage=self._in_stage(),
            sounding=row.sounding,
            hold_ms=self._hold_ms(),
            hold_audio_ms=self._hold_audio_ms(),
            silence_ms=row.silence_ms,
            cut_ms=row.cut_ms,
            stale_ms=row.stale_ms,
            truncation_error_ms=row.truncation_error_ms,
            jitter_ms=self._jitter_ms,
            resumes=row.resumes,
            problems=tuple(self._problems()),
        )

    # --- reading the timeline ---------------------------------------------------------------------------

    def _of(
        self, kind: type[Subject], begin: int | None = None, end: int | None = None
    ) -> Iterator[tuple[int, Subject]]:
        """Entries of a kind with their places; in this trial's part unless told otherwise."""
        begin = self._begin if begin is None else begin
        end = self._end if end is None else end
        for index in range(begin, end):
            subject = self._record.timeline[index].subject
            if isinstance(subject, kind):
                yield index, subject

    def _first(self, *kinds: type) -> int | None:
        return min((index for kind in kinds for index, _ in self._of(kind)), default=None)

    def _note(self, *reasons: Reason) -> int | None:
        return next((index for index, note in self._of(Note) if note.reason in reasons), None)

    def _at_ms(self, index: int) -> int:
        return self._record.timeline[index].at_ms

    def _samples(self, index: int) -> int:
        return self._record.clock.samples(self._at_ms(index))

    @property
    def _noticed(self) -> int | None:
        """Where the server first knew of the sound or key."""
        return self._first(VoiceOnset, VoiceSure, KeyPressed)

    @property
    def _cut(self) -> int | None:
        return self._note(*CUTS)

    @property
    def _by_key(self) -> bool:
        return self._trial.cell.by is By.KEY

    def _blocked(self) -> bool:
        return self._note(Reason.BLOCKED) is not None

    # --- how long it took -------------------------------------------------------------------------------

    def _stopped(self) -> int | None:
        """The clear by which this sound silenced the AI."""
        if not self._row.sounding or self._row.hold_ms is None:
            return None
        return self._first(ClearAudio)

    def _hold_ms(self) -> float | None:
        stopped, noticed = self._stopped(), self._noticed
        if stopped is None or noticed is None:
            return None
        if self._by_key:
            return float(self._at_ms(stopped) - self._at_ms(noticed))
        taken = self._taken_in()
        if taken is None:
            return self._row.hold_ms
        _, at_samples = taken
        return max(0.0, (self._samples(stopped) - (at_samples - self._rest_of_frame())) / SAMPLES_PER_MS)

    def _hold_audio_ms(self) -> float | None:
        """Not in time but in audio: what the server had to hear before it fell silent."""
        stopped, taken = self._stopped(), None if self._by_key else self._taken_in()
        if stopped is None or taken is None:
            return None
        frames = self._played.taken_in[stopped] - 1 - taken[0]
        return (frames * FRAME_SAMPLES + self._rest_of_frame()) / SAMPLES_PER_MS

    def _taken_in(self) -> tuple[int, int] | None:
        """The frame that holds the first sample of speech, and when the server took it in."""
        frame = self._said.onset_samples // FRAME_SAMPLES
        return self._played.intake.of(self._record.mouth[max(0, frame - LOOK_BACK_FRAMES) : frame + 1])

    def _measured_jitter_ms(self) -> float:
        """A promise about what was heard can be kept to its limit and the jitter of the line, not closer."""
        taken = self._taken_in()
        if taken is None:
            return 0.0
        return self._played.intake.jitter_ms(taken[0])

    def _rest_of_frame(self) -> int:
        return FRAME_SAMPLES - self._said.onset_samples % FRAME_SAMPLES

    # --- whether it was where it should be --------------------------------------------------------------

    def _in_stage(self) -> bool:
        """Whether the sound arrived in its stage; most stages are short and the generator may be late."""
        stage, sounding = self._trial.cell.stage, self._row.sounding
        match stage:
            case Stage.NO_SOUND_YET:
                return not sounding and self._alive_at(self._begin)
            case Stage.BEFORE_DONE:
                return self._last_before(AudioDone) > self._last_before(ResponseDone)
            case Stage.AFTER_DONE:
                return sounding and self._last_before(ResponseDone) > self._last_before(ResponseCreated)
            case Stage.TOOL_ASKED:
                return self._last_before(ResponseCreated) > self._last_before(ResponseDone)
            case Stage.TOOL_RUNNING:
                return self._last_before(RunTool) > self._last_before(ToolFinished)
            case Stage.AFTER_100_MS:
                return 60 <= self._silent_for_ms() <= 200
            case Stage.AFTER_350_MS:
                return 300 <= self._silent_for_ms() <= 500
        return sounding

    def _last_before(self, kind: type) -> int:
        return max((index for index, _ in self._of(kind, 0, self._begin)), default=-1)

    def _silent_for_ms(self) -> float:
        ends = (span.end_samples for span in self._record.heard() if span.start_samples < self._said.onset_samples)
        return (self._said.onset_samples - max(ends, default=0)) / SAMPLES_PER_MS

    def _alive_at(self, index: int) -> bool:
        """Whether a response was asked for and not ended when an entry was made."""
        asked = sum(1 for _ in self._of(CreateResponse, 0, index))
        return asked > sum(1 for _ in self._of(ResponseDone, 0, index))

    # --- what is wrong with it --------------------------------------------------------------------------

    def _problems(self) -> Iterator[str]:
        if self._locked:
            yield from self._greeting()
        if self._noticed is None:
            yield "the server never noticed it"
        elif self._locked and self._blocked():
            yield from self._forbidden()
        else:
            yield from self._silence()
            yield from self._cancels()
        yield from self._answers()
        yield from self._tools()

    def _silence(self) -> Iterator[str]:
        """The AI fell silent in time, stayed silent, and the engine knows what was heard."""
        row, hold_ms = self._row, self._hold_audio_ms()
        by_itself = row.silence_ms is not None and row.silence_ms <= HOLD_MS
        if self._blocked():
            yield "blocked without a lock"
        if self._cut is None:
            yield "the caller was never given the floor"
        if row.sounding and self._stopped() is None and not by_itself:
            yield "the AI did not stop"
        if hold_ms is not None and hold_ms > HOLD_MS:
            yield f"silent only after {hold_ms:.0f} ms of the caller's voice"
        if self._by_key and (self._hold_ms() or 0) > HOLD_MS:
            yield f"silent only {self._hold_ms():.0f} ms after the key"
        if row.silence_ms is not None and row.silence_ms > MISSED_AFTER_MS:
            yield f"silence at the ear only after {row.silence_ms:.0f} ms"
        if row.stale_ms > self._jitter_ms:
            yield f"{row.stale_ms:.0f} ms of old audio after the cut"
        # What is told may be short of what was heard rather than beyond it: jitter counts twice on that side.
        error = row.truncation_error_ms
        if error is not None and not -2 * self._jitter_ms - TRUNCATION_MS <= error <= TRUNCATION_MS + self._jitter_ms:
            yield f"truncated {error:+.0f} ms off what was heard"
        if row.heard_ms is not None and row.truncated_ms is None:
            yield "the engine was not told what was heard"

    def _cancels(self) -> Iterator[str]:
        """What was alive at the cut is cancelled, exactly once; nothing else is."""
        cut = self._cut
        if cut is None:
            return
        done = {item.response_id for _, item in self._of(ResponseDone, 0, cut)}
        keys = {item.key for _, item in self._of(CreateResponse, 0, cut)}
        made = [item for _, item in self._of(ResponseCreated, 0, self._end) if item.key in keys]
        alive = [item.response_id for item in made if item.response_id not in done]
        cancelled = [item.response_id for _, item in self._of(CancelResponse, 0, self._end)]
        yield from (f"{name} was alive and not cancelled" for name in alive if name not in cancelled)

    def _greeting(self) -> Iterator[str]:
        """The greeting under the lock is heard whole, whatever the caller does."""
        first = next((item.item_id for _, item in self._of(AudioDelta, 0, self._end)), "")
        deltas = (item for _, item in self._of(AudioDelta, 0, self._end) if item.item_id == first)
        greeting = b"".join(item.payload for item in deltas)
        if not b"".join(span.payload for span in self._record.heard()).startswith(greeting):
            yield "the locked greeting was not heard whole, sample by sample"

    def _forbidden(self) -> Iterator[str]:
        """Under the lock nothing is held, one line says so for each onset, and the reply waits for the greeting."""
        opened = self._note(Reason.LOCK_OPENED)
        if opened is None:
            yield "the greeting lock never opened"
            return
        if any(index < opened for index, _ in self._of(ClearAudio)):
            yield "the locked greeting was held or cut"
        onsets = sum(1 for kind in (VoiceOnset, KeyPressed) for index, _ in self._of(kind) if index < opened)
        lines = sum(note.reason is Reason.BLOCKED for _, note in self._of(Note))
        if lines > onsets:
            yield f"{lines} BLOCKED lines for {onsets} onsets"
        if any(index < opened for index, _ in self._of(CreateResponse)):
            yield "a reply was asked for before the locked greeting was over"

    def _answers(self) -> Iterator[str]:
        """One reply, asked for after the caller's turn, and heard."""
        noticed = self._noticed
        if noticed is None:
            return
        creates = [index for index, _ in self._of(CreateResponse) if index > noticed]
        rounds = sum(1 for index, _ in self._of(ToolFinished) if self._ran_since(noticed, index))
        if len(creates) != 1 + rounds:
            yield f"{len(creates)} replies were asked for"
        turn = self._first(AddText) if self._by_key else self._first(TurnCommitted, CommitAudio)
        if creates and (turn is None or creates[0] < turn):
            yield "a reply was asked for before the caller's turn was committed"
        if creates and self._samples(creates[0]) < self._said.end_samples and not self._by_key:
            yield "a reply was asked for while the caller spoke"

    def _ran_since(self, noticed: int, finished: int) -> bool:
        """Whether a tool that has finished was started by the reply to this trial."""
        call_id = self._record.timeline[finished].subject.call_id  # type: ignore[union-attr]
        return any(run.call_id == call_id for _, run in self._of(RunTool, noticed, finished))

    def _tools(self) -> Iterator[str]:
        """Run once, only from a response that ended before the cut; the output is handed over at once."""
        cut = self._cut
        cancelled = {item.response_id for _, item in self._of(CancelResponse, 0, self._end)}
        for index, done in self._of(ResponseDone):
            ran = [run for _, run in self._of(RunTool, index) if run.call_id in {call.call_id for call in done.calls}]
            allowed = done.status is ResponseStatus.COMPLETED and done.response_id not in cancelled
            if ran and not allowed and cut is not None and cut < index:
                yield f"{ran[0].name} ran although its response was cut"
        for index, finished in self._of(ToolFinished):
            outputs = [
                i
                for i, out in self._of(AddToolOutput, 0, len(self._record.timeline))
                if out.call_id == finished.call_id
            ]
            if len(outputs) != 1 or self._at_ms(outputs[0]) - self._at_ms(index) > AT_ONCE_MS:
                yield "a tool's output was not handed over at once, once"
        if self._trial.cell.stage is Stage.TOOL_RUNNING and self._in_stage() and self._first(ToolFinished) is None:
            yield "the running tool never finished"


def resumed(record: CallRecord) -> int:
    """How often the AI went on after a hold, in the whole call."""
    return sum(isinstance(entry.subject, Note) and entry.subject.reason in RESUMES for entry in record.timeline)
