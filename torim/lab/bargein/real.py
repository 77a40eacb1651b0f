"""Trials on real sockets: a synthetic caller speaks Twilio's protocol to a server in a process of its own.

Decides when the caller speaks: at the sample that the trial asks for, counted from when the ear began to hear the
AI. What the server did and when is told by the server's process on this machine's monotonic clock. It judges nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from torim.core.actions import Action
from torim.core.events import Event
from torim.errors import CarrierError
from torim.lab.bargein.evidence import Evidence
from torim.lab.bargein.sound import Voices, caller_track
from torim.lab.bargein.trials import Group, Trial
from torim.lab.caller import Caller, Dialing
from torim.lab.ear import FRAME_SAMPLES, SAMPLES_PER_MS
from torim.lab.line import onset_samples

LOOK_EVERY_S = 0.004
PATIENCE_S = 10.0  # for the AI to begin


Expect = Callable[[str, Trial], None]  # tells the server which trial's engine a call wants, by its id
Tell = Callable[[int, int], None]  # how many trials are done, of how many


@dataclass(slots=True)
class ServerSide:
    """What the server's process saw of one call, in nanoseconds of the machine's monotonic clock."""

    entries: list[tuple[int, Event | Action]] = field(default_factory=list)
    taken_in: list[tuple[int, int]] = field(default_factory=list)  # when, and the number of the frame
    pickled: list[bytes] = field(default_factory=list)  # entries of which the collector of a live server knows nothing


@dataclass(slots=True)
class Placed:
    """One trial's call as the caller saw it; `evidence` needs the server's side too."""

    caller: Caller
    evidence: Evidence

    @property
    def call_sid(self) -> str:
        return self.caller.record.call_sid


class RealCall:
    """One trial on one call."""

    def __init__(self, trial: Trial, base_url: str, voices: Voices) -> None:
        self._trial = trial
        caller = Caller(Dialing(base_url, line=trial.line), f"trial {trial.number}")
        statement = voices.statement(trial.voice, trial.statement_ms)
        self.placed = Placed(caller, Evidence(trial, statement, ear=caller.record.ear))

    async def dial(self) -> None:
        """Open the stream; raises `CarrierError` if the server takes no call."""
        await self.placed.caller.dial()

    async def play(self) -> None:
        """Make the sound at its instant, see what follows, hang up."""
        caller, evidence = self.placed.caller, self.placed.evidence
        try:
            evidence.began_samples = await self._until_ai_speaks()
            if evidence.began_samples is None:
                evidence.failure = f"the AI did not speak within {PATIENCE_S:g} s"
            else:
                await self._act()
        finally:
            record = await caller.hang_up()
        evidence.mouth = record.mouth
        evidence.length_samples = record.length_samples
        evidence.late_ms = record.worst_tick_ms
        if record.violations:
            evidence.failure = f"protocol violation: {record.violations[0]}"

    async def _until_ai_speaks(self) -> int | None:
        ear, waited_s = self.placed.caller.record.ear, 0.0
        while (began := ear.began(0)) is None and waited_s < PATIENCE_S:
            await asyncio.sleep(LOOK_EVERY_S)
            waited_s += LOOK_EVERY_S
        return began

    async def _act(self) -> None:
        caller, evidence, trial = self.placed.caller, self.placed.evidence, self._trial
        track = caller_track(trial)
        evidence.onset_samples = (evidence.began_samples or 0) + trial.onset_after_samples
        if track.payload:
            # The mouth places by an onset of its own measure; here the manifest's is placed.
            start = evidence.onset_samples - track.onset_samples
            earliest = caller.clock.now_samples() + 2 * FRAME_SAMPLES
            payload = track.payload[max(0, earliest - start) :]
            start = max(start, earliest)
            caller.say(trial.words or trial.cls, payload, start + onset_samples(payload))
        await caller.clock.reach(self._ends_samples())

    def _ends_samples(self) -> int:
        trial, evidence = self._trial, self.placed.evidence
        tail = trial.tail_ms * SAMPLES_PER_MS
        if trial.group in (Group.ECHO, Group.BED):
            return (evidence.began_samples or 0) + trial.statement_ms * SAMPLES_PER_MS + tail
        return evidence.offset_samples + tail


def joined(placed: Placed, server: ServerSide | None) -> Evidence:
    """The whole evidence of a trial: the caller's side and the server's, on the caller's clock."""
    evidence, clock = placed.evidence, placed.caller.clock
    if server is not None:
        server.entries += [pickle.loads(entry) for entry in server.pickled]
        server.pickled.clear()
    if server is None or not server.entries:
        evidence.failure = evidence.failure or "the server knows nothing of this call"
        return evidence
    evidence.entries = [(clock.samples_of(at_ns) / SAMPLES_PER_MS, subject) for at_ns, subject in server.entries]
    if evidence.trial.pieces and not evidence.failure:
        _date_onset(placed, server)
    return evidence


