"""What a synthetic call leaves on disk and on the screen: recording, timeline, picture, and a line per barge-in.

Decides layout only; every number comes from `measure.py`.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from torim.audio import g711
from torim.lab.ear import FRAME_SAMPLES, SAMPLES_PER_MS
from torim.lab.measure import BargeIn, Limits
from torim.lab.picture import draw
from torim.lab.record import CallRecord

_COLUMNS = ("hold", "clear", "silence", "stale", "heard", "truncated")


def lines(rows: Sequence[BargeIn], limits: Limits) -> Iterator[str]:
    """A table with one line per barge-in; milliseconds, all but the last three from the onset."""
    if not rows:
        yield "No barge-in in this call."
        return
    width = max(len(row.stage) for row in rows)
    yield f"{'barge-in':<{width}}  " + "".join(f"{name:>11}" for name in _COLUMNS)
    for row in rows:
        problems = row.problems(limits)
        good = "ok" if row.sounding else "ok, nothing was sounding"
        good += f", after {row.resumes} false resume{'s' * (row.resumes > 1)}" if row.resumes else ""
        verdict = good if not problems else "FAILED: " + "; ".join(problems)
        yield f"{row.stage:<{width}}  " + "".join(f"{value:>11}" for value in _cells(row)) + f"  {verdict}"


def _cells(row: BargeIn) -> tuple[str, ...]:
    told = "-" if row.truncated_ms is None else f"{row.truncated_ms}"
    error = row.truncation_error_ms
    return (
        _ms(row.hold_ms),
        _ms(row.clear_ms),
        _ms(row.silence_ms),
        _ms(row.stale_ms),
        _ms(row.heard_ms),
        told if error is None else f"{told} ({round(error):+d})",
    )


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


LEGEND = (
    "ms from the first sample of speech: hold = clear written (server's clock), clear = read by the carrier, "
    "silence = last far-end sample (ear);\n"
    "stale = old audio heard after the cut; heard = of the interrupted item (ear), truncated = told the engine "
    "(difference)"
)


def save(record: CallRecord, rows: Sequence[BargeIn], folder: Path, name: str = "call") -> list[Path]:
    """Write recording, picture and, if there is one, timeline; returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    recording, picture, timeline = (folder / f"{name}.{ending}" for ending in ("wav", "svg", "call"))
    write_wav(record, recording)
    picture.write_text(draw(record, rows), encoding="utf-8")
    written = [recording, picture]
    if record.timeline:
        facts = {"call": record.call_sid, **record.head}
        head = f"# {record.title}\n" + "".join(f"# {name}: {value}\n" for name, value in facts.items())
        body = "".join(f"{entry.line}\n" for entry in record.timeline)
        timeline.write_text(head + body, encoding="utf-8")
        written.append(timeline)
    return written


def write_wav(record: CallRecord, path: Path) -> None:
    """The call in two channels: left the caller as sent, right the AI as heard."""
    caller = b"".join(record.mouth)
    count = max(len(caller), record.length_samples)
    heard = record.ear.recent(0, count)
    left = g711.decode(caller.ljust(count, b"\xff"))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.column_stack((left, g711.decode(heard))).astype("<i2").tobytes())


def summary(record: CallRecord) -> Iterator[str]:
    """What else is worth knowing of a call: its length, who ended it, what the carrier would warn of."""
    seconds = record.length_samples / SAMPLES_PER_MS / 1000
    after = ", ".join(verb.name for verb in record.after)
    yield f"{seconds:.1f} s, ended by the {record.ended_by}" + (f"; then {after}" if after else "")
    if record.worst_tick_ms > FRAME_SAMPLES / SAMPLES_PER_MS:
        yield f"the caller itself was up to {record.worst_tick_ms:.0f} ms late: this machine is busy"
    for violation in sorted(set(record.violations)):
        yield f"protocol violation: {violation} ({record.violations.count(violation)} times)"
