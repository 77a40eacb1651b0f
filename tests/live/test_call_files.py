"""The files of a call: written away from the loop, bounded, and never in a call's way."""

import wave
from pathlib import Path

import numpy as np

from torim.audio import g711
from torim.core import timeline
from torim.core.actions import ClearAudio
from torim.core.events import KeyPressed, StreamStarted
from torim.live.far_side import PlayClock
from torim.live.recording import Recording
from torim.live.spool import Spool, Write
from torim.live.trace import CallTrace, Traced, TraceHub

LOUD = g711.encode(np.full(160, 8000, np.int16))
SILENCE = b"\xff" * 160


def channels(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 2, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def test_writes_come_in_order_and_directories_are_made(tmp_path: Path) -> None:
    spool = Spool(lambda message: None)
    path = tmp_path / "new" / "file"
    for part in (b"one ", b"two"):
        spool.submit(Write(path, lambda part=part: part))
    spool.submit(Write(path, lambda: b"ONE", 0))
    spool.close()
    assert path.read_bytes() == b"ONE two"


def test_a_full_disk_warns_once_and_hinders_nobody() -> None:
    warned: list[str] = []
    spool = Spool(warned.append)
    for _ in range(50):
        spool.submit(Write(Path("/dev/full"), lambda: b"x" * 10))
    assert spool.flush()
    assert len(warned) == 1 and "OSError" in warned[0]
    assert spool.lost_writes == 50
    spool.close()


def test_a_disk_that_recovers_may_warn_again(tmp_path: Path) -> None:
    warned: list[str] = []
    spool = Spool(warned.append)
    for path in (Path("/dev/full"), tmp_path / "good", Path("/dev/full")):
        spool.submit(Write(path, lambda: b"x" * 10))
    spool.close()
    assert len(warned) == 2


def test_the_timeline_can_be_read_back(tmp_path: Path) -> None:
    spool, hub, seen = Spool(lambda message: None), TraceHub(), list[Traced]()
    stop = hub.subscribe(seen.append)
    trace = CallTrace("CA1", tmp_path / "CA1.call", spool, hub, {"call": "CA1", "note": "two\nlines"})
    trace.record(0, StreamStarted())
    trace.record(20, KeyPressed("1"))
    trace.record(20, ClearAudio(1))
    trace.end(40)
    spool.close()
    lines = timeline.parse((tmp_path / "CA1.call").read_text())
    assert [(line.at_ms, line.what) for line in lines] == [(0, "started"), (20, "key 1"), (20, "clear epoch=1")]
    assert [type(traced.entry) for traced in seen] == [StreamStarted, KeyPressed, ClearAudio, type(None)]
    stop()
    assert not hub.followed


def test_audio_plays_in_order_and_a_clear_takes_back_the_rest() -> None:
    clock = PlayClock()
    assert clock.play_at_ms(SILENCE * 3, 100) == 100
    assert clock.play_at_ms(SILENCE * 3, 110) == 160
    clock.cleared(180)
    assert clock.play_at_ms(SILENCE, 190) == 190


def test_the_recording_lays_both_sides_on_one_clock(tmp_path: Path) -> None:
    spool = Spool(lambda message: None)
    recording = Recording(tmp_path / "call.wav", spool)
    for number in range(200):
        recording.caller(LOUD if number == 50 else SILENCE, (number + 1) * 20)
        if number == 100:
            recording.played(LOUD * 10, 2000)
        if number == 105:
            recording.cleared(2100)
        recording.flush((number + 1) * 20)
    recording.end(4000)
    spool.close()
    caller, far = channels(tmp_path / "call.wav").T
    assert len(caller) == 32_000
    assert list(np.flatnonzero(caller)[[0, -1]] // 8) == [1000, 1019]
    assert list(np.flatnonzero(far)[[0, -1]] // 8) == [2000, 2099]


def test_late_frames_stay_where_they_belong_in_the_recording(tmp_path: Path) -> None:
    spool = Spool(lambda message: None)
    recording = Recording(tmp_path / "call.wav", spool)
    for number in range(100):
        late_ms = 400 if 20 <= number < 40 else 0
        recording.caller(LOUD if number == 60 else SILENCE, max((number + 1) * 20, 800 * (late_ms > 0)))
    recording.end(2000)
    spool.close()
    caller, _ = channels(tmp_path / "call.wav").T
    assert np.flatnonzero(caller)[0] // 8 == 1200
