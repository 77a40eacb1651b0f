"""The report: every table, every plot, nothing from outside, and the trials worth hearing."""

from __future__ import annotations

import json
import re
import struct
import wave
from dataclasses import fields, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bargein_scene import small_corpus

from bench._barge_in_fast import ProductHearing
from torim.core.settings import ListenSettings
from torim.lab.bargein import curves, table
from torim.lab.bargein.corpus import read_corpus
from torim.lab.bargein.evidence import Evidence
from torim.lab.bargein.fast import Bench, run
from torim.lab.bargein.goals import GOALS, Goal, Verdict, judged
from torim.lab.bargein.judge import Outcome, judge
from torim.lab.bargein.keep import keep
from torim.lab.bargein.page import page
from torim.lab.bargein.panel import panel
from torim.lab.bargein.report import Report, as_json, worth_keeping
from torim.lab.bargein.sound import voices_of
from torim.lab.bargein.stats import Figure, share
from torim.lab.bargein.trials import Choice, Group, draw


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> list[Evidence]:
    corpus = read_corpus(small_corpus(tmp_path_factory.mktemp("corpus")))
    voices = voices_of(corpus)
    assert voices is not None
    drawn = draw(corpus, Choice())
    trials = [trial for trial in drawn if trial.group is Group.SOUND][::2]
    for group in Group:
        some = [trial for trial in drawn if trial.group is group][:1]
        trials += [replace(trial, statement_ms=min(trial.statement_ms, 3_000)) for trial in some]
    trials = [replace(trial, number=number) for number, trial in enumerate(trials)]
    return list(run(trials, Bench(ProductHearing, voices)))


@pytest.fixture(scope="module")
def report(evidence: list[Evidence], tmp_path_factory: pytest.TempPathFactory) -> Report:
    outcomes = [judge(one) for one in evidence]
    broken = replace(outcomes[0], failure="the server refused")
    points = [curves.point(value, outcomes) for value in ("0.4", "0.5")]
    made = [curves.Curve("speech_min", "0.5", points)]
    facts = {"what": "a few <trials>", "seed": 1}
    folder = tmp_path_factory.mktemp("kept")
    kept = {o.trial.number: keep(one, o, folder) for one, o in zip(evidence[:2], outcomes[:2], strict=True)}
    return Report(facts, panel([*outcomes, broken]), outcomes, made, [("x.wav", "no class")], kept)


def test_every_goal_stands_in_the_panel(report: Report) -> None:
    found = {(t.key, row.name, name) for t in report.tables for row in t.rows for name in row.figures}
    keys = {t.key for t in report.tables}
    for goal in GOALS:
        assert goal.table in keys
        rows = [name for key, _, name in found if key == goal.table]
        assert goal.column in rows, goal
    tried = [verdict for _, _, verdict in judged(report.tables) if verdict is not Verdict.UNTRIED]
    assert len(tried) >= len(GOALS) - 6


def test_a_goal_is_reached_only_with_its_whole_interval() -> None:
    goal = Goal("x", "t", "r", "c", 0.99, at_least=True)
    assert goal.judge(share(1_000, 1_000)) is Verdict.REACHED
    assert goal.judge(share(50, 50)) is Verdict.LIKELY
    assert goal.judge(share(40, 50)) is Verdict.MISSED
    assert goal.judge(Figure(None, 0)) is Verdict.UNTRIED
    never = Goal("x", "t", "r", "c", 0.0)
    assert never.judge(share(0, 360)) is Verdict.REACHED
    assert never.judge(share(0, 20)) is Verdict.LIKELY
    assert never.judge(share(1, 360)) is Verdict.MISSED


def test_every_figure_has_its_n(report: Report) -> None:
    for part in report.tables:
        for row in part.rows:
            assert row.n > 0
            assert all(figure.value is None or figure.n > 0 for figure in row.figures.values()), row


