"""The verifier's model card, `docs/verifier.md`: what it is for, what it was trained on, how it does, where it fails.

Decides how a test is counted and shown; every recording of a tested folder counts, on a plain line and on one drawn
for it. Written by `tools.train_verifier`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
import numpy as np

from tools.verifier_echoes import BARE, DELAY_MS, ERL_DB, OVER_DB, hear_over_echo
from tools.verifier_sounds import CLASS_OF, ROOMS, hear
from torim.audio import weights
from torim.audio.verifier import CLASSES, STATE, Verifier
from torim.lab.bargein.corpus import Clip
from torim.lab.bargein.stats import share

AGES = (4, 9, 15)  # windows: 128, 288 and 480 ms
SHOWN = 9  # the age that the details are given for
VARIANTS = (0, 1)
ECHO_VARIANTS = (100,)  # a line of its own: never one that was trained on
GROUP_LEAST = 3  # recordings of a source that has a row of its own
MOST_ROWS = 40
NOTES = Path(__file__).with_name("verifier_notes.md")  # the end of the page: known failures, what was tried


@dataclass(frozen=True, slots=True)
class Test:
    """A verifier on recordings that it was not trained on."""

    name: str
    verifier: Verifier
    clips: Sequence[Clip]
    over_echo: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the verifier said about one recording on one line."""

    clip: Clip
    odds: dict[int, float]  # by age in windows


def answers(test: Test) -> list[Answer]:
    """Ask about every recording, at the listener's own trigger."""
    found = []
    recordings = hear_over_echo(test.clips, ECHO_VARIANTS) if test.over_echo else hear(test.clips, VARIANTS)
    for heard in recordings:
        asked = (e for e in heard.examples(AGES) if e[0] == 0)
        odds = {age: test.verifier.odds(values[:STATE], values[STATE:]) for _, age, values in asked}
        found.append(Answer(heard.clip, odds))
    return found


def page(corpus: Path, counted: str, counted_over_echo: str, tests: Sequence[Test]) -> str:
    """The whole page."""
    facts = {"hash": weights.vad_sha256()[:16], "counted": counted, "counted_over_echo": counted_over_echo}
    ranges = {"erl": _range(ERL_DB), "delay": _range(DELAY_MS), "over": _range(OVER_DB)}
    parts = [_HEAD.format(rooms=round(100 * ROOMS), bare=round(100 * BARE), **facts, **ranges)]
    parts.append(_licences(corpus))
    for test in tests:
        found = answers(test)
        title = f"{test.name}, over the echo of our own voice" if test.over_echo else test.name
        parts += [
            f"## Test: {title}\n",
            _by_class(found),
            _details(found, ECHO_VARIANTS if test.over_echo else VARIANTS),
        ]
    parts.append(NOTES.read_text(encoding="utf-8"))
    return "\n".join(parts)


def _range(ends: Sequence[float]) -> str:
    return f"{ends[0]:g} to {ends[1]:g}"


def _by_class(found: Sequence[Answer]) -> str:
    lines = ["| Class | Age ms | n | odds > 0 | odds > 1 | odds < -2 |", "|---|---|---|---|---|---|"]
    for number, name in enumerate(CLASSES):
        own = [answer for answer in found if CLASS_OF[answer.clip.kind] == number]
        for age in AGES:
            odds = [answer.odds[age] for answer in own if age in answer.odds]
            if odds:
                lines.append(f"| {name} | {age * 32} | {len(odds)} | {_shares(odds)} |")
    return "\n".join(lines) + "\n\n" + _areas(found) + "\n"


def _shares(odds: Sequence[float]) -> str:
    tests: tuple[Callable[[float], bool], ...] = (lambda x: x > 0, lambda x: x > 1, lambda x: x < -2)
    return " | ".join(_share(sum(map(test, odds)), len(odds)) for test in tests)


def _share(count: int, n: int) -> str:
    figure = share(count, n)
    low, high = figure.low or 0.0, figure.high or 0.0
    return f"{100 * count / n:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _areas(found: Sequence[Answer]) -> str:
    cells = []
    for number, name in enumerate(CLASSES[1:], start=1):
        for age in AGES:
            turns = [a.odds[age] for a in found if CLASS_OF[a.clip.kind] == 0 and age in a.odds]
            others = [a.odds[age] for a in found if CLASS_OF[a.clip.kind] == number and age in a.odds]
            if turns and others:
                cells.append(f"{name} at {age * 32} ms {_area(turns, others):.3f}")
    return "Area under the curve, turns against: " + ", ".join(cells) + "."


def _area(turns: Sequence[float], others: Sequence[float]) -> float:
    """The chance that a turn has higher odds than the other."""
    order = np.sort(np.asarray(others))
    return float(np.mean(np.searchsorted(order, np.asarray(turns))) / len(order))


