"""A picture of a call as SVG: what the caller said and what they heard of the AI, on one time axis, with markers.

Decides how a call is drawn. It reads a finished `CallRecord` and returns text; nothing is loaded or saved. The
picture needs no script and no font file, follows the viewer's light or dark preference, and leaves the direction
of Hebrew to the viewer's own algorithm.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from torim.audio import g711
from torim.lab.ear import SAMPLES_PER_MS
from torim.lab.marks import Caption, Mark, ai_captions, caller_captions, marks
from torim.lab.measure import BargeIn
from torim.lab.record import CallRecord

WIDTH = 1440
LEFT, RIGHT = 92, 28
ROW_MAX_S = 18  # rows are as long as each other, and no longer than this
AI_HEIGHT, CALLER_HEIGHT, AXIS_HEIGHT = 66, 54, 20
LABEL_HEIGHT, CAPTION_HEIGHT, ROW_GAP = 14, 16, 22
LABEL_CHAR, CAPTION_CHAR, LEGEND_CHAR = 5.7, 6.3, 7.2  # mean width of a letter, px
SAMPLES_PER_S = 1000 * SAMPLES_PER_MS

_LIGHT = {
    "bg": "#fbfaf7", "ink": "#1f242c", "dim": "#6b7280", "rule": "#e3e0d8", "lane": "#f2f0ea",
    "ai": "#2c69b0", "you": "#1d7f58", "ghost": "#b9c3d3",
    "cut": "#c0392b", "hold": "#b7791f", "engine": "#5b5f97", "desk": "#8a4fa3",
}  # fmt: skip
_DARK = {
    "bg": "#14171c", "ink": "#e6e8ec", "dim": "#9aa2ae", "rule": "#2c313a", "lane": "#1b1f26",
    "ai": "#7fb2ef", "you": "#69cfa0", "ghost": "#48505e",
    "cut": "#ff7d72", "hold": "#edb654", "engine": "#a9adf0", "desk": "#d3a1ea",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Placed:
    mark: Mark
    x: float
    level: int
    fits: bool  # whether the label has room on its right


def draw(record: CallRecord, rows: Sequence[BargeIn], *, theme: str = "auto") -> str:
    """The picture of a call; ``theme`` is "auto", "light" or "dark"."""
    everything = marks(record)
    body: list[str] = []
    y = _header(body, record, rows)
    row_samples = _row_samples(record.length_samples)
    for begin in range(0, max(1, record.length_samples), row_samples):
        y = _Row(record, rows, begin, begin + row_samples, y).draw(body, everything)
    y = _table(body, rows, y)
    height = round(y + 24)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label="{_safe(record.title)}">'
    )
    back = f'<rect class="bg" width="{WIDTH}" height="{height}"/>'
    return "\n".join([head, _style(theme), back, *body, "</svg>", ""])


def _row_samples(length_samples: int) -> int:
    count = max(1, math.ceil(length_samples / (ROW_MAX_S * SAMPLES_PER_S)))
    return max(1, math.ceil(length_samples / count / SAMPLES_PER_S)) * SAMPLES_PER_S


# --- styles -----------------------------------------------------------------------------------------------


def _style(theme: str) -> str:
    rules = _colours(_DARK if theme == "dark" else _LIGHT)
    if theme == "auto":
        rules += f"@media (prefers-color-scheme: dark) {{ {_colours(_DARK)} }}"
    fonts = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans Hebrew', 'DejaVu Sans', Arial, sans-serif"
    text = (
        f"text {{ font-family: {fonts}; unicode-bidi: plaintext; }}"
        ".title { font-size: 22px; font-weight: 600; } .sub { font-size: 13px; }"
        ".lane-name { font-size: 12px; font-weight: 600; } .tick { font-size: 10.5px; }"
        ".mark { font-size: 10.5px; } .say { font-size: 12px; } .cell { font-size: 12.5px; }"
        ".badge { font-size: 11px; font-weight: 700; }"
    )
    return f"<style>{text}{rules}</style>"


def _colours(colours: dict[str, str]) -> str:
    out = [f".{name}{{fill:{value}}} .s-{name}{{stroke:{value};fill:none}}" for name, value in colours.items()]
    return " ".join(out)


def _safe(text: str) -> str:
    kept = "".join(char for char in text if char >= " ")
    return escape(kept, {'"': "&quot;"})


def _text(x: float, y: float, text: str, classes: str, anchor: str = "start") -> str:
    return f'<text class="{classes}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_safe(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, classes: str, width: float = 1.0, extra: str = "") -> str:
    return (
        f'<line class="{classes}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke-width="{width}" {extra}/>'
    )


def _box(x: float, y: float, width: float, height: float, classes: str, extra: str = "") -> str:
    return (
        f'<rect class="{classes}" x="{x:.1f}" y="{y:.1f}" width="{max(0.0, width):.1f}" height="{height:.1f}" {extra}/>'
    )


# --- head and foot ----------------------------------------------------------------------------------------


def _header(body: list[str], record: CallRecord, rows: Sequence[BargeIn]) -> float:
    seconds = record.length_samples / SAMPLES_PER_S
    count = f"{len(rows)} barge-in{'' if len(rows) == 1 else 's'}"
    body.append(_text(LEFT, 44, record.title or "A call", "title ink"))
    body.append(_text(LEFT, 66, f"{seconds:.1f} s, {count}; ended by the {record.ended_by or 'caller'}", "sub dim"))
    legend = (
        ("ai", "AI, as heard"), ("ghost", "sent, never heard"), ("you", "caller"),
        ("cut", "onset to silence"), ("hold", "hold"), ("engine", "engine"), ("desk", "desk"),
    )  # fmt: skip
    x = WIDTH - RIGHT - sum(30 + len(name) * LEGEND_CHAR for _, name in legend)
    for colour, name in legend:
        body.append(_box(x, 35, 11, 11, colour, 'rx="2.5"'))
        body.append(_text(x + 16, 45, name, "sub dim"))
        x += 30 + len(name) * LEGEND_CHAR
    return 92.0


_COLUMNS = (
    (26, "stage"), (330, "said"), (590, "onset to hold"), (700, "to clear"), (785, "to silence"),
    (880, "stale after it"), (985, "heard"), (1075, "truncated"),
)  # fmt: skip


def _table(body: list[str], rows: Sequence[BargeIn], y: float) -> float:
    if not rows:
        return y
    y += 14
    for offset, name in _COLUMNS:
        body.append(_text(LEFT + offset, y, name, "cell dim"))
    body.append(_line(LEFT, y + 7, WIDTH - RIGHT, y + 7, "s-rule"))
    for number, row in enumerate(rows, start=1):
        y += 22
        body.append(_badge(LEFT + 9, y - 4, number))
        for (offset, _), value in zip(_COLUMNS, _cells(row), strict=True):
            body.append(_text(LEFT + offset, y, value, "cell ink"))
    return y


def _cells(row: BargeIn) -> tuple[str, ...]:
    told = "-" if row.truncated_ms is None else f"{row.truncated_ms} ms"
    error = row.truncation_error_ms
    return (
        _clip(row.stage, 44), _clip(row.words, 36), _ms(row.hold_ms), _ms(row.clear_ms), _ms(row.silence_ms),
        _ms(row.stale_ms), _ms(row.heard_ms), told if error is None else f"{told} ({round(error):+d})",
    )  # fmt: skip


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"


def _clip(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def _badge(x: float, y: float, number: int) -> str:
    circle = f'<circle class="cut" cx="{x:.1f}" cy="{y:.1f}" r="8.5"/>'
    return circle + _text(x, y + 4, str(number), "badge bg", "middle")


# --- one row of the score -----------------------------------------------------------------------------------


class _Row:
    """A stretch of the call: markers, the AI's lane, the axis, the caller's lane, captions."""

    def __init__(self, record: CallRecord, rows: Sequence[BargeIn], begin: int, end: int, top: float) -> None:
        self._record = record
        self._rows = rows
        self._begin = begin
        self._end = end
        self._scale = (WIDTH - LEFT - RIGHT) / (end - begin)  # px a sample
        self._last = min(self._end, record.length_samples)  # the call may end within the row
        self._top = top

    def draw(self, body: list[str], everything: Sequence[Mark]) -> float:
        """Append the row; returns where the next one begins."""
        placed = list(_place(self._within(everything)))
        levels = max((item.level for item in placed), default=0) + 1
        ai_top = self._top + levels * LABEL_HEIGHT + 8
        caller_top = ai_top + AI_HEIGHT + CAPTION_HEIGHT + AXIS_HEIGHT
        bottom = caller_top + CALLER_HEIGHT
        self._lanes(body, ai_top, caller_top)
        self._barge_ins(body, ai_top, bottom)
        self._waves(body, ai_top, caller_top)
        self._marks(body, placed, bottom)
        self._captions(body, ai_top, caller_top)
        return bottom + 2 * CAPTION_HEIGHT + ROW_GAP

    def _x(self, at_samples: int) -> float:
        return LEFT + (at_samples - self._begin) * self._scale

    def _within(self, everything: Iterable[Mark]) -> Iterator[tuple[Mark, float]]:
        for mark in everything:
            if self._begin <= mark.at_samples < self._end:
                yield mark, self._x(mark.at_samples)

    def _lanes(self, body: list[str], ai_top: float, caller_top: float) -> None:
        width = self._x(self._last) - LEFT
        axis = caller_top - 6
        for top, height, name, colour in (
            (ai_top, AI_HEIGHT, "AI", "ai"),
            (caller_top, CALLER_HEIGHT, "Caller", "you"),
        ):
            body.append(_box(LEFT, top, width, height, "lane", 'rx="4"'))
            middle = top + height / 2
            body.append(_line(LEFT, middle, LEFT + width, middle, f"s-{colour}", 1.0, 'opacity="0.4"'))
            body.append(_text(LEFT - 12, top + height / 2 + 4, name, f"lane-name {colour}", "end"))
        for second in range(self._begin // SAMPLES_PER_S, self._last // SAMPLES_PER_S + 1):
            x = self._x(second * SAMPLES_PER_S)
            body.append(_line(x, axis - 10, x, axis - 6, "s-dim"))
            body.append(_text(x + 3, axis - 2, f"{second} s", "tick dim"))

    def _barge_ins(self, body: list[str], top: float, bottom: float) -> None:
        for number, row in enumerate(self._rows, start=1):
            silent = row.onset_samples + round((row.silence_ms or 0) * SAMPLES_PER_MS)
            if not self._begin <= row.onset_samples < self._end:
                continue
            x = self._x(row.onset_samples)
            width = max(1.5, self._x(silent) - x)
            body.append(_box(x, top, width, bottom - top, "cut", 'opacity="0.22"'))
            body.append(_badge(x, bottom + 10, number))

    def _waves(self, body: list[str], ai_top: float, caller_top: float) -> None:
        count = self._last - self._begin
        heard = self._record.ear.recent(self._begin, self._last) if count else b""
        first = self._begin // 160
        spoken = b"".join(self._record.mouth[first : first + count // 160])
        for clear in self._record.ear.clears:
            if self._begin <= clear.at_samples < self._end:
                x = self._x(clear.at_samples)
                body.append(_wave(clear.dropped, self._scale, x, ai_top, AI_HEIGHT, "ghost"))
        body.append(_wave(heard, self._scale, LEFT, ai_top, AI_HEIGHT, "ai"))
        body.append(_wave(spoken, self._scale, LEFT, caller_top, CALLER_HEIGHT, "you"))

    def _marks(self, body: list[str], placed: Sequence[_Placed], bottom: float) -> None:
        for item in placed:
            y = self._top + item.level * LABEL_HEIGHT + 10
            dash = 'opacity="0.75"' if item.mark.strong else 'stroke-dasharray="2 3" opacity="0.75"'
            body.append(_line(item.x, y - 9, item.x, bottom, f"s-{item.mark.colour}", 0.9, dash))
            x, anchor = (item.x + 3, "start") if item.fits else (item.x - 3, "end")
            body.append(_text(x, y, item.mark.label, f"mark {item.mark.colour}", anchor))

    def _captions(self, body: list[str], ai_top: float, caller_top: float) -> None:
        for caption, until in _spaced(ai_captions(self._record)):
            self._caption(body, caption, self._x(caption.at_samples), ai_top + AI_HEIGHT + 13, until)
        ends = [0.0, 0.0]
        for caption in caller_captions(self._record):
            x = self._x(caption.at_samples) + 13
            line = 0 if ends[0] <= x else 1
            ends[line] = x + len(caption.text) * CAPTION_CHAR + 8
            y = caller_top + CALLER_HEIGHT + 14 + line * CAPTION_HEIGHT
            self._caption(body, caption, x, y, self._end)

    def _caption(self, body: list[str], caption: Caption, x: float, y: float, until_samples: int) -> None:
        if self._begin <= caption.at_samples < self._last:
            room = self._x(min(until_samples, self._end)) - x - 8
            body.append(_text(x, y, _clip(caption.text, max(1, int(room / CAPTION_CHAR))), "say ink"))


def _spaced(captions: Sequence[Caption]) -> Iterator[tuple[Caption, int]]:
    """Every caption with the instant at which the next one begins."""
    for index, caption in enumerate(captions):
        following = captions[index + 1].at_samples if index + 1 < len(captions) else sys.maxsize
        yield caption, following


def _wave(payload: bytes, scale: float, x: float, top: float, height: float, colour: str) -> str:
    """The outline of a piece of sound, one column a pixel, quiet parts lifted so that they can be seen."""
    if not payload:
        return ""
    heights = [round(peak * (height / 2 - 3)) for peak in _peaks(payload, scale)]
    there = _steps(heights, 1)
    back = _steps([-high for high in reversed(heights)], -1)
    start = f"M{x:.1f} {top + height / 2 - heights[0]:.1f}"
    return f'<path class="{colour}" d="{start}{there}v{2 * heights[-1]}{back}z" stroke="none"/>'


def _steps(heights: Sequence[int], step: int) -> str:
    """A path along a row of heights in relative moves, which keeps the file small."""
    moves: list[str] = []
    for last, high in pairwise(heights):
        if high != last:
            moves.append(f"l{step}{last - high:+d}")
        elif moves and moves[-1][0] == "h":
            moves[-1] = f"h{int(moves[-1][1:]) + step}"
        else:
            moves.append(f"h{step}")
    return "".join(moves)


def _peaks(payload: bytes, scale: float) -> npt.NDArray[np.float64]:
    step = max(1, round(1 / scale))
    samples = np.abs(g711.decode(payload).astype(np.float64)) / 32768
    padded = np.pad(samples, (0, -len(samples) % step)).reshape(-1, step).max(axis=1)
    loud = np.clip((padded / 0.5) ** 0.6 - 0.03, 0.006, 1.0)
    columns = np.arange(0, len(samples) * scale)
    index = np.minimum((columns / scale / step).astype(int), len(loud) - 1)
    return np.asarray(loud[index])


def _place(within: Iterable[tuple[Mark, float]]) -> Iterator[_Placed]:
    """Give every label the lowest line on which it hides no other."""
    ends: list[float] = []
    for mark, x in within:
        width = len(mark.label) * LABEL_CHAR + 10
        fits = x + width <= WIDTH
        left = x if fits else x - width
        level = next((level for level, end in enumerate(ends) if end <= left), len(ends))
        if level == len(ends):
            ends.append(0.0)
        ends[level] = max(x, left + width)
        yield _Placed(mark, x, level, fits)
