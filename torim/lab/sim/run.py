"""Runs one simulated call and says which promises it broke."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from random import Random

from torim.core.abilities import CarrierCapabilities, EngineCapabilities
from torim.core.actions import (
    Action,
    CancelResponse,
    ClearAudio,
    ConnectEngine,
    CreateResponse,
    EndStream,
    FallBackEngine,
    Note,
    PlayAudio,
    Purpose,
    RunTool,
    SendMark,
    TruncateItem,
)
from torim.core.call import Call
from torim.core.events import (
    CallerGone,
    EndReason,
    EngineLost,
    EngineUnreachable,
    Event,
    KeyPressed,
    MarkReturned,
    ResponseCreated,
    ResponseDone,
    StreamStarted,
    ToolFinished,
    Verdict,
    VoiceDropped,
    VoiceEnded,
    VoiceOnset,
    VoiceSure,
)
from torim.core.floor import Floor
from torim.core.reasons import Level, Reason
from torim.core.responses import State
from torim.core.settings import TurnSettings
from torim.core.timeline import render
from torim.lab.sim.ear import Ear
from torim.lab.sim.engine import DELTA_MS, SimEngine
from torim.lab.sim.plan import Plan, Sound, draw
from torim.lab.sim.world import World

HANGOVER_MS = 500
SETTINGS = replace(TurnSettings(), idle_prompt_ms=3_000, created_overdue_ms=1_500, progress_overdue_ms=2_000)


@dataclass(slots=True)
class Outcome:
    """What one call came to."""

    plan: Plan
    violations: list[str]
    trace: list[str]
    cuts: int
    virtual_ms: int

    @property
    def digest(self) -> str:
        """The trace in a few letters: the same seed must give the same."""
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]


@dataclass(slots=True)
class SimCall:
    """One call between the models."""

    plan: Plan
    keep_trace: bool = False
    world: World = field(default_factory=World)
    violations: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    cuts: int = 0
    call: Call = field(init=False)
    ear: Ear = field(init=False)
    engine: SimEngine = field(init=False)
    _voiced: set[int] = field(default_factory=set)  # sounds that the detector holds open, by start
    _stopped: dict[int, int] = field(default_factory=dict)  # item -> instant from which it may not be heard
    _alive: set[str] = field(default_factory=set)  # responses that the engine has told of and not ended
    _cancelled: set[str] = field(default_factory=set)
    _tools_run: set[str] = field(default_factory=set)
    _held_ms: int | None = None  # since when a sound is being verified that may stop the AI
    _hold_began_ms: int = 0  # the last hold of any kind
    _protected: bool = False  # before the event at hand, lock or flag protected sounding audio
    _creates: list[tuple[int, str]] = field(default_factory=list)  # (instant, purpose)
    _truncated: list[tuple[int, int, int]] = field(default_factory=list)  # (instant, item, ms)
    _wake_ms: int | None = None
    _gone: bool = False
    _gone_ms: int = 1 << 40
    _deliveries: int = 0

    def __post_init__(self) -> None:
        plan = self.plan
        chance = Random(plan.seed ^ 0x5EED)
        carrier = CarrierCapabilities(can_clear=plan.can_clear, can_mark=plan.can_mark, path_delay_ms=0)
        engine = EngineCapabilities(detects_turns=plan.detects_turns, times_words=True)
        self.call = Call(
            settings=SETTINGS, carrier=carrier, engine=engine, barge_in_enabled=plan.barge_in_enabled,
            greeting_lock=plan.greeting_lock, prompts={Purpose.GREETING: "greet"},
        )  # fmt: skip
        self.ear = Ear(self.world, plan.down_ms, plan.jitter_ms, chance, self._mark_back)
        self.engine = SimEngine(self.world, plan, self.deliver)

    # --- running ----------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Play the whole call."""
        plan, world = self.plan, self.world
        world.at(0, lambda: self.deliver(StreamStarted()))
        self.engine.connect(0)
        for sound in plan.sounds:
            self._plan_sound(sound)
        for at_ms, digit in plan.keys:
            world.at(at_ms, lambda digit=digit: self.deliver(KeyPressed(digit)))  # type: ignore[misc]
        world.at(plan.hang_up_ms, self._hang_up)
        while world.step(plan.hang_up_ms + 5_000):
            pass
        self.check_end()
        self._check_answers()
        return Outcome(plan, self.violations, self.trace, self.cuts, world.now_ms)

    def _plan_sound(self, sound: Sound) -> None:
        world, start = self.world, sound.start_ms
        sure_ms = start + sound.judged_after_ms
        end_ms = start + sound.length_ms
        if sound.voice or sound.faint:
            world.at(start, lambda: self.engine.hears(start))
            world.at(end_ms, lambda: self.engine.heard(end_ms, sound))
        if sound.faint:
            return
        if sound.judged_after_ms > 0:
            world.at(start, lambda: self._voice(start, VoiceOnset(start)))
        if sound.voice:
            world.at(sure_ms, lambda: self._voice(start, VoiceSure(sure_ms)))
            world.at(end_ms + HANGOVER_MS, lambda: self._voice_over(start, VoiceEnded(end_ms)))
        elif sound.judged_after_ms > 0:
            world.at(sure_ms, lambda: self._voice_over(start, VoiceDropped(sure_ms, Verdict.NOISE)))

    def _voice(self, start: int, event: VoiceOnset | VoiceSure) -> None:
        if self._gone:
            return
        self._voiced.add(start)
        if isinstance(event, VoiceOnset) and self.call.floor is Floor.AI and not self._is_protected():
            self._held_ms = self.world.now_ms
        self.deliver(event)

    def _voice_over(self, start: int, event: VoiceEnded | VoiceDropped) -> None:
        self._voiced.discard(start)
        self._held_ms = None
        self.deliver(event)

    def _hang_up(self) -> None:
        self.deliver(CallerGone())
        self._line_gone()

    def _line_gone(self) -> None:
        if not self._gone:
            self._gone_ms = self.world.now_ms
        self._gone = True
        self.ear.finish()

    def _mark_back(self, token: int, epoch: int) -> None:
        self.world.after(self.plan.up_ms, lambda: self.deliver(MarkReturned(token, epoch)))

    # --- the core ---------------------------------------------------------------------------------------

    def deliver(self, event: Event) -> None:
        """Hand an event to the core and do what it asks."""
        self._note(event)
        self._protected = self._is_protected() and isinstance(event, VoiceOnset | VoiceSure | KeyPressed)
        self._follow(event)
        must_stop: set[str] = set()
        if isinstance(event, VoiceSure | KeyPressed):
            self._held_ms = None
            must_stop = set() if self._protected or self.call.ended else self._alive - self._cancelled
            self._expect_silence()
        self._perform(self.call.apply(event, self.world.now_ms))
        self._rearm()
        self._check_now()
        if must_stop - self._cancelled:
            self._violate(f"(2) {must_stop - self._cancelled} lived at a verified onset and was not cancelled")

    def _follow(self, event: Event) -> None:
        """Which responses live, by what the engine told the core and by nothing else."""
        if isinstance(event, ResponseCreated):
            self._alive.add(event.response_id)
        elif isinstance(event, ResponseDone):
            self._alive.discard(event.response_id)
        elif isinstance(event, EngineLost | EngineUnreachable):
            self._alive.clear()

    def _wake(self, at_ms: int) -> None:
        if self._wake_ms != at_ms:
            return
        self._wake_ms = None
        self._perform(self.call.wake(self.world.now_ms))
        self._rearm()
        self._check_now()

    def _rearm(self) -> None:
        due_ms = self.call.next_deadline_ms()
        if due_ms is None or due_ms == self._wake_ms:
            return
        at_ms = max(due_ms, self.world.now_ms)
        self._wake_ms = at_ms
        self.world.at(at_ms, lambda: self._wake(at_ms))

    def _note(self, entry: Event | Action) -> None:
        if self.keep_trace:
            self.trace.append(render(self.world.now_ms, entry))

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            self._note(action)
            self._perform_one(action)

    def _perform_one(self, action: Action) -> None:
        match action:
            case PlayAudio():
                self._check_sent(action)
                self.ear.send(lambda: self.ear.play(action.payload))
            case SendMark():
                self.ear.send(lambda: self.ear.mark(action.token, action.epoch))
            case ClearAudio():
                if self._protected:
                    self._violate("(12) the line was cleared although lock or flag protect it")
                self.ear.send(self.ear.clear)
            case Note(reason=Reason.HELD):
                self._hold_began_ms = self.world.now_ms
            case Note(reason=Reason.RESPONSE_OVERDUE | Reason.RETRIES_SPENT | Reason.FELL_BACK):
                self._alive.clear()  # at most one lived, and it is given up
            case Note():
                if action.level >= Level.ERROR and self.plan.faultless:
                    self._violate(f"(10) ERROR in a fault-free run: {action.reason.sentence}")
            case RunTool():
                call_id = action.call_id
                self._check_tool(call_id)
                self.world.after(250, lambda: self.deliver(ToolFinished(call_id, '{"ok": true}')))
            case ConnectEngine():
                self.engine.connect(action.delay_ms)
            case FallBackEngine():
                self.engine.connect(50)
            case EndStream():
                self._line_gone()
            case _:
                self._command(action)

    def _command(self, action: Action) -> None:
        if isinstance(action, CreateResponse):
            self._check_create(action)
        elif isinstance(action, CancelResponse):
            self._cancelled.add(action.response_id)
            self.cuts += 1
        elif isinstance(action, TruncateItem):
            self._truncated.append((self.world.now_ms, int(action.item_id[1:]) % 240 + 1, action.audio_end_ms))
        self.engine.take(action)  # type: ignore[arg-type]

    # --- the promises -----------------------------------------------------------------------------------

    def _violate(self, text: str) -> None:
        self.violations.append(f"{self.world.now_ms} {text}")

    def _expect_silence(self) -> None:
        """From a verified onset on, nothing that was sounding may sound, unless lock or flag forbid it."""
        if self._is_protected():
            return
        limit_ms = self.plan.down_ms + self.plan.jitter_ms + (0 if self.plan.can_clear else 60)
        for made in self.engine.made:
            self._stopped.setdefault(made.number % 240 + 1, self.world.now_ms + limit_ms)

    def _is_protected(self) -> bool:
        """Whether AI audio sounds that lock or flag forbid the caller to stop."""
        call = self.call
        return call.floor is Floor.AI and (call.greeting_locked or not self.plan.barge_in_enabled)

    def _check_now(self) -> None:
        held_long = self.world.now_ms - self._hold_began_ms > SETTINGS.verify_max_ms + 1
        if held_long and not self.call.ended and self.call.floor is Floor.VERIFYING:
            self._violate("(9) a hold without a verdict outlived its deadline")
        active = self.call.active_response_id
        if self._alive and active is None and not self.call.ended:
            self._violate(f"(6) nothing is active, and {self._alive} is neither done nor lost")
        if active is not None and active not in self._alive:
            self._violate(f"(6) {active} is active and does not live")

    def _check_tool(self, call_id: str) -> None:
        if call_id in self._tools_run:
            self._violate(f"(F39) tool call {call_id} ran twice")
        self._tools_run.add(call_id)

    def _check_sent(self, action: PlayAudio) -> None:
        if self._held_ms is not None and self.world.now_ms - self._held_ms < SETTINGS.hold_silence_max_ms:
            self._violate("(9) audio left while a sound was being verified")
        if len(action.payload) % 160:
            self._violate(f"(F32) {len(action.payload)} bytes are no whole number of frames")
        item = action.payload[0]
        if f"R{item - 1}" in self._cancelled:
            self._violate(f"(3) audio of the cancelled R{item - 1} was sent")

    def _check_create(self, action: CreateResponse) -> None:
        self._creates.append((self.world.now_ms, action.purpose.value))
        heard = self.plan.faultless and not self.call.state.playout.busy
        if heard and action.purpose is Purpose.REPLY and self.call.greeting_locked:
            self._violate("(F13) the greeting was heard, a reply is asked for, and the lock is still closed")
        if self._voiced and self.call.state.turns.voice.value in ("unsure", "sure"):
            self._violate(f"(4) create {action.key} while the caller speaks or is being verified")
        alive = [r for r in self.call.state.answers.responses if r.state is not State.ENDED]
        if len(alive) > 1:
            self._violate(f"(5) {len(alive)} responses alive")

    def check_end(self) -> None:
        """The promises that show at the end of a call."""
        call = self.call
        if not call.ended:
            self._violate("(11) the call did not end")
        if call.next_deadline_ms() is not None:
            self._violate("(11) a deadline is pending after the end")
        if any(r.state is not State.ENDED for r in call.state.answers.responses):
            self._violate("(11) a response outlived the call")
        self.violations += self.engine.problems
        self._check_cancels()
        self._check_ear()
        self._check_truncations()
        self._check_words()

    def _check_answers(self) -> None:
        """Every turn is answered, and none twice, where the engine behaves."""
        if not self.plan.faultless or self._gone_early():
            return
        sounds = [sound for sound in self.plan.sounds if sound.start_ms < self.plan.hang_up_ms]
        turns = [sound for sound in sounds if sound.voice and not sound.faint]
        most = sum(sound.may_be_answered for sound in sounds)
        replies = [at_ms for at_ms, purpose in self._creates if purpose == "reply"]
        if len(replies) > most + len(self.plan.keys) + len(self._tools_run):
            self._violate(f"(F22) {len(replies)} replies to {most} turns")
        for sound in turns:
            end_ms = sound.start_ms + sound.length_ms
            due_ms = end_ms + 7_000
            if due_ms < self.plan.hang_up_ms and not any(end_ms <= at_ms <= due_ms for at_ms in replies):
                self._violate(f"(L) the turn that ended at {end_ms} was never answered")

    def _gone_early(self) -> bool:
        return self.call.end_reason is not EndReason.CALLER_HUNG_UP

    def _check_cancels(self) -> None:
        for made in self.engine.made:
            if made.cancels > 1:
                self._violate(f"(2) {made.response_id} was cancelled {made.cancels} times")

    def _check_ear(self) -> None:
        """(1) silence after a verified onset; (9) no skip, and repeats only as far as the line wanders."""
        reached: dict[int, int] = {}
        allowance_ms = 40 + 2 * self.plan.jitter_ms
        for run in self.ear.runs:
            stop_ms = self._stopped.get(run.item)
            if stop_ms is not None and run.at_ms + run.length_ms > stop_ms:
                self._violate(
                    f"(1) item {run.item} sounded at {run.at_ms + run.length_ms}, silence was due at {stop_ms}"
                )
            before = reached.get(run.item, 0)
            if run.start_ms > before + (self.plan.jitter_ms if self.plan.can_mark else self.plan.jitter_ms + 1):
                self._violate(f"(9) item {run.item} skipped from {before} to {run.start_ms} ms")
            if run.start_ms < before - allowance_ms:
                self._violate(f"(9) item {run.item} repeated from {run.start_ms}, was at {before} ms")
            reached[run.item] = max(before, run.end_ms)

    def _tolerance_ms(self) -> int:
        """How far what is said to be heard may be from what the ear heard."""
        tolerance_ms = 20 if self.plan.down_ms == 0 else 40 + 2 * self.plan.jitter_ms
        return tolerance_ms if self.plan.can_clear else tolerance_ms + 60

    def _check_truncations(self) -> None:
        tolerance_ms = self._tolerance_ms()
        for at_ms, item, said_ms in self._truncated:
            if at_ms + self.plan.down_ms + self.plan.jitter_ms > self._gone_ms:
                continue  # the line was gone before the clear came to it
            heard_ms = self.ear.heard_ms(item)
            if abs(heard_ms - said_ms) > tolerance_ms:
                self._violate(f"(7) item {item} truncated at {said_ms} ms at {at_ms}, the ear heard {heard_ms}")

    def _check_words(self) -> None:
        known = {made.item_id: made for made in self.engine.made}
        for turn in self.call.transcript():
            made = known.get(turn.item_id)
            if made is None:
                continue
            if not (made.text.startswith(turn.heard_text) and made.text.startswith(turn.text)):
                self._violate(f"(8) heard {turn.heard_text!r} of {turn.text!r} is no beginning of {made.text!r}")
            words, ear_ms = len(turn.heard_text.split()), self.ear.heard_ms(made.number % 240 + 1)
            ended_ms, next_ms = (min(count * DELTA_MS, made.sent_ms) for count in (words, words + 1))
            # Of what is on its way when the line goes the core cannot know.
            on_its_way_ms = self.plan.down_ms + self.plan.jitter_ms
            if ended_ms > ear_ms + self._tolerance_ms() + on_its_way_ms:
                self._violate(f"(8) {words} words of {made.item_id} end at {ended_ms}, the ear heard {ear_ms} ms")
            if words < len(turn.text.split()) and next_ms < ear_ms - self._tolerance_ms():
                self._violate(f"(8) {words} words of {made.item_id} and no more, the ear heard {ear_ms} ms")


def simulate(seed: int, *, faults: bool, keep_trace: bool = False) -> Outcome:
    """Run the call of one seed."""
    return SimCall(draw(seed, faults), keep_trace).run()
