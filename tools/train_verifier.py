"""Train the verifier on a folder of labelled recordings: weights, model card, golden vectors.

Two networks of one shape: one for lines that return nothing, one for those that return our own voice.

    python -m tools.train_verifier --corpus DIR --test DIR      train, test, write weights and card
    python -m tools.train_verifier --corpus DIR --out FILE.npz      train and write weights only
    python -m tools.train_verifier --corpus DIR --check         train and compare with the installed weights

The folders hold `manifest.csv` as described in `torim.lab.bargein.corpus`; a group (speaker or source) is never
divided. Everything random comes from the recordings' names and all is rounded alike: the same folder gives the same
weights on every x86 processor with AVX2; elsewhere `--check` tells how far the verdicts agree. Needs the canceller
(`torim[echo]`) and some ten minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tools.same_arithmetic  # noqa: F401  # isort: skip - before numpy: the same weights on every machine
import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
import numpy as np
from numpy.typing import NDArray

from tools import verifier_card
from tools.verifier_echoes import hear_over_echo
from tools.verifier_sounds import CLASS_OF, Heard, hear
from torim.audio import weights
from torim.audio.verifier import CLASSES, NAMES, OVER_ECHO, STATE, Verifier
from torim.lab.bargein.corpus import Clip, held_out, read_corpus

Floats = NDArray[np.float32]
Parameters = tuple[Floats, ...]  # `torim.audio.verifier.NAMES`

VARIANTS = tuple(range(10))  # lines that each recording is heard on
ECHO_VARIANTS = (0,)  # and lines that return our voice
HELD_OUT = 0.25  # of the groups, for the card's first test
UNITS = 48
ROUNDS = 8  # over all examples
ECHO_ROUNDS = 20  # of those over echo, which are a twelfth as many
BATCH = 256
RATE = 2e-3  # falling to nothing over the rounds
DECAY = 1e-3  # of the weights, a step: without it the sources' microphones are learned
DROPPED_UNITS, DROPPED_INPUTS = 0.3, 0.1  # for the same reason
SMOOTHING = 0.02  # of the wanted answers: some recordings are labelled wrong
SEED = 0
ROOT = Path(__file__).resolve().parent.parent
CARD = ROOT / "docs" / "verifier.md"
GOLDEN = ROOT / "tests" / "audio" / "verifier_golden.npz"
GOLDEN_ROWS = 48  # examples spread over all


@dataclass(frozen=True, slots=True)
class Examples:
    """Features and classes, and which recording each came from."""

    features: Floats
    classes: NDArray[np.int64]
    clips: list[Clip]

    def part(self, chosen: NDArray[np.bool_]) -> Examples:
        kept = [clip for clip, is_kept in zip(self.clips, chosen, strict=True) if is_kept]
        return Examples(self.features[chosen], self.classes[chosen], kept)


def gather(clips: Sequence[Clip], variants: Sequence[int] = VARIANTS) -> Examples:
    """Hear every recording and keep what the verifier would be asked about."""
    return _kept(hear(clips, variants))


def gather_over_echo(clips: Sequence[Clip], variants: Sequence[int] = ECHO_VARIANTS) -> Examples:
    """The same over the echo of our own voice."""
    return _kept(hear_over_echo(clips, variants))


def _kept(recordings: Iterable[Heard]) -> Examples:
    features, classes, sources = [], [], []
    for heard in recordings:
        for _, _, values in heard.examples():
            features.append(values.astype(np.float32))
            classes.append(CLASS_OF[heard.clip.kind])
            sources.append(heard.clip)
    return Examples(np.array(features), np.array(classes), sources)


def fit(examples: Examples, rounds: int = ROUNDS) -> Parameters:
    """A network of one hidden layer, classes of equal weight: `NAMES` in order, for features as they are.

    Adam on standardised features with dropout; the seed is fixed, so the same examples give the same weights.
    """
    mean, spread = examples.features.mean(axis=0), examples.features.std(axis=0) + 1e-3
    inputs = (examples.features - mean) / spread
    share = len(inputs) / (len(CLASSES) * np.bincount(examples.classes, minlength=len(CLASSES)))
    wanted = np.eye(len(CLASSES), dtype=np.float32)[examples.classes] * (1 - SMOOTHING) + SMOOTHING / len(CLASSES)
    network = _Network(inputs.shape[1], np.random.default_rng(SEED))
    weigh = share.astype(np.float32)[examples.classes]
    steps = max(1, len(inputs) // BATCH)
    for turn in range(rounds):
        order = network.chance.permutation(len(inputs))
        for step in range(steps):
            rows = order[step * BATCH : (step + 1) * BATCH]
            done = (turn * steps + step + 1) / (rounds * steps)
            network.step(inputs[rows], wanted[rows], weigh[rows], RATE * 0.5 * (1 + np.cos(np.pi * done)))
    inner, inner_bias, outer, outer_bias = network.values
    inner = inner / spread[:, None]
    found = (inner.T, inner_bias - mean @ inner, outer.T, outer_bias)
    return tuple(np.asarray(values, np.float32) for values in found)


class _Network:
    """Weights under training, with Adam's memory of their slopes."""

    def __init__(self, features: int, chance: np.random.Generator) -> None:
        self.chance = chance
        inner = chance.normal(0, np.sqrt(2 / features), (features, UNITS))
        outer = chance.normal(0, np.sqrt(1 / UNITS), (UNITS, len(CLASSES)))
        start = (inner, np.zeros(UNITS), outer, np.zeros(len(CLASSES)))
        self.values = [np.asarray(values, np.float32) for values in start]
        self._means = [np.zeros_like(values) for values in self.values]
        self._squares = [np.zeros_like(values) for values in self.values]
        self._steps = 0

    def step(self, inputs: Floats, wanted: Floats, weigh: Floats, rate: float) -> None:
        """One batch."""
        self._steps += 1
        for number, slope in enumerate(self._slopes(inputs, wanted, weigh)):
            values, mean, square = self.values[number], self._means[number], self._squares[number]
            mean += 0.1 * (slope - mean)
            square += 0.001 * (slope * slope - square)
            steady, spread = mean / (1 - 0.9**self._steps), square / (1 - 0.999**self._steps)
            decay = DECAY * values if values.ndim > 1 else 0.0
            values -= (rate * (steady / (np.sqrt(spread) + 1e-8) + decay)).astype(np.float32)

    def _slopes(self, inputs: Floats, wanted: Floats, weigh: Floats) -> tuple[NDArray[np.floating], ...]:
        inner, inner_bias, outer, outer_bias = self.values
        inputs = inputs * self._kept(inputs.shape, DROPPED_INPUTS)
        raised = inputs @ inner + inner_bias
        kept = self._kept(raised.shape, DROPPED_UNITS) * (raised > 0)
        units = raised * kept
        scores = np.asarray(units @ outer + outer_bias, np.float32)
        wrong = (_softmax(scores) - wanted) * weigh[:, None] / np.float32(len(inputs))
        back = (wrong @ outer.T) * kept
        return inputs.T @ back, back.sum(axis=0), units.T @ wrong, wrong.sum(axis=0)

    def _kept(self, shape: tuple[int, ...], dropped: float) -> Floats:
        """What is left when some are dropped, the rest louder for it."""
        kept = self.chance.random(shape, dtype=np.float32) > dropped
        return kept.astype(np.float32) / np.float32(1 - dropped)


