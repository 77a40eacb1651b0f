"""Extract the 8 kHz weights of Silero VAD from its published wheel, and check them against the original.

    python -m tools.extract_vad                 fetch the wheel with pip, write weights and golden vectors
    python -m tools.extract_vad --wheel FILE    the same from a wheel on disk
    python -m tools.extract_vad --check         write nothing; compare numpy with onnxruntime

Needs the development extras (onnx, onnxruntime). The model inside the wheel is pinned by hash: its neighbour
`silero_vad_op18_ifless.onnx` holds different weights and must not be mixed up with it.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from onnx import numpy_helper

from torim.audio.vad import CONTEXT_SAMPLES, INPUT_SAMPLES, STATE_FLOATS, WINDOW_SAMPLES, SileroVad
from torim.audio.weights import WEIGHTS_FILE

REQUIREMENT = "silero-vad==6.2.3"
MODEL = "silero_vad/data/silero_vad.onnx"
MODEL_SHA256 = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"
LICENCE = "silero_vad-6.2.3.dist-info/licenses/LICENSE"
BRANCH = "If_0_else_branch__Inline_0__"  # taken when the rate is not 16 kHz
NAMES = {
    "stft": "stft.forward_basis_buffer",
    "conv0_weight": "encoder.0.reparam_conv.weight",
    "conv0_bias": "encoder.0.reparam_conv.bias",
    "conv1_weight": "encoder.1.reparam_conv.weight",
    "conv1_bias": "encoder.1.reparam_conv.bias",
    "conv2_weight": "encoder.2.reparam_conv.weight",
    "conv2_bias": "encoder.2.reparam_conv.bias",
    "conv3_weight": "encoder.3.reparam_conv.weight",
    "conv3_bias": "encoder.3.reparam_conv.bias",
    "lstm_weight_input": "decoder.rnn.weight_ih",
    "lstm_weight_hidden": "decoder.rnn.weight_hh",
    "lstm_bias_input": "decoder.rnn.bias_ih",
    "lstm_bias_hidden": "decoder.rnn.bias_hh",
    "out_weight": "decoder.decoder.2.weight",
    "out_bias": "decoder.decoder.2.bias",
}
GOLDEN_FILE = Path(__file__).parents[1] / "tests" / "audio" / "vad_golden.npz"
TOLERANCE = 1e-5
Floats = NDArray[np.float32]


def fetch_wheel(folder: Path) -> Path:
    """Download the pinned wheel with pip, from whatever index pip is configured for."""
    command = [sys.executable, "-m", "pip", "download", REQUIREMENT, "--no-deps", "-q", "-d", str(folder)]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def read_model(wheel: Path) -> bytes:
    """The ONNX file of a wheel, refused unless it is the pinned one."""
    model = zipfile.ZipFile(wheel).read(MODEL)
    found = hashlib.sha256(model).hexdigest()
    if found != MODEL_SHA256:
        raise SystemExit(f"{MODEL} has SHA-256 {found}, expected {MODEL_SHA256}: use the wheel of {REQUIREMENT}.")
    return model


def extract(model: bytes) -> dict[str, Floats]:
    """The weights of the 8 kHz branch, in their original shapes."""
    graph = onnx.load_from_string(model).graph
    condition = next(node for node in graph.node if node.op_type == "If")
    branch = next(a.g for a in condition.attribute if a.name == "else_branch")
    constants = {
        node.output[0]: numpy_helper.to_array(node.attribute[0].t) for node in branch.node if node.op_type == "Constant"
    }
    return {ours: constants[BRANCH + theirs].astype(np.float32) for ours, theirs in NAMES.items()}


def reference(model: bytes, streams: Floats) -> Floats:
    """Probabilities of onnxruntime for streams of windows [streams, windows, 256]."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    state = np.zeros((2, len(streams), 128), np.float32)
    context = np.zeros((len(streams), CONTEXT_SAMPLES), np.float32)
    rate = np.array(8000, np.int64)
    probabilities = []
    for index in range(streams.shape[1]):
        window = np.concatenate([context, streams[:, index]], axis=1)
        out, state = session.run(None, {"input": window, "state": state, "sr": rate})
        context = window[:, -CONTEXT_SAMPLES:]
        probabilities.append(out[:, 0])
    return np.stack(probabilities, axis=1).astype(np.float32)


def ours(streams: Floats) -> Floats:
    """Probabilities of the numpy forward pass for the same streams."""
    vad, state = SileroVad(), np.zeros((len(streams), STATE_FLOATS), np.float32)
    heard = np.zeros((len(streams), INPUT_SAMPLES), np.float32)
    probabilities = []
    for index in range(streams.shape[1]):
        heard = np.concatenate([heard[:, -CONTEXT_SAMPLES:], streams[:, index]], axis=1)
        out, state = vad.forward(heard, state)
        probabilities.append(out)
    return np.array(probabilities, np.float32).T


def test_signal(streams: int = 7, windows: int = 60) -> Floats:
    """Voice-like sounds: gliding harmonic tones in syllables over noise, at several levels."""
    rng = np.random.default_rng(8000)
    t = np.arange(windows * WINDOW_SAMPLES) / 8000.0
    rows = []
    for index in range(streams):
        pitch = (90 + 25 * index) * (1 + 0.15 * np.sin(2 * np.pi * 2.1 * t + index))
        phase = 2 * np.pi * np.cumsum(pitch) / 8000.0
        voice = sum(np.sin(k * phase) * np.exp(-(((k * pitch - 500) / 700) ** 2)) for k in range(1, 20))
        syllables = np.clip(np.sin(2 * np.pi * 3.3 * t + index), 0, 1)
        level = 10 ** (-(4 + 5 * index) / 20)
        rows.append(level * 0.3 * voice * syllables + 0.001 * rng.standard_normal(t.size))
    return np.stack(rows).astype(np.float32).reshape(streams, windows, WINDOW_SAMPLES)


def compare(model: bytes) -> float:
    """Largest difference between the two over the test signal."""
    streams = test_signal()
    return float(np.abs(reference(model, streams) - ours(streams)).max())


def write(wheel: Path, model: bytes) -> None:
    """Write weights, licence and golden vectors into the source tree."""
    folder = Path(WEIGHTS_FILE).parent
    np.savez(WEIGHTS_FILE, **extract(model))  # type: ignore[arg-type]
    (folder / "LICENSE.silero-vad").write_bytes(zipfile.ZipFile(wheel).read(LICENCE))
    streams = test_signal(windows=40)[[0, 2, 4]].astype(np.float16)  # the test decodes the same float16 values
    golden = reference(model, streams.astype(np.float32))
    np.savez_compressed(GOLDEN_FILE, streams=streams, probabilities=golden)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--wheel", type=Path, help="the silero-vad wheel; default: fetch it with pip")
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = arguments.wheel or fetch_wheel(Path(folder))
        model = read_model(wheel)
        if not arguments.check:
            write(wheel, model)
        difference = compare(model)
    print(f"largest difference from onnxruntime: {difference:.2e} (allowed {TOLERANCE:.0e})")
    if difference > TOLERANCE:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
