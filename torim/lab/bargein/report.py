"""A run's report as data: everything that the page and the table show, and every trial, as JSON.

Decides which trials are worth keeping with their sound. It computes no figure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torim.lab.bargein.curves import Curve
from torim.lab.bargein.goals import judged
from torim.lab.bargein.judge import Fault, Outcome
from torim.lab.bargein.keep import Kept
from torim.lab.bargein.lines import words
from torim.lab.bargein.panel import Table
from torim.lab.bargein.trials import Trial

SLOWEST = 10
WRONG_MAX = 12  # of each fault
NUMBERS = ("hold_ms", "cut_ms", "cancel_ms", "quiet_ms", "silence_ms", "reply_ms", "stale_ms", "spoken_ms", "truth_ms")


@dataclass(frozen=True, slots=True)
class Report:
    """One run."""

    facts: Mapping[str, Any]  # what was run, where, when it matters
    tables: Sequence[Table]
    outcomes: Sequence[Outcome]
    curves: Sequence[Curve] = ()
    left_out: Sequence[tuple[str, str]] = ()
    kept: Mapping[int, Kept] = field(default_factory=dict)  # by trial number


def worth_keeping(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Some of each fault, and the slowest that were right."""
    chosen: dict[int, Outcome] = {}
    for fault in Fault:
        wrong = [o for o in outcomes if fault in o.faults]
        chosen |= {o.trial.number: o for o in wrong[:WRONG_MAX]}
    right = [o for o in outcomes if not o.faults and o.trial.is_turn]
    for slow in ("hold_ms", "cut_ms", "silence_ms", "reply_ms"):
        timed = [o for o in right if getattr(o, slow) is not None]
        for outcome in sorted(timed, key=lambda o: -getattr(o, slow))[:SLOWEST]:
            chosen.setdefault(outcome.trial.number, outcome)
    return list(chosen.values())


def as_json(report: Report) -> str:
    """The whole report."""
    body = {
        "facts": dict(report.facts),
        "goals": [
            {"goal": goal.words, "limit": goal.limit, "at_least": goal.at_least, **figure.plain(), "verdict": v.value}
            for goal, figure, v in judged(report.tables)
        ],
        "tables": [_table(table) for table in report.tables],
        "curves": [_curve(curve) for curve in report.curves],
        "left_out": [{"file": name, "why": why} for name, why in report.left_out],
        "trials": [_trial(outcome, report.kept) for outcome in report.outcomes],
    }
    return json.dumps(body, indent=1, ensure_ascii=False)


def _table(table: Table) -> dict[str, Any]:
    rows = [
        {"name": row.name.strip(), "n": row.n, "figures": {name: f.plain() for name, f in row.figures.items()}}
        for row in table.rows
    ]
    return {"key": table.key, "title": table.title, "clock": table.clock, "note": table.note, "rows": rows}


def _curve(curve: Curve) -> dict[str, Any]:
    points = [{"value": p.value, "figures": {name: f.plain() for name, f in p.figures.items()}} for p in curve.points]
    return {"setting": curve.setting, "default": curve.default, "points": points}


def _trial(outcome: Outcome, kept: Mapping[int, Kept]) -> dict[str, Any]:
    trial = outcome.trial
    numbers = {name: _rounded(getattr(outcome, name)) for name in NUMBERS}
    return {
        "number": trial.number,
        **situation(trial),
        **numbers,
        "replies": outcome.replies,
        "talked_into": outcome.talked_into,
        "by_words": outcome.by_words,
        "early": outcome.early,
        "false_holds": [[round(h.at_ms), round(h.silence_ms), h.verdict] for h in outcome.holds],
        "jumps_samples": list(outcome.heard.jumps),
        "faults": [fault.value for fault in outcome.faults],
        "failure": outcome.failure,
        "files": kept[trial.number].name if trial.number in kept else "",
    }


def situation(trial: Trial) -> dict[str, Any]:
    """What a trial was."""
    return {
        "group": trial.group.value,
        "place": trial.place.value,
        "class": trial.cls,
        "files_said": [piece.clip.name for piece in trial.pieces],
        "active_ms": trial.active_ms,
        "line": words(trial.line),
        "tags": dict(trial.tags),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def excluded(outcomes: Iterable[Outcome]) -> list[tuple[str, str]]:
    """Trials that could not be made, with the reason."""
    return [(f"trial {o.trial.number}", o.failure) for o in outcomes if o.failure]
