"""How loud a lane is: the loudest of the last moments, of what was heard and not of what was sent."""

from __future__ import annotations

from pathlib import Path

from bridge_scene import make_scene, play, vowel

from torim.engines.script import says
from torim.engines.scripted import ScriptedPeer
from torim.live.levels import WINDOW_MS, Level

LOUD, QUIET = b"\x10" * 160, b"\xff" * 160


def test_a_sound_is_loud_while_it_is_heard_and_forgotten_soon_after() -> None:
    level = Level()
    level.add(LOUD, 100)
    assert level.peak(80) == 0  # it is on its way
    assert level.peak(100) == level.peak(100 + WINDOW_MS - 1) > 400
    assert level.peak(100 + WINDOW_MS) == 0


def test_what_was_cleared_is_not_heard() -> None:
    level = Level()
    level.add(QUIET, 100)
    level.add(LOUD, 160)
    level.cleared(120)
    assert level.peak(200) == 0


def test_a_call_that_goes_on_says_who_is_loud(tmp_path: Path) -> None:
    async def scene() -> None:
        call = make_scene(tmp_path, lambda: ScriptedPeer(otherwise=lambda request: says("A long answer.", 4_000)))
        assert call.bridge.levels == (0, 0)
        await call.until(call.sounding)
        await call.listen(400)
        caller, ai = call.bridge.levels
        assert caller < 20 and ai > 50
        call.press("1")
        await call.say(vowel(600))
        caller, ai = call.bridge.levels
        assert caller > 200 and ai == 0  # it was cut off

    play(scene())
