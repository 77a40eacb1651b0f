"""The caller's turns: which engine items hold the caller's voice, on the clock of appended audio."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torim.core.turns import CallerTurns, Item, Judgement, Voice


def committed(turns: CallerTurns, item_id: str = "U1", at_ms: int = 2000, *, ai_sounded: bool = False) -> Item:
    return turns.committed(item_id, at_ms, ai_sounded, now_ms=at_ms + 10_000)


def engine_item(turns: CallerTurns, start_ms: int, end_ms: int, item_id: str = "U1", *, ai: bool = False) -> Item:
    """An item as an engine with turn detection announces it."""
    turns.speech_started(item_id, start_ms)
    turns.speech_stopped(item_id, end_ms)
    return committed(turns, item_id, end_ms + 100, ai_sounded=ai)


def said(turns: CallerTurns, start_ms: int, end_ms: int) -> None:
    """Voice that the local detector verified."""
    turns.onset(start_ms)
    turns.sure(start_ms + 100)
    turns.ended(end_ms)


def coughed(turns: CallerTurns, start_ms: int, end_ms: int) -> None:
    turns.onset(start_ms)
    turns.dropped(end_ms)


# --- the local detector -----------------------------------------------------------------------------------------


def test_a_verified_voice_begins_at_its_onset() -> None:
    turns = CallerTurns(1_000)
    said(turns, 900, 1800)
    assert turns.voice_start_ms(engine_item(turns, 700, 1900)) == 900


def test_a_voice_that_is_sure_at_once_begins_there() -> None:
    turns = CallerTurns(1_000)
    turns.sure(1000)
    turns.ended(1500)
    assert turns.voice_start_ms(engine_item(turns, 700, 1900)) == 1000


def test_what_the_detector_says_is_known() -> None:
    turns = CallerTurns(1_000)
    assert turns.voice is Voice.NONE
    turns.onset(100)
    assert (turns.voice, turns.open) == (Voice.UNSURE, False)
    turns.sure(200)
    assert (turns.voice, turns.open) == (Voice.SURE, True)
    turns.ended(900)
    assert (turns.voice, turns.open) == (Voice.NONE, True)
    turns.settle()
    assert not turns.open


def test_a_dropped_sound_opens_no_turn() -> None:
    turns = CallerTurns(1_000)
    coughed(turns, 100, 300)
    assert (turns.voice, turns.open) == (Voice.NONE, False)


def test_an_overruled_sound_is_no_voice_until_it_is_sure_again() -> None:
    turns = CallerTurns(1_000)
    turns.sure(100)
    turns.overrule(2000)
    turns.settle()
    assert (turns.voice, turns.open) == (Voice.OVERRULED, False)
    turns.sure(3000)
    assert (turns.voice, turns.open) == (Voice.SURE, True)


# --- judging ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ai", [True, False])
def test_an_item_with_verified_voice_is_a_turn_whatever_else_sounded(ai: bool) -> None:
    turns = CallerTurns(1_000)
    said(turns, 1000, 1500)
    item = engine_item(turns, 800, 1600, ai=ai)
    assert (item.judgement, item.voiced) == (Judgement.TURN, True)


def test_an_item_wholly_inside_a_false_span_is_none() -> None:
    turns = CallerTurns(1_000)
    coughed(turns, 1000, 1500)
    item = engine_item(turns, 1100, 1400)
    assert (item.judgement, item.voiced) == (Judgement.FALSE, False)
    assert turns.false_items() == [item]


def test_a_false_alarm_and_then_words_in_one_item_are_a_turn() -> None:
    turns = CallerTurns(1_000)
    coughed(turns, 1000, 1200)
    said(turns, 1300, 2000)
    assert engine_item(turns, 900, 2100).judgement is Judgement.TURN


def test_an_item_that_only_the_engine_heard_is_a_turn_in_silence() -> None:
    turns = CallerTurns(1_000)
    item = engine_item(turns, 1000, 1500)
    assert (item.judgement, item.voiced) == (Judgement.TURN, False)


def test_the_words_of_an_item_that_only_the_engine_heard_are_waited_for() -> None:
    turns = CallerTurns(1_000)
    turns.speech_started("U1", 1000)
    item = turns.committed("U1", 1500, False, 1600, words_come=True)
    assert (item.judgement, turns.unconfirmed_items()) == (Judgement.UNCONFIRMED, [item])


def test_a_commit_of_ours_of_which_nothing_was_heard_waits_for_no_words() -> None:
    turns = CallerTurns(1_000)
    item = turns.committed("U1", 1500, False, 1600, words_come=True)
    assert (item.judgement, turns.unconfirmed_items()) == (Judgement.TURN, [])


def test_an_item_that_only_the_engine_heard_is_our_echo_while_we_sound() -> None:
    turns = CallerTurns(1_000)
    assert engine_item(turns, 1000, 1500, ai=True).judgement is Judgement.FALSE


@pytest.mark.parametrize("voice", [True, False])
def test_a_commit_before_the_verdict_waits_for_it(voice: bool) -> None:
    turns = CallerTurns(1_000)
    turns.onset(1000)
    item = engine_item(turns, 900, 1400)
    assert item.judgement is Judgement.PENDING
    assert turns.judge_pending(9000) == []
    if voice:
        turns.sure(1500)
    else:
        turns.dropped(1500)
    assert turns.judge_pending(9500) == [item]
    assert item.judgement is (Judgement.TURN if voice else Judgement.FALSE)
    assert item.judged_ms == 9500
    assert turns.judge_pending(9900) == []


def test_a_sound_that_begins_after_an_item_does_not_delay_its_judgement() -> None:
    turns = CallerTurns(1_000)
    said(turns, 500, 900)
    turns.speech_started("U1", 400)
    turns.speech_stopped("U1", 1000)
    turns.onset(1200)
    assert committed(turns, at_ms=1400).judgement is Judgement.TURN


def test_an_item_that_was_never_announced_reaches_back_to_the_last_one() -> None:
    turns = CallerTurns(1_000)
    engine_item(turns, 100, 500, "U1")
    said(turns, 800, 1500)
    item = committed(turns, "U2", 2000)
    assert (item.start_ms, item.end_ms, item.judgement) == (500, 2000, Judgement.TURN)


def test_a_commit_answers_ours() -> None:
    turns = CallerTurns(1_000)
    turns.commit_asked = "commit-7"
    committed(turns)
    assert turns.commit_asked is None


# --- a new link -------------------------------------------------------------------------------------------------


def test_on_a_new_link_the_clock_begins_anew_and_a_voice_goes_on() -> None:
    turns = CallerTurns(1_000)
    said(turns, 1000, 2000)
    engine_item(turns, 900, 2100)
    turns.sure(5000)
    turns.new_link()
    assert turns.items == {}
    assert (turns.voice, turns.open) == (Voice.SURE, True)
    turns.ended(300)
    assert committed(turns, "U9", 400).voiced


def test_on_a_new_link_an_old_span_means_nothing() -> None:
    turns = CallerTurns(1_000)
    coughed(turns, 1000, 2000)
    turns.new_link()
    assert engine_item(turns, 1100, 1900).judgement is Judgement.TURN


SPANS = st.tuples(st.integers(0, 5000), st.integers(1, 800)).map(lambda span: (span[0], span[0] + span[1]))


@given(SPANS, SPANS, st.booleans())
def test_an_item_is_voiced_exactly_where_it_overlaps_voice(
    voice: tuple[int, int], item: tuple[int, int], ai: bool
) -> None:
    turns = CallerTurns(1_000)
    said(turns, voice[0], max(voice[1], voice[0] + 101))
    judged = engine_item(turns, *item, ai=ai)
    overlaps = voice[0] < item[1] and item[0] < max(voice[1], voice[0] + 101)
    assert judged.voiced is overlaps
    assert judged.judgement is (Judgement.FALSE if ai and not overlaps else Judgement.TURN)
