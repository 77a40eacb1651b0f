"""The panel as text: for a terminal, and as Markdown for a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torim.lab.bargein.goals import Goal, Verdict
from torim.lab.bargein.panel import Row, Table
from torim.lab.bargein.stats import Figure

NAME_WIDTH = 52


def lines(tables: Iterable[Table], details: bool = False) -> Iterable[str]:
    """Every table in turn; rows of detail (indented names, single classes) only if asked for."""
    for table in tables:
        rows = [row for row in table.rows if details or not row.name.startswith("  ")]
        if not rows or (table.key == "stages" and not details):
            continue
        columns = list(rows[0].figures)
        yield ""
        yield f"{table.title} (clock: {table.clock})"
        yield " " * NAME_WIDTH + f"{'n':>5}  " + "  ".join(columns)
        for row in rows:
            cells = (shown(name, row.figures[name]).rjust(len(name)) for name in columns)
            yield f"{row.name[:NAME_WIDTH]:<{NAME_WIDTH}}{row.n:>5}  " + "  ".join(cells)


def shown(column: str, figure: Figure) -> str:
    """One figure without its interval: shares in per cent (two decimals if the column ends in `fine`), times whole."""
    if figure.value is None:
        return "-"
    if column.endswith("ms"):
        return f"{figure.value:.0f}"
    if column.endswith("a minute"):
        return f"{figure.value:.1f}"
    if column == "value":
        return f"{figure.value:.3f}"
    return f"{100 * figure.value:.{2 if column.endswith('fine') else 1}f}%"


def markdown(tables: Iterable[Table], goals: Iterable[tuple[Goal, Figure, Verdict]]) -> Iterable[str]:
    """The goals and the main rows of every table, for a page of documentation."""
    yield "| goal | limit | measured | 95 % interval | n | |"
    yield "|---|---:|---:|---:|---:|---|"
    for goal, figure, verdict in goals:
        column = goal_column(goal)
        limit = f"{'at least' if goal.at_least else 'at most'} {shown(column, Figure(goal.limit, 0))}"
        cells = (goal.words, limit, shown(column, figure), interval(column, figure), str(figure.n), verdict.value)
        yield f"| {' | '.join(cells)} |"
    for table in tables:
        rows = [row for row in table.rows if not row.name.startswith("  ")]
        if rows and table.key != "stages":
            yield from _markdown_table(table, rows)


def _markdown_table(table: Table, rows: Sequence[Row]) -> Iterable[str]:
    columns = list(rows[0].figures)
    yield ""
    yield f"**{table.title}** (clock: {table.clock}). {table.note}"
    yield ""
    yield f"| | n | {' | '.join(columns)} |"
    yield f"|---|---:|{'---:|' * len(columns)}"
    for row in rows:
        cells = (shown(name, row.figures[name]) for name in columns)
        yield f"| {row.name} | {row.n} | {' | '.join(cells)} |"


def goal_column(goal: Goal) -> str:
    """The column by which a goal's numbers are shown; shares of a goal have two decimals."""
    column = "value" if goal.table == "tau" else goal.column
    return column if column.endswith((" ms", "value", "a minute")) else f"{column} fine"


def interval(column: str, figure: Figure) -> str:
    """A figure's 95 % interval; a question mark where too few trials leave an end open."""
    if figure.low is None and figure.high is None:
        return ""
    low = "?" if figure.low is None else shown(column, Figure(figure.low, 0))
    high = "?" if figure.high is None else shown(column, Figure(figure.high, 0))
    return f"{low} to {high}"