def _details(found: Sequence[Answer], variants: Sequence[int]) -> str:
    """By class of recording, then by speaker or source where there are enough of one."""
    by_cls, by_source, by_group = defaultdict(list), defaultdict(list), defaultdict(list)
    for answer in found:
        if SHOWN in answer.odds:
            by_cls[(answer.clip.kind.value, answer.clip.cls)].append(answer.odds[SHOWN])
            by_source[(answer.clip.kind.value, _source(answer.clip.group))].append(answer.odds[SHOWN])
            by_group[(answer.clip.cls, _group(answer.clip.group))].append(answer.odds[SHOWN])
    many = {key: odds for key, odds in by_group.items() if len(odds) >= GROUP_LEAST * len(variants)}
    largest = dict(sorted(many.items(), key=lambda item: (-len(item[1]), item[0]))[:MOST_ROWS])
    tables = [_table(f"By class, at {SHOWN * 32} ms", by_cls.items())]
    if len({source for _, source in by_source}) > 1:
        tables.append(_table(f"By source, at {SHOWN * 32} ms", by_source.items()))
    if len(largest) > 1:
        tables.append(
            _table(f"By speaker or source (the {len(largest)} with most), at {SHOWN * 32} ms", largest.items())
        )
    return "\n".join(tables)


def _group(name: str) -> str:
    """The last part of a speaker's or page's name."""
    return name.rstrip("/),.").rsplit("/", 1)[-1][:48]


def _source(group: str) -> str:
    """The collection that a group belongs to: what stands before its colon, or the page's host."""
    page = re.match(r"https?://(?:www\.)?([^/]+)", group)
    return page[1] if page else group.split(":")[0]


def _table(title: str, rows: Iterable[tuple[tuple[str, str], list[float]]]) -> str:
    lines = [f"{title}:", "", "| Of | Is | n | median | odds > 0 | odds < -2 |", "|---|---|---|---|---|---|"]
    for (first, second), odds in sorted(rows):
        positive, refused = sum(o > 0 for o in odds), sum(o < -2 for o in odds)
        shown = f"{np.median(odds):+.1f} | {_share(positive, len(odds))} | {_share(refused, len(odds))}"
        lines.append(f"| {first} | {second} | {len(odds)} | {shown} |")
    return "\n".join(lines) + "\n"


def _licences(corpus: Path) -> str:
    """What the manifest says about what was trained on."""
    count: Counter[tuple[str, str]] = Counter()
    with (corpus / "manifest.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not row.get("doubt"):
                count[(row["licence"], row["source"].split(":")[0])] += 1
    lines = ["| Licence | Source | Recordings |", "|---|---|---|"]
    lines += [f"| {licence} | {source} | {n} |" for (licence, source), n in sorted(count.items())]
    return "\n".join(lines) + "\n\n" + _authors(corpus) + "\n"


def _authors(corpus: Path) -> str:
    """Those whom CC BY asks to be named."""
    names = set()
    with (corpus / "manifest.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["licence"].startswith("CC BY"):
                names.add(row["attribution"].split(";")[0].strip())
    return "By attribution (CC BY 3.0; changed: cut, resampled, levelled): " + "; ".join(sorted(names)) + "."


_HEAD = """# The verifier: model card

Written by `python -m tools.train_verifier`; not by hand.

`torim/audio/weights/verifier.npz`: a network with one hidden layer for three classes (turn, body sound, other) on the
recurrent state of the speech detector: its mean since the trigger and its newest value, 24,771 numbers in float16;
and another of the same shape for lines that return our own voice, where that state is of the caller and of us together.
It gives the log-odds that a sound which has just begun is a caller's turn. Pinned to the detector's weights (hash
{hash}...), which is checked at load.

**Use.** To decide, within 100 to 500 ms, whether a sound that silenced the AI is a turn; `torim/core/policy.py` says
how the odds are used. It identifies nobody, knows no words and no language, and is no general detector of coughs.

**Training.** {counted}; each recording on ten lines (level -40 to -14 dBFS, noise -72 to -48
dBFS, spectral tilt, a coarse codec on a third, a room on {rooms} % of the drawn ones, on eight of the ten 0.8 to 1.25
times as fast; five of the ten mostly from farther off, speech often without its beginning), mu-law, at the listener's
own trigger and every 320 ms after it, at ages of 64 to 576 ms. Classes weigh the same. Recordings marked in doubt are
left out.

For lines that return our voice: {counted_over_echo}; each recording {over} dB over the echo of a
statement (echo return loss {erl} dB, delay {delay} ms, five responses, half of them through a coarse codec both
ways, noise), {bare} % of the lines without the canceller, at the same instants and ages, where the listener noticed it;
our voice stops at the trigger and comes back 15 dB lower, as in a call.

## Training recordings and their licences
"""
