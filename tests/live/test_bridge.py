"""The bridge: a frame and its clear in one callback, an uplink without gaps, a call that survives its parts."""

import asyncio
import base64
import json
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from bridge_scene import (
    SILENCE,
    DeafLink,
    Scene,
    engine_plan,
    make_scene,
    play,
    scripted_plan,
    vowel,
)

from torim.core.actions import (
    CancelResponse,
    ClearAudio,
    CreateResponse,
    FallBackEngine,
    Note,
    PlayAudio,
    Purpose,
    RunTool,
    TruncateItem,
)
from torim.core.events import CallerGone, EndReason, EngineFault, EngineLost, EngineReady, ToolFinished, VoiceOnset
from torim.core.reasons import Reason
from torim.engines.script import Behaviour, calls_tool, says
from torim.engines.scripted import ScriptedPeer
from torim.errors import EngineError
from torim.live.link import CARRIER_UNSENT_MAX_BYTES
from torim.live.recording import Recording
from torim.live.spool import Spool


def speaks(ms: int = 8000, answers: int = 10) -> ScriptedPeer:
    peer = ScriptedPeer()
    for number in range(answers):
        peer.then(says(f"This is answer number {number}, and it is a long one.", ms))
    return peer


async def speaking(tmp_path: Path, **changes: object) -> Scene:
    """A call in which the AI has begun to speak."""
    scene = make_scene(tmp_path, speaks, **changes)
    await scene.until(scene.sounding)
    await scene.listen(1000)
    return scene


# --- one callback ---------------------------------------------------------------------------------------------


