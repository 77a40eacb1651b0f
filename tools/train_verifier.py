"""Train the verifier on a folder of labelled recordings: weights, model card, golden vectors.

    python -m tools.train_verifier --corpus DIR --test DIR      train, test, write weights and card
    python -m tools.train_verifier --corpus DIR --out FILE.npz      train and write weights only
    python -m tools.train_verifier --corpus DIR --check         train and compare with the installed weights

The folders hold `manifest.csv` as described in `torim.lab.bargein.corpus`; a group (speaker or source) is never
divided. Everything random comes from the recordings' names: the same folder gives the same weights. Needs numpy
only and a few minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
import numpy as np
from numpy.typing import NDArray

from tools import verifier_card
from tools.verifier_sounds import CLASS_OF, hear
from torim.audio import weights
from torim.audio.verifier import CLASSES, FEATURES, HIDDEN, Verifier
from torim.lab.bargein.corpus import Clip, held_out, read_corpus

Floats = NDArray[np.float32]

VARIANTS = (0, 1, 2, 3, 4)  # lines that each recording is heard on
HELD_OUT = 0.25  # of the groups, for the card's first test
RIDGE = 1e-2  # on standardised features: weaker learns the sources' microphones
STEPS = 60
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
    features, classes, sources = [], [], []
    for heard in hear(clips, variants):
        for _, _, values in heard.examples():
            features.append(values.astype(np.float32))
            classes.append(CLASS_OF[heard.clip.kind])
            sources.append(heard.clip)
    return Examples(np.array(features), np.array(classes), sources)


def fit(examples: Examples) -> tuple[Floats, Floats]:
    """Multinomial regression, classes of equal weight: matrix [3, 256] and bias [3].

    Newton steps with the fixed upper bound of the Hessian (Boehning), accelerated; on standardised features.
    """
    features, classes = examples.features, examples.classes
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-3
    inputs = np.hstack([(features - mean) / spread, np.ones((len(features), 1), np.float32)]).astype(np.float32)
    share = (1.0 / (len(CLASSES) * np.bincount(classes, minlength=len(CLASSES))))[classes].astype(np.float32)
    wanted = np.eye(len(CLASSES), dtype=np.float32)[classes]
    ridge = np.append(np.full(FEATURES, RIDGE), 1e-9)[:, None]
    bound = 0.5 * (inputs.T @ (inputs * share[:, None])).astype(np.float64) + np.diag(ridge[:, 0])
    step = np.linalg.inv(bound)
    found = ahead = np.zeros((FEATURES + 1, len(CLASSES)))
    momentum = 1.0
    for _ in range(STEPS):
        slope = inputs.T @ ((_softmax(inputs @ ahead.astype(np.float32)) - wanted) * share[:, None]) + ridge * ahead
        stepped = ahead - step @ slope
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = stepped + (momentum - 1) / following * (stepped - found)
        found, momentum = stepped, following
    matrix = found[:-1] / spread[:, None]
    return matrix.T.astype(np.float32), (found[-1] - mean @ matrix).astype(np.float32)


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
    examples = gather(corpus.clips)
    print(f"{len(corpus.clips)} recordings, {len(examples.classes)} examples: {_counted(examples)}")
    matrix, bias = (values.astype(np.float16).astype(np.float32) for values in fit(examples))
    if options.check:
        return _compare(matrix, bias)
    write_weights(options.out or weights.VERIFIER_FILE, matrix, bias)
    if options.out:
        return 0
    _write_golden(examples, Verifier(matrix, bias))
    if options.test:
        _write_card(options, examples, Verifier(matrix, bias))
    return 0


def write_weights(path: Path, matrix: Floats, bias: Floats) -> None:
    """The file that `torim.audio.verifier` reads; the same numbers give the same bytes."""
    pin = np.array(weights.vad_sha256())
    np.savez(path, matrix=matrix.astype(np.float16), bias=bias.astype(np.float16), vad_sha256=pin)
    print(f"{path}: {path.stat().st_size} bytes")


def _write_golden(examples: Examples, verifier: Verifier) -> None:
    """A few examples' states, from which no sound can be made again, and their odds."""
    order = np.argsort(examples.classes, kind="stable")
    rows = examples.features[order[:: len(order) // GOLDEN_ROWS]].astype(np.float16)
    odds = [verifier.odds(row[:HIDDEN], row[HIDDEN:]) for row in rows.astype(np.float32)]
    np.savez_compressed(GOLDEN, features=rows, odds=np.array(odds))


def _write_card(options: argparse.Namespace, examples: Examples, verifier: Verifier) -> None:
    """Test by source: on groups that a second training did not see, and on other folders."""
    away = np.array([held_out(clip, HELD_OUT) for clip in examples.clips])
    fitted = Verifier(*fit(examples.part(~away)))
    unseen = [clip for clip in read_corpus(options.corpus).clips if held_out(clip, HELD_OUT)]
    tests = [verifier_card.Test(f"{options.corpus.name}, held out", fitted, unseen)]
    tests += [verifier_card.Test(folder.name, verifier, read_corpus(folder).clips) for folder in options.test]
    CARD.write_text(verifier_card.page(options.corpus, _counted(examples), tests), encoding="utf-8")
    print(CARD)


def _counted(examples: Examples) -> str:
    count = Counter(examples.classes.tolist())
    return ", ".join(f"{count[number]} {name}" for number, name in enumerate(CLASSES))


def _compare(matrix: Floats, bias: Floats) -> int:
    stored = weights.load_verifier()
    if stored is None:
        print("No weights are installed.")
        return 1
    furthest = max(float(np.abs(matrix - stored["matrix"]).max()), float(np.abs(bias - stored["bias"]).max()))
    print(f"furthest from the installed weights: {furthest:.5f}")
    return int(furthest > 0.01)


if __name__ == "__main__":
    sys.exit(main())
