"""The `.call` format: what Torim writes of a call parses into the same events, whatever people said in it."""

from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from torim.core import actions as act
from torim.core import events as ev
from torim.core.abilities import EngineCapabilities
from torim.core.reasons import Level, Reason
from torim.core.timeline import Line, event_of, parse, render, words_of
from torim.errors import CoreMisuse

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,20}", fullmatch=True)
AWKWARD = [
    "",
    " ",
    "שלום, אפשר לקבוע תור?",
    'he said "no" <- twice',
    "a\\",
    '"',
    "a=b",
    "# 1",
    "<-",
    "1\n2",
    "\x85\u2028",
]
TEXT = st.text(max_size=40) | st.sampled_from(AWKWARD)
PARTS = st.integers(0, 3)
ABILITIES = st.builds(EngineCapabilities, *[st.booleans()] * 6, st.none() | st.integers(0, 10))
INSTANTS = st.integers(0, 10_000_000)
COUNTS = st.integers(0, 1_000_000)
EVIDENCE = st.builds(
    ev.Evidence,
    speech=st.integers(0, 100).map(lambda n: n / 100),
    level_db=st.integers(-960, 0).map(lambda n: n / 10),
    echo=st.integers(0, 100).map(lambda n: n / 100),
    voiced_ms=COUNTS,
)
CALLS = st.builds(ev.FunctionCall, NAMES, NAMES, TEXT)
EVENTS: dict[type, st.SearchStrategy[Any]] = {
    ev.StreamStarted: st.builds(ev.StreamStarted),
    ev.MarkReturned: st.builds(ev.MarkReturned, COUNTS, COUNTS),
    ev.KeyPressed: st.builds(ev.KeyPressed, st.sampled_from("0123456789*#ABCD")),
    ev.CallerGone: st.builds(ev.CallerGone, st.sampled_from(ev.EndReason)),
    ev.VoiceOnset: st.builds(ev.VoiceOnset, COUNTS, EVIDENCE),
    ev.VoiceSure: st.builds(ev.VoiceSure, COUNTS, EVIDENCE),
    ev.VoiceDropped: st.builds(ev.VoiceDropped, COUNTS, st.sampled_from(ev.Verdict), EVIDENCE),
    ev.VoiceLeans: st.builds(ev.VoiceLeans, COUNTS, st.booleans()),
    ev.VoiceEnded: st.builds(ev.VoiceEnded, COUNTS),
    ev.EngineReady: st.builds(ev.EngineReady, st.none() | ABILITIES, st.integers(0, 30_000)),
    ev.ResponseCreated: st.builds(ev.ResponseCreated, NAMES, st.none() | NAMES),
    ev.AudioDelta: st.builds(ev.AudioDelta, NAMES, NAMES, PARTS, st.integers(0, 999).map(lambda n: b"\x2a" * n)),
    ev.AudioDone: st.builds(ev.AudioDone, NAMES, NAMES, PARTS),
    ev.TextDelta: st.builds(ev.TextDelta, NAMES, NAMES, PARTS, TEXT),
    ev.ResponseDone: st.builds(
        ev.ResponseDone, NAMES, st.sampled_from(ev.ResponseStatus), TEXT, st.lists(CALLS, max_size=2).map(tuple)
    ),
    ev.SpeechStarted: st.builds(ev.SpeechStarted, NAMES, COUNTS),
    ev.SpeechStopped: st.builds(ev.SpeechStopped, NAMES, COUNTS),
    ev.TurnCommitted: st.builds(ev.TurnCommitted, NAMES),
    ev.CallerTranscript: st.builds(ev.CallerTranscript, NAMES, st.none() | TEXT),
    ev.EngineFault: st.builds(ev.EngineFault, st.sampled_from(ev.FaultKind), TEXT, TEXT, st.none() | NAMES),
    ev.EngineLost: st.builds(ev.EngineLost, TEXT),
    ev.EngineUnreachable: st.builds(ev.EngineUnreachable, TEXT),
    ev.ToolFinished: st.builds(ev.ToolFinished, NAMES, TEXT),
    ev.GoodbyeAsked: st.builds(ev.GoodbyeAsked, st.sampled_from(ev.EndReason)),
    ev.PauseAsked: st.builds(ev.PauseAsked, st.booleans()),
}
ANY_EVENT = st.one_of(*EVENTS.values())
ACTIONS: st.SearchStrategy[act.Action] = st.one_of(
    st.builds(act.AddText, NAMES, st.sampled_from(["user", "assistant", "system"]), TEXT),
    st.builds(act.AddToolOutput, NAMES, NAMES, TEXT),
    st.builds(act.RunTool, NAMES, NAMES, TEXT),
    st.builds(act.FallBackEngine, TEXT),
    st.builds(
        act.Note,
        st.sampled_from(Reason),
        st.sampled_from(Level),
        st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), TEXT | COUNTS | st.booleans() | st.none()),
    ),
)