def test_the_page_stands_alone(report: Report) -> None:
    text = page(report)
    addresses = set(re.findall(r"""(?:src|href)=["']([^"']*)""", text))
    assert all(address.startswith("data:audio/wav;base64,") for address in addresses)
    assert len(addresses) == len(report.kept)
    assert "http" not in text
    assert "<script" not in text
    assert "a few &lt;trials&gt;" in text
    for goal in GOALS:
        assert goal.words in text


def test_every_plot_is_well_formed(report: Report) -> None:
    plots = re.findall(r"<svg.*?</svg>", page(report), re.DOTALL)
    assert len(plots) >= 9
    for plot in plots:
        root = ElementTree.fromstring(plot)
        assert root.get("aria-label")
        assert "nan" not in plot


def test_the_json_holds_every_trial(report: Report) -> None:
    body = json.loads(as_json(report))
    assert len(body["trials"]) == len(report.outcomes)
    assert body["left_out"] == [{"file": "x.wav", "why": "no class"}]
    assert {"value", "n", "low", "high"} <= set(body["goals"][0])
    assert body["trials"][0]["files"] == "trial-00000"


def test_the_terminal_shows_a_line_a_row(report: Report) -> None:
    short, long = list(table.lines(report.tables)), list(table.lines(report.tables, details=True))
    assert any(line.startswith("turns that must be obeyed") for line in short)
    assert len(long) > len(short)


def test_a_page_without_trials_of_a_kind_is_still_a_page(evidence: list[Evidence]) -> None:
    echoes: list[Outcome] = [judge(one) for one in evidence if one.trial.group is Group.ECHO]
    assert "</html>" in page(Report({}, panel(echoes), echoes))
    assert "</html>" in page(Report({}, panel([]), []))


def test_wrong_trials_come_before_slow_ones(report: Report) -> None:
    chosen = worth_keeping(report.outcomes)
    wrong = [bool(outcome.faults) for outcome in chosen]
    assert wrong == sorted(wrong, reverse=True)
    assert len({outcome.trial.number for outcome in chosen}) == len(chosen)


def test_a_trial_is_kept_with_its_sound_and_timeline(evidence: list[Evidence], tmp_path: Path) -> None:
    one = evidence[0]
    kept = keep(one, judge(one), tmp_path)
    name = kept.name
    with wave.open(str(tmp_path / f"{name}.wav")) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 8000)
        assert file.getnframes() >= one.length_samples
    told = (tmp_path / f"{name}.call").read_text(encoding="utf-8")
    assert "voice_onset" in told
    assert told.startswith("# trial 0: ")
    assert told.splitlines() == list(kept.timeline)
    head, fact, data = kept.sound[20:36], kept.sound[46:50], kept.sound[58:]
    assert struct.unpack("<HHIIHH", head) == (7, 2, 8_000, 16_000, 2, 8)
    assert len(data) == 2 * int.from_bytes(fact, "little")
    assert data[::2] in b"".join(one.mouth)


def test_sweeps_are_read_or_come_from_the_settings() -> None:
    assert curves.sweeps(["speech_min=0.4,0.6"]) == {"speech_min": ("0.4", "0.6")}
    assert curves.sweeps(["policy"]) == {"policy": curves.SWEEPS["policy"]}
    known = {item.name for item in fields(ListenSettings)} | {"policy"}
    assert set(curves.sweeps([])) == set(curves.SWEEPS) == known & set(curves.SWEEPS)


@pytest.mark.parametrize("name", list(curves.SWEEPS))
def test_every_sweep_passes_where_the_threshold_stands(name: str) -> None:
    assert curves.standing(name, ListenSettings()) in curves.sweeps([])[name]


def test_the_single_cost_is_delay_and_a_price_for_false_stops(report: Report) -> None:
    figures = report.curves[0].points[0].figures
    stops = [figures[f"{name} stop it"].value for name in ("body sounds", "backchannels")]
    cost = figures["cost ms"].value
    assert cost is not None
    assert cost >= 500 * sum(stop for stop in stops if stop is not None) / len(stops)
