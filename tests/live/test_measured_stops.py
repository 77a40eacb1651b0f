"""How soon the line fell silent, as the figures of a call have it: from a sound that was allowed to stop it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bridge_scene import Scene, make_scene, play, vowel

from torim.core.actions import Note
from torim.core.reasons import Reason
from torim.core.settings import TurnSettings
from torim.core.timeline import parse, render
from torim.engines.script import says
from torim.engines.scripted import ScriptedPeer
from torim.web.call_page import Episode, entries, episodes

HASTY = replace(TurnSettings(), verify_max_ms=100)  # shorter than any verdict on a voice
LOCKED = replace(TurnSettings(), greeting_lock_max_ms=4_000)


def long_answers() -> ScriptedPeer:
    return ScriptedPeer(otherwise=lambda request: says(f"This is answer {request.number}, and it is long.", 9_000))


async def in_a_locked_greeting(tmp_path: Path) -> Scene:
    """A call whose greeting has been heard for a second, with three more to go until it may be cut."""
    scene = make_scene(tmp_path, long_answers, greeting_lock=True, turn_settings=LOCKED)
    await scene.until(scene.sounding)
    await scene.listen(1_000)
    return scene


def on_the_page(scene: Scene) -> list[Episode]:
    """What the call's page shows of the barge-ins so far."""
    lines = (render(traced.at_ms, traced.entry) for traced in scene.traced if traced.entry is not None)
    return episodes(list(entries(parse("\n".join(line for line in lines if line is not None)))))


def unlocked(scene: Scene) -> bool:
    return any(note.reason is Reason.LOCK_OPENED for note in scene.happened(Note))


def test_a_key_under_the_greeting_lock_is_blocked_and_makes_no_slow_cut(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await in_a_locked_greeting(tmp_path)
        call.press("1")
        await call.until(lambda: unlocked(call))
        await call.listen(400)
        refused, obeyed = on_the_page(call)
        assert (refused.verdict, refused.cut, refused.stop_ms) == ("blocked", False, None)
        assert (obeyed.verdict, obeyed.cut) == ("key", True)  # what was pressed is acted on when the lock opens
        assert obeyed.stop_ms == 0 and obeyed.onset_ms > refused.onset_ms + 2_000
        assert call.bridge.tally.measures(1, None).stop_ms_max in (None, 0)

    play(scene())


def test_a_voice_under_the_greeting_lock_is_not_measured_by_a_later_cut(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await in_a_locked_greeting(tmp_path)
        await call.say(vowel(600))
        await call.until(lambda: unlocked(call))
        await call.until(call.sounding)
        await call.listen(2_000)
        call.press("1")
        await call.listen(200)
        cut = on_the_page(call)[-1]
        assert (cut.verdict, cut.cut, cut.stop_ms) == ("key", True, 0)
        assert (call.bridge.tally.measures(1, None).stop_ms_max or 0) <= 100

    play(scene())


def test_a_voice_and_a_key_under_the_lock_make_no_slow_cut_together(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await in_a_locked_greeting(tmp_path)
        call.press("1")
        await call.say(vowel(1_200))
        await call.until(lambda: unlocked(call))
        await call.listen(400)
        cut = on_the_page(call)[-1]
        assert (cut.verdict, cut.cut, cut.stop_ms) == ("key", True, 0)

    play(scene())


def test_a_key_after_an_answered_question_is_measured_from_the_key(tmp_path: Path) -> None:
    async def scene() -> None:
        call = make_scene(tmp_path, long_answers)
        await call.until(call.sounding)
        await call.listen(1_000)
        await call.say(vowel(900))
        await call.until(call.sounding)
        await call.listen(2_000)
        by_voice = [episode.stop_ms for episode in on_the_page(call)]
        call.press("1")
        await call.listen(200)
        *before, by_key = on_the_page(call)
        assert (by_key.verdict, by_key.stop_ms) == ("key", 0)
        assert [episode.stop_ms for episode in before] == by_voice
        assert len(call.bridge.tally.stop_ms) == len(by_voice)  # the key is none of them

    play(scene())


def test_a_cut_after_a_hold_without_a_verdict_is_measured_from_the_callers_onset(tmp_path: Path) -> None:
    async def scene() -> None:
        call = make_scene(tmp_path, long_answers, turn_settings=HASTY)
        await call.until(call.sounding)
        await call.listen(1_000)
        await call.say(vowel(1_200))
        undecided, cut = on_the_page(call)
        assert (undecided.verdict, undecided.cut) == ("undecided", False)
        assert (cut.verdict, cut.cut, cut.onset_ms) == ("voice", True, undecided.onset_ms)
        assert undecided.resume_ms is not None and cut.stop_ms is not None
        assert cut.stop_ms > undecided.resume_ms  # the AI was heard again meanwhile
        hold_ms, cut_ms = call.bridge.tally.stop_ms
        assert abs(hold_ms - (undecided.stop_ms or 0)) <= 20 and abs(cut_ms - cut.stop_ms) <= 20

    play(scene())