def test_a_frame_of_voice_and_its_clear_share_one_callback(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        voice = vowel(400)
        for start in range(0, len(voice), 160):
            call.frame(voice[start : start + 160])
            if call.telephone.events("clear"):
                break
            await asyncio.sleep(0.02)
        assert call.telephone.sent[-1]["event"] == "clear"  # before anything else could run

    play(scene())


def test_a_key_clears_cancels_and_truncates_in_this_order_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        call.press("1")
        assert call.telephone.sent[-1]["event"] == "clear"
        actions = [t.entry for t in call.traced if isinstance(t.entry, ClearAudio | CancelResponse | TruncateItem)]
        assert [type(action) for action in actions] == [ClearAudio, CancelResponse, TruncateItem]
        assert call.engine.commands("response.cancel")

    play(scene())


def test_nothing_of_the_old_answer_is_sent_after_the_clear(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        call.press("1")
        before = call.telephone.audio_ms()
        await call.listen(200)
        assert call.telephone.audio_ms() == before

    play(scene())


# --- the downlink ---------------------------------------------------------------------------------------------


def test_the_greeting_sounds_within_a_second(tmp_path: Path) -> None:
    """F35: the session is confirmed before anybody could have begun to wait for it; nobody hears dead air."""

    async def scene() -> None:
        call = make_scene(tmp_path, speaks)
        await call.until(call.sounding)
        assert call.bridge.clock.now_ms() < 1000

    play(scene())


def test_a_minute_of_speech_at_once_leaves_whole_and_evenly(tmp_path: Path) -> None:
    """F30: an engine may be faster than any queue of the line; no frame is lost, none leaves in a burst or late."""

    async def scene() -> None:
        peer = ScriptedPeer(otherwise=lambda request: says("A minute.", 60_000), behaviour=Behaviour(speed=600.0))
        call = make_scene(tmp_path, lambda: peer)
        await call.until(call.sounding)
        begun = len(call.telephone.events("media"))
        await call.listen(61_000)
        assert call.telephone.audio_ms() == 60_000
        left_ms = [traced.at_ms for traced in call.traced if isinstance(traced.entry, PlayAudio)]
        gaps_ms = sorted(abs(after - before - 60) for before, after in pairwise(left_ms[begun:-1]))
        assert len(gaps_ms) > 900 and gaps_ms[len(gaps_ms) * 99 // 100] < 5

    play(scene())


# --- the uplink -----------------------------------------------------------------------------------------------


def test_the_engine_hears_every_frame_even_under_the_greeting_lock(tmp_path: Path) -> None:
    """F12: nothing withholds the caller's audio from the engine."""

    async def scene() -> None:
        call = make_scene(tmp_path, speaks, greeting_lock=True)
        await call.say(vowel(2000))
        await asyncio.sleep(0)
        assert call.engine.appended_ms == 2000

    play(scene())


def test_what_was_said_before_the_engine_was_ready_reaches_it(tmp_path: Path) -> None:
    async def scene() -> None:
        call = make_scene(tmp_path, speaks)
        for _ in range(10):
            call.frame(b"\x10" * 160)  # before the loop could connect anything
        await call.listen(100)
        assert call.engine.appended_ms == 300

    play(scene())


def test_the_clock_of_appended_audio_begins_with_what_was_kept(tmp_path: Path) -> None:
    """On every link the call knows when the first sample of that link was spoken."""

    async def scene() -> None:
        lives = iter([speaks(8000).breaks_link(3000), speaks(8000)])
        call = make_scene(tmp_path, lambda: next(lives))
        for _ in range(10):
            call.frame()
        await call.until(lambda: len(call.happened(EngineReady)) == 2)
        for ready, appended in zip(call.happened(EngineReady), (200, call.engine.appended_ms), strict=True):
            assert ready.audio_ms == pytest.approx(appended, abs=40)
        origin_ms = call.bridge.call.state.manners.audio_origin_ms
        clock_ms = call.bridge.clock.now_ms() - origin_ms
        assert clock_ms == pytest.approx(call.engine.appended_ms, abs=40)

    play(scene())


def test_a_burst_after_jitter_is_forwarded_whole(tmp_path: Path) -> None:
    """F34: frames that come late come at once, and no limit of frames a second drops them."""

    async def scene() -> None:
        call = await speaking(tmp_path)
        before = call.engine.appended_ms
        await asyncio.sleep(0.2)
        for _ in range(10):
            call.frame()
        assert call.engine.appended_ms - before == 200

    play(scene())


def test_odd_message_sizes_become_whole_frames(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        before = call.engine.appended_ms
        for size in (100, 60, 479, 1, 33):
            call.frame(b"\x7f" * size)
        assert call.engine.appended_ms - before == 80

    play(scene())


def test_silence_stands_in_for_a_carrier_that_sends_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        before = call.engine.appended_ms
        for _ in range(10):
            await asyncio.sleep(0.1)
            call.bridge.tick(write=False)
        assert 900 <= call.engine.appended_ms - before <= 1040

    play(scene())


def test_frames_that_come_after_all_keep_every_span_right(tmp_path: Path) -> None:
    """600 ms of nothing, filled with silence; then all of it at once, and a word in it."""

    async def scene() -> None:
        recording = Recording(tmp_path / "call.wav", spool := Spool(lambda message: None))
        call = make_scene(tmp_path, recording=recording)
        await call.until(lambda: call.happened(EngineReady))
        await call.until(lambda: not call.sounding())
        gone_ms, word = call.bridge.clock.now_ms(), vowel(400)
        for _ in range(6):
            await asyncio.sleep(0.1)
            call.bridge.tick(write=False)
        for start in range(0, len(late := word + SILENCE * 10), 160):
            call.frame(late[start : start + 160])
        await call.listen(700)
        (onset,) = call.happened(VoiceOnset)
        uplink = call.bridge._near.uplink
        heard = uplink.span(onset.audio_ms - 100, onset.audio_ms + 300)
        assert heard is not None and word[:1600] in heard
        assert call.engine.appended_ms == uplink.audio_ms
        await call.say(vowel(600) + SILENCE * 20)
        origin_ms = call.bridge.call.state.manners.audio_origin_ms
        assert call.bridge.clock.now_ms() - origin_ms == pytest.approx(uplink.audio_ms, abs=40)
        call.bridge.abort(EndReason.SHUTDOWN)
        spool.close()
        with wave.open(str(tmp_path / "call.wav")) as file:
            caller = np.frombuffer(file.readframes(file.getnframes()), "<i2")[::2]
        first_ms = np.flatnonzero(np.abs(caller) > 300)[0] / 8
        assert first_ms == pytest.approx(gone_ms, abs=60)

    play(scene())


# --- bad input from the carrier ------------------------------------------------------------------------------


BAD = {
    "no JSON": "{oops",
    "binary": b"\x00\x01\x02",
    "no object": "[]",
    "truncated base64": json.dumps({"event": "media", "streamSid": "MZ", "media": {"payload": "abc"}}),
    "another stream": json.dumps({"event": "media", "streamSid": "MZother", "media": {"payload": "/w=="}}),
    "oversize": "x" * 70_000,
    "a second start": json.dumps({"event": "start", "start": {"streamSid": "MZ2", "callSid": "CA1"}}),
    "no such key": json.dumps({"event": "dtmf", "streamSid": "MZ", "dtmf": {"digit": "Z"}}),
}


@pytest.mark.parametrize("message", BAD.values(), ids=BAD.keys())
def test_a_message_that_breaks_the_protocol_costs_nothing(
    tmp_path: Path, message: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        call.bridge.on_message(message)
        before = call.telephone.audio_ms()
        await call.listen(500)
        assert call.telephone.audio_ms() > before
        assert call.bridge.faults == 0

    play(scene())


def test_unknown_events_mean_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        call.carrier("weather", sunny=True)
        assert call.bridge._line.bad_messages == 0

    play(scene())


def test_a_peer_that_only_sends_nonsense_is_given_up(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        for _ in range(201):
            call.bridge.on_message("{oops")
        call.bridge.tick(write=False)
        assert call.happened(CallerGone) == [CallerGone(EndReason.LINE_LOST)]
        await asyncio.wait_for(call.over.wait(), 10)

    play(scene())


def test_a_socket_that_stalls_is_a_lost_line(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        call.telephone.unsent = CARRIER_UNSENT_MAX_BYTES + 1
        call.bridge.tick(write=False)
        await asyncio.wait_for(call.over.wait(), 10)
        assert call.bridge.end_reason is EndReason.LINE_LOST

    play(scene())


def test_a_carrier_that_stays_silent_is_a_lost_line(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        for _ in range(30):
            await asyncio.sleep(1)
            call.bridge.tick(write=False)
        assert call.bridge.end_reason is EndReason.LINE_LOST

    play(scene())


# --- the engine -----------------------------------------------------------------------------------------------


def test_an_engine_that_never_answers_is_given_up_for_the_next_one(tmp_path: Path) -> None:
    async def deaf(on_message: object, on_closed: object) -> DeafLink:
        return DeafLink()

    async def scene() -> None:
        peers: list[ScriptedPeer] = []
        plans = (engine_plan(deaf), scripted_plan(speaks, peers))
        call = make_scene(tmp_path, plans=plans)
        await call.until(call.sounding, 60_000)
        assert call.happened(FallBackEngine)
        assert call.bridge.engine.name == "scripted"

    play(scene())


def test_a_refused_key_falls_back_at_once(tmp_path: Path) -> None:
    async def refusing(on_message: object, on_closed: object) -> DeafLink:
        raise EngineError("The speech engine refused the key (HTTP 401).", "engine.unauthorised")

    async def scene() -> None:
        peers: list[ScriptedPeer] = []
        call = make_scene(tmp_path, plans=(engine_plan(refusing), scripted_plan(speaks, peers)))
        await call.until(call.sounding, 2_000)
        assert call.happened(EngineFault)[0].code == "invalid_api_key"

    play(scene())


def test_without_any_engine_the_stream_ends_so_that_an_apology_follows(tmp_path: Path) -> None:
    async def refusing(on_message: object, on_closed: object) -> DeafLink:
        raise EngineError("Cannot reach the speech engine.", "engine.unreachable")

    async def scene() -> None:
        call = make_scene(tmp_path, plans=(engine_plan(refusing),))
        await asyncio.wait_for(call.over.wait(), 60)
        assert call.bridge.end_reason is EndReason.ENGINE_FAILED
        assert call.telephone.close_code == 1000

    play(scene())


def test_a_shutdown_while_no_engine_comes_ends_soon_so_that_an_apology_follows(tmp_path: Path) -> None:
    async def hanging(on_message: object, on_closed: object) -> DeafLink:
        await asyncio.sleep(1000)
        return DeafLink()

    async def scene() -> None:
        call = make_scene(tmp_path, plans=(engine_plan(hanging),))
        await call.listen(300)
        call.bridge.say_goodbye(EndReason.SHUTDOWN)
        await call.until(lambda: call.telephone.close_code is not None, 6_000)
        assert call.bridge.end_reason is EndReason.ENGINE_FAILED
        await asyncio.wait_for(call.over.wait(), 10)

    play(scene())


def test_a_link_that_drops_is_replaced_and_gets_the_audio_kept_meanwhile(tmp_path: Path) -> None:
    async def scene() -> None:
        lives = iter([speaks(8000).breaks_link(3000), speaks(8000)])
        call = make_scene(tmp_path, lambda: next(lives))
        await call.until(lambda: len(call.peers) == 2 and call.engine.appended_ms)
        assert call.happened(EngineLost)
        said = call.engine.appended_ms
        assert said >= 2900  # nothing was committed: all of it was appended again
        assert call.telephone.close_code is None

    play(scene())


def test_garbage_from_the_engine_costs_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        peer = speaks()
        for at_ms, garbage in enumerate(("{", "[]", '{"type":"response.done"}', "\x00", '{"type":"no.such.event"}')):
            peer.at(500 + at_ms, garbage)
        call = make_scene(tmp_path, lambda: peer)
        await call.until(call.sounding)
        await call.listen(1500)
        assert call.bridge.faults == 0
        assert call.sounding()

    play(scene())


# --- tools ----------------------------------------------------------------------------------------------------


def test_a_tool_that_raises_is_answered_with_an_error(tmp_path: Path) -> None:
    def broken(action: RunTool) -> str:
        raise RuntimeError("no database")

    async def scene() -> None:
        peer = ScriptedPeer().then(calls_tool("list_services")).then(says("I am sorry.", 800))
        call = make_scene(tmp_path, lambda: peer, desk=broken)
        await call.until(lambda: call.happened(ToolFinished))
        assert json.loads(call.happened(ToolFinished)[0].output) == {"ok": False, "error": "failed"}
        await call.until(call.sounding)

    play(scene())


def test_a_caller_without_words_is_offered_a_way_out_by_instructions_of_its_own(tmp_path: Path) -> None:
    """Of what the caller said nothing could be written down, turn after turn."""

    async def scene() -> None:
        peer = ScriptedPeer(otherwise=lambda request: says("Pardon?", 300), behaviour=Behaviour(caller_says=None))
        for turn in range(1, 4):
            peer.caller_turn(turn * 2_000, turn * 2_000 + 500)
        call = make_scene(tmp_path, lambda: peer, prompts={Purpose.WAY_OUT: "Offer a message."})
        await call.listen(10_000)
        noted = [note for note in call.happened(Note) if note.reason is Reason.NOT_UNDERSTOOD]
        asked = [create.purpose for create in call.happened(CreateResponse)]
        assert noted[0].evidence == {"in_a_row": 3}
        assert asked == [Purpose.GREETING, Purpose.REPLY, Purpose.REPLY, Purpose.WAY_OUT]
        (create,) = [body for body in call.engine.commands("response.create") if "instructions" in body["response"]]
        assert create["response"]["instructions"] == "Offer a message."

    play(scene())


def test_end_call_says_goodbye_and_then_closes_the_line(tmp_path: Path) -> None:
    async def scene() -> None:
        peer = ScriptedPeer().then(calls_tool("end_call")).then(says("Goodbye.", 600))
        call = make_scene(tmp_path, lambda: peer)
        await call.until(call.over.is_set)
        assert call.bridge.end_reason is EndReason.GOODBYE
        assert call.telephone.audio_ms() >= 600
        assert call.telephone.close_code == 1000

    play(scene())


def test_a_voice_note_is_kept_from_the_appended_audio(tmp_path: Path) -> None:
    async def scene() -> None:
        arguments = {"audio_start_ms": 200, "audio_end_ms": 700}
        peer = ScriptedPeer().then(says("Say your name.", 1000)).then(calls_tool("save_voice_note", arguments))
        call = make_scene(tmp_path, lambda: peer)
        await call.say(vowel(1000))
        call.press("1")
        await call.until(lambda: call.happened(ToolFinished))
        answer = json.loads(call.happened(ToolFinished)[0].output)
        with wave.open(str(tmp_path / "voice_notes" / f"{answer['note_id']}.wav")) as note:
            assert (note.getframerate(), note.getnchannels(), note.getnframes()) == (8000, 1, 4000)

    play(scene())


def test_a_voice_note_of_audio_that_never_was_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        arguments = {"audio_start_ms": 500_000, "audio_end_ms": 500_500}
        peer = ScriptedPeer().then(calls_tool("save_voice_note", arguments)).then(says("Sorry.", 500))
        call = make_scene(tmp_path, lambda: peer)
        await call.until(lambda: call.happened(ToolFinished))
        assert json.loads(call.happened(ToolFinished)[0].output)["error"] == "no_such_audio"

    play(scene())


# --- faults of ours -------------------------------------------------------------------------------------------


class Bursting:
    """Stands where the listener is, and raises."""

    question = 0
    over_echo = False

    def __init__(self, times: int) -> None:
        self.times = times

    def frame(self, *_: object) -> list[object]:
        self.times -= 1
        if self.times >= 0:
            raise ZeroDivisionError("a bug of ours")
        return []

    def speech(self, *_: object) -> list[object]:
        return []

    def rests(self, *_: object) -> bool:
        return False

    def take_vad_reset(self) -> bool:
        return False


def test_one_bad_event_never_kills_a_call(tmp_path: Path) -> None:
    """F7: a crash in one event is one fault, not a dead call."""

    async def scene() -> None:
        call = await speaking(tmp_path)
        call.bridge._near._ears._listener = Bursting(1)  # type: ignore[assignment]
        before = call.engine.appended_ms
        await call.listen(1000)
        assert call.bridge.faults == 1
        assert call.engine.appended_ms - before == 1000
        assert call.sounding()

    play(scene())


def test_repeated_faults_end_the_call_politely(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        call.bridge._near._ears._listener = Bursting(6)  # type: ignore[assignment]
        await call.until(call.over.is_set, 60_000)
        assert call.bridge.end_reason is EndReason.INTERNAL_ERROR
        assert call.telephone.close_code == 1000

    play(scene())


def test_faults_without_end_close_the_line(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        call.bridge._near._ears._listener = Bursting(10_000)  # type: ignore[assignment]
        await call.listen(1000)
        assert call.over.is_set()
        assert call.telephone.close_code == 1011

    play(scene())


# --- the end --------------------------------------------------------------------------------------------------


def test_a_hang_up_ends_the_call_and_nothing_is_left_running(tmp_path: Path) -> None:
    async def scene() -> None:
        call = await speaking(tmp_path)
        call.carrier("stop")
        call.bridge.on_closed("1000 closed")
        await asyncio.wait_for(call.over.wait(), 10)
        assert call.bridge.end_reason is EndReason.CALLER_HUNG_UP
        assert call.happened(CallerGone) == [CallerGone(EndReason.CALLER_HUNG_UP)]
        call.frame()
        call.bridge.tick(write=True)

    play(scene())


def test_the_last_words_are_waited_for(tmp_path: Path) -> None:
    async def scene() -> None:
        call = make_scene(tmp_path, lambda: speaks(500).caller_turn(2000, 2600, "please call me back"))
        await call.listen(2700)
        call.carrier("stop")
        await asyncio.wait_for(call.over.wait(), 10)
        assert "please call me back" in [turn.text for turn in call.bridge.call.transcript()]

    play(scene())


def test_silence_frame_is_what_the_codec_calls_silence() -> None:
    assert base64.b64encode(SILENCE[:2]) == b"//8="
