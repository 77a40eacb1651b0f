"""Trials on a virtual clock, hundreds of times faster than real time: the product's parts between models.

The ears, the core, the engine's codec and the scripted engine are the product's own; the telephone line, the
carrier's buffer and the network are the lab's. What is left out is the bridge, the carrier's protocol, sockets and
computing time: a decision is timed at the arrival of the frame that made it possible. The same trial gives the
same evidence every time. It judges nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torim.audio import g711
from torim.audio.vad import SileroVad, VadStream
from torim.core.abilities import CarrierCapabilities, EngineCapabilities
from torim.core.actions import (
    Action,
    AddText,
    AddToolOutput,
    CancelResponse,
    ClearAudio,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    Note,
    PlayAudio,
    SendMark,
    TruncateItem,
)
from torim.core.call import Call
from torim.core.events import EngineReady, Event, MarkReturned, StreamStarted, VoiceEvent
from torim.core.listening import FarEnd
from torim.core.reasons import Reason
from torim.core.settings import ListenSettings, TurnSettings
from torim.engines.base import SessionConfig
from torim.engines.openai_realtime import OpenAIRealtimeCodec
from torim.lab.bargein.engine import EngineEar, engine_of
from torim.lab.bargein.evidence import Evidence
from torim.lab.bargein.sound import Track, Voices, caller_track
from torim.lab.bargein.trials import Group, Trial
from torim.lab.ear import FRAME_SAMPLES, SAMPLES_PER_MS
from torim.lab.line import CallerLine, Route
from torim.lab.sim.world import World

BATCH = 96  # trials under way at once: their windows share the forward passes of the neural VAD
AFTER_REPLY_MS = 300
DELTA_MS = 400  # few messages of the engine: nothing here depends on their number
SESSION = SessionConfig("bench", "You are a bench.", transcription_model="bench", languages=("en",))
TO_ENGINE = (CreateResponse, CancelResponse, TruncateItem, DeleteItem, AddText, AddToolOutput, CommitAudio)


class Hearing(Protocol):
    """One call's two sides, as the product has them between its socket and its core."""

    @property
    def stream(self) -> VadStream: ...

    @property
    def waits(self) -> bool:
        """Whether a window waits for the neural VAD."""

    def hear(self, frame: bytes, far_end: FarEnd, now_ms: int) -> list[VoiceEvent]: ...

    def speech(self, probability: float, far_end: FarEnd) -> list[VoiceEvent]: ...

    def sent(self, payload: bytes, now_ms: int) -> None: ...

    def cleared(self, now_ms: int) -> None: ...

    def link_up(self) -> None: ...


MakeHearing = Callable[[ListenSettings, Callable[[bytes], None]], Hearing]  # the second takes audio for the engine


@dataclass(frozen=True, slots=True)
class Bench:
    """What the trials of a run share."""

    make_hearing: MakeHearing
    voices: Voices
    listen: ListenSettings = field(default_factory=ListenSettings)
    turn: TurnSettings = field(default_factory=TurnSettings)


def run(trials: Sequence[Trial], bench: Bench, batch: int = BATCH) -> Iterator[Evidence]:
    """Try every trial; gives each one's evidence as soon as its batch is through."""
    vad = SileroVad()
    for start in range(0, len(trials), batch):
        calls = [FastCall(trial, bench) for trial in trials[start : start + batch]]
        live = calls
        while live := [call for call in live if call.advance()]:
            for call, probability in zip(live, vad.run([call.hearing for call in live]), strict=True):
                call.heard(probability)
        yield from (call.evidence for call in calls)


