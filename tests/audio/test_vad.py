"""The numpy forward pass gives what the original network gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from torim.audio import g711
from torim.audio.front_end import FrontEnd
from torim.audio.vad import CONTEXT_SAMPLES, INPUT_SAMPLES, STATE_FLOATS, WINDOW_SAMPLES, SileroVad

GOLDEN = np.load(Path(__file__).with_name("vad_golden.npz"))
STREAMS = GOLDEN["streams"].astype(np.float32)
EXPECTED = GOLDEN["probabilities"]
CODES = [[g711.encode((window * 32767).astype(np.int16)) for window in stream] for stream in STREAMS]


def probabilities(streams: np.ndarray) -> np.ndarray:
    """What the network says of streams of windows [streams, windows, 256]."""
    vad, states = SileroVad(), np.zeros((len(streams), STATE_FLOATS), np.float32)
    heard = np.zeros((len(streams), INPUT_SAMPLES), np.float32)
    rows = []
    for index in range(streams.shape[1]):
        heard = np.hstack([heard[:, -CONTEXT_SAMPLES:], streams[:, index]])
        row, states = vad.forward(heard, states)
        rows.append(row)
    return np.array(rows).T


def as_heard(codes: list[list[bytes]]) -> np.ndarray:
    return np.array([[g711.decode_float(window) for window in stream] for stream in codes])


def test_a_batch_equals_the_original_to_five_digits():
    assert EXPECTED.max() > 0.9 and EXPECTED.min() < 0.1, "the golden signal must exercise the network"
    assert np.abs(probabilities(STREAMS) - EXPECTED).max() < 1e-5


def test_a_lone_stream_equals_the_original():
    assert np.abs(probabilities(STREAMS[1:2]) - EXPECTED[1]).max() < 1e-5


def test_telephone_audio_goes_through_the_same_network():
    vad, ends, rows = SileroVad(), [FrontEnd() for _ in CODES], []
    for index in range(len(CODES[0])):
        for end, stream in zip(ends, CODES, strict=True):
            end.stream.push(stream[index])
        rows.append(vad.run(ends))
    assert np.abs(np.array(rows).T - probabilities(as_heard(CODES))).max() < 1e-5


def test_streams_of_a_batch_do_not_touch_each_other():
    """The same stream gives the same numbers alone, in company, and in a batch larger than the buffers."""
    expected = probabilities(as_heard(CODES))
    vad = SileroVad()
    crowd = [FrontEnd() for _ in range(150)]
    for end in crowd:
        end.stream.push(CODES[0][0])
    first = vad.run(crowd)
    assert np.ptp(first) < 1e-6
    for index, end in enumerate(crowd):
        end.stream.push(CODES[index % 3][1])
    second = vad.run(crowd)
    assert abs(second[0] - expected[0, 1]) < 1e-5
    assert abs(second[149] - second[2]) < 1e-6


def test_windows_that_waited_are_run_in_order():
    vad, late = SileroVad(), FrontEnd()
    for window in CODES[2][:3]:
        late.stream.push(window)
    assert late.stream.windows() == 3
    assert abs(vad.run([late])[0] - probabilities(as_heard(CODES))[2, 2]) < 1e-5
    assert not late.pending()


def test_audio_that_nobody_runs_does_not_grow():
    end = FrontEnd()
    for _ in range(100):
        end.stream.push(CODES[0][0])
    assert 0 < end.stream.windows() <= 16
    assert 0.0 <= SileroVad().run([end])[0] <= 1.0


def test_a_window_is_pending_after_256_samples():
    end = FrontEnd()
    end.stream.push(g711.SILENCE * (WINDOW_SAMPLES - 1))
    assert not end.pending()
    end.stream.push(g711.SILENCE)
    assert end.pending()


@pytest.mark.deep
def test_the_original_model_agrees():
    """Fetches the wheel and compares with onnxruntime; skipped where there is no package index."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tools.extract_vad", "--check"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if "pip" in result.stderr and result.returncode:
        pytest.skip("the silero-vad wheel cannot be fetched here")
    assert result.returncode == 0, result.stdout + result.stderr
