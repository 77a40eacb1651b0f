"""Calls for the acceptance tests: over real sockets, with real speech, many at the same time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from torim.commands.staging import Outcome, run_calls, speak
from torim.lab import matrix
from torim.lab.matrix import By, CallPlan, Cell, EngineWay, Stage
from torim.lab.matrix_call import Played
from torim.lab.matrix_judge import Judged, call_problems, judge

WAYS = (EngineWay(0, 4.0), EngineWay(50, 20.0), EngineWay(150, 1.0))
ENGINES = ("scripted", "embedded")
SAMPLE_CALLS, AT_ONCE, SEED = 8, 12, 7
STARVED_MS, ATTEMPTS = 120, 3

# The mission's four tests as one call: cut in at once, in the first answer, in the second after its audio was sent,
# and 100 ms after the third.
MISSION = (
    Cell(Stage.GREETING_OPEN),
    Cell(Stage.MIDDLE, 1),
    Cell(Stage.BEFORE_DONE, 2),
    Cell(Stage.AFTER_100_MS, 3),
)


@dataclass(frozen=True)
class Calls:
    """Calls that were placed, and what the process logged at ERROR meanwhile."""

    outcome: Outcome

    def problems(self) -> list[str]:
        """Everything that is wrong, in words."""
        found = [f"log: {line}" for line in self.outcome.errors]
        return found + [text for played in self.outcome.played for text in problems_of(played)]

    def judged(self) -> list[Judged]:
        return [item for played in self.outcome.played for item in judge(played)]

    def to(self, engine: str) -> Played:
        """The call of the mission to one engine."""
        return next(played for played in self.outcome.played if _is_mission(played.plan, engine))


def problems_of(played: Played) -> list[str]:
    """What is wrong with one call."""
    where = f"{played.plan}, late by {played.record.worst_tick_ms:.0f} ms"
    found = [f"{where}: {text}" for text in call_problems(played)]
    return found + [f"{where}, {item.trial.cell}: {text}" for item in judge(played) for text in item.problems]


def place(plans: Sequence[CallPlan], folder: Path, at_once: int = AT_ONCE) -> Calls:
    """Place calls and wait for all of them; one that the machine starved is placed again, with fewer beside it."""

    async def placed() -> Outcome:
        voices = await speak(matrix.WORDS)
        outcome = await run_calls(plans, voices, folder / "0", at_once)
        for attempt in range(1, ATTEMPTS):
            starved = [played for played in outcome.played if _starved(played)]
            if not starved:
                break
            again = await run_calls([it.plan for it in starved], voices, folder / str(attempt), at_once // 3)
            outcome.errors += again.errors
            outcome.played = [it for it in outcome.played if it not in starved] + again.played
        return outcome

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return Calls(runner.run(placed()))


def _starved(played: Played) -> bool:
    """Whether a call proves nothing: generator, server and ear stood still together."""
    if played.record.worst_tick_ms < STARVED_MS:
        return False
    return bool(problems_of(played)) or not all(item.in_stage for item in judge(played))


def mission(engine: str, number: int) -> CallPlan:
    """One call through the four tests of the mission."""
    return CallPlan(number, EngineWay(50, 4.0, engine), tuple(_trial(cell, number) for cell in MISSION))


def _trial(cell: Cell, number: int) -> matrix.Trial:
    return matrix.draw(cell, random.Random(f"{SEED} {number} {cell}"))


def _is_mission(plan: CallPlan, engine: str) -> bool:
    return plan.way.engine == engine and tuple(trial.cell for trial in plan.trials) == MISSION


def embedded(number: int) -> CallPlan:
    """One call to the embedded engine that needs no answer to its end: those are long."""
    cells = (Cell(Stage.GREETING_OPEN, 0, By.KEY), Cell(Stage.FIRST_100_MS, 1), Cell(Stage.MIDDLE, 2, By.KEY))
    return CallPlan(number, EngineWay(0, engine="embedded"), tuple(_trial(cell, number) for cell in cells))


def sample() -> list[CallPlan]:
    """Every stage by speech and by key, and the mission's call to each engine."""
    plans = matrix.sample(WAYS, SAMPLE_CALLS, SEED)
    plans += [mission(engine, len(plans) + index) for index, engine in enumerate(ENGINES, 1)]
    plans.append(embedded(len(plans) + 1))
    return sorted(plans, key=lambda plan: plan.way.engine)  # the longest first
