"""Plays a scenario: turns its steps into what the synthetic caller says and presses, and checks what it expects.

Decides when a step's time has come and whether an expectation holds. It waits by looking every few milliseconds
at what the ear heard and at the server's timeline; instants are taken from those records, not from when it looked,
so that "100 ms later" means 100 ms after the sound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from torim.core.actions import Note
from torim.core.events import AudioDelta, AudioDone, ResponseCreated, ResponseDone
from torim.core.reasons import Reason
from torim.lab.caller import Caller
from torim.lab.ear import SAMPLES_PER_MS
from torim.lab.record import ServerEntry, Utterance
from torim.lab.scenario import (
    AiFinishes,
    AiSpeaks,
    Appointment,
    CallEnds,
    Condition,
    Expect,
    HangUp,
    KeepsSpeaking,
    LastWords,
    Later,
    Numbered,
    Pause,
    Press,
    Say,
    Scenario,
    ServerLine,
    Silence,
    Stage,
    Step,
    Wait,
)

LOOK_EVERY_S = 0.005
LOOK_UP_EVERY_S = 0.1  # in the database
FINISHED_AFTER_MS = 80  # quiet for so long: the AI has finished
FINISHED_LOOKS = 12
BREAK_MS = 60  # a shorter gap is the network's, not silence
BETWEEN_KEYS_MS = 250
CLOCK_SLACK_SAMPLES = 4 * SAMPLES_PER_MS  # between the server's clock and the caller's

Voices = Mapping[Say, bytes]
HasAppointment = Callable[[], Awaitable[bool]]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one expectation or wait."""

    line: int
    source: str
    good: bool
    detail: str = ""

    def __str__(self) -> str:
        mark = "ok" if self.good else "FAILED"
        detail = f" ({self.detail})" if self.detail else ""
        return f"line {self.line}: {self.source}: {mark}{detail}"


@dataclass(slots=True)
class _Search:
    """How far one wait has read the server's timeline, and what it has gathered on the way."""

    position: int = 0
    speaks_samples: int | None = None  # when an answer's first audio left
    sent_samples: int = 0  # audio of it that the engine has sent
    all_sent: bool = False
    heard_samples: int = 0  # where the ear's sound ended at the last look
    quiet_looks: int = 0  # in a row that found nothing new in the ear

    def still_quiet(self, heard_samples: int) -> bool:
        """Whether enough looks have found silence: a machine that stood still has looked once, however long it was."""
        self.quiet_looks = self.quiet_looks + 1 if heard_samples == self.heard_samples else 0
        self.heard_samples = heard_samples
        return self.quiet_looks >= FINISHED_LOOKS

    def new(self, timeline: Sequence[ServerEntry]) -> Iterator[ServerEntry]:
        """The lines that were not read yet."""
        while self.position < len(timeline):
            entry = timeline[self.position]
            self.position += 1
            if isinstance(entry.subject, AudioDelta):
                self.sent_samples += len(entry.subject.payload)
            self.all_sent = self.all_sent or isinstance(entry.subject, AudioDone)
            yield entry


@dataclass(slots=True)
class _LiveResponses:
    """Which responses the engine has begun and not ended, by the server's timeline."""

    position: int = 0
    ids: set[str] = field(default_factory=set)

    def any(self, timeline: Sequence[ServerEntry]) -> bool:
        """Whether one is live."""
        for entry in timeline[self.position :]:
            match entry.subject:
                case ResponseCreated(response_id=response_id):
                    self.ids.add(response_id)
                case ResponseDone(response_id=response_id):
                    self.ids.discard(response_id)
        self.position = len(timeline)
        return bool(self.ids)


