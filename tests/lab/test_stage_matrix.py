"""The stage matrix: whatever the stage of an answer, the AI falls silent and the caller is answered once.

Real sockets, speech through the audio path, random offsets.
"""

import asyncio
from pathlib import Path

import pytest
from stage_scene import LEFT_TO_HEAR, LOCKED, SILENT, STAGES, Cell, Line, errors, row_of, trials

from torim.commands.placing import Placed
from torim.lab.hearing import item_audio
from torim.lab.measure import Limits

LATE_MS = 40.0  # of the caller's own pacing, on the loop that the server shares
CLEAR_MS = 250.0  # for a machine that runs other tests too; the demo, alone, is held to 150


def sample() -> list[Cell]:
    """Every stage once by speech and once by a key, in different answers."""
    stages = list(STAGES)
    speech = [Cell(1 + index % 3, stage, "speech") for index, stage in enumerate(stages)]
    keys = [Cell(1 + index % 2, stage, "key") for index, stage in enumerate(stages)]
    return [*speech, *keys, Cell(1, LOCKED, "speech"), Cell(1, LOCKED, "key")]


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
        found += [] if row.blocked else ["not blocked"]
        found += [] if greeting_heard(placed) else ["the greeting was not heard whole"]
    else:
        late_ms = placed.record.worst_tick_ms  # the server shares this loop: its lateness is the machine's
        found += row.problems(Limits(clear_ms + late_ms, 40.0 + late_ms))
        found += [] if row.sounding or may_be_silent(cell, line) else ["the AI was silent already"]
    return [f"{cell} (delay {line.delay_ms} ms, {line.speed:g}x): {what}" for what in found]


def may_be_silent(cell: Cell, line: Line) -> bool:
    """An engine no faster than real time has nothing left to hear when it is done."""
    return cell.stage in SILENT or (line.speed <= 1 and cell.stage in LEFT_TO_HEAR)


def greeting_heard(placed: Placed) -> bool:
    greeting = next(iter(item_audio(placed.record).values()))
    heard = b"".join(span.payload for span in placed.record.heard())
    return heard.startswith(greeting)


def run(cells: list[Cell], line: Line, folder: Path) -> list[str]:
    """All complaints; a trial during which the machine itself stood still is void and made again, once."""
    found = judge(cells, line, folder)
    void = [cell for cell, (what, late_ms) in found.items() if what and late_ms > LATE_MS]
    if void:
        found |= judge(void, line, folder / "again")
    return [what for complaints, _ in found.values() for what in complaints]


def judge(cells: list[Cell], line: Line, folder: Path) -> dict[Cell, tuple[list[str], float]]:
    placed = asyncio.run(trials(cells, line, folder))
    return {cell: (complaints(cell, placed[cell], line, CLEAR_MS), placed[cell].record.worst_tick_ms) for cell in cells}


@pytest.mark.parametrize(
    "line", [Line(), pytest.param(Line(50, 20.0), marks=pytest.mark.deep)], ids=["near", "far and fast"]
)
def test_a_caller_is_obeyed_at_every_stage(line: Line, tmp_path: Path) -> None:
    assert run(sample(), line, tmp_path) == []
