"""The panel as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from torim.lab.bargein.panel import Table
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
    """One figure without its interval: shares in per cent, times whole."""
    if figure.value is None:
        return "-"
    if column.endswith("ms"):
        return f"{figure.value:.0f}"
    if column.endswith("a minute"):
        return f"{figure.value:.1f}"
    if column == "value":
        return f"{figure.value:.3f}"
    return f"{100 * figure.value:.1f}%"
