"""The stage matrix for `bench.barge_in`: every stage of an answer, by speech and by key, as one table of its report.

`bench.stages` measures the same at length, at several distances and speeds of the engine.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import uvloop

from torim.commands.staging import run_calls, speak
from torim.lab import matrix_table
from torim.lab.bargein.panel import Row, Table
from torim.lab.bargein.stats import Figure, percentile, share
from torim.lab.matrix import ANSWERS, WORDS, EngineWay, Stage, whole
from torim.lab.matrix_judge import Judged, judge

AT_ONCE = 6
WAY = EngineWay(50, 4.0)  # ms to the engine one way, speed of generation
NOTE = (
    "Real sockets, a synthetic voice, an engine 50 ms away at four times real time. Obeyed: silent within 150 ms of the"
    " voice, nothing stale, the engine told what was heard, cancelled once, answered once; under the greeting lock: the"
    " greeting heard whole, one reply. Trials whose sound missed its stage count for no cell."
)


def stage_matrix(trials: int, seed: int, tell: Callable[[str], None]) -> Table:
    """Place the calls of the matrix, ``trials`` a cell, and count what came of them."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        items = runner.run(_judged(trials, seed, Path(folder), tell))
    groups: dict[matrix_table.Group, list[Judged]] = {}
    for item in sorted(items, key=lambda item: list(Stage).index(item.trial.cell.stage)):
        if item.in_stage:
            groups.setdefault(matrix_table.by_cell(item), []).append(item)
    every = Row("every cell", sum(map(len, groups.values())), _columns([i for part in groups.values() for i in part]))
    rows = [Row(f"  {_name(name)}", len(part), _columns(part)) for name, part in groups.items()]
    return Table("matrix", "Stage matrix", "server; silence, truth: ear", NOTE, [every, *rows] if groups else [])


async def _judged(trials: int, seed: int, folder: Path, tell: Callable[[str], None]) -> list[Judged]:
    voices = await speak(list(WORDS))
    plans = whole([WAY], trials, seed, list(ANSWERS), WORDS)
    outcome = await run_calls(plans, voices, folder, AT_ONCE, tell)
    return [item for played in outcome.played for item in judge(played)]


def _name(group: matrix_table.Group) -> str:
    stage, answer, by = group
    return f"{stage}, by {by}" if answer == "-" else f"{stage}, answer {answer}, by {by}"


def _columns(items: Sequence[Judged]) -> dict[str, Figure]:
    free = [item for item in items if item.trial.cell.stage is not Stage.GREETING_LOCKED]
    holds = [item.hold_ms for item in free if item.hold_ms is not None]
    silences = [item.silence_ms for item in free if item.sounding and item.silence_ms is not None]
    errors = [abs(item.truncation_error_ms) for item in free if item.truncation_error_ms is not None]
    return {
        "obeyed": share(sum(item.obeyed for item in items), len(items)),
        "hold p50 ms": percentile(holds, 0.5),
        "hold max ms": percentile(holds, 1.0),
        "silence p50 ms": percentile(silences, 0.5),
        "silence max ms": percentile(silences, 1.0),
        "stale max ms": percentile([item.stale_ms for item in free], 1.0),
        "truth max ms": percentile(errors, 1.0),
    }
