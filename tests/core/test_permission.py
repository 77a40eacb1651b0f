"""Who may be stopped: only the greeting lock and this call's barge-in flag decide, whatever else is different."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torim.core import events as ev
from torim.core.abilities import CarrierCapabilities, EngineCapabilities
from torim.core.actions import Action, CancelResponse, ClearAudio, Note, PlayAudio
from torim.core.call import Call
from torim.core.floor import Floor, barge_in_allowed
from torim.core.reasons import Reason
from torim.core.settings import TurnSettings

HELLO_MS = 2000


@pytest.mark.parametrize(("locked", "enabled"), list(itertools.product([True, False], repeat=2)))
def test_the_rule(locked: bool, enabled: bool) -> None:
    assert barge_in_allowed(locked, enabled) is (enabled and not locked)


CARRIERS = st.builds(CarrierCapabilities, can_clear=st.booleans(), can_mark=st.booleans())
ENGINES = st.builds(
    EngineCapabilities,
    cancels=st.booleans(),
    truncates=st.booleans(),
    detects_turns=st.booleans(),
    deletes=st.booleans(),
    single_keys=st.booleans(),
    times_words=st.booleans(),
)
SETTINGS = st.builds(
    TurnSettings,
    playout_lead_ms=st.integers(100, 400),
    playout_chunk_ms=st.sampled_from([20, 40, 60]),
    mark_every_ms=st.integers(100, 500),
    verify_max_ms=st.integers(400, 800),
    hold_silence_max_ms=st.integers(200, 399),
    endpoint_dispute_ms=st.integers(500, 3000),
    idle_prompt_ms=st.integers(5000, 20_000),
)
EVIDENCE = st.builds(ev.Evidence, st.floats(0, 1), st.floats(-96, 0), st.floats(0, 1), st.integers(0, 1000))
SOUNDS: st.SearchStrategy[Callable[[ev.Evidence], ev.Event]] = st.sampled_from(
    [lambda evidence: ev.VoiceSure(1500, evidence), lambda evidence: ev.KeyPressed("5")]
)


def speaking_call(lock: bool, enabled: bool, **parts: object) -> Call:
    """A call whose greeting sounds, to 2100 ms."""
    call = Call(barge_in_enabled=enabled, greeting_lock=lock, prompts={}, **parts)  # type: ignore[arg-type]
    call.apply(ev.StreamStarted(), 0)
    call.apply(ev.EngineReady(), 0)
    call.apply(ev.ResponseCreated("R1", "r1"), 100)
    call.apply(ev.AudioDelta("R1", "I1", 0, b"\x2a" * 8 * HELLO_MS), 100)
    return call


def pass_time(call: Call, to_ms: int) -> list[Action]:
    did: list[Action] = []
    while (due := call.next_deadline_ms()) is not None and due <= to_ms:
        did += call.wake(due)
    return did


@given(
    st.booleans(), st.booleans(), st.booleans(), SETTINGS, CARRIERS, ENGINES, SOUNDS, EVIDENCE, st.integers(110, 2050),
    st.booleans(),
)  # fmt: skip
@settings(max_examples=80)
def test_nothing_else_decides(
    lock: bool,
    enabled: bool,
    engine_creates: bool,
    thresholds: TurnSettings,
    carrier: CarrierCapabilities,
    engine: EngineCapabilities,
    sound: Callable[[ev.Evidence], ev.Event],
    evidence: ev.Evidence,
    at_ms: int,
    done: bool,
) -> None:
    call = speaking_call(
        lock, enabled, settings=thresholds, carrier=carrier, engine=engine, engine_creates=engine_creates
    )
    pass_time(call, at_ms)
    if done:
        call.apply(ev.AudioDone("R1", "I1"), at_ms)
        call.apply(ev.ResponseDone("R1", ev.ResponseStatus.COMPLETED), at_ms)
    did = call.apply(sound(evidence), at_ms)
    notes = {action.reason for action in did if isinstance(action, Note)}
    if enabled and not lock:
        assert call.floor in (Floor.CALLER, Floor.WAITING)  # a single key settles its own turn
        assert Reason.BLOCKED not in notes
    else:
        assert call.floor is Floor.AI
        assert Reason.BLOCKED in notes
        assert not any(isinstance(action, ClearAudio | CancelResponse) for action in did)


@pytest.mark.parametrize(("lock", "enabled"), [(True, True), (False, False), (True, False)])
def test_when_it_is_forbidden_the_greeting_is_heard_without_hold_or_duck(lock: bool, enabled: bool) -> None:
    call = speaking_call(
        lock, enabled, settings=TurnSettings(), carrier=CarrierCapabilities(), engine=EngineCapabilities()
    )
    did = pass_time(call, 499)
    did += call.apply(ev.VoiceOnset(500), 500)
    did += pass_time(call, 700)
    did += call.apply(ev.VoiceSure(700), 700)
    did += pass_time(call, 1500)
    did += call.apply(ev.VoiceEnded(1500), 1500)
    did += call.apply(ev.ResponseDone("R1", ev.ResponseStatus.COMPLETED), 1500)
    did += pass_time(call, 100 + HELLO_MS)
    assert [action.reason for action in did if isinstance(action, Note)].count(Reason.BLOCKED) == 1
    assert not any(isinstance(action, ClearAudio | CancelResponse) for action in did)
    assert not any(action.gain_db for action in did if isinstance(action, PlayAudio))
    assert call.state.playout.items[("I1", 0)].heard_ms == HELLO_MS


@pytest.mark.parametrize("floor", [Floor.OPEN, Floor.WAITING])
def test_lock_and_flag_protect_sounding_audio_only(floor: Floor) -> None:
    call = Call(
        settings=TurnSettings(),
        carrier=CarrierCapabilities(),
        engine=EngineCapabilities(),
        barge_in_enabled=False,
        greeting_lock=True,
        prompts={},
    )
    call.apply(ev.StreamStarted(), 0)
    if floor is Floor.WAITING:
        call.apply(ev.EngineReady(), 0)
    assert call.floor is floor
    call.apply(ev.VoiceSure(50), 50)
    assert call.floor is Floor.CALLER
