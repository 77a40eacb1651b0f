"""A line that returns the AI's voice: nothing is cut, the engine does not hear itself, and advice is given once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from bridge_scene import Scene, make_scene, play, syllables

from torim.audio import canceller, g711
from torim.core.actions import ClearAudio
from torim.core.settings import ListenSettings
from torim.engines.script import plays
from torim.engines.scripted import ScriptedPeer
from torim.live.advice import Advice

DELAY_MS = 120
SPOKEN_MS = 8_000
WORDS = "No, I have only ten o'clock."  # the engine understands the echo that it hears
UNCANCELLED = ListenSettings(cancel_echo=False)


async def echoing(tmp_path: Path, settings: ListenSettings) -> Scene:
    """A call in which the AI says something, and the line returns it 12 dB weaker."""
    scene = make_scene(
        tmp_path,
        lambda: ScriptedPeer().then(plays(WORDS, syllables(SPOKEN_MS))).caller_says(WORDS),
        listen_settings=settings,
    )
    await scene.until(scene.sounding)
    played = scene.bridge._near._ears.front_end._echo.played
    for _ in range(SPOKEN_MS // 20):
        end_ms = scene.bridge.clock.now_ms() - DELAY_MS
        scene.frame(g711.duck(played.mulaw(max(end_ms, 20), 160), -12))
        if scene.bridge.call.ended:
            break
        scene.bridge.tick(write=False)
        await asyncio.sleep(0.02)
    return scene


def appended(scene: Scene, last_ms: int) -> np.ndarray:
    """The end of what the engine was given."""
    uplink = scene.bridge._near.uplink
    audio = uplink.span(uplink.audio_ms - last_ms, uplink.audio_ms)
    assert audio is not None and uplink.audio_ms == scene.engine.appended_ms
    return g711.decode_float(audio)


def level_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(samples**2) + 1e-12))


def test_an_echo_cuts_nothing_and_one_warning_names_the_extra(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scene() -> None:
        call = await echoing(tmp_path, UNCANCELLED)
        assert call.happened(ClearAudio) == []
        assert level_db(appended(call, 3_000)) > -40
        assert not call.bridge._services.advice.first("echo")

    play(scene())
    told = [line for line in capsys.readouterr().out.splitlines() if canceller.EXTRA in line]
    assert len(told) == 1 and "warning" in told[0] and "docs/echo.md" in told[0]


@pytest.mark.skipif(not canceller.available(), reason=f"needs {canceller.EXTRA}")
def test_the_engine_does_not_hear_the_echo_where_it_can_be_cancelled(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await echoing(tmp_path, ListenSettings())
        assert call.happened(ClearAudio) == []
        assert level_db(appended(call, 3_000)) < -50
        assert call.bridge._services.advice.first("echo")  # nobody was warned

    play(scene())


def test_advice_is_given_once() -> None:
    advice = Advice()
    assert [advice.first("echo"), advice.first("echo"), advice.first("disk")] == [True, False, True]
