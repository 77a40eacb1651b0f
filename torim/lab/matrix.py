"""The stage matrix: in which answer, at which stage of it and with what a caller cuts in; calls made of such trials.

Decides which trials there are and what each is like; everything random comes from a seed, so that a failed trial
can be placed again. It places nothing and judges nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import product

from torim.lab.line import LineSettings


class Stage(Enum):
    """Where in the life of an answer the caller's first sound falls."""

    GREETING_LOCKED = "greeting, locked"
    GREETING_OPEN = "greeting, unlocked"
    NO_SOUND_YET = "before the first sound"
    FIRST_100_MS = "first 100 ms"
    MIDDLE = "middle"
    LAST_WORD = "last word"
    BEFORE_DONE = "audio.done to response.done"
    AFTER_DONE = "after response.done"
    AFTER_100_MS = "100 ms after the end"
    AFTER_350_MS = "350 ms after the end"
    TOOL_ASKED = "tool asked for"  # before response.done: it must never run
    TOOL_RUNNING = "tool running"  # after response.done: it finishes, once


class By(Enum):
    """With what the caller cuts in."""

    SPEECH = "speech"
    KEY = "key"


GREETINGS = (Stage.GREETING_LOCKED, Stage.GREETING_OPEN)
ANSWERS = tuple(stage for stage in Stage if stage not in GREETINGS)
TOOLS = (Stage.TOOL_ASKED, Stage.TOOL_RUNNING)
SPOKEN = tuple(stage for stage in ANSWERS if stage not in (*TOOLS, Stage.NO_SOUND_YET))  # any engine has these

WORDS = (
    "Excuse me, one moment",
    "Sorry, can I ask something",
    "No, tomorrow please",
    "Wait, I have a question",
    "Could you say that again",
    "Actually, not today",
    "Hello, are you there",
    "Stop, stop",
)
PITCHES = (0.94, 1.06, 1.12, 1.25)  # of the caller's voice, against the synthesiser's own
KEYS = ("#", "#", "1", "7")  # a number is over with its hash, or when no key follows

# How long an answer sounds, least and most, by the stage at which it is cut into.
_ANSWER_MS = {
    Stage.GREETING_LOCKED: (1800, 2600),
    Stage.GREETING_OPEN: (3000, 4000),
    Stage.FIRST_100_MS: (2000, 3000),
    Stage.MIDDLE: (3000, 4000),
    Stage.LAST_WORD: (1200, 2200),
    Stage.BEFORE_DONE: (1300, 2000),
    Stage.AFTER_DONE: (1600, 2400),
    Stage.TOOL_ASKED: (1600, 2200),
    Stage.TOOL_RUNNING: (600, 900),
}
_OTHER_MS = (900, 1500)


@dataclass(frozen=True, slots=True)
class EngineWay:
    """How far away the engine is, one way, and how fast it generates, as a multiple of real time."""

    delay_ms: int = 0
    speed: float = 4.0
    engine: str = "scripted"

    def __str__(self) -> str:
        speed = f", {self.speed:g}x" if self.engine == "scripted" else ""
        return f"{self.engine} at {self.delay_ms} ms{speed}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix; answer 0 is the greeting."""

    stage: Stage
    answer: int = 0
    by: By = By.SPEECH

    def __str__(self) -> str:
        where = f"answer {self.answer}, " if self.answer else ""
        return f"{where}{self.stage.value}, by {self.by.value}"


@dataclass(frozen=True, slots=True)
class Trial:
    """One barge-in to be made; ``share`` places it at random within its stage."""

    cell: Cell
    share: float
    other_way: bool  # a stage that has two shapes takes the other
    answer_ms: int  # of the answer that is cut into
    words: str
    pitch: float
    key: str


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One call: the greeting's trial and one for each answer that follows, in order."""

    number: int
    way: EngineWay
    trials: tuple[Trial, ...]
    line: LineSettings = field(default_factory=LineSettings)  # to the caller

    @property
    def greeting_lock(self) -> bool:
        return self.trials[0].cell.stage is Stage.GREETING_LOCKED

    def __str__(self) -> str:
        return f"call {self.number} ({self.way})"


def draw(cell: Cell, chance: random.Random, words: Sequence[str] = WORDS) -> Trial:
    """A trial of a cell."""
    least, most = _ANSWER_MS.get(cell.stage, _OTHER_MS)
    return Trial(
        cell=cell,
        share=chance.random(),
        other_way=chance.random() < 0.5,
        answer_ms=chance.randrange(least, most, 20) + chance.randrange(20),  # seldom a whole number of frames
        words=chance.choice(words),
        pitch=chance.choice(PITCHES),
        key=chance.choice(KEYS),
    )


def whole(
    ways: Sequence[EngineWay], per_cell: int, seed: int, stages: Sequence[Stage] = ANSWERS, words: Sequence[str] = WORDS
) -> list[CallPlan]:
    """Calls that hold every cell of answers 1 to 3, ``per_cell`` times for each way to the engine."""
    plans: list[CallPlan] = []
    for way in ways:
        chance = random.Random(f"{seed} {way}")
        columns = [_column(answer, stages, per_cell, chance) for answer in (1, 2, 3)]
        greetings = _greetings(len(columns[0]), chance)
        for cells in zip(greetings, *columns, strict=True):
            trials = tuple(draw(cell, chance, words) for cell in cells)
            plans.append(CallPlan(len(plans) + 1, way, trials))
    return plans


def _column(answer: int, stages: Sequence[Stage], per_cell: int, chance: random.Random) -> list[Cell]:
    """Every cell of one answer, in a random order so that each follows each."""
    cells = [Cell(stage, answer, by) for stage, by in product(stages, By)] * per_cell
    return chance.sample(cells, len(cells))


def _greetings(count: int, chance: random.Random) -> list[Cell]:
    cells = [Cell(stage, 0, by) for stage, by in product(GREETINGS, By)]
    return chance.sample((cells * (count // len(cells) + 1))[:count], count)


def sample(ways: Sequence[EngineWay], calls: int, seed: int, stages: Sequence[Stage] = ANSWERS) -> list[CallPlan]:
    """A few calls that together hold every stage by speech and by key, in whichever answer it falls."""
    chance = random.Random(f"{seed} sample")
    cells = _in_turn(stages, chance)
    greetings = _greetings(calls, chance)
    plans = []
    for number in range(calls):
        first = greetings[number]
        answers = [Cell(stage, answer, by) for answer, (stage, by) in zip((1, 2, 3), cells, strict=False)]
        trials = tuple(draw(cell, chance) for cell in (first, *answers))
        plans.append(CallPlan(number + 1, ways[number % len(ways)], trials))
    return plans


def long_call(way: EngineWay, answers: int, seed: int, stages: Sequence[Stage] = ANSWERS) -> CallPlan:
    """One call with very many barge-ins."""
    chance = random.Random(f"{seed} long")
    cells = _in_turn(stages, chance)
    rest = (Cell(stage, answer, by) for answer, (stage, by) in zip(range(1, answers + 1), cells, strict=False))
    return CallPlan(1, way, tuple(draw(cell, chance) for cell in (Cell(Stage.GREETING_OPEN), *rest)))


def _in_turn(stages: Sequence[Stage], chance: random.Random) -> Iterator[tuple[Stage, By]]:
    """Stages and means for ever, each pair before any comes again."""
    pairs = list(product(stages, By))
    while True:
        yield from chance.sample(pairs, len(pairs))
