"""One call of the stage matrix: waits for each trial's stage and cuts in, with sound, not with an event.

Decides the instant of each barge-in, from what the ear hears and from the server's timeline. It judges nothing:
what happened is in the `CallRecord`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from torim.core.actions import CreateResponse, Note, RunTool
from torim.core.events import AudioDelta, AudioDone, ResponseCreated, ResponseDone
from torim.core.reasons import Reason
from torim.lab.caller import Caller
from torim.lab.ear import SAMPLES_PER_MS
from torim.lab.matrix import By, CallPlan, Stage, Trial
from torim.lab.matrix_engine import Intake
from torim.lab.record import CallRecord, ServerEntry, Utterance

LOOK_EVERY_S = 0.003
PATIENCE_S = 30.0  # for the next answer; under the lock it waits for a greeting that may take twelve
QUIET_MS = 700  # after the last answer: nothing more may come
HEAR_OUT_MS = 2500  # of it; a longer one is not heard to its end
JOINED_MS = 150  # no silence by then: an answer that was asked for at once follows the last without a break
CLOCK_SLACK_SAMPLES = 4 * SAMPLES_PER_MS  # between the server's clock and the caller's

Voices = Mapping[tuple[str, float], bytes]  # (words, pitch) -> mu-law at 8 kHz
Found = TypeVar("Found")


@dataclass(slots=True)
class Played:
    """One call as it went: what was said in each trial, and which trial could not be made."""

    plan: CallPlan
    record: CallRecord
    intake: Intake
    said: list[Utterance] = field(default_factory=list)
    taken_in: list[int] = field(default_factory=list)  # frames taken in when each timeline entry was made
    failure: str = ""  # why the call could not go on
    answered_last: bool = False

    def enter(self, entry: ServerEntry) -> None:
        """Add a line of the server's timeline."""
        self.record.enter(entry)
        self.taken_in.append(self.intake.frames)


@dataclass(frozen=True, slots=True)
class _Host:
    """The answer that a trial cuts into."""

    response_id: str
    began_samples: int  # when the ear began to hear it


