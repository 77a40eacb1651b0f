"""Whole trials on the virtual clock: the product's ears and core between the lab's models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from bargein_scene import small_corpus

from bench._barge_in_fast import ProductHearing, again, outcomes
from torim.core.settings import ListenSettings
from torim.lab.bargein.corpus import Corpus, Kind, read_corpus
from torim.lab.bargein.fast import Bench, run
from torim.lab.bargein.judge import Outcome, judge
from torim.lab.bargein.lines import LINES
from torim.lab.bargein.sound import voices_of
from torim.lab.bargein.trials import Choice, Group, Place, Trial, draw


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return read_corpus(small_corpus(tmp_path_factory.mktemp("corpus")))


@pytest.fixture(scope="module")
def bench(corpus: Corpus) -> Bench:
    voices = voices_of(corpus)
    assert voices is not None
    return Bench(ProductHearing, voices)


def sounds(corpus: Corpus, kind: Kind, place: Place, line: str = "clean") -> list[Trial]:
    trials = draw(corpus, Choice(LINES[line], groups=(Group.SOUND,)))
    return [trial for trial in trials if trial.kind is kind and trial.place is place]


def tried(trials: Sequence[Trial], bench: Bench) -> list[Outcome]:
    return [judge(evidence) for evidence in run(trials, bench)]


@pytest.mark.parametrize("place", list(Place))
def test_a_caller_is_obeyed_at_every_place(corpus: Corpus, bench: Bench, place: Place) -> None:
    trials = [
        trial for trial in sounds(corpus, Kind.TURN, place) if place is not Place.MIDDLE or trial.active_ms >= 700
    ]
    for outcome in tried(trials, bench):
        assert outcome.faults == (), outcome
        assert outcome.cut_ms is not None
        assert outcome.cut_ms < (600 if place is Place.MIDDLE else 400)
        if place is Place.MIDDLE:
            assert outcome.hold_ms is not None
            assert outcome.hold_ms <= outcome.cut_ms
            assert outcome.quiet_ms == pytest.approx(outcome.hold_ms, abs=1)
            assert outcome.cancel_ms is None or outcome.cancel_ms == pytest.approx(outcome.cut_ms, abs=1)
            assert outcome.truth_ms == pytest.approx(0, abs=20)


def test_a_number_that_was_taken_for_an_acknowledgement_is_obeyed_when_its_words_come(
    corpus: Corpus, bench: Bench
) -> None:
    short = [trial for trial in sounds(corpus, Kind.TURN, Place.MIDDLE) if trial.words == "7"]
    for outcome in tried(short, bench):
        assert outcome.by_words
        assert outcome.replies == 1


def test_the_same_trial_gives_the_same_evidence_alone_and_among_others(corpus: Corpus, bench: Bench) -> None:
    trials = sounds(corpus, Kind.TURN, Place.MIDDLE)
    among = list(run(trials, bench))
    alone = again(trials[1], bench)
    assert alone.mouth == among[1].mouth
    assert [(at, type(entry)) for at, entry in alone.entries] == [(at, type(e)) for at, e in among[1].entries]


def test_silence_is_not_answered(corpus: Corpus, bench: Bench) -> None:
    trial = replace(sounds(corpus, Kind.NOISE, Place.MIDDLE)[0], pieces=(), group=Group.BED, computed="hum")
    outcome = tried([trial], bench)[0]
    assert (outcome.cuts, outcome.replies, outcome.faults) == (0, 0, ())


def test_the_network_delays_the_ear_and_not_the_server(corpus: Corpus, bench: Bench) -> None:
    trial = sounds(corpus, Kind.TURN, Place.MIDDLE)[0]
    far = replace(trial, line=replace(trial.line, delay_ms=100))
    near_outcome, far_outcome = tried([trial, far], bench)
    assert near_outcome.hold_ms is not None and far_outcome.hold_ms is not None
    assert far_outcome.hold_ms == pytest.approx(near_outcome.hold_ms, abs=45)
    assert far_outcome.quiet_ms == pytest.approx(far_outcome.hold_ms + 200, abs=3)


def test_an_echo_is_heard_by_the_server(corpus: Corpus, bench: Bench) -> None:
    trial = next(t for t in draw(corpus, Choice(groups=(Group.ECHO,))) if t.line.echo and t.line.echo.erl_db == 0)
    frames = [frame for evidence in run([replace(trial, statement_ms=2_000)], bench) for frame in evidence.mouth]
    loud = sum(sum(byte & 0x70 < 0x50 for byte in frame) > 40 for frame in frames)
    assert loud > 20


def test_a_threshold_that_is_moved_counts(corpus: Corpus, bench: Bench) -> None:
    trials = sounds(corpus, Kind.TURN, Place.MIDDLE)
    rules = ListenSettings(verification="rules")
    fast = replace(bench, listen=rules)
    slow = replace(bench, listen=replace(rules, sure_over_speech_ms=400, sure_pitched_ms=400))
    for quick, patient in zip(tried(trials[:2], fast), tried(trials[:2], slow), strict=True):
        assert quick.cut_ms is not None and patient.cut_ms is not None
        assert patient.cut_ms >= quick.cut_ms + 100


def test_outcomes_come_with_the_length_of_their_calls(corpus: Corpus, bench: Bench) -> None:
    trials = sounds(corpus, Kind.TURN, Place.IDLE)
    judged = list(outcomes(trials, bench, processes=1))
    assert [outcome.trial for outcome, _ in judged] == trials
    assert all(2 < seconds < 8 for _, seconds in judged)


@pytest.mark.parametrize("line", sorted(LINES))
def test_every_line_can_be_called_on(corpus: Corpus, bench: Bench, line: str) -> None:
    outcome = tried(sounds(corpus, Kind.TURN, Place.MIDDLE, line)[:1], bench)[0]
    assert outcome.failure == ""
    assert outcome.stale_ms == 0