class FastCall:
    """One trial's call."""

    def __init__(self, trial: Trial, bench: Bench) -> None:
        statement = bench.voices.statement(trial.voice, trial.statement_ms)
        self.evidence = Evidence(trial, statement)
        self.hearing = bench.make_hearing(bench.listen, self._append)
        self._call = Call(
            settings=bench.turn,
            carrier=CarrierCapabilities(),
            engine=EngineCapabilities(),
            barge_in_enabled=True,
            greeting_lock=False,
            prompts={},
        )
        self._codec = OpenAIRealtimeCodec(SESSION)
        self._peer = engine_of(trial, statement, bench.voices, delta_ms=DELTA_MS)
        self._engine_ear = EngineEar(self._peer)
        self._world = World()
        self._line = CallerLine(trial.line)
        self._up = Route(trial.line.delay_ms, trial.line.jitter_ms, trial.line.seed)
        self._down = Route(trial.line.delay_ms, trial.line.jitter_ms, trial.line.seed + 1)
        self._track = caller_track(trial)
        self._clock = _Clock()
        self._inbox: deque[Event] = deque()
        self._world.at(0, self._open)
        self._world.at(20, self._tick)

    # --- running ------------------------------------------------------------------------------------------------

    def advance(self) -> bool:
        """Go on until the neural VAD is wanted (True) or the trial is over (False)."""
        while self._world.step(self._clock.ends_ms):
            if self.hearing.waits:
                return True
        self.evidence.length_samples = self._world.now_ms * SAMPLES_PER_MS
        return False

    def heard(self, probability: float) -> None:
        """The neural VAD's word on the window that waited."""
        now_ms = self._world.now_ms
        self._deliver(self.hearing.speech(probability, self._call.far_end(now_ms)))
        evidence = self.evidence
        begun = evidence.began_samples is not None and now_ms * SAMPLES_PER_MS >= evidence.onset_samples
        self._engine_ear.window(probability, now_ms, begun)
        self._from_engine(self._peer.wake(now_ms))
        self._deliver([])

    def _open(self) -> None:
        self._deliver([StreamStarted()])
        self._from_engine(self._peer.open(0))
        for message in self._codec.handshake():
            self._from_engine(self._peer.receive(message, self._world.now_ms))

    # --- the caller ---------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """The end of 20 ms: they leave the caller."""
        end = self._world.now_ms * SAMPLES_PER_MS
        begin = end - FRAME_SAMPLES
        frame = self._line.frame(self._spoken(begin, end), self.evidence.ear.recent(begin, end))
        self.evidence.mouth.append(frame)
        arrives = self._up.arrives_samples(end)
        onset = self.evidence.onset_samples
        if begin <= onset < end:
            self.evidence.arrived_ms = (arrives - (end - onset)) / SAMPLES_PER_MS
        self._world.at(_ms(arrives), lambda: self._hear(frame))
        self._world.after(20, self._tick)

    def _spoken(self, begin: int, end: int) -> bytes:
        """The caller's own sound in [begin, end)."""
        if self.evidence.began_samples is None:
            return g711.SILENCE * FRAME_SAMPLES
        start = self.evidence.onset_samples - self._track.onset_samples
        first, last = begin - start, end - start
        piece = self._track.payload[max(0, first) : max(0, last)]
        lead = min(FRAME_SAMPLES, max(0, -first))
        return (g711.SILENCE * lead + piece).ljust(FRAME_SAMPLES, g711.SILENCE)

    def _hear(self, frame: bytes) -> None:
        now_ms = self._world.now_ms
        self._deliver(self.hearing.hear(frame, self._call.far_end(now_ms), now_ms))

    # --- the core -----------------------------------------------------------------------------------------------

    def _deliver(self, events: Sequence[Event]) -> None:
        """Hand events to the core, then whatever the engine said meanwhile."""
        now_ms = self._world.now_ms
        self._inbox.extend(events)
        if not self._inbox:
            return
        while self._inbox:
            event = self._inbox.popleft()
            self.evidence.entries.append((now_ms, event))
            self._perform(self._call.apply(event, now_ms))
            if type(event) is EngineReady:
                self.hearing.link_up()
        self._rearm()

    def _perform(self, actions: Sequence[Action]) -> None:
        now_ms = self._world.now_ms
        for action in actions:
            self.evidence.entries.append((now_ms, action))
            match action:
                case PlayAudio():
                    self._play(g711.duck(action.payload, action.gain_db))
                case SendMark():
                    self._send(lambda at, a=action: self._mark(a, at))  # type: ignore[misc]
                case ClearAudio():
                    self.hearing.cleared(now_ms)
                    self._send(self._clear)
                case Note():
                    self._note(action)
                case _ if isinstance(action, TO_ENGINE):
                    for message in self._codec.encode(action):
                        self._from_engine(self._peer.receive(message, now_ms))

    def _note(self, note: Note) -> None:
        """A reply that has begun, with nothing more to be said by the caller, shows all that is to be seen."""
        evidence, now_ms = self.evidence, self._world.now_ms
        replied = note.reason is Reason.FIRST_AUDIO and evidence.began_samples is not None
        if replied and evidence.trial.is_turn and now_ms * SAMPLES_PER_MS > evidence.offset_samples:
            self._clock.ends_ms = min(self._clock.ends_ms, now_ms + AFTER_REPLY_MS)

    def _rearm(self) -> None:
        self._clock.core_ms = self._arm(self._call.next_deadline_ms(), self._clock.core_ms, self._wake)
        self._clock.peer_ms = self._arm(self._peer.next_deadline_ms(), self._clock.peer_ms, self._wake_peer)

    def _arm(self, due_ms: int | None, armed_ms: int | None, wake: Callable[[int], None]) -> int | None:
        """Be woken at a deadline; the one that was set before finds out that it is not the present one."""
        if due_ms is None:
            return None
        at_ms = max(due_ms, self._world.now_ms)
        if at_ms != armed_ms:
            self._world.at(at_ms, lambda: wake(at_ms))
        return at_ms

    def _wake(self, at_ms: int) -> None:
        if self._clock.core_ms == at_ms:
            self._clock.core_ms = None
            self._perform(self._call.wake(self._world.now_ms))
            self._deliver([])
            self._rearm()

    def _wake_peer(self, at_ms: int) -> None:
        if self._clock.peer_ms == at_ms:
            self._clock.peer_ms = None
            self._from_engine(self._peer.wake(self._world.now_ms))
            self._deliver([])
            self._rearm()

    # --- the engine ---------------------------------------------------------------------------------------------

    def _append(self, payload: bytes) -> None:
        self._from_engine(self._peer.receive(self._codec.append_audio(payload), self._world.now_ms))

    def _from_engine(self, messages: Sequence[str]) -> None:
        for message in messages:
            self._inbox.extend(self._codec.decode(message))

    # --- the carrier --------------------------------------------------------------------------------------------

    def _send(self, thing: Callable[[int], None]) -> None:
        """Put something on its way to the carrier."""
        arrives = self._down.arrives_samples(self._world.now_ms * SAMPLES_PER_MS)
        if self._down.direct:
            thing(arrives)
        else:
            self._world.at(_ms(arrives), lambda: thing(arrives))

    def _play(self, payload: bytes) -> None:
        self.hearing.sent(payload, self._world.now_ms)
        self._send(lambda at: self._media(payload, at))

    def _media(self, payload: bytes, at_samples: int) -> None:
        evidence = self.evidence
        evidence.ear.media(payload, at_samples)
        if evidence.began_samples is None:
            evidence.began_samples = at_samples
            evidence.onset_samples = at_samples + evidence.trial.onset_after_samples
            self._clock.ends_ms = _ends_ms(evidence, self._track)

    def _mark(self, mark: SendMark, at_samples: int) -> None:
        ear = self.evidence.ear
        ear.mark(f"{mark.token} {mark.epoch}", at_samples)
        self._world.at(_ms(max(at_samples, ear.end_samples)), self._marks_due)

    def _marks_due(self) -> None:
        self._return_marks(self.evidence.ear.due_marks(self._world.now_ms * SAMPLES_PER_MS))

    def _clear(self, at_samples: int) -> None:
        self._return_marks(self.evidence.ear.clear(at_samples))

    def _return_marks(self, names: Sequence[str]) -> None:
        for name in names:
            token, epoch = name.split()
            event = MarkReturned(int(token), int(epoch))
            arrives = self._up.arrives_samples(self._world.now_ms * SAMPLES_PER_MS)
            self._world.at(_ms(arrives), lambda event=event: self._deliver([event]))  # type: ignore[misc]


@dataclass(slots=True)
class _Clock:
    """When a trial ends, and what it is to be woken for."""

    ends_ms: int = 10_000  # until the AI has begun: it never takes that long
    core_ms: int | None = None
    peer_ms: int | None = None


def _ms(samples: int) -> int:
    return -(-samples // SAMPLES_PER_MS)


def _ends_ms(evidence: Evidence, track: Track) -> int:
    trial, began = evidence.trial, evidence.began_samples or 0
    if trial.group in (Group.ECHO, Group.BED):
        return _ms(began) + trial.statement_ms + trial.tail_ms
    return _ms(evidence.offset_samples) + trial.tail_ms