class Stager:
    """Plays the trials of one call, one after the other."""

    def __init__(self, played: Played, caller: Caller, voices: Voices) -> None:
        self._played = played
        self._caller = caller
        self._voices = voices
        self._timeline = played.record.timeline
        self._cursor = 0  # entries before this one belong to earlier trials

    async def play(self) -> Played:
        """Make every trial, hear the last answer to its end, hang up."""
        for trial in self._played.plan.trials:
            at_samples = await self._instant(trial)
            if at_samples is None:
                self._played.failure = f"{trial.cell}: {self._why()}"
                break
            await self._act(trial, at_samples)
        else:
            self._played.answered_last = await self._hear_out() is not None
        await self._caller.hang_up()
        return self._played

    def _why(self) -> str:
        return "the call was over" if self._caller.over else f"its answer never came within {PATIENCE_S:g} s"

    async def _act(self, trial: Trial, at_samples: int) -> None:
        label = str(len(self._played.said))
        if trial.cell.by is By.KEY:
            await self._caller.clock.reach(at_samples)
            said = self._caller.press(trial.key, label)
        else:
            payload = self._voices[trial.words, trial.pitch]
            said = self._caller.say(trial.words, payload, at_samples, label)
        self._played.said.append(said)
        await self._caller.clock.reach(said.onset_samples)
        self._cursor = len(self._timeline)
        await self._caller.clock.reach(said.end_samples)

    # --- when to act ------------------------------------------------------------------------------------

    async def _instant(self, trial: Trial) -> int | None:
        """When the caller's first sound is due; None: the stage never came."""
        match trial.cell.stage:
            case Stage.NO_SOUND_YET:
                return await self._before_sound(trial)
            case Stage.TOOL_RUNNING:
                at_samples = await self._seen(RunTool)
                return None if at_samples is None else at_samples + _ms(50 + 850 * trial.share)
        host = await self._until(self._host)
        return None if host is None else await self._in_answer(trial, host)

    async def _before_sound(self, trial: Trial) -> int | None:
        """After the answer was asked for or, the other way round, after it was created and before its sound."""
        at_samples = await self._until(self._asked if trial.other_way else self._created)
        return None if at_samples is None else at_samples + _ms(30 + 400 * trial.share)

    def _asked(self) -> int | None:
        entry = self._request()
        return None if entry is None else self._played.record.clock.samples(entry.at_ms)

    def _created(self) -> int | None:
        """Not just any: a response that an earlier barge-in has doomed may be created now."""
        request = self._request()
        key = request.subject.key if request is not None and isinstance(request.subject, CreateResponse) else None
        for entry in self._timeline[self._cursor :]:
            if key is not None and isinstance(entry.subject, ResponseCreated) and entry.subject.key == key:
                return self._played.record.clock.samples(entry.at_ms)
        return None

    def _request(self) -> ServerEntry | None:
        later = (entry for entry in self._timeline[self._cursor :] if isinstance(entry.subject, CreateResponse))
        return next(later, None)

    async def _in_answer(self, trial: Trial, host: _Host) -> int | None:
        share = trial.share
        match trial.cell.stage:
            case Stage.GREETING_LOCKED:
                return host.began_samples + _ms(100 + share * 1700)
            case Stage.FIRST_100_MS:
                return host.began_samples + _ms(100 * share)
            case Stage.MIDDLE | Stage.GREETING_OPEN:
                return host.began_samples + _ms(500 + share * 1900)
            case Stage.TOOL_ASKED:
                return host.began_samples + _ms(200 + share * 1200)
        ends_samples = await self._ends(trial, host)
        if ends_samples is None:
            return None
        match trial.cell.stage:
            case Stage.LAST_WORD:
                return ends_samples - _ms(130 + share * 320)
            case Stage.AFTER_100_MS | Stage.AFTER_350_MS:
                return await self._after_the_end(trial, host, ends_samples)
        return await self._around_done(trial, host, ends_samples)

    async def _around_done(self, trial: Trial, host: _Host, ends_samples: int) -> int | None:
        """Between the two events that end an answer, or after both, where audio still sounds then."""
        before = trial.cell.stage is Stage.BEFORE_DONE
        done = await self._seen(AudioDone if before else ResponseDone, host.response_id)
        if done is None:
            return None
        left = ends_samples - done
        if before and (trial.other_way or left < _ms(100)):
            return done + _ms(30 + 900 * trial.share)
        return done + round(0.85 * trial.share * min(left, _ms(1800)))

    async def _after_the_end(self, trial: Trial, host: _Host, ends_samples: int) -> int | None:
        pause_ms = 100 if trial.cell.stage is Stage.AFTER_100_MS else 350

        def ended() -> int | None:
            ear, now = self._played.record.ear, self._caller.clock.now_samples()
            whole = ear.end_samples >= ends_samples - CLOCK_SLACK_SAMPLES
            return ear.end_samples if whole and now >= ear.end_samples else None

        at_samples = await self._until(ended)
        return None if at_samples is None else at_samples + _ms(pause_ms)

    async def _ends(self, trial: Trial, host: _Host) -> int | None:
        """Where the answer ends at the ear: told by its plan, or known once the engine has sent all of it."""
        if self._played.plan.way.engine == "scripted":
            return host.began_samples + _ms(trial.answer_ms)
        if await self._seen(AudioDone, host.response_id) is None:
            return None
        sent = (entry.subject for entry in self._timeline if isinstance(entry.subject, AudioDelta))
        return host.began_samples + sum(len(item.payload) for item in sent if item.response_id == host.response_id)

    # --- looking ----------------------------------------------------------------------------------------

    def _host(self) -> _Host | None:
        """The answer that has begun to be heard since the last barge-in."""
        for index in range(self._cursor, len(self._timeline)):
            entry = self._timeline[index]
            if isinstance(entry.subject, Note) and entry.subject.reason is Reason.FIRST_AUDIO:
                began = self._began(self._played.record.clock.samples(entry.at_ms))
                response_id = self._speaking(index)
                return None if began is None or response_id is None else _Host(response_id, began)
        return None

    def _began(self, sent_samples: int) -> int | None:
        """When the ear began to hear what was first sent at an instant; it may have had no silence before."""
        began = self._played.record.ear.began(sent_samples - CLOCK_SLACK_SAMPLES)
        if began is None and self._caller.clock.now_samples() > sent_samples + _ms(JOINED_MS):
            return sent_samples
        return began

    def _speaking(self, index: int) -> str | None:
        earlier = (self._timeline[i].subject for i in range(index, -1, -1))
        return next((item.response_id for item in earlier if isinstance(item, AudioDelta)), None)

    async def _seen(self, kind: type, response_id: str = "") -> int | None:
        """When a line of this kind (of this response) was written since the last barge-in, or will have been."""

        def seen() -> int | None:
            for entry in self._timeline[self._cursor :]:
                if isinstance(entry.subject, kind) and _of(entry.subject, response_id):
                    return self._played.record.clock.samples(entry.at_ms)
            return None

        return await self._until(seen)

    async def _until(self, look: Callable[[], Found | None]) -> Found | None:
        deadline = self._caller.clock.now_samples() + round(PATIENCE_S * 1000) * SAMPLES_PER_MS
        while not self._caller.over and self._caller.clock.now_samples() < deadline:
            found = look()
            if found is not None:
                return found
            await asyncio.sleep(LOOK_EVERY_S)
        return None

    async def _hear_out(self) -> int | None:
        """Hear the answer to the last trial, and the silence after it if it is short."""
        host = await self._until(self._host)
        if host is None:
            return None

        def quiet() -> int | None:
            ended, now = self._played.record.ear.end_samples, self._caller.clock.now_samples()
            return now if now >= min(ended + _ms(QUIET_MS), host.began_samples + _ms(HEAR_OUT_MS)) else None

        return await self._until(quiet)


def _of(subject: object, response_id: str) -> bool:
    return not response_id or getattr(subject, "response_id", "") == response_id


def _ms(milliseconds: float) -> int:
    return round(milliseconds * SAMPLES_PER_MS)
