"""Hypothesis plays caller, clock and a spiteful engine against the core; models of engine and ear hold the promises."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from torim.core.events import (
    AudioDelta,
    AudioDone,
    EngineFault,
    FaultKind,
    GoodbyeAsked,
    KeyPressed,
    MarkReturned,
    ResponseDone,
    ResponseStatus,
    StreamStarted,
    Verdict,
    VoiceDropped,
    VoiceEnded,
    VoiceOnset,
    VoiceSure,
)
from torim.core.floor import Floor
from torim.core.responses import ACTIVE
from torim.lab.sim.plan import Sound, draw
from torim.lab.sim.run import SimCall

FAULTS = ("", "no_audio", "failed", "incomplete", "never_done", "never_created", "late_deltas", "link_lost", "tool")


class AnyCall(RuleBasedStateMachine):
    """One call in which anything may happen at any time."""

    sim: SimCall
    voice: str = "none"

    @initialize(
        seed=st.integers(0, 10_000),
        faults=st.lists(st.sampled_from(FAULTS), min_size=8, max_size=8),
        lock=st.booleans(),
        enabled=st.booleans(),
    )
    def ring(self, seed: int, faults: list[str], lock: bool, enabled: bool) -> None:
        plan = draw(seed, faults=False)
        plan = replace(plan, sounds=(), keys=(), faults=tuple(faults), greeting_lock=lock, barge_in_enabled=enabled)
        self.sim = SimCall(plan)
        self.voice = "none"
        self.sim.deliver(StreamStarted())
        self.sim.engine.connect(0)
        self.heard_before: dict[tuple[str, int], int] = {}

    def _ms(self) -> int:
        return self.sim.world.now_ms

    # --- time and the caller ----------------------------------------------------------------------------

    @rule(ms=st.integers(0, 900))
    def time_passes(self, ms: int) -> None:
        until_ms = self._ms() + ms
        while self.sim.world.step(until_ms):
            pass
        self.sim.world.now_ms = until_ms

    @precondition(lambda self: self.voice == "none")
    @rule(sure=st.booleans())
    def a_sound_begins(self, sure: bool) -> None:
        now_ms = self._ms()
        if sure:
            self.sim.engine.hears(now_ms)
        self.sim._voice(0, VoiceSure(now_ms) if sure else VoiceOnset(now_ms))
        self.voice = "sure" if sure else "unsure"
        self.began_ms = now_ms

    @precondition(lambda self: self.voice == "unsure")
    @rule(verdict=st.sampled_from([Verdict.VOICE, Verdict.ECHO, Verdict.NOISE]))
    def it_is_judged(self, verdict: Verdict) -> None:
        now_ms = self._ms()
        if verdict is Verdict.VOICE:
            self.sim.engine.hears(self.began_ms)
            self.sim._voice(0, VoiceSure(now_ms))
            self.voice = "sure"
        else:
            self.sim._voice_over(0, VoiceDropped(now_ms, verdict))
            self.voice = "none"

    @precondition(lambda self: self.voice == "sure")
    @rule()
    def the_caller_stops(self) -> None:
        self.sim.engine.heard(self._ms(), Sound(self._ms(), 300, True, 0))
        self.sim._voice_over(0, VoiceEnded(self._ms()))
        self.voice = "none"

    @rule(words=st.sampled_from(["", "Anybody there?", None]), after_ms=st.sampled_from([0, 300, 1_500]))
    def a_sound_that_only_the_engine_hears(self, words: str | None, after_ms: int) -> None:
        self.sim.engine.hears(self._ms())
        sound = Sound(self._ms(), 300, True, 0, faint=True, words=words, words_after_ms=after_ms)
        self.sim.engine.heard(self._ms() + 300, sound)

    @rule(digit=st.sampled_from("0123456789#*"))
    def a_key(self, digit: str) -> None:
        self.sim.deliver(KeyPressed(digit))

    @rule()
    def someone_ends_the_call_politely(self) -> None:
        self.sim.deliver(GoodbyeAsked())

    # --- spite ------------------------------------------------------------------------------------------

    @rule(number=st.integers(1, 6), length=st.integers(0, 700))
    def audio_of_any_response(self, number: int, length: int) -> None:
        """Of one that lives it would be heard, and rightly so."""
        if self.sim.call.state.live(f"R{number}") is None:
            self.sim.deliver(AudioDelta(f"R{number}", f"I{number}", 0, bytes([number % 240 + 1]) * (length * 8)))

    @rule(number=st.integers(1, 6))
    def done_again(self, number: int) -> None:
        made = {made.number: made for made in self.sim.engine.made}.get(number)
        if made is not None and made.over:
            self.sim.deliver(AudioDone(made.response_id, made.item_id))
            known = self.sim.call.state.answers.responses.get(made.response_id)
            if known is not None and known.state not in ACTIVE:
                self.sim.deliver(ResponseDone(made.response_id, ResponseStatus.COMPLETED))

    @rule(token=st.integers(-1, 40), epoch=st.integers(0, 5))
    def a_foreign_mark(self, token: int, epoch: int) -> None:
        if epoch != self.sim.call.state.playout.epoch:
            self.sim.deliver(MarkReturned(token, epoch))

    @rule(code=st.sampled_from(["response_cancel_not_active", "input_audio_buffer_commit_empty", "odd"]))
    def a_benign_error(self, code: str) -> None:
        before = self.sim.call.active_response_id
        self.sim.deliver(EngineFault(FaultKind.BENIGN, code))
        assert self.sim.call.active_response_id == before

    # --- promises at every instant ----------------------------------------------------------------------

    @invariant()
    def no_promise_is_broken(self) -> None:
        if hasattr(self, "sim"):
            assert not self.sim.violations

    @invariant()
    def heard_never_falls_and_never_exceeds_what_came(self) -> None:
        if not hasattr(self, "sim"):
            return
        for key, item in self.sim.call.state.playout.items.items():
            assert self.heard_before.get(key, 0) <= item.heard_samples <= item.received_samples
            self.heard_before[key] = item.heard_samples

    @invariant()
    def a_caller_with_the_floor_hears_nothing_leave(self) -> None:
        if hasattr(self, "sim") and self.sim.call.floor is Floor.CALLER:
            assert not self.sim.call.state.playout.busy

    def teardown(self) -> None:
        if not hasattr(self, "sim"):
            return
        self.sim._hang_up()
        self.time_passes(5_000)
        self.sim.check_end()
        assert not self.sim.violations
        assert self.sim.call.active_response_id is None


AnyCall.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyCall = AnyCall.TestCase


@pytest.mark.deep
@pytest.mark.timeout(3600)
class TestManyCalls(AnyCall.TestCase):
    """The same machine, given time."""

    settings = settings(AnyCall.TestCase.settings, max_examples=2_000, stateful_step_count=60, derandomize=False)
