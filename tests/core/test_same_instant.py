"""Events at the same instant give the same audible result in every order."""

import heapq
import itertools
from dataclasses import dataclass, field

import pytest

from torim.core import events as ev
from torim.core.abilities import CarrierCapabilities, EngineCapabilities
from torim.core.actions import Action, CancelResponse, ClearAudio, CommitAudio, CreateResponse, EndStream, PlayAudio
from torim.core.call import Call
from torim.core.settings import TurnSettings

AT_MS = 1500
TOOL = ev.FunctionCall("c1", "find_slots", "{}")

CALLER = {
    "sure": ev.VoiceSure(AT_MS),
    "key": ev.KeyPressed("5"),
    "onset": ev.VoiceOnset(AT_MS),
    "hangs_up": ev.CallerGone(),
}
ENGINE = {
    "audio": ev.AudioDelta("R1", "I1", 0, b"\x11" * 1600),
    "audio_done": ev.AudioDone("R1", "I1"),
    "done": ev.ResponseDone("R1", ev.ResponseStatus.COMPLETED),
    "done_with_a_tool": ev.ResponseDone("R1", ev.ResponseStatus.COMPLETED, calls=(TOOL,)),
    "failed": ev.ResponseDone("R1", ev.ResponseStatus.FAILED),
    "benign": ev.EngineFault(ev.FaultKind.BENIGN, "response_cancel_not_active"),
    "speech_started": ev.SpeechStarted("U1", AT_MS - 300),
    "lost": ev.EngineLost("closed 1006"),
}
OTHERS = {
    "mark": ev.MarkReturned(2, 0),
    "goodbye": ev.GoodbyeAsked(),
    "shutdown": ev.GoodbyeAsked(ev.EndReason.SHUTDOWN),
    "too_long": ev.GoodbyeAsked(ev.EndReason.MAX_DURATION),
}


@dataclass
class Scene:
    """A call with an engine that does as it is told, and the ear of the caller."""

    call: Call
    heard: list[tuple[int, bytes]] = field(default_factory=list)
    ended: list[tuple[int, str]] = field(default_factory=list)
    _line_end_ms: int = 0
    _coming: list[tuple[int, int, ev.Event]] = field(default_factory=list)
    _count: "itertools.count[int]" = field(default_factory=itertools.count)

    def later(self, at_ms: int, event: ev.Event) -> None:
        heapq.heappush(self._coming, (at_ms, next(self._count), event))

    def happens(self, event: ev.Event, at_ms: int) -> None:
        self.run_to(at_ms)
        self._do(self.call.apply(event, at_ms), at_ms)

    def run_to(self, to_ms: int) -> None:
        """Let time pass: deadlines and the engine's answers, each at its instant."""
        while True:
            due_ms = self.call.next_deadline_ms()
            event_ms = self._coming[0][0] if self._coming else None
            at_ms = min((at for at in (due_ms, event_ms) if at is not None), default=to_ms)
            if at_ms >= to_ms:
                return
            if event_ms == at_ms:
                self._do(self.call.apply(heapq.heappop(self._coming)[2], at_ms), at_ms)
            else:
                self._do(self.call.wake(at_ms), at_ms)

    def _do(self, actions: list[Action], now_ms: int) -> None:
        for action in actions:
            match action:
                case ClearAudio():
                    self.heard = [(at, audio[: max(0, (now_ms - at) * 8)]) for at, audio in self.heard]
                    self._line_end_ms = now_ms
                case PlayAudio():
                    at_ms = max(now_ms, self._line_end_ms)
                    self.heard.append((at_ms, action.payload))
                    self._line_end_ms = at_ms + len(action.payload) // 8
                case EndStream():
                    self.ended.append((now_ms, action.reason.value))
                case _:
                    self._engine(action, now_ms)

    def _engine(self, action: Action, now_ms: int) -> None:
        match action:
            case CreateResponse():
                # What it says depends on what it was asked for, not on how often it was asked.
                name, sound = f"R-{action.key}", action.purpose.value[:1].encode()
                self.later(now_ms + 100, ev.ResponseCreated(name, action.key))
                self.later(now_ms + 101, ev.AudioDelta(name, f"I-{action.key}", 0, sound * 4000))
                self.later(now_ms + 103, ev.ResponseDone(name, ev.ResponseStatus.COMPLETED))
            case CancelResponse():
                self.later(now_ms + 50, ev.ResponseDone(action.response_id, ev.ResponseStatus.CANCELLED))
            case CommitAudio():
                self.later(now_ms + 50, ev.TurnCommitted("U-ours"))

    def audible(self) -> list[tuple[int, bytes]]:
        """What the caller heard, a stretch of equal sound at a time."""
        samples = [
            (at * 8 + index, audio[index : index + 1]) for at, audio in self.heard for index in range(0, len(audio), 8)
        ]
        stretches: list[tuple[int, bytes]] = []
        for at, sample in samples:
            if sample != b"\xff" and (not stretches or stretches[-1][1] != sample):
                stretches.append((at // 8, sample))
        return [*stretches, *((at, reason.encode()) for at, reason in self.ended)]


def play(order: tuple[ev.Event, ...]) -> Scene:
    """R1 sounds from 100 ms on and lives; then everything at once; then the caller ends, if they began."""
    call = Call(
        settings=TurnSettings(),
        carrier=CarrierCapabilities(),
        engine=EngineCapabilities(),
        barge_in_enabled=True,
        greeting_lock=False,
        prompts={},
    )
    scene = Scene(call)
    scene.happens(ev.StreamStarted(), 0)
    scene._do(call.apply(ev.EngineReady(), 0), 0)
    scene._coming.clear()
    scene.happens(ev.ResponseCreated("R1", "r1"), 100)
    scene.happens(ev.AudioDelta("R1", "I1", 0, b"\x11" * 8 * 3000), 100)
    for event in order:
        scene.happens(event, AT_MS)
    if ev.EngineLost("closed 1006") in order:
        scene.later(AT_MS + 200, ev.EngineReady())
    elif not any(isinstance(event, ev.ResponseDone) for event in order):
        scene.later(AT_MS + 60, ev.ResponseDone("R1", ev.ResponseStatus.COMPLETED))
    if any(TOOL in getattr(event, "calls", ()) for event in order):
        scene.later(AT_MS + 300, ev.ToolFinished("c1", "{}"))
    if ev.VoiceOnset(AT_MS) in order:
        scene.later(AT_MS + 200, ev.VoiceDropped(AT_MS + 200, ev.Verdict.NOISE))
    if ev.VoiceSure(AT_MS) in order:
        scene.later(AT_MS + 600, ev.VoiceEnded(AT_MS + 600))
    scene.run_to(9000)
    return scene


IMPOSSIBLE = {("done_with_a_tool", "goodbye")}  # the goodbye of a tool follows the response that asked for it
PAIRS = [
    pytest.param((first[name], second[other]), id=f"{name}-{other}")
    for first, second in itertools.combinations((CALLER, ENGINE, OTHERS), 2)
    for name in first
    for other in second
    if (name, other) not in IMPOSSIBLE
]


@pytest.mark.parametrize("pair", PAIRS)
def test_in_either_order(pair: tuple[ev.Event, ev.Event]) -> None:
    one, other = (play(order) for order in itertools.permutations(pair))
    assert one.audible() == other.audible()
    assert (one.call.floor, one.call.phase) == (other.call.floor, other.call.phase)