@given(ANY_EVENT, INSTANTS)
@example(ev.CallerTranscript("U1", 'רגע <- "stop"'), 0)
@example(ev.TextDelta("R1", "R1.item", 0, "one\u2028two\x85three"), 0)
def test_every_event_comes_back(event: ev.Event, at_ms: int) -> None:
    (line,) = parse(render(at_ms, event))
    assert line.at_ms == at_ms
    assert event_of(line) == event


def test_no_kind_of_event_is_left_out() -> None:
    assert set(EVENTS) == set(get_args(ev.Event))


@settings(max_examples=25)
@given(st.lists(st.tuples(INSTANTS, ANY_EVENT | ACTIONS), max_size=8))
def test_a_file_has_one_line_per_entry(entries: list[tuple[int, ev.Event | act.Action]]) -> None:
    text = "\n".join(render(at_ms, entry) for at_ms, entry in entries)
    lines = parse(text)
    assert [line.at_ms for line in lines] == [at_ms for at_ms, _ in entries]
    assert [str(line) for line in lines] == text.splitlines()


@given(ACTIONS)
def test_what_torim_did_is_no_event(action: act.Action) -> None:
    (line,) = parse(render(7, action))
    assert line.who == "torim"
    assert event_of(line) is None


@given(TEXT)
def test_words_survive_quoting(text: str) -> None:
    (line,) = parse(render(0, act.AddText("c", "user", text)))
    assert words_of(line.what).rest == ("user", text)


def test_a_person_may_write_less() -> None:
    lines = parse(
        """
        # a comment
          10  engine  audio R1 20ms          <- and a remark
          20  caller  voice_sure
          30  engine  done R1
          40  engine  cancel_not_active
          50  caller  hangs_up
        """
    )
    assert [event_of(line) for line in lines] == [
        ev.AudioDelta("R1", "R1.item", 0, b"\x2a" * 160),
        ev.VoiceSure(20),
        ev.ResponseDone("R1", ev.ResponseStatus.COMPLETED),
        ev.EngineFault(ev.FaultKind.BENIGN, "response_cancel_not_active"),
        ev.CallerGone(),
    ]


def test_lines_are_aligned() -> None:
    assert str(Line(2050, "torim", "cancel R2")) == "  2050  torim   cancel R2"


def test_a_line_that_is_none_is_refused_by_its_number() -> None:
    with pytest.raises(CoreMisuse, match="line 2"):
        parse("0 caller key 1\nspeaks")


@pytest.mark.parametrize("what", ["mark one", "gone nowhere"])
def test_an_event_with_the_wrong_words_is_refused(what: str) -> None:
    with pytest.raises(CoreMisuse, match=what):
        event_of(Line(0, "carrier", what))


def test_an_event_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(CoreMisuse, match="caller sneezes"):
        event_of(Line(0, "caller", "sneezes"))