def _softmax(scores: Floats) -> Floats:
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True), np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="folder to train on")
    parser.add_argument("--test", type=Path, action="append", default=[], help="folder to test on; may be repeated")
    parser.add_argument("--out", type=Path, help="write the weights there, and nothing else")
    parser.add_argument("--check", action="store_true", help="write nothing; compare with the installed weights")
    options = parser.parse_args(arguments)
    corpus = read_corpus(options.corpus)
    examples = {"": gather(corpus.clips), OVER_ECHO: gather_over_echo(corpus.clips)}
    found: dict[str, Parameters] = {}
    for prefix, heard in examples.items():
        print(f"{len(corpus.clips)} recordings, {len(heard.classes)} examples {prefix}: {_counted(heard)}")
        found[prefix] = _coarse(fit(heard, _rounds(prefix)))
    if options.check:
        return _compare(found, examples)
    write_weights(options.out or weights.VERIFIER_FILE, found)
    if options.out:
        return 0
    _write_golden(examples, found)
    if options.test:
        _write_card(options, examples, found)
    return 0


def _rounds(prefix: str) -> int:
    return ECHO_ROUNDS if prefix else ROUNDS


def _coarse(found: Parameters) -> Parameters:
    """As exact as the file of weights."""
    return tuple(values.astype(np.float16).astype(np.float32) for values in found)


