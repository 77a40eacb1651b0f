"""What a trial came to: how soon the AI held, cut, was silent and answered, and what was wrong.

Decides from the evidence alone, by the same rules for both modes. Milliseconds count from the onset; the clock of
each is named. What becomes of many trials is counted elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from torim.audio import g711
from torim.core.actions import CancelResponse, ClearAudio, CreateResponse, Note, PlayAudio, Purpose, TruncateItem
from torim.core.events import AudioDelta, ResponseCreated, VoiceEnded
from torim.core.reasons import Reason
from torim.lab.bargein.evidence import Evidence
from torim.lab.bargein.resume import Heard, follow
from torim.lab.bargein.tau import Ticks, ticks_of
from torim.lab.bargein.trials import Group, Place, Trial
from torim.lab.ear import Span

EARLY_MS = 60.0  # soft beginnings lie this much before the manifest's onset
OBEYED_MS = 1_000.0
CLOCK_SLACK_MS = 5.0  # what was sent may be heard before the sending process has noted it
SKIP_SAMPLES = 8  # instants are whole milliseconds
REPEAT_MS = 40  # a resume may repeat this much and the line's jitter, and never skip
CUTS = (Reason.CUT, Reason.CUT_BY_KEY, Reason.CUT_BY_WORDS)
RESUMES = (Reason.RESUMED, Reason.RESUMED_AT_DEADLINE)


class Fault(Enum):
    """What may be wrong with a trial."""

    NOT_MADE = "could not be made"
    MISSED = "not obeyed"
    LATE = "obeyed only after 1 s"
    UNANSWERED = "never answered"
    BEFORE = "cut before the sound"
    FALSE_CUT = "stopped for it"
    FALSE_TURN = "answered it"
    STALE = "old audio after the cut"
    INEXACT = "resumed elsewhere"


@dataclass(frozen=True, slots=True)
class Hold:
    """The AI fell silent to listen, and went on."""

    at_ms: float  # server
    silence_ms: float  # at the ear, until anything was heard again
    verdict: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One trial, judged. None where there was nothing to measure."""

    trial: Trial
    sounding: bool = False  # the AI was being heard at the onset, or until just before it
    hold_ms: float | None = None  # server: to the first clear
    cut_ms: float | None = None  # server: to the decision that it is a turn
    cancel_ms: float | None = None  # server: to the engine's cancel, where it was still making the answer
    by_words: bool = False  # decided by a late transcript
    quiet_ms: float | None = None  # ear: to the first instant without old audio; it may come back lower, or go on
    silence_ms: float | None = None  # ear: to the last sample of the old audio, lowered or not
    reply_ms: float | None = None  # server: from the last offset to the reply's first sample, engine time deducted
    talked_into: bool = False  # the AI sounded again before the caller's last offset
    replies: int = 0
    stale_ms: float = 0.0
    holds: tuple[Hold, ...] = ()  # false ones, in the whole trial
    cuts: int = 0  # in the whole trial
    heard: Heard = field(default_factory=Heard)
    spoken_ms: float = 0.0  # of the statement at the ear
    truth_ms: float | None = None  # what the engine was told that was heard of it, less what the ear heard
    ticks: Ticks | None = None
    cut_before: bool = False  # by something else than this sound
    early: bool = False  # by what the recording holds before its onset; then cut_ms is negative
    failure: str = ""

    @property
    def obeyed(self) -> bool:
        """Committed within a second and answered; a hold does not count."""
        return self.cut_ms is not None and self.cut_ms <= OBEYED_MS and self.replies > 0

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything wrong with it."""
        if self.failure:
            return (Fault.NOT_MADE,)
        found = _turn_faults(self) if self.trial.is_turn else _other_faults(self)
        if self.stale_ms > 0:
            found.append(Fault.STALE)
        most = (REPEAT_MS + self.trial.line.jitter_ms) * 8
        if any(jump > SKIP_SAMPLES or jump < -most for jump in self.heard.jumps):
            found.append(Fault.INEXACT)
        return tuple(found)


def _turn_faults(outcome: Outcome) -> list[Fault]:
    if outcome.cut_before:
        return [Fault.BEFORE]
    if outcome.cut_ms is None:
        return [Fault.MISSED]
    if outcome.cut_ms > OBEYED_MS:
        return [Fault.LATE]
    return [] if outcome.replies else [Fault.UNANSWERED]


def _other_faults(outcome: Outcome) -> list[Fault]:
    if outcome.trial.place is Place.MIDDLE:
        return [Fault.FALSE_CUT] if outcome.cuts else []
    return [Fault.FALSE_TURN] if outcome.cuts or outcome.replies else []


def judge(evidence: Evidence) -> Outcome:
    """Judge one trial."""
    if evidence.failure or evidence.began_samples is None:
        return Outcome(evidence.trial, failure=evidence.failure or "the AI never spoke")
    return _Judge(evidence).outcome()


class _Judge:
    """The evidence of one trial, read once."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        trial = evidence.trial
        alone = trial.group in (Group.ECHO, Group.BED)
        self._from_ms = -1e9 if alone else -EARLY_MS
        self._notes = [(at_ms, note) for at_ms, note in evidence.of(Note)]
        self._clears = [at_ms for at_ms, _ in evidence.of(ClearAudio)]
        self._spans = list(evidence.ear.heard(evidence.length_samples))
        self._earliest_ms = self._own_sound_from_ms()
        self._cut = next(((at, n) for at, n in self._notes if n.reason in CUTS and at >= self._earliest_ms), None)
        self._reply_ms = self._first_reply()

    def outcome(self) -> Outcome:
        evidence, cut = self._evidence, self._cut
        return Outcome(
            trial=evidence.trial,
            sounding=self._sounding(),
            hold_ms=self._hold_ms(),
            cut_ms=cut[0] if cut else None,
            cancel_ms=self._cancel_ms(),
            by_words=bool(cut and cut[1].reason is Reason.CUT_BY_WORDS),
            quiet_ms=self._quiet_ms(),
            silence_ms=self._silence_ms(),
            reply_ms=self._reply_delay_ms(),
            talked_into=self._reply_ms is not None and self._reply_ms < self._offset_ms,
            replies=self._replies(),
            stale_ms=self._stale_ms(),
            holds=tuple(self._false_holds()),
            cuts=sum(note.reason in CUTS for _, note in self._notes),
            heard=self._heard if self._resumed() else Heard(),
            spoken_ms=self._spoken_ms(),
            truth_ms=self._truth_ms(),
            ticks=ticks_of(self._spans, evidence.onset_samples, evidence.offset_samples, evidence.length_samples),
            cut_before=any(n.reason in CUTS and at < self._earliest_ms for at, n in self._notes),
            early=cut is not None and cut[0] < self._from_ms,
        )

    def _own_sound_from_ms(self) -> float:
        """From when on a cut is this sound's: its recording may hold breath, room or a word before the onset.

        Only where nothing else can have caused it, and if the floor was not given back before the onset.
        """
        trial = self._evidence.trial
        if trial.line.echo is not None or not trial.pieces:
            return self._from_ms
        lead_ms = max(piece.clip.onset_samples - piece.at_samples for piece in trial.pieces) / 8
        ended = [at for at, _ in self._evidence.of(VoiceEnded) if at < 0]
        return min(self._from_ms, max([-lead_ms, *ended]))

    # --- stopping -----------------------------------------------------------------------------------------------

    def _sounding(self) -> bool:
        onset = self._evidence.onset_samples
        since = onset - round(EARLY_MS * 8)
        return any(span.start_samples <= onset and span.end_samples > since for span in self._spans)

    def _hold_ms(self) -> float | None:
        """The first clear for this sound, if the AI was sounding when it came."""
        first = next((at for at in self._clears if at >= self._from_ms), None)
        return first if first is not None and self._old_audio_until(first) else None

    def _old_audio_until(self, at_ms: float) -> bool:
        """Whether a clear at an instant silenced the statement and nothing later."""
        return self._reply_ms is None or at_ms < self._reply_ms

    def _effect_samples(self) -> int | None:
        """When the cut took effect at the ear: the arrival of the last clear up to it, and not before the cut."""
        if self._cut is None:
            return None
        at_ms = self._cut[0]
        sent = sum(cleared_ms <= at_ms + 1 for cleared_ms in self._clears)  # a cut's own clear is of its instant
        arrived = self._evidence.ear.clears[:sent]
        effect = self._evidence.ear_samples(at_ms)
        return max(effect, arrived[-1].at_samples) if arrived else effect

    def _silence_ms(self) -> float | None:
        effect, onset = self._effect_samples(), self._evidence.onset_samples
        if effect is None:
            return None
        ends = [min(_sounds_until(span), effect) for span in self._spans if span.start_samples < effect]
        last = max(ends, default=0)
        return max(0.0, (last - onset) / 8) if self._sounding() else None

    def _quiet_ms(self) -> float | None:
        """The arrival of the clear that held it."""
        hold_ms, onset = self._hold_ms(), self._evidence.onset_samples
        if hold_ms is None or not self._sounding():
            return None
        number, arrived = self._clears.index(hold_ms), self._evidence.ear.clears
        return max(0.0, (arrived[number].at_samples - onset) / 8) if number < len(arrived) else None

    def _stale_ms(self) -> float:
        """Audio of before the cut, heard after it."""
        effect = self._effect_samples()
        if effect is None:
            return 0.0
        until = self._evidence.length_samples
        if self._reply_ms is not None:
            until = self._evidence.ear_samples(self._reply_ms - CLOCK_SLACK_MS)
        return sum(max(0, min(_sounds_until(s), until) - max(s.start_samples, effect)) for s in self._spans) / 8

    def _cancel_ms(self) -> float | None:
        since = self._cut[0] if self._cut else None
        return next((at for at, _ in self._evidence.of(CancelResponse) if since is not None and at >= since - 1), None)

    @property
    def _heard(self) -> Heard:
        return follow(self._evidence.statement, self._spans)

    def _truth_ms(self) -> float | None:
        """Of the statement's truncation, if it was truncated: what was told against what the ear heard."""
        statement = next((delta.item_id for _, delta in self._evidence.of(AudioDelta)), None)
        told = next((item for _, item in self._evidence.of(TruncateItem) if item.item_id == statement), None)
        return None if told is None else told.audio_end_ms - self._heard.samples / 8

    # --- answering ----------------------------------------------------------------------------------------------

    @property
    def _offset_ms(self) -> float:
        return (self._evidence.offset_samples - self._evidence.onset_samples) / 8

    def _first_reply(self) -> float | None:
        """When the first audio of an answer left, after the cut."""
        since = self._cut[0] if self._cut else self._from_ms
        answers = list(self._evidence.of(ResponseCreated))[1:]  # the first is the statement
        created = {made.response_id for at, made in answers if at >= since}
        voiced = (at for at, delta in self._evidence.of(AudioDelta) if delta.response_id in created)
        begins = next(voiced, None)
        if begins is None:
            return None
        return next((at for at, _ in self._evidence.of(PlayAudio) if at >= begins), None)

    def _replies(self) -> int:
        since = self._cut[0] if self._cut else self._from_ms
        asked = (item for at, item in self._evidence.of(CreateResponse) if at >= since)
        return sum(item.purpose is not Purpose.GREETING for item in asked)

    def _reply_delay_ms(self) -> float | None:
        """From the caller's last sound; what the engine took is not ours."""
        if self._reply_ms is None or self._reply_ms < self._offset_ms:
            return None
        asked = [at for at, _ in self._evidence.of(CreateResponse) if at < self._reply_ms]
        voiced = [at for at, _ in self._evidence.of(AudioDelta) if asked and asked[-1] <= at <= self._reply_ms]
        if not voiced:
            return None
        return self._reply_ms - self._offset_ms - (voiced[0] - asked[-1])

    # --- false holds --------------------------------------------------------------------------------------------

    def _resumed(self) -> bool:
        return any(note.reason in RESUMES for _, note in self._notes)

    def _false_holds(self) -> list[Hold]:
        found = []
        held: float | None = None
        for at_ms, note in self._notes:
            if note.reason is Reason.HELD and note.evidence.get("sounding"):
                held = at_ms
            elif note.reason in CUTS:
                held = None
            elif note.reason in RESUMES and held is not None:
                verdict = str(note.evidence.get("verdict", "deadline"))
                found.append(Hold(held, self._gap_ms(held), verdict))
                held = None
        return found

    def _gap_ms(self, held_ms: float) -> float:
        """Silence at the ear from a hold until anything is heard again."""
        after = self._evidence.ear_samples(held_ms)
        number = next((n for n, at in enumerate(self._clears) if at >= held_ms), None)
        clears = self._evidence.ear.clears
        silent = clears[number].at_samples if number is not None and number < len(clears) else after
        starts = [span.start_samples for span in self._spans if span.start_samples >= silent]
        return (min(starts, default=self._evidence.length_samples) - silent) / 8

    def _spoken_ms(self) -> float:
        until = self._evidence.length_samples
        if self._reply_ms is not None:
            until = self._evidence.ear_samples(self._reply_ms)
        return sum(max(0, min(span.end_samples, until) - span.start_samples) for span in self._spans) / 8


def _sounds_until(span: Span) -> int:
    """The end of what sounds in a span: the silence that fills up an item's last frame is no audio of anybody."""
    sounding = span.payload.rstrip(g711.SILENCE)
    filled = len(span.payload) - len(sounding)
    return span.end_samples - (filled if filled < g711.FRAME_SAMPLES else 0)
