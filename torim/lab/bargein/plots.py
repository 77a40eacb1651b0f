"""Plots as SVG text: distributions, intervals, grids and curves; no script, no font file, no outside resource.

Decides how figures are drawn. Colours are classes of the page that holds the plots, so that light and dark follow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from torim.lab.bargein.stats import Figure

WIDTH, HEIGHT = 660, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 20, 16, 44
ROW, NAME = 24, 250
CELL_W, CELL_H = 78, 30
NARROW = 440


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its values from low to high over a length of pixels."""

    low: float
    high: float
    begin: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of a value; values beyond the axis lie on its end."""
        inside = min(max(value, self.low), self.high)
        return self.begin + (inside - self.low) / (self.high - self.low) * (self.end - self.begin)


def _svg(width: float, height: float, parts: Iterable[str], label: str) -> str:
    body = "".join(parts)
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">{body}</svg>'


def _text(x: float, y: float, text: str, style: str = "tick", anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, style: str = "grid") -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


def distributions(series: Sequence[tuple[str, Sequence[float], int]], most_ms: float, goals: Sequence[float]) -> str:
    """Cumulative shares of several sets of ms; each set has a name and how many trials it stands for."""
    x = Axis(0, most_ms, LEFT, WIDTH - RIGHT)
    y = Axis(0, 1, HEIGHT - BOTTOM, TOP)
    parts = []
    for share in (0, 0.25, 0.5, 0.75, 0.9, 1):
        parts += [_line(LEFT, y.at(share), WIDTH - RIGHT, y.at(share))]
        parts += [_text(LEFT - 6, y.at(share) + 4, f"{share:.0%}", anchor="end")]
    for step in range(0, int(most_ms) + 1, _step(most_ms)):
        parts.append(_text(x.at(step), HEIGHT - BOTTOM + 18, f"{step}"))
    parts += [_line(x.at(goal), TOP, x.at(goal), HEIGHT - BOTTOM, "goal") for goal in goals]
    for number, (_, values, n) in enumerate(series):
        if values:
            parts.append(f'<path d="{_steps(sorted(values), n, x, y)}" class="line s{number}"/>')
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "ms from the onset"))
    names = [name if values else f"{name} (none)" for name, values, _ in series]
    return _legend(names) + _svg(WIDTH, HEIGHT, parts, "cumulative distribution of " + ", ".join(names))


def _step(most: float) -> int:
    return next(step for step in (50, 100, 200, 250, 500, 1_000) if most / step <= 10)


def _steps(values: Sequence[float], n: int, x: Axis, y: Axis) -> str:
    """A staircase that ends below 100 % where trials have no value."""
    path = [f"M{x.at(0):.1f},{y.at(0):.1f}"]
    for number, value in enumerate(values, 1):
        if value > x.high:
            break
        path.append(f"H{x.at(value):.1f}V{y.at(number / n):.1f}")
    return "".join([*path, f"H{x.end:.1f}"])


def _legend(names: Sequence[str]) -> str:
    items = "".join(f'<li class="s{number}">{escape(name)}</li>' for number, name in enumerate(names))
    return f'<ul class="legend">{items}</ul>'


def intervals(rows: Sequence[tuple[str, Sequence[Figure]]], names: Sequence[str], goal: float | None = None) -> str:
    """Shares with their intervals, a row each; several figures of a row are drawn over one another."""
    height = TOP + ROW * len(rows) + 30
    x = Axis(0, 1, NAME, WIDTH - RIGHT)
    parts = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts += [_line(x.at(share), TOP, x.at(share), height - 30)]
        parts += [_text(x.at(share), height - 12, f"{share:.0%}")]
    if goal is not None:
        parts.append(_line(x.at(goal), TOP, x.at(goal), height - 30, "goal"))
    for number, (name, figures) in enumerate(rows):
        middle = TOP + ROW * number + ROW / 2
        counts = "/".join(str(figure.n) for figure in figures)
        parts.append(_text(NAME - 10, middle + 4, f"{name} ({counts})", "name", "end"))
        spread = 5.0 if len(figures) > 1 else 0.0
        for which, figure in enumerate(figures):
            parts += _whisker(figure, x, middle + spread * (2 * which - len(figures) + 1) / 1.0, which)
    return (_legend(names) if len(names) > 1 else "") + _svg(WIDTH, height, parts, "shares with 95 % intervals")


def _whisker(figure: Figure, x: Axis, y: float, which: int) -> list[str]:
    if figure.value is None or figure.low is None or figure.high is None:
        return []
    return [
        _line(x.at(figure.low), y, x.at(figure.high), y, f"whisker s{which}"),
        f'<circle cx="{x.at(figure.value):.1f}" cy="{y:.1f}" r="4" class="dot s{which}"/>',
    ]


def grid(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[tuple[int, int]]]], corner: str) -> str:
    """Counts of n in cells; the more, the stronger the cell is coloured."""
    width = 120 + CELL_W * len(columns)
    height = 30 + CELL_H * len(rows)
    parts = [_text(108, 20, corner, anchor="end")]
    parts += [_text(120 + CELL_W * (n + 0.5), 20, name) for n, name in enumerate(columns)]
    for number, (name, cells) in enumerate(rows):
        top = 30 + CELL_H * number
        parts.append(_text(108, top + CELL_H / 2 + 4, name, "name", "end"))
        for place, (count, n) in enumerate(cells):
            left = 120 + CELL_W * place
            share = count / n if n else 0.0
            box = f'x="{left + 1}" y="{top + 1}" width="{CELL_W - 2}" height="{CELL_H - 2}" rx="3"'
            strength = f"{0.12 + 0.78 * share:.2f}" if count else "0"
            parts.append(f'<rect {box} class="cell"/><rect {box} class="bad" fill-opacity="{strength}"/>')
            style = "count strong" if share > 0.5 else "count"
            parts.append(_text(left + CELL_W / 2, top + CELL_H / 2 + 4, f"{count}/{n}" if n else "", style))
    return _svg(width, height, parts, "counts by " + corner)


@dataclass(frozen=True, slots=True)
class Spot:
    """One point of an operating curve."""

    x: Figure
    y: Figure
    label: str
    default: bool = False


def operating(spots: Sequence[Spot], x_name: str, y_name: str, y_most: float, percent: bool) -> str:
    """An operating curve: a share against a share or against ms, the value of the threshold at each point."""
    x = Axis(0, 1, LEFT, NARROW - RIGHT)
    y = Axis(0, y_most, HEIGHT - BOTTOM, TOP + 20)
    parts = []
    for number in range(5):
        share, value = number / 4, y_most * number / 4
        parts += [
            _line(LEFT, y.at(value), NARROW - RIGHT, y.at(value)),
            _text(x.at(share), HEIGHT - 26, f"{share:.0%}"),
        ]
        parts.append(_text(LEFT - 6, y.at(value) + 4, f"{value:.0%}" if percent else f"{value:.0f}", anchor="end"))
    drawn = [spot for spot in spots if spot.x.value is not None and spot.y.value is not None]
    points = " ".join(f"{x.at(s.x.value or 0):.1f},{y.at(s.y.value or 0):.1f}" for s in drawn)
    parts.append(f'<polyline points="{points}" class="line s0"/>')
    for number, (px, py, label, default) in enumerate(_together(drawn, x, y)):
        size, style = (5, "s1") if default else (3, "s0")
        parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{size}" class="dot {style}"/>')
        aside, anchor = (-7, "end") if px > NARROW - 90 else (7, "start")
        parts.append(_text(px + aside, py + (14 if number % 2 else -7), label, "tick", anchor))
    parts += [_text((LEFT + NARROW - RIGHT) / 2, HEIGHT - 8, x_name)]
    parts += [_text(LEFT - 40, TOP, y_name, "tick", "start")]
    return _svg(NARROW, HEIGHT, parts, f"{y_name} against {x_name}")


def _together(spots: Sequence[Spot], x: Axis, y: Axis) -> list[tuple[float, float, str, bool]]:
    """Points as drawn: those that fall on one another share a label, from the first value to the last."""
    places: dict[tuple[int, int], list[Spot]] = {}
    for spot in spots:
        place = (round(x.at(spot.x.value or 0) / 8), round(y.at(spot.y.value or 0) / 8))
        places.setdefault(place, []).append(spot)
    drawn = []
    for found in places.values():
        first, last = found[0], found[-1]
        label = first.label if first is last else f"{first.label} to {last.label}"
        marked = next((spot for spot in found if spot.default), first)
        at = (x.at(marked.x.value or 0), y.at(marked.y.value or 0))
        drawn.append((*at, label, any(spot.default for spot in found)))
    return drawn