def write_weights(path: Path, found: Mapping[str, Parameters]) -> None:
    """The file that `torim.audio.verifier` reads; the same numbers give the same bytes."""
    named = {
        prefix + name: values.astype(np.float16)
        for prefix, parameters in found.items()
        for name, values in zip(NAMES, parameters, strict=True)
    }
    np.savez(path, **named, vad_sha256=np.array(weights.vad_sha256()))  # type: ignore[arg-type]
    print(f"{path}: {path.stat().st_size} bytes")


def _write_golden(examples: Mapping[str, Examples], found: Mapping[str, Parameters]) -> None:
    """A few examples' states, from which no sound can be made again, and their odds."""
    golden = {}
    for prefix, heard in examples.items():
        order = np.argsort(heard.classes, kind="stable")
        rows = heard.features[order[:: len(order) // GOLDEN_ROWS]].astype(np.float16)
        verifier = Verifier(*found[prefix])
        golden[f"{prefix}features"] = rows
        golden[f"{prefix}odds"] = np.array([verifier.odds(row[:STATE], row[STATE:]) for row in rows.astype(np.float32)])
    np.savez_compressed(GOLDEN, **golden)  # type: ignore[arg-type]


def _write_card(options: argparse.Namespace, examples: Mapping[str, Examples], found: Mapping[str, Parameters]) -> None:
    """Test by source: on groups that a second training did not see, and on other folders."""
    unseen = [clip for clip in read_corpus(options.corpus).clips if held_out(clip, HELD_OUT)]
    tests = []
    for prefix, heard in examples.items():
        away = np.array([held_out(clip, HELD_OUT) for clip in heard.clips])
        fitted = Verifier(*fit(heard.part(~away), _rounds(prefix)))
        over_echo = prefix == OVER_ECHO
        tests.append(verifier_card.Test(f"{options.corpus.name}, held out", fitted, unseen, over_echo))
        tests += [
            verifier_card.Test(folder.name, Verifier(*found[prefix]), read_corpus(folder).clips, over_echo)
            for folder in options.test
        ]
    counted = {prefix: _counted(heard) for prefix, heard in examples.items()}
    CARD.write_text(verifier_card.page(options.corpus, counted[""], counted[OVER_ECHO], tests), encoding="utf-8")
    print(CARD)


def _states(examples: Examples) -> Iterable[tuple[Floats, Floats]]:
    return ((row[:STATE], row[STATE:]) for row in examples.features)


def _counted(examples: Examples) -> str:
    count = Counter(examples.classes.tolist())
    return ", ".join(f"{count[number]} {name}" for number, name in enumerate(CLASSES))


def _compare(found: Mapping[str, Parameters], examples: Mapping[str, Examples]) -> int:
    stored = weights.load_verifier()
    if stored is None:
        print("No weights are installed.")
        return 1
    for prefix, heard in examples.items():
        ours, theirs = Verifier(*found[prefix]), Verifier(*(stored[prefix + name] for name in NAMES))
        agreed = np.mean([(ours.odds(*parts) > 0) == (theirs.odds(*parts) > 0) for parts in _states(heard)])
        print(f"the same verdict on {agreed:.2%} of the examples {prefix}")
    pairs = [(v, stored[p + name]) for p, values in found.items() for name, v in zip(NAMES, values, strict=True)]
    furthest = max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)
    print(f"furthest from the installed weights: {furthest:.5f}")
    return int(furthest > 0.01)


if __name__ == "__main__":
    sys.exit(main())
