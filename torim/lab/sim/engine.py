"""A model of the engine: responses faster than real time, one at a time, turns by its own detector, and faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torim.core.actions import (
    AddText,
    AddToolOutput,
    CancelResponse,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    EngineAction,
    TruncateItem,
)
from torim.core.events import (
    AudioDelta,
    AudioDone,
    CallerTranscript,
    EngineFault,
    EngineLost,
    EngineReady,
    Event,
    FaultKind,
    FunctionCall,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TurnCommitted,
)
from torim.lab.sim.ear import stamp
from torim.lab.sim.plan import WORDS as HEARD_WORDS
from torim.lab.sim.plan import Plan, Sound
from torim.lab.sim.world import World

DELTA_MS = 200
WORDS = ("hello ", "this ", "is ", "what ", "I ", "found ", "for ", "you ")


@dataclass(slots=True)
class Made:
    """One response as the engine made it."""

    number: int
    response_id: str
    fault: str
    length_ms: int
    sent_ms: int = 0
    cancels: int = 0
    text: str = ""
    over: bool = False

    @property
    def item_id(self) -> str:
        return f"I{self.number}"


@dataclass(slots=True)
class SimEngine:
    """Serves one link after another; every event travels ``engine_ms`` to the core."""

    world: World
    plan: Plan
    emit: Callable[[Event], None]
    made: list[Made] = field(default_factory=list)
    active: Made | None = None
    link: int = 0
    user_items: int = 0
    tool_calls: int = 0
    problems: list[str] = field(default_factory=list)
    _turn: str | None = None
    _heard: Sound | None = None  # the newest
    _buffered_ms: int = 0  # voice appended since the last commit
    _turn_order: int = 0

    # --- the link ---------------------------------------------------------------------------------------

    def connect(self, delay_ms: int) -> None:
        self.link += 1
        # The world's own clock is that of appended audio: what was kept for this link is all there was so far.
        at_ms = self.world.now_ms + delay_ms + 2 * self.plan.engine_ms
        self._send(EngineReady(audio_ms=at_ms), delay_ms + self.plan.engine_ms)

    def _send(self, event: Event, delay_ms: int = 0) -> None:
        link = self.link
        self.world.after(
            self.plan.engine_ms + delay_ms,
            lambda: self.emit(event) if link == self.link else None,
        )

    def _drop_link(self) -> None:
        self.link += 1
        self.active = None
        self._turn = None
        self._buffered_ms = 0
        self.emit(EngineLost("1006"))

    # --- commands ---------------------------------------------------------------------------------------

    def take(self, action: EngineAction) -> None:
        """A command of the core arrives after the one-way delay."""
        link = self.link
        self.world.after(self.plan.engine_ms, lambda: self._obey(action) if link == self.link else None)

    def _obey(self, action: EngineAction) -> None:
        match action:
            case CreateResponse():
                self._create(action)
            case CancelResponse():
                self._cancel(action)
            case TruncateItem():
                self._truncate(action)
            case DeleteItem() if not self._known(action.item_id):
                self._fault(FaultKind.BENIGN, "item_delete_invalid_item_id", action.command_id)
            case CommitAudio():
                self._commit(action)
            case AddText() | AddToolOutput() | DeleteItem():
                pass

    def _known(self, item_id: str) -> bool:
        return item_id.startswith("U") or any(made.item_id == item_id for made in self.made)

    def _fault(self, kind: FaultKind, code: str, command_id: str) -> None:
        self._send(EngineFault(kind, code, "", command_id))

    def _truncate(self, action: TruncateItem) -> None:
        made = next((made for made in self.made if made.item_id == action.item_id), None)
        if made is None:
            self.problems.append(f"truncate of unknown item {action.item_id}")
        elif action.audio_end_ms > made.sent_ms:
            self.problems.append(f"truncate {action.item_id} at {action.audio_end_ms} beyond {made.sent_ms} ms")

    def _commit(self, action: CommitAudio) -> None:
        if self._buffered_ms < 100:
            self._fault(FaultKind.BENIGN, "input_audio_buffer_commit_empty", action.command_id)
            return
        self._committed(self._turn or self._new_item())

    # --- responses --------------------------------------------------------------------------------------

    def _create(self, action: CreateResponse) -> None:
        if self.active is not None:
            if self.plan.faultless:
                self.problems.append(f"create {action.key} while {self.active.response_id} is alive")
            self._fault(FaultKind.BUSY, "conversation_already_has_active_response", action.command_id)
            return
        number = len(self.made) + 1
        fault = self.plan.faults[number - 1] if number <= len(self.plan.faults) else ""
        if fault == "rate_limit":
            self.made.append(Made(number, f"R{number}", fault, 0, over=True))
            self._fault(FaultKind.RETRY, "rate_limit_exceeded", action.command_id)
            return
        made = Made(number, f"R{number}", fault, 600 + (self.plan.seed * 7 + number * 311) % 2400)
        self.made.append(made)
        if fault == "never_created":
            made.over = True
            return
        self.active = made
        self._send(ResponseCreated(made.response_id, action.key), 10)
        self._later(30, lambda: self._generate(made))

    def _later(self, delay_ms: int, thing: Callable[[], None]) -> None:
        link = self.link
        self.world.after(delay_ms, lambda: thing() if link == self.link else None)

    def _generate(self, made: Made) -> None:
        if self.active is not made:
            return
        step_ms = min(DELTA_MS, made.length_ms - made.sent_ms)
        if made.fault == "failed" or step_ms <= 0:
            self._end(made)
            return
        if made.fault in ("incomplete", "link_lost", "never_done", "cancelled_by_engine") and made.sent_ms >= 400:
            self._break(made)
            return
        word = WORDS[(made.sent_ms // DELTA_MS) % len(WORDS)]
        made.text += word
        self._send(TextDelta(made.response_id, made.item_id, 0, word))
        if made.fault != "no_audio":
            audio = stamp(made.number % 240 + 1, made.sent_ms, step_ms)
            self._send(AudioDelta(made.response_id, made.item_id, 0, audio))
        made.sent_ms += step_ms
        self._later(max(1, step_ms // self.plan.speed), lambda: self._generate(made))

    def _break(self, made: Made) -> None:
        if made.fault == "link_lost":
            self._drop_link()
        elif made.fault == "incomplete":
            self._finish(made, ResponseStatus.INCOMPLETE)
        elif made.fault == "cancelled_by_engine":
            self._finish(made, ResponseStatus.CANCELLED)

    def _end(self, made: Made) -> None:
        if made.fault == "failed":
            self._finish(made, ResponseStatus.FAILED)
            return
        self._send(AudioDone(made.response_id, made.item_id))
        self._later(40, lambda: self._finish(made, ResponseStatus.COMPLETED))

    def _finish(self, made: Made, status: ResponseStatus) -> None:
        if self.active is not made:
            return
        self.active = None
        made.over = True
        calls: tuple[FunctionCall, ...] = ()
        if made.fault == "tool":
            # Listed even where the response was cancelled; and every second one repeats a call id.
            self.tool_calls += 1
            calls = (FunctionCall(f"c{(made.number + 1) // 2}", "look_up", "{}"),)
        self._send(ResponseDone(made.response_id, status, "", calls))
        if made.fault == "late_deltas":
            self._send(
                AudioDelta(made.response_id, made.item_id, 0, stamp(made.number % 240 + 1, made.sent_ms, 100)), 5
            )

    def _cancel(self, action: CancelResponse) -> None:
        made = next(made for made in self.made if made.response_id == action.response_id)
        made.cancels += 1
        if self.active is not made:
            self._fault(FaultKind.BENIGN, "response_cancel_not_active", action.command_id)
        elif made.fault != "never_done":
            self._send(AudioDone(made.response_id, made.item_id))
            self._finish(made, ResponseStatus.CANCELLED)

    # --- turns ------------------------------------------------------------------------------------------

    def hears(self, audio_ms: int) -> None:
        """Voice begins; the engine knows later, and dates it earlier by its padding."""
        self._turn_order += 1
        if self._hears_turns and self._turn is None:
            self._turn = self._new_item()
            self._send(SpeechStarted(self._turn, max(0, audio_ms - 300)), 120)

    def heard(self, audio_ms: int, sound: Sound) -> None:
        """A sound was appended up to now; half a second of silence later the engine commits."""
        self._buffered_ms += sound.length_ms
        self._heard = sound
        order = self._turn_order
        if self._hears_turns:
            self._later(500, lambda: self._endpoint(order, audio_ms))

    @property
    def _hears_turns(self) -> bool:
        return self.plan.detects_turns and not self.plan.misses_turns

    def _endpoint(self, order: int, audio_ms: int) -> None:
        if order == self._turn_order and self._turn is not None:
            self._send(SpeechStopped(self._turn, audio_ms))
            self._committed(self._turn)

    def _committed(self, item_id: str) -> None:
        self._turn = None
        self._buffered_ms = 0
        self._send(TurnCommitted(item_id))
        words, after_ms = (self._heard.words, self._heard.words_after_ms) if self._heard else (HEARD_WORDS, 300)
        self._send(CallerTranscript(item_id, words), after_ms)

    def _new_item(self) -> str:
        self.user_items += 1
        return f"U{self.link}.{self.user_items}"
