"""A trial through Twilio's protocol, at a server in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from bargein_scene import small_corpus

from bench._barge_in_real import run_real
from torim.lab.bargein.beside import draw_beside
from torim.lab.bargein.corpus import Kind, read_corpus
from torim.lab.bargein.judge import judge
from torim.lab.bargein.sound import voices_of
from torim.lab.bargein.trials import LONG_MS, Choice, Group, Place, draw


@pytest.mark.deep
def test_callers_on_real_sockets_are_obeyed(tmp_path: Path) -> None:
    corpus = read_corpus(small_corpus(tmp_path))
    voices = voices_of(corpus)
    assert voices is not None
    drawn = draw(corpus, Choice(groups=(Group.SOUND,)))
    turns = [t for t in drawn if t.kind is Kind.TURN and t.place in (Place.MIDDLE, Place.LAST_HALF, Place.IDLE)]
    trials = [trial for trial in turns if trial.place is not Place.MIDDLE or trial.active_ms >= LONG_MS]
    made = run_real(trials, voices, 4, lambda done, of: None)
    outcomes = [judge(evidence) for evidence in made.evidence]
    assert [outcome.trial.number for outcome in outcomes] == [trial.number for trial in trials]
    for outcome in outcomes:
        assert outcome.failure == ""
        assert outcome.obeyed
        assert outcome.stale_ms == 0
    assert made.facts["server_cpu_share"] > 0


@pytest.mark.deep
def test_callers_are_obeyed_beside_calls_that_go_on(tmp_path: Path) -> None:
    corpus = read_corpus(small_corpus(tmp_path))
    voices = voices_of(corpus)
    assert voices is not None
    drawn = draw(corpus, Choice(groups=(Group.SOUND,)))
    trials = [t for t in drawn if t.kind is Kind.TURN and t.place is Place.IDLE]
    made = run_real(trials, voices, 2, lambda done, of: None, draw_beside(corpus, Choice(), 3))
    assert [judge(evidence).obeyed for evidence in made.evidence] == [True] * len(trials)
