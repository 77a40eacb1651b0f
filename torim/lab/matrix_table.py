"""The stage matrix as a table: per cell how many trials, how many were obeyed, and how long it took.

Decides what is counted: a trial whose sound missed its stage (the generator was late) is held to every rule all
the same, but counts for no cell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torim.lab.matrix import Stage
from torim.lab.matrix_judge import Judged

Group = tuple[str, ...]
PERCENTS = (50, 90, 100)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Milliseconds from the caller's first sample; None where there was nothing to stop."""

    name: Group
    trials: int
    obeyed: int
    hold_ms: tuple[float, ...] | None  # p50, p90, max, to the clear (server)
    silence_ms: tuple[float, ...] | None  # p50, p90, max, to the last far-end sample (ear)
    stale_ms: float
    truncation_ms: float | None  # the largest error
    resumed: int  # trials in which the AI went on before the voice was recognised
    jitter_ms: float  # the worst of any trial: what the generator, the network and the machine add


def table(judged: Sequence[Judged], group: Callable[[Judged], Group]) -> list[Row]:
    """One row for each group of trials that were in their stage, in the order of the matrix."""
    groups: dict[Group, list[Judged]] = {}
    for item in sorted(judged, key=lambda item: (_order(item.trial.cell.stage), item.trial.cell.answer)):
        if item.in_stage:
            groups.setdefault(group(item), []).append(item)
    return [row(name, items) for name, items in groups.items()]


def by_cell(item: Judged) -> Group:
    cell = item.trial.cell
    return cell.stage.value, str(cell.answer or "-"), cell.by.value


def by_stage(item: Judged) -> Group:
    return item.trial.cell.stage.value, item.trial.cell.by.value


def _order(stage: Stage) -> int:
    return list(Stage).index(stage)


def row(name: Group, items: Sequence[Judged]) -> Row:
    """The figures of some trials."""
    free = [item for item in items if item.trial.cell.stage is not Stage.GREETING_LOCKED]
    errors = [abs(item.truncation_error_ms) for item in free if item.truncation_error_ms is not None]
    return Row(
        name=name,
        trials=len(items),
        obeyed=sum(item.obeyed for item in items),
        hold_ms=_percentiles([item.hold_ms for item in free]),
        silence_ms=_percentiles([item.silence_ms for item in free if item.sounding]),
        stale_ms=max((item.stale_ms for item in free), default=0.0),
        truncation_ms=max(errors, default=None),
        resumed=sum(item.resumes > 0 for item in free),
        jitter_ms=max((item.jitter_ms for item in items), default=0.0),
    )


def _percentiles(values: Sequence[float | None]) -> tuple[float, ...] | None:
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    return tuple(known[max(0, math.ceil(len(known) * percent / 100) - 1)] for percent in PERCENTS)


def interval(good: int, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, in percent."""
    if not trials:
        return 0.0, 100.0
    z, share = 1.96, good / trials
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 100 / (1 + z * z / trials)
    return max(0.0, (centre - spread) * scale), min(100.0, (centre + spread) * scale)


_HEAD = ("n", "obeyed", "hold p50/p90/max", "silence p50/p90/max", "stale", "truncation", "resumed", "jitter")
LEGEND = (
    "ms from the caller's first sample (or key): hold = clear written (server's clock), silence = last far-end sample\n"
    "(ear); stale = old audio after the cut, truncation = told against heard (ear), jitter = how unevenly frames were\n"
    "taken in: an ear's figure may be off by it; resumed = the AI went on before it recognised the voice"
)


def lines(rows: Sequence[Row], heads: Sequence[str]) -> Iterator[str]:
    """The table as text."""
    cells = [(*heads, *_HEAD), *((*item.name, *_figures(item)) for item in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    for line in cells:
        left = (text.ljust(width) for text, width in zip(line[: len(heads)], widths, strict=False))
        right = (text.rjust(width) for text, width in zip(line[len(heads) :], widths[len(heads) :], strict=True))
        yield "  ".join((*left, *right)).rstrip()


def _figures(item: Row) -> tuple[str, ...]:
    return (
        str(item.trials),
        f"{100 * item.obeyed / item.trials:.0f} %",
        _triple(item.hold_ms),
        _triple(item.silence_ms),
        f"{item.stale_ms:.0f}",
        "-" if item.truncation_ms is None else f"{item.truncation_ms:.0f}",
        str(item.resumed),
        f"{item.jitter_ms:.0f}",
    )


def _triple(values: tuple[float, ...] | None) -> str:
    return "-" if values is None else "/".join(f"{value:.0f}" for value in values)


def as_data(way: str, call: int, item: Judged) -> dict[str, Any]:
    """One trial for a file."""
    cell = item.trial.cell
    figures = {name: value for name, value in asdict(item).items() if name != "trial"}
    where = {"stage": cell.stage.value, "answer": cell.answer, "by": cell.by.value}
    said = {"key": item.trial.key} if cell.by.value == "key" else {"words": item.trial.words, "pitch": item.trial.pitch}
    return {"engine": way, "call": call, **where, **said, **figures}
