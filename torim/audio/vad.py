"""Speech probability: the Silero VAD network (v6.2, 8 kHz) as a forward pass in numpy, batched over calls.

Measures only: one probability per 256-sample window, with the 32 samples before it as context. What a
probability means for a call is decided in `torim.core.listening`. Weights: see `torim/audio/weights`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from torim.audio import g711
from torim.audio.weights import load

Floats = NDArray[np.float32]

WINDOW_SAMPLES = 256
WINDOW_MS = 32
CONTEXT_SAMPLES = 32
INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES
STATE_FLOATS = 256  # hidden 128, cell 128

_PAD = 32  # the network mirrors this many samples at the end
_BINS = 65
_BATCH_MAX = 128  # beyond this the buffers leave the processor's cache


class VadStream:
    """Audio and network state of one call: mu-law bytes go in, whole windows come out.

    It keeps at least `HISTORY_SAMPLES` behind its end for the other measures. Windows that nobody runs are
    forgotten, oldest first.
    """

    HISTORY_SAMPLES = 1024
    _CAPACITY = 2048

    def __init__(self) -> None:
        self.state: Floats = np.zeros(STATE_FLOATS, np.float32)
        self._codes = bytearray(g711.SILENCE * self.HISTORY_SAMPLES)
        self._next = self.HISTORY_SAMPLES - CONTEXT_SAMPLES  # start of the next window's context

    def reset(self) -> None:
        """Remember nothing, as when a call begins."""
        self.state = np.zeros(STATE_FLOATS, np.float32)

    def push(self, payload: bytes) -> None:
        """Append mu-law audio."""
        self._codes += payload
        if len(self._codes) > self._CAPACITY:
            self._forget()

    def last(self, count: int) -> Floats:
        """The last ``count`` samples, -1..1; at most `HISTORY_SAMPLES`."""
        return g711.decode_float(self._codes[-count:])

    def windows(self) -> int:
        """How many whole windows wait."""
        return (len(self._codes) - self._next - CONTEXT_SAMPLES) // WINDOW_SAMPLES

    def take(self) -> bytes:
        """The oldest waiting window with its context, `INPUT_SAMPLES` of mu-law; goes on to the next."""
        start, self._next = self._next, self._next + WINDOW_SAMPLES
        return bytes(self._codes[start : start + INPUT_SAMPLES])

    def _forget(self) -> None:
        """Half the capacity stays; of what nobody ran, whole windows go, so that the others end as they would."""
        excess = len(self._codes) - self._CAPACITY // 2
        del self._codes[:excess]
        self._next -= excess
        if self._next < 0:
            self._next %= WINDOW_SAMPLES


class Heard(Protocol):
    """Whatever owns a `VadStream`, such as a `FrontEnd`."""

    @property
    def stream(self) -> VadStream: ...


class _Network:
    """The weights, rearranged for plain matrix products: rows are inputs, columns outputs."""

    def __init__(self) -> None:
        raw = load()
        self.stft = np.ascontiguousarray(raw["stft"][:, 0, :].T)
        # a constant 1 beside each input column carries the bias
        self.conv0 = np.vstack([_taps(raw["conv0_weight"], (0, 1, 2)), raw["conv0_bias"]])
        self.conv1, self.bias1 = _taps(raw["conv1_weight"], (0, 1, 2)), raw["conv1_bias"]
        # zero padding: of the last two layers only the taps that meet data remain
        self.conv2, self.bias2 = _taps(raw["conv2_weight"], (1, 2)), raw["conv2_bias"]
        self.conv3, self.bias3 = _taps(raw["conv3_weight"], (1,)), raw["conv3_bias"]
        weight = np.hstack([raw["lstm_weight_input"], raw["lstm_weight_hidden"]])
        bias = raw["lstm_bias_input"] + raw["lstm_bias_hidden"]
        order = np.r_[0:256, 384:512, 256:384]  # input, forget, output gates, then the candidate
        half = np.where(np.arange(512) < 384, 0.5, 1.0).astype(np.float32)  # sigmoid(x) = tanh(x/2)/2 + 1/2
        self.lstm = np.ascontiguousarray((weight[order] * half[:, None]).T)
        self.lstm_bias = bias[order] * half
        self.out = raw["out_weight"][0, :, 0].copy()
        self.out_bias = float(raw["out_bias"][0])


def _taps(weight: Floats, taps: tuple[int, ...]) -> Floats:
    """Convolution weights [out, in, kernel] as one matrix [taps * in, out]."""
    return np.ascontiguousarray(np.concatenate([weight[:, :, tap].T for tap in taps]))


@cache
def _network() -> _Network:
    return _Network()


class _Workspace:
    """Every intermediate array of a pass over ``count`` windows, as views of shared buffers."""

    def __init__(self, buffers: dict[str, Floats], count: int) -> None:
        view = {name: buffer[:count] for name, buffer in buffers.items()}
        audio, magnitude, hidden0 = view["audio"], view["magnitude"], view["hidden0"]
        n, f = count, 4
        self.heard = audio[:, :INPUT_SAMPLES]
        self.mirror_to = audio[:, INPUT_SAMPLES:]
        self.mirror_from = audio[:, INPUT_SAMPLES - 2 : INPUT_SAMPLES - 2 - _PAD : -1]
        self.frames_from = as_strided(audio, (n, 4, 128), (audio.strides[0], 64 * f, f))
        self.frames = view["frames"]
        self.frames_rows = self.frames.reshape(n * 4, 128)
        self.spectrum = view["spectrum"]
        self.spectrum_rows = self.spectrum.reshape(n * 4, 2 * _BINS)
        self.real, self.imaginary = self.spectrum[:, :, :_BINS], self.spectrum[:, :, _BINS:]
        self.power = magnitude[:, 1:5]
        self.taps0_from = as_strided(magnitude, (n, 4, 3 * _BINS), (magnitude.strides[0], _BINS * f, f))
        self.taps0_to = view["taps0"][:, :, : 3 * _BINS]
        self.taps0_rows = view["taps0"].reshape(n * 4, 3 * _BINS + 1)
        self.raw0, self.raw0_rows = view["raw0"], view["raw0"].reshape(n * 4, 128)
        self.hidden0 = hidden0[:, 1:5]
        self.taps1_from = as_strided(hidden0, (n, 2, 384), (hidden0.strides[0], 256 * f, f))
        self.taps1, self.taps1_rows = view["taps1"], view["taps1"].reshape(n * 2, 384)
        self.hidden1, self.hidden1_rows = view["hidden1"], view["hidden1"].reshape(n * 2, 64)
        self.taps2 = view["hidden1"].reshape(n, 128)
        self.hidden2 = view["hidden2"]
        self.joined = view["joined"]
        self.feature, self.recurrent = self.joined[:, :128], self.joined[:, 128:]
        self.hidden3 = view["hidden3"]
        self.gates = view["gates"]
        self.sigmoids, self.candidate = self.gates[:, :384], self.gates[:, 384:]
        self.gate_in, self.gate_forget = self.gates[:, :128], self.gates[:, 128:256]
        self.gate_out = self.gates[:, 256:384]
        self.state = view["state"]
        self.states = self.state.reshape(-1)
        self.hidden, self.cell = self.state[:, :128], self.state[:, 128:]


def _buffers() -> dict[str, Floats]:
    shapes: dict[str, tuple[int, ...]] = {
        "audio": (INPUT_SAMPLES + _PAD,),
        "frames": (4, 128),
        "spectrum": (4, 2 * _BINS),
        "magnitude": (6, _BINS),
        "taps0": (4, 3 * _BINS + 1),
        "raw0": (4, 128),
        "hidden0": (5, 128),
        "taps1": (2, 384),
        "hidden1": (2, 64),
        "hidden2": (64,),
        "hidden3": (128,),
        "joined": (256,),
        "gates": (512,),
        "state": (STATE_FLOATS,),
    }
    buffers = {name: np.zeros((_BATCH_MAX, *shape), np.float32) for name, shape in shapes.items()}
    buffers["taps0"][:, :, -1] = 1.0
    return buffers


class SileroVad:
    """The network with its working memory; one per thread."""

    def __init__(self) -> None:
        self._buffers = _buffers()
        self._workspaces: dict[int, _Workspace] = {}

    def run(self, front_ends: Sequence[Heard]) -> list[float]:
        """Probability of speech, 0..1, of each one's newest waiting window.

        Each must have a window waiting. Older waiting windows are run first, so that no audio is skipped.
        """
        streams = [front_end.stream for front_end in front_ends]
        late = [stream for stream in streams if stream.windows() > 1]
        while late:
            self._batches(late)
            late = [stream for stream in late if stream.windows() > 1]
        return self._batches(streams)

    def _batches(self, streams: list[VadStream]) -> list[float]:
        if len(streams) <= _BATCH_MAX:
            return self._pass(streams)
        parts = range(0, len(streams), _BATCH_MAX)
        return [p for start in parts for p in self._pass(streams[start : start + _BATCH_MAX])]

    def _pass(self, streams: list[VadStream]) -> list[float]:
        if not streams:
            return []
        codes = np.frombuffer(b"".join([stream.take() for stream in streams]), np.uint8)
        heard = g711.FLOAT32.take(codes).reshape(len(streams), INPUT_SAMPLES)
        probabilities, states = self.forward(heard, [stream.state for stream in streams])
        for stream, state in zip(streams, states, strict=True):
            stream.state = state
        return probabilities

    def forward(self, heard: Floats, states: Floats | Sequence[Floats]) -> tuple[list[float], Floats]:
        """One pass of the network over ``heard``, n windows with their context: float32 [n, `INPUT_SAMPLES`], -1..1.

        ``states`` are the n last states, zeros at first. Gives n probabilities and the new states, [n,
        `STATE_FLOATS`]. At most 128 windows.
        """
        w = self._workspace(len(heard))
        w.heard[...] = heard
        np.concatenate(states, out=w.states)
        probabilities = _forward(w, _network())
        return probabilities, w.state.copy()

    def _workspace(self, count: int) -> _Workspace:
        workspace = self._workspaces.get(count)
        if workspace is None:
            workspace = self._workspaces[count] = _Workspace(self._buffers, count)
        return workspace


def _forward(w: _Workspace, net: _Network) -> list[float]:
    """One pass: audio and state of the workspace in, probabilities and new state out."""
    _encode(w, net)
    _recur(w, net)
    logits = np.dot(np.maximum(w.hidden, 0.0, out=w.hidden3), net.out) + net.out_bias
    probabilities: list[float] = (1.0 / (1.0 + np.exp(-logits))).tolist()
    return probabilities


def _encode(w: _Workspace, net: _Network) -> None:
    """Magnitude spectrum of four frames, then four convolutions down to one feature vector."""
    w.mirror_to[...] = w.mirror_from
    w.frames[...] = w.frames_from
    np.matmul(w.frames_rows, net.stft, out=w.spectrum_rows)
    np.multiply(w.spectrum, w.spectrum, out=w.spectrum)
    np.add(w.real, w.imaginary, out=w.power)
    np.sqrt(w.power, out=w.power)
    w.taps0_to[...] = w.taps0_from
    np.matmul(w.taps0_rows, net.conv0, out=w.raw0_rows)
    np.maximum(w.raw0, 0.0, out=w.hidden0)
    w.taps1[...] = w.taps1_from
    np.matmul(w.taps1_rows, net.conv1, out=w.hidden1_rows)
    np.add(w.hidden1, net.bias1, out=w.hidden1)
    np.maximum(w.hidden1, 0.0, out=w.hidden1)
    np.matmul(w.taps2, net.conv2, out=w.hidden2)
    np.add(w.hidden2, net.bias2, out=w.hidden2)
    np.maximum(w.hidden2, 0.0, out=w.hidden2)
    np.matmul(w.hidden2, net.conv3, out=w.hidden3)
    np.add(w.hidden3, net.bias3, out=w.hidden3)
    np.maximum(w.hidden3, 0.0, out=w.feature)


def _recur(w: _Workspace, net: _Network) -> None:
    """One step of the recurrent layer."""
    w.recurrent[...] = w.hidden
    np.matmul(w.joined, net.lstm, out=w.gates)
    np.add(w.gates, net.lstm_bias, out=w.gates)
    np.tanh(w.gates, out=w.gates)
    np.multiply(w.sigmoids, 0.5, out=w.sigmoids)
    np.add(w.sigmoids, 0.5, out=w.sigmoids)
    np.multiply(w.cell, w.gate_forget, out=w.cell)
    np.multiply(w.candidate, w.gate_in, out=w.candidate)
    np.add(w.cell, w.candidate, out=w.cell)
    np.tanh(w.cell, out=w.hidden)
    np.multiply(w.hidden, w.gate_out, out=w.hidden)
