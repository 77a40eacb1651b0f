"""The verifier: golden odds, the pin to the VAD, and questions."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from audio_sounds import noise, vowel

from torim.audio import g711, weights
from torim.audio.front_end import FrontEnd
from torim.audio.vad import SileroVad
from torim.audio.verifier import CLASSES, FEATURES, OVER_ECHO, STATE, Verifier, Watch, installed, installed_over_echo
from torim.errors import ConfigError

GOLDEN = np.load(Path(__file__).with_name("verifier_golden.npz"))


@pytest.mark.parametrize("prefix", ["", OVER_ECHO])
def test_the_installed_weights_give_the_golden_odds(prefix: str) -> None:
    verifier = installed_over_echo() if prefix else installed()
    assert verifier is not None
    rows, odds = GOLDEN[f"{prefix}features"].astype(np.float32), GOLDEN[f"{prefix}odds"]
    found = [verifier.odds(row[:STATE], row[STATE:]) for row in rows]
    assert np.abs(np.array(found) - odds).max() < 1e-3
    assert odds.max() > 2 and odds.min() < -2, "the golden sounds must be on both sides"


def test_weights_are_pinned_to_the_vad(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = weights.load_verifier()
    assert stored is not None and str(stored["vad_sha256"]) == weights.vad_sha256()
    monkeypatch.setattr(weights, "vad_sha256", lambda: "another")
    installed.cache_clear()
    with pytest.raises(ConfigError, match="another VAD"):
        installed()
    installed.cache_clear()


def test_without_weights_there_are_no_odds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(weights, "VERIFIER_FILE", tmp_path / "none.npz")
    installed.cache_clear()
    assert installed() is None
    installed.cache_clear()
    assert Watch(None).hear(1, np.zeros(STATE, np.float32)) is None


def flat() -> Verifier:
    """Odds that are the mean of the first value and twice the last of the second, where both are above 0."""
    inner = np.zeros((2, FEATURES), np.float32)
    inner[0, 0], inner[1, STATE + 1] = 1.0, 2.0
    outer = np.zeros((len(CLASSES), 2), np.float32)
    outer[0] = 1.0
    return Verifier(inner, np.zeros(2, np.float32), outer, np.array([0.0, 0.0, -50.0], np.float32))


def state(first: float, second: float) -> np.ndarray:
    values = np.zeros(STATE, np.float32)
    values[:2] = first, second
    return values


def test_a_question_is_answered_by_its_mean_and_its_last_state() -> None:
    watch = Watch(flat())
    assert watch.hear(1, state(1.0, 0.0)) == pytest.approx(1.0)
    assert watch.hear(1, state(3.0, 0.5)) == pytest.approx(2.0 + 1.0)


def test_another_question_begins_anew_and_none_is_not_answered() -> None:
    watch = Watch(flat())
    watch.hear(1, state(1.0, 0.0))
    assert watch.hear(0, state(9.0, 0.0)) is None
    assert watch.hear(2, state(5.0, 0.0)) == pytest.approx(5.0)


def test_over_our_own_voice_another_verifier_is_asked_the_same_question() -> None:
    nothing = np.zeros((1, FEATURES), np.float32)
    sure = Verifier(nothing, np.zeros(1), np.zeros((len(CLASSES), 1)), np.array([9.0, 0.0, 0.0]))
    watch = Watch(flat(), sure)
    assert watch.hear(1, state(1.0, 0.0), over_echo=True) == pytest.approx(9.0 - np.log(2.0))
    assert watch.hear(1, state(3.0, 0.5)) == pytest.approx(2.0 + 1.0), "what was heard before is kept"


def test_below_nothing_a_unit_is_silent() -> None:
    assert Watch(flat()).hear(1, state(-3.0, -1.0)) == pytest.approx(0.0)


def test_odds_count_both_other_classes() -> None:
    verifier = Verifier(np.zeros((1, FEATURES)), np.zeros(1), np.zeros((3, 1)), np.zeros(3))
    nothing = np.zeros(STATE, np.float32)
    assert verifier.odds(nothing, nothing) == pytest.approx(-np.log(2.0))


def test_a_made_up_noise_is_no_turn() -> None:
    """End to end on computed sounds: bursts of noise are refused, whatever a made-up vowel is taken for."""
    vad, watch, odds = SileroVad(), Watch(installed()), []
    ears = FrontEnd()
    line = np.concatenate([noise(1_000, -62), noise(400, -20, seed=2)])
    for at in range(0, len(line) - 159, 160):
        ears.frame(g711.encode((line[at : at + 160] * 32767).astype(np.int16)), at // 8)
        if ears.pending():
            vad.run([ears])
            odds.append(watch.hear(int(at >= 8_000), ears.stream.state))
    assert odds[-1] is not None and odds[-1] < -2
    assert len(vowel(20, -20)) == 160


def test_a_decision_costs_microseconds() -> None:
    watch, heard = Watch(installed()), np.full(STATE, 0.1, np.float32)
    begun = time.process_time_ns()
    for _ in range(1_000):
        watch.hear(1, heard)
    assert (time.process_time_ns() - begun) / 1_000 < 100_000, "100 us; some 10 on a quiet machine"


def test_no_other_package_than_numpy_is_needed() -> None:
    code = (
        "import sys, torim.audio.verifier; print([m for m in ('onnxruntime', 'sklearn', 'scipy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