class Player:
    """One scenario on one call."""

    def __init__(
        self,
        scenario: Scenario,
        caller: Caller,
        voices: Voices,
        tell: Tell = lambda _: None,
        has_appointment: HasAppointment | None = None,
    ) -> None:
        self._scenario = scenario
        self._caller = caller
        self._voices = voices
        self._tell = tell
        self._has_appointment = has_appointment
        self.findings: list[Finding] = []
        self._acted: Utterance | None = None  # the caller's last utterance or key
        self._since_samples = 0  # what the waits look back to: the caller's last action
        self._instant_samples = 0  # the latest instant waited for
        self._cursor = 0  # timeline lines before this one are used up
        self._search = _Search()
        self._live = _LiveResponses()
        self._due_samples: int | None = None  # "700 ms later"
        self._stage = ""

    async def play(self) -> list[Finding]:
        """Play every step; stop at the first wait in vain; hang up at the end if the call is still open."""
        for item in self._scenario.steps:
            if self._caller.over and not _about_the_end(item.step):
                self._note(item, False, "the call was over before")
                break
            if not await self._play(item):
                break
        await self._caller.hang_up()
        return self.findings

    async def _play(self, item: Numbered) -> bool:
        match item.step:
            case Later(after_ms):
                self._due_samples = self._instant_samples + after_ms * SAMPLES_PER_MS
            case Stage(name):
                self._stage = name
            case Wait(condition, patience_ms):
                self._tell(item.source)
                return await self._wait(item, condition, patience_ms)
            case Expect(condition, within_ms):
                await self._expect(item, condition, within_ms)
            case Say() as say:
                self._tell(item.source)
                await self._say(say)
            case Press(keys):
                self._tell(item.source)
                await self._press(keys)
            case Pause(for_ms):
                await self._reach(self._caller.clock.now_samples() + for_ms * SAMPLES_PER_MS)
            case HangUp():
                await self._reach_due()
                self._tell(item.source)
                await self._caller.hang_up()
        return True

    def _note(self, item: Numbered, good: bool, detail: str = "") -> None:
        finding = Finding(item.line, item.source, good, detail)
        self.findings.append(finding)
        if not good:
            self._tell(str(finding))

    # --- acting -----------------------------------------------------------------------------------------

    async def _say(self, say: Say) -> None:
        due = max(self._take_due(), self._caller.clock.now_samples())
        text = say.text or (say.file or "")
        utterance = self._caller.say(text, self._voices[say], due, self._take_stage())
        self._act(utterance)
        await self._reach(utterance.end_samples)

    async def _press(self, keys: str) -> None:
        for index, key in enumerate(keys):
            if index:
                await self._reach(self._caller.clock.now_samples() + BETWEEN_KEYS_MS * SAMPLES_PER_MS)
            else:
                await self._reach_due()
            self._act(self._caller.press(key, self._take_stage()))

    def _act(self, utterance: Utterance) -> None:
        self._acted = utterance
        self._since_samples = self._instant_samples = utterance.onset_samples

    def _take_due(self) -> int:
        due, self._due_samples = self._due_samples, None
        return due or 0

    def _take_stage(self) -> str:
        stage, self._stage = self._stage, ""
        return stage

    async def _reach_due(self) -> None:
        await self._reach(self._take_due())

    async def _reach(self, at_samples: int) -> None:
        while not self._caller.over and self._caller.clock.now_samples() < at_samples:  # noqa: ASYNC110
            await asyncio.sleep(min(LOOK_EVERY_S, self._caller.clock.until_s(at_samples)))

    # --- waiting and expecting --------------------------------------------------------------------------

    async def _wait(self, item: Numbered, condition: Condition, patience_ms: int) -> bool:
        deadline = self._caller.clock.now_samples() + patience_ms * SAMPLES_PER_MS
        instant = await self._look_for(condition, deadline)
        if instant is None:
            why = "the call ended" if self._caller.over else f"not within {patience_ms / 1000:g} s"
            self._note(item, False, why)
            return False
        self._instant_samples = max(self._instant_samples, instant)
        if isinstance(condition, AiSpeaks):
            self._turn_to_response(instant)
        return True

    def _turn_to_response(self, instant_samples: int) -> None:
        """What is waited for next concerns the response that is heard now, not what ended before it."""
        record = self._caller.record
        for index in range(len(record.timeline) - 1, self._cursor - 1, -1):
            entry = record.timeline[index]
            if isinstance(entry.subject, ResponseCreated) and record.clock.samples(entry.at_ms) <= instant_samples:
                self._cursor = index
                return

    async def _expect(self, item: Numbered, condition: Condition, within_ms: int) -> None:
        deadline = self._since_samples + within_ms * SAMPLES_PER_MS
        match condition:
            case Silence():
                await self._reach(deadline + BREAK_MS * SAMPLES_PER_MS)
                took_ms = self._silence_ms()
                self._note(item, took_ms <= within_ms, f"after {took_ms:.0f} ms")
            case KeepsSpeaking(for_ms):
                end = self._since_samples + for_ms * SAMPLES_PER_MS
                await self._reach(end)
                self._note(item, self._sounds_until(self._since_samples) >= end)
            case Appointment(stored=False):
                await self._reach(deadline)
                self._note(item, not await self._stored())
            case _:
                deadline = max(deadline, self._caller.clock.now_samples() + within_ms * SAMPLES_PER_MS)
                found = await self._look_for(condition, deadline)
                self._note(item, found is not None, "" if found is not None else f"not in {within_ms} ms")

    async def _look_for(self, condition: Condition, deadline_samples: int) -> int | None:
        """The instant at which a condition came true, as soon as it is known; None: in vain."""
        self._search = _Search(self._cursor)
        pause_s = LOOK_UP_EVERY_S if isinstance(condition, Appointment) else LOOK_EVERY_S
        while True:
            instant = await self._instant_of(condition)
            if instant is not None:
                return instant
            if self._caller.over or self._caller.clock.now_samples() >= deadline_samples:
                return None
            await asyncio.sleep(pause_s)

    async def _instant_of(self, condition: Condition) -> int | None:
        now = self._caller.clock.now_samples()
        match condition:
            case AiSpeaks():
                return self._speaks()
            case AiFinishes():
                return self._finished(now)
            case LastWords(left_ms):
                return self._last_words(left_ms, now)
            case ServerLine(words):
                return self._server_line(words)
            case CallEnds():
                return now if self._caller.over else None
            case Appointment():
                return now if await self._stored() else None
            case Silence():
                return None if self._caller.record.ear.sounding(now) else now
            case KeepsSpeaking(for_ms):
                began = self._caller.record.ear.began(self._since_samples)
                if began is None or self._sounds_until(began) - began < for_ms * SAMPLES_PER_MS:
                    return None
                return began + for_ms * SAMPLES_PER_MS

    def _speaks(self) -> int | None:
        """When the ear began to hear an answer; where the server is seen, what it resumes is not taken for one."""
        record, search = self._caller.record, self._search
        if not record.timeline:
            return record.ear.began(self._since_samples)
        for entry in search.new(record.timeline):
            at_samples = record.clock.samples(entry.at_ms)
            if search.speaks_samples is None and _is_first_audio(entry) and at_samples >= self._since_samples:
                search.speaks_samples = max(self._since_samples, at_samples - CLOCK_SLACK_SAMPLES)
        return None if search.speaks_samples is None else record.ear.began(search.speaks_samples)

    def _finished(self, now_samples: int) -> int | None:
        """When the AI's sound ended; a response that is live may speak again."""
        record = self._caller.record
        ear = record.ear
        heard_since = ear.began(self._since_samples) is not None or ear.end_samples > self._since_samples
        quiet = now_samples - ear.end_samples >= FINISHED_AFTER_MS * SAMPLES_PER_MS
        over = self._search.still_quiet(ear.end_samples) and quiet and not self._live.any(record.timeline)
        return ear.end_samples if heard_since and over else None

    def _last_words(self, left_ms: int, now_samples: int) -> int | None:
        """Known once the engine has sent all of the answer that is heard, and true when its end is near."""
        began, search = self._speaks(), self._search
        if began is None or not search.all_sent:
            return None
        instant = began + search.sent_samples - left_ms * SAMPLES_PER_MS
        return instant if instant <= now_samples else None

    def _server_line(self, words: tuple[str, ...]) -> int | None:
        record = self._caller.record
        for entry in self._search.new(record.timeline):
            at_samples = record.clock.samples(entry.at_ms)
            if at_samples >= self._since_samples and _begins_with(entry.line, words):
                self._cursor = self._search.position
                return at_samples
        return None

    async def _stored(self) -> bool:
        return self._has_appointment is not None and await self._has_appointment()

    def _silence_ms(self) -> float:
        return (self._sounds_until(self._since_samples) - self._since_samples) / SAMPLES_PER_MS

    def _sounds_until(self, at_samples: int) -> int:
        """Until when the far-end audio heard at an instant has gone on without a break."""
        until = self._caller.record.ear.sounds_until(at_samples, BREAK_MS)
        return min(until, self._caller.clock.now_samples())


def _about_the_end(step: Step) -> bool:
    """Steps that make sense after the call."""
    if isinstance(step, HangUp | Pause):
        return True
    return isinstance(step, Expect | Wait) and isinstance(step.condition, CallEnds | Appointment)


def _is_first_audio(entry: ServerEntry) -> bool:
    return isinstance(entry.subject, Note) and entry.subject.reason is Reason.FIRST_AUDIO


def _begins_with(line: str, words: tuple[str, ...]) -> bool:
    """Whether a timeline line, without its time, begins with these words."""
    return line.split()[1 : 1 + len(words)] == list(words)
