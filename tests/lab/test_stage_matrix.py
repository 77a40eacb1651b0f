"""The stage matrix: whatever the stage of an answer, the AI falls silent and the caller is answered once.

Real sockets, speech through the audio path, random offsets. A sample runs always, the whole matrix in the long run.
"""

import asyncio
import itertools
from pathlib import Path

import pytest
from stage_scene import GREETING_MS, LOCKED, SILENT, STAGES, Cell, Line, errors, row_of, trials

from torim.commands.placing import Placed
from torim.lab.measure import Limits

CLEAR_MS = 250.0  # for a machine that runs other tests too; the demo, alone, is held to 150
NEVER_MS = 1000.0


def sample() -> list[Cell]:
    """Every stage once by speech and once by a key, in different answers."""
    stages = list(STAGES)
    speech = [Cell(1 + index % 3, stage, "speech") for index, stage in enumerate(stages)]
    keys = [Cell(1 + index % 2, stage, "key") for index, stage in enumerate(stages)]
    return [*speech, *keys, Cell(1, LOCKED, "speech"), Cell(1, LOCKED, "key")]


def whole() -> list[Cell]:
    unlocked = itertools.product((1, 2, 3), STAGES, ("speech", "key"), range(20))
    locked = (Cell(1, LOCKED, by, seed) for by in ("speech", "key") for seed in range(20))
    return [*(Cell(*cell) for cell in unlocked), *locked]


def complaints(cell: Cell, placed: Placed, line: Line, clear_ms: float) -> list[str]:
    """What is wrong with a trial, in words."""
    row = row_of(placed)
    if row is None:
        return [f"{cell}: the caller never got to speak: {[str(item) for item in placed.findings]}"]
    found = [str(item) for item in placed.findings if not item.good]
    found += [*errors(placed), *placed.record.violations]
    if row.replies != 1:
        found.append(f"{row.replies} replies")
    if cell.stage == LOCKED:
        greeting = sum(len(span.payload) for span in placed.record.heard()[:1]) / 8
        found += [] if row.blocked else ["not blocked"]
        found += [] if greeting >= GREETING_MS else [f"only {greeting:.0f} ms of the greeting were heard"]
    else:
        late_ms = placed.record.worst_tick_ms  # the server shares this loop: its lateness is the machine's
        found += row.problems(Limits(clear_ms + late_ms, 40.0 + late_ms))
        found += [] if row.sounding or cell.stage in SILENT else ["the AI was silent already"]
    return [f"{cell} (delay {line.delay_ms} ms, {line.speed:g}x): {what}" for what in found]


def run(cells: list[Cell], line: Line, folder: Path, clear_ms: float) -> list[str]:
    placed = asyncio.run(trials(cells, line, folder))
    return [what for cell in cells for what in complaints(cell, placed[cell], line, clear_ms)]


@pytest.mark.parametrize("line", [Line(), Line(50, 20.0)], ids=["near", "far and fast"])
def test_a_caller_is_obeyed_at_every_stage(line: Line, tmp_path: Path) -> None:
    assert run(sample(), line, tmp_path, CLEAR_MS) == []


@pytest.mark.deep
@pytest.mark.timeout(0)
@pytest.mark.parametrize("speed", [1.0, 4.0, 20.0])
@pytest.mark.parametrize("delay_ms", [0, 50, 150])
def test_the_whole_matrix(delay_ms: int, speed: float, tmp_path: Path) -> None:
    assert run(whole(), Line(delay_ms, speed), tmp_path, NEVER_MS) == []
