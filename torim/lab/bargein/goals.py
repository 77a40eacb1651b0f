"""What the detector should reach, against what a run measured.

Decides of each goal whether it was reached, missed, or whether this many trials cannot tell. The goals are those that
the project set itself for recordings that nobody tuned on; a run on other recordings shows the same list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from torim.lab.bargein.panel import Table
from torim.lab.bargein.stats import Figure

NEVER_TRIALS = 300  # without one event: at most 1 % with 95 % confidence


class Verdict(Enum):
    """What a run says of a goal."""

    REACHED = "reached"  # the value, and the whole interval
    LIKELY = "reached, not beyond doubt"  # the value, not the whole interval
    MISSED = "missed"
    UNTRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Goal:
    """One number to reach: where it stands in the panel, and its limit."""

    words: str
    table: str
    row: str
    column: str
    limit: float
    at_least: bool = False

    def judge(self, figure: Figure) -> Verdict:
        """What a figure says of this goal."""
        if figure.value is None:
            return Verdict.UNTRIED
        if not self._good(figure.value):
            return Verdict.MISSED
        if self.limit == 0:
            return Verdict.REACHED if figure.n >= NEVER_TRIALS else Verdict.LIKELY
        worst = figure.low if self.at_least else figure.high
        return Verdict.REACHED if worst is not None and self._good(worst) else Verdict.LIKELY

    def _good(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


_DUE = "turns that must be obeyed (all below but the short)"
_BODY, _NOISE, _MUSIC = "body sound, mid-statement", "noise, mid-statement", "music, mid-statement"
GOALS = (
    Goal("onset to hold, p50, ms", "stop", _DUE, "hold p50 ms", 50),
    Goal("onset to hold, p90, ms", "stop", _DUE, "hold p90 ms", 100),
    Goal("onset to hold, p99, ms", "stop", _DUE, "hold p99 ms", 200),
    Goal("turns obeyed within 1 s", "stop", _DUE, "obeyed in 1 s", 0.995, True),
    Goal("turns cut by 600 ms", "stop", _DUE, "cut in 0.6 s", 0.99, True),
    Goal("turns of 0.7 s or more, mid-statement, obeyed", "stop", "turns of 0.7 s or more, mid-statement",
         "obeyed in 1 s", 0.99, True),
    Goal("old audio after a cut", "stop", _DUE, "stale audio", 0.0),
    Goal("told against heard, at most, ms", "truth", "all statements that were truncated", "error max ms", 40),
    Goal("coughs, sneezes, cries stop the AI", "false_stops", _BODY, "false stops", 0.05),
    Goal("noise at speech level stops the AI", "false_stops", _NOISE, "false stops", 0.05),
    Goal("music at speech level stops the AI", "false_stops", _MUSIC, "false stops", 0.05),
    Goal("backchannels stop the AI", "false_stops", "backchannel, mid-statement", "false stops", 0.10),
    Goal("false holds a minute of AI speech in background", "false_holds", "backgrounds, all", "a minute", 1.0),
    Goal("longest silence of a false hold, ms", "false_holds", "backgrounds, all", "silence max ms", 350),
    Goal("its own echo (ERL 10 dB or more) cuts the AI", "echo", "ERL 10 dB or more, all", "cut itself off", 0.0),
    Goal("its last echo (ERL 10 dB or more) answered", "echo", "ERL 10 dB or more, all", "answered itself after", 0.0),
    Goal("double talk at +6 dB: obeyed", "double_talk", "+6 dB over the echo, 0.7 s or more", "obeyed in 1 s", 0.99,
         True),
    Goal("double talk at +6 dB: hold p90, ms", "double_talk", "+6 dB over the echo, 0.7 s or more", "hold p90 ms", 200),
    Goal("reply delay, p50, ms", "replies", "all turns", "delay p50 ms", 700),
    Goal("reply delay, p90, ms", "replies", "all turns", "delay p90 ms", 1000),
    Goal("pauses up to 700 ms talked into", "replies", "pauses up to 700 ms, all", "talked into", 0.05),
    Goal("tau-voice R_Y", "tau", "R_Y", "value", 0.99, True),
    Goal("tau-voice S_BC", "tau", "S_BC (backchannels)", "value", 0.9, True),
    Goal("tau-voice S_VT", "tau", "S_VT (coughs, sneezes, cries)", "value", 0.95, True),
)  # fmt: skip


def judged(tables: Sequence[Table]) -> Iterator[tuple[Goal, Figure, Verdict]]:
    """Every goal with its figure and verdict."""
    found = {(table.key, row.name): row for table in tables for row in table.rows}
    for goal in GOALS:
        row = found.get((goal.table, goal.row))
        figure = row.figures[goal.column] if row else Figure(None, 0)
        yield goal, figure, goal.judge(figure)
