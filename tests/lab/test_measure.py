"""What a staged barge-in measures: hold, clear, silence, stale audio and the truth of a truncation."""

import pytest
from staged_call import Staged, voice

from torim.audio import g711
from torim.core import actions as act
from torim.core import events as ev
from torim.core.actions import Purpose
from torim.core.reasons import Level, Reason
from torim.lab.hearing import heard_samples, item_audio, last_heard
from torim.lab.measure import BargeIn, Limits, measure

AUDIO = voice(1, 4000)


def interrupted(told_ms: int = 1560, hold_ms: int = 1560) -> Staged:
    """Response 1 begins at 0; the caller's first sample comes at 1500 ms."""
    stage = Staged()
    stage.respond(1, 0, AUDIO, played_ms=1700)
    stage.say(1500, "wait", stage="in the middle")
    stage.clear(hold_ms)
    stage.cut(1700, 1, told_ms)
    return stage


def only_row(stage: Staged, end_ms: int = 6000) -> BargeIn:
    rows = measure(stage.end(end_ms))
    assert len(rows) == 1
    return rows[0]


def test_a_barge_in_is_timed_from_the_first_sample_of_speech() -> None:
    row = only_row(interrupted())
    assert row.sounding
    assert row.hold_ms == pytest.approx(60)
    assert row.clear_ms == pytest.approx(60)
    assert row.silence_ms == pytest.approx(60)
    assert row.cut_ms == pytest.approx(200)
    assert row.stale_ms == 0
    assert (row.heard_ms, row.truncated_ms) == (1560, 1560)
    assert row.problems(Limits()) == []


def test_a_slow_clear_is_a_problem() -> None:
    assert "clear only after 160 ms" in only_row(interrupted(1660, 1660)).problems(Limits())


def test_a_wrong_truncation_is_a_problem() -> None:
    row = only_row(interrupted(told_ms=1620))
    assert row.truncation_error_ms == pytest.approx(60)
    assert "truncated +60 ms off what was heard" in row.problems(Limits())


def test_old_audio_after_the_cut_is_counted() -> None:
    stage = interrupted()
    stage.record.ear.media(AUDIO[16000:16480], 1800 * 8)
    row = only_row(stage)
    assert row.stale_ms == pytest.approx(60)
    assert "60 ms of old audio after the cut" in row.problems(Limits())


def test_what_was_resumed_before_the_cut_is_not_silence() -> None:
    stage = Staged()
    stage.respond(1, 0, AUDIO, played_ms=1600)
    stage.say(1500, "wait", stage="in the middle")
    stage.clear(1560)
    stage.server(1800, act.Note(Reason.RESUMED, Level.INFO, {}))
    stage.record.ear.media(AUDIO[1560 * 8 : 1960 * 8], 1800 * 8)
    stage.clear(2000)
    stage.cut(2100, 1, 1760)
    row = only_row(stage)
    assert (row.clear_ms, row.silence_ms, row.resumes) == (60, 500, 1)
    assert (row.heard_ms, row.truncated_ms) == (1760, 1760)


def test_a_reply_before_the_callers_turn_is_committed_is_a_problem() -> None:
    stage = interrupted()
    stage.respond(2, 1900, voice(2, 1000))
    stage.server(2500, ev.TurnCommitted("u1"))
    assert any("committed" in problem for problem in only_row(stage).problems(Limits()))


def test_the_answer_to_the_caller_is_not_stale() -> None:
    stage = interrupted()
    stage.server(2900, ev.TurnCommitted("u1"))
    stage.respond(2, 3000, voice(2, 1000))
    row = only_row(stage)
    assert row.stale_ms == 0
    assert row.replies == 1
    assert row.problems(Limits()) == []


def test_an_ai_that_talks_on_is_a_miss() -> None:
    stage = Staged()
    stage.respond(1, 0, AUDIO)
    stage.say(1500, "wait", stage="in the middle")
    row = only_row(stage)
    assert row.silence_ms == pytest.approx(2500)
    assert "the AI did not stop" in row.problems(Limits())


def test_a_blocked_barge_in_says_so() -> None:
    stage = Staged()
    stage.respond(1, 0, AUDIO)
    stage.say(1500, "wait", stage="in the greeting")
    stage.server(1560, act.Note(Reason.BLOCKED, Level.INFO, {"greeting_lock": True}))
    assert only_row(stage).problems(Limits()) == ["blocked by the greeting lock or the setting"]


def test_speech_into_silence_is_a_barge_in_only_if_the_scenario_says_so() -> None:
    stage = Staged()
    stage.respond(1, 0, voice(1, 1000))
    stage.say(2000, "hello")
    assert measure(stage.end(4000)) == []
    stage.record.said[0].stage = "after the end"
    row = measure(stage.record)[0]
    assert not row.sounding
    assert row.clear_ms is None
    assert row.problems(Limits()) == []


def test_a_forgotten_truncation_is_a_problem() -> None:
    stage = Staged()
    stage.respond(1, 0, AUDIO, played_ms=1700)
    stage.say(1500, "wait", stage="in the middle")
    stage.clear(1560)
    stage.server(1700, act.Note(Reason.CUT, Level.INFO, {}))
    assert "the engine was not told what was heard" in only_row(stage).problems(Limits())


def test_an_item_heard_to_its_end_needs_no_truncation() -> None:
    stage = Staged()
    stage.respond(1, 0, voice(1, 1600))
    stage.say(1500, "wait", stage="last word")
    stage.clear(1595)
    stage.server(1700, act.Note(Reason.CUT, Level.INFO, {}))
    assert only_row(stage).problems(Limits()) == []


def test_heard_is_found_by_sound_even_after_a_resume_repeated_some() -> None:
    stage = Staged()
    stage.server(0, act.CreateResponse("c", "k", Purpose.REPLY))
    stage.respond(1, 0, AUDIO, played_ms=1000)
    stage.record.ear.clear(1000 * 8)
    stage.record.ear.media(AUDIO[960 * 8 : 1500 * 8], 1200 * 8)
    record = stage.end(5000)
    tail = last_heard(record.heard(), 5000 * 8)
    assert heard_samples(item_audio(record)["I1"], tail) == 1500 * 8


def test_a_ducked_tail_is_recognised() -> None:
    tail = g711.duck(AUDIO[:8000], -15)
    assert heard_samples(AUDIO, tail) == 8000


def test_a_ducked_tail_that_ends_in_a_pause_is_not_taken_for_another_pause() -> None:
    """Silence is the same at every level: what was heard before it tells where it was."""
    pause = g711.SILENCE * 800
    item = voice(1, 1000) + pause + voice(2, 1000) + pause + voice(3, 1000)
    end = (1000 + 100 + 1000 + 100) * 8
    assert heard_samples(item, g711.duck(item[end - 1_600 : end], -15)) == end


def test_a_ducked_pause_is_the_one_that_followed_what_was_heard_before() -> None:
    pause = g711.SILENCE * 1600
    item = voice(1, 1000) + pause + voice(2, 1000) + pause + voice(3, 1000)
    stage = Staged()
    stage.respond(1, 0, item, played_ms=2200)
    stage.say(2150, "wait", stage="in the middle")
    stage.clear(2200)
    stage.record.ear.media(g711.duck(item[2200 * 8 : 2350 * 8], -15), 2550 * 8)
    stage.record.ear.clear(2700 * 8)
    stage.cut(2700, 1, 2350)
    assert only_row(stage).heard_ms == pytest.approx(2350, abs=1)


def test_foreign_sound_is_not_taken_for_the_item() -> None:
    assert heard_samples(AUDIO, voice(9, 500)) is None