def _date_onset(placed: Placed, server: ServerSide) -> None:
    """When the server read the frame that holds the onset, counted back to the onset."""
    evidence = placed.evidence
    number, within = divmod(evidence.onset_samples, FRAME_SAMPLES)
    taken_ns = next((at_ns for at_ns, frame in server.taken_in if frame == number), None)
    if taken_ns is None:
        evidence.failure = "the server never read the onset's frame"
        return
    taken = placed.caller.clock.samples_of(taken_ns)
    evidence.arrived_ms = (taken - (FRAME_SAMPLES - within)) / SAMPLES_PER_MS


def lateness_ms(placed: Placed, server: ServerSide | None) -> list[float]:
    """How long after its last sample the server read each frame: the callers' delay, the kernel's and the server's."""
    clock = placed.caller.clock
    taken = server.taken_in if server is not None else []
    return [(clock.samples_of(at_ns) - (number + 1) * FRAME_SAMPLES) / SAMPLES_PER_MS for at_ns, number in taken]


@contextlib.asynccontextmanager
async def going_on(
    trials: Sequence[Trial], base_url: str, voices: Voices, expect: Expect
) -> AsyncIterator[list[Placed]]:
    """Keep a call up for each of these while the block runs; gives the calls that were placed.

    Raises:
        CarrierError: The server took a call no more.
    """
    dialling = asyncio.Lock()
    placed: list[Placed] = []

    async def dialled(trial: Trial) -> RealCall:
        call = RealCall(trial, base_url, voices)
        expect(call.placed.call_sid, trial)
        await call.dial()
        placed.append(call.placed)
        return call

    async def go_on(trial: Trial, call: RealCall) -> None:
        while True:
            await call.play()
            async with dialling:
                call = await dialled(trial)

    calls: list[asyncio.Task[None]] = []
    try:
        for trial in trials:
            calls.append(asyncio.create_task(go_on(trial, await dialled(trial))))
        yield placed
    finally:
        for call in calls:
            call.cancel()
        ended = await asyncio.gather(*calls, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


async def place_all(
    trials: Sequence[Trial], base_url: str, voices: Voices, expect: Expect, calls: int, tell: Tell
) -> list[Placed]:
    """Place every trial, a number of calls at a time; ``expect`` tells the server whose call it will be."""
    dialling = asyncio.Lock()
    gate = asyncio.Semaphore(calls)
    done: list[Placed] = []

    async def one(trial: Trial) -> None:
        async with gate:
            call = RealCall(trial, base_url, voices)
            try:
                expect(call.placed.call_sid, trial)
                async with dialling:
                    await call.dial()
                await call.play()
            except CarrierError as error:
                call.placed.evidence.failure = f"{error} ({error.code})"
            done.append(call.placed)
            tell(len(done), len(trials))

    await asyncio.gather(*(one(trial) for trial in trials))
    return sorted(done, key=lambda placed: placed.evidence.trial.number)
