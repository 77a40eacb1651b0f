"""The learned verifier: log-odds that a sound is a caller's turn, from the neural VAD's own recurrent state.

A small network of three classes (turn, body sound, other) on the mean of the state since a question was opened and
on the newest state, once for lines that return nothing and once for those that return our voice, where the state is
of the caller and of us together. It measures only; what the odds mean is decided in `torim.core.policy`. Where
nothing is being verified it costs nothing. Weights: `tools.train_verifier`.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from torim.audio import weights
from torim.audio.vad import STATE_FLOATS, Floats
from torim.errors import ConfigError

Weights = NDArray[np.floating]

CLASSES = ("turn", "body sound", "other")
NAMES = ("inner", "inner_bias", "outer", "outer_bias")  # in the file of weights
STATE = STATE_FLOATS  # of the VAD: hidden and cell
FEATURES = 2 * STATE


class Verifier:
    """The weights: ``inner`` [units, 512] with ``inner_bias``, and ``outer`` [3, units] with ``outer_bias``."""

    def __init__(self, inner: Weights, inner_bias: Weights, outer: Weights, outer_bias: Weights) -> None:
        units = len(inner_bias)
        shapes = (inner.shape, outer.shape, outer_bias.shape)
        if shapes != ((units, FEATURES), (len(CLASSES), units), (len(CLASSES),)):
            raise ConfigError("The verifier's weights have another shape: train it again.", "verifier.weights")
        self._mean = np.ascontiguousarray(inner[:, :STATE], dtype=np.float32)
        self._last = np.ascontiguousarray(inner[:, STATE:], dtype=np.float32)
        self._inner_bias = inner_bias.astype(np.float32)
        self._outer = np.ascontiguousarray(outer, dtype=np.float32)
        self._outer_bias = outer_bias.astype(np.float32)

    def odds(self, mean: Floats, last: Floats) -> float:
        """Log of the odds that a sound with these states is a turn."""
        units = np.maximum(self._mean @ mean + self._last @ last + self._inner_bias, 0.0)
        turn, body, other = (self._outer @ units + self._outer_bias).tolist()
        highest = max(body, other)
        return float(turn - highest - math.log1p(math.exp(min(body, other) - highest)))


OVER_ECHO = "over_echo_"  # before the names of the weights for lines that return our voice


@cache
def installed() -> Verifier | None:
    """The vendored verifier; None if its weights are missing: then the rules decide.

    Raises:
        ConfigError: ``verifier.weights`` if they belong to another VAD than the one that is installed.
    """
    return _read("")


@cache
def installed_over_echo() -> Verifier | None:
    """The same for lines that return our voice."""
    return _read(OVER_ECHO)


def _read(prefix: str) -> Verifier | None:
    stored = weights.load_verifier()
    if stored is None:
        return None
    if str(stored["vad_sha256"]) != weights.vad_sha256():
        raise ConfigError(
            "The verifier was trained on another VAD: run `python -m tools.train_verifier`.", "verifier.weights"
        )
    return Verifier(*(stored[prefix + name] for name in NAMES))


class Watch:
    """One call's states since its present question was opened."""

    __slots__ = ("_count", "_over_echo", "_question", "_sum", "_verifier")

    def __init__(self, verifier: Verifier | None, over_echo: Verifier | None = None) -> None:
        self._verifier = verifier
        self._over_echo = over_echo or verifier
        self._question = 0
        self._sum = np.zeros(STATE, np.float32)
        self._count = 0

    def hear(self, question: int, state: Floats, over_echo: bool = False) -> float | None:
        """Take in the VAD's state after a window; the log-odds so far, None where no question is open (0).

        Another number than before opens a new question. ``over_echo``: on a line that returns our voice.
        """
        verifier = self._over_echo if over_echo else self._verifier
        if verifier is None or question == 0:
            return None
        if question != self._question:
            self._question, self._count = question, 0
            self._sum[:] = 0.0
        self._sum += state
        self._count += 1
        return verifier.odds(self._sum * np.float32(1.0 / self._count), state)
