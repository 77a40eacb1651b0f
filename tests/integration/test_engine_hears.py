"""What the engine hears of a caller, over real sockets on both sides: every syllable, and nothing of a false alarm."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving_scene import Watched, serving

from torim.audio import g711
from torim.core.actions import CreateResponse, Note
from torim.core.events import CallerTranscript, TurnCommitted
from torim.core.reasons import Reason
from torim.engines.peer_server import serve_peers
from torim.engines.protocol_faults import ProtocolFault
from torim.engines.script import Behaviour, says
from torim.engines.scripted import ScriptedPeer
from torim.engines.tones import voice_like
from torim.lab.caller import Caller, Dialing
from torim.lab.ear import SAMPLES_PER_MS

FIRST_MS = 300
APPEND = '"input_audio_buffer.append"'


class Listening(ScriptedPeer):
    """The scripted engine, which talks for half a minute at a time and keeps every byte that was appended."""

    def __init__(self) -> None:
        behaviour = Behaviour(onset_db=-35, caller_says="")
        super().__init__(otherwise=lambda request: says("This is a long answer.", 30_000), behaviour=behaviour)
        self.appended = bytearray()

    def receive(self, message: str | bytes, now_ms: int) -> list[str]:
        """Keep the audio; then as ever."""
        text = message if isinstance(message, str) else message.decode()
        if APPEND in text:
            self.appended += base64.b64decode(json.loads(text)["audio"])
        return super().receive(message, now_ms)

    def asked(self) -> int:
        return len(self.commands("response.create"))

    def keeps(self, item_id: str) -> bool:
        """Whether an item is in the conversation now."""
        try:
            self.conversation.find(item_id, "retrieve")
        except ProtocolFault:
            return False
        return True


Scene = Callable[[Listening, Watched, Caller], Awaitable[None]]


def call(tmp_path: Path, scene: Scene, **changes: Any) -> None:
    """One call to an engine behind a WebSocket of its own."""

    async def run() -> None:
        engine = Listening()
        async with serve_peers(lambda _: engine) as base_url:
            remote = {"engine": "openai", "openai_base_url": base_url, **changes}
            async with serving(tmp_path, **remote) as watched:
                caller = Caller(Dialing(watched.server.web_url))
                await caller.dial()
                await watched.until(lambda: caller.record.ear.began(0) is not None)
                await asyncio.sleep(1.5)
                await scene(engine, watched, caller)
                await caller.hang_up()

    asyncio.run(run())


def notes(watched: Watched, *reasons: Reason) -> list[Note]:
    return [note for note in watched.happened(Note) if note.reason in reasons]


def turns_kept(engine: Listening, watched: Watched) -> list[str]:
    """The caller's items that are in the engine's conversation now."""
    return [turn.item_id for turn in watched.happened(TurnCommitted) if engine.keeps(turn.item_id)]


def burst(length_ms: int) -> bytes:
    """Like a cough: broad noise that breaks off."""
    rng = np.random.default_rng(3)
    fade = np.exp(-np.arange(length_ms * 8) / (length_ms * 3))
    return g711.encode((rng.normal(0, 0.25, length_ms * 8) * fade * 32767).clip(-32000, 32000).astype(np.int16))


SHORT = {"a burst": burst(300), "an acknowledgement": voice_like(240, 2)}


@pytest.mark.parametrize("sound", SHORT, ids=lambda name: name.replace(" ", "-"))
def test_the_engine_keeps_no_turn_of_a_false_alarm_and_answers_none(tmp_path: Path, sound: str) -> None:
    async def scene(engine: Listening, watched: Watched, caller: Caller) -> None:
        engine.caller_says("mm-hm" if sound != "a burst" else "")
        caller.say(sound, SHORT[sound])
        await watched.until(lambda: watched.happened(CallerTranscript))  # the engine took it for a turn
        assert len(watched.happened(TurnCommitted)) == 1
        if sound == "an acknowledgement":  # which fell silent for it, and went on
            await watched.until(lambda: notes(watched, Reason.RESUMED))
            assert len(notes(watched, Reason.HELD)) == len(notes(watched, Reason.RESUMED)) == 1
        await watched.until(lambda: turns_kept(engine, watched) == [])
        await asyncio.sleep(0.5)
        assert engine.asked() == 1  # the greeting
        assert len(watched.happened(CreateResponse)) == 1
        assert not notes(watched, Reason.CUT, Reason.CUT_BY_WORDS)
        assert caller.record.ear.sounding(caller.clock.now_samples())  # and the AI talks on

    call(tmp_path, scene)


def test_a_turn_after_a_false_alarm_is_the_only_one_and_is_answered_once(tmp_path: Path) -> None:
    async def scene(engine: Listening, watched: Watched, caller: Caller) -> None:
        engine.caller_says("", "No, tomorrow please.")
        caller.say("a burst", SHORT["a burst"])
        await watched.until(lambda: watched.happened(CallerTranscript))
        await watched.until(lambda: turns_kept(engine, watched) == [])
        caller.say("a turn", voice_like(1_400, 1))
        await watched.until(lambda: len(watched.happened(CreateResponse)) == 2)
        await watched.until(lambda: len(watched.happened(CallerTranscript)) == 2)
        assert len(turns_kept(engine, watched)) == 1
        assert len(notes(watched, Reason.CUT)) == 1
        assert engine.asked() == 2

    call(tmp_path, scene)


@pytest.mark.parametrize("lock", [False, True], ids=["over-the-ai", "under-the-greeting-lock"])
def test_the_first_300_ms_of_a_turn_reach_the_engine_sample_by_sample(tmp_path: Path, lock: bool) -> None:
    """F37: no gate and no padding clips the first syllable."""

    async def scene(engine: Listening, watched: Watched, caller: Caller) -> None:
        engine.caller_says("No, tomorrow please.")
        said = caller.say("a turn", voice_like(1_000, 1))
        await watched.until(lambda: watched.happened(TurnCommitted))
        spoken = b"".join(caller.record.mouth)
        begin = said.onset_samples - 40 * SAMPLES_PER_MS
        first = spoken[begin : said.onset_samples + FIRST_MS * SAMPLES_PER_MS]
        assert len(first) == (40 + FIRST_MS) * SAMPLES_PER_MS
        found = bytes(engine.appended).find(first)
        assert found >= 0
        # Nothing before them is missing either: the engine's clock of appended audio is the caller's.
        assert found % 160 == begin % 160
        assert len(turns_kept(engine, watched)) == 1

    call(tmp_path, scene, greeting_lock=lock)
