"""The markers and captions of a call's picture: which of its events are worth showing, and in which words.

Decides what is shown; `picture.py` decides where.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torim.core import actions as act
from torim.core import events as ev
from torim.core.reasons import Reason
from torim.lab.ear import SAMPLES_PER_MS
from torim.lab.record import CallRecord

TOGETHER_MS = 40  # marks this close share one label


@dataclass(frozen=True, slots=True)
class Mark:
    """One labelled instant; ``strong`` marks are decisions of ours, others what the engine reported."""

    at_samples: int
    label: str
    colour: str  # a class of the picture: cut, hold, engine, desk, dim
    strong: bool = True


@dataclass(frozen=True, slots=True)
class Caption:
    """Words from an instant on."""

    at_samples: int
    text: str


_NOTES = {
    Reason.CUT: ("cut", "cut"),
    Reason.CUT_BY_KEY: ("cut by key", "cut"),
    Reason.CUT_BY_WORDS: ("cut by words", "cut"),
    Reason.HELD: ("hold", "hold"),
    Reason.RESUMED: ("resume", "hold"),
    Reason.RESUMED_AT_DEADLINE: ("resume (deadline)", "hold"),
    Reason.BLOCKED: ("blocked", "hold"),
    Reason.FIRST_AUDIO: ("first audio", "dim"),
    Reason.LOCK_OPENED: ("lock opens", "dim"),
}

_DECISIONS = {label for label, colour in _NOTES.values() if colour != "dim"}


def _note(note: act.Note) -> tuple[str, str] | None:
    return _NOTES.get(note.reason)


def _finished(event: ev.ToolFinished) -> tuple[str, str] | None:
    try:
        answer = json.loads(event.output)
    except ValueError:
        return None
    booked = isinstance(answer, dict) and bool(answer.get("appointment_id"))
    return ("★ booked", "desk") if booked else None


_SHOWN: dict[type[Any], Callable[[Any], tuple[str, str] | None]] = {
    act.Note: _note,
    act.CancelResponse: lambda _: ("cancel", "cut"),
    act.ClearAudio: lambda _: ("clear", "cut"),
    act.TruncateItem: lambda action: (f"truncate {action.audio_end_ms} ms", "cut"),
    act.RunTool: lambda action: (action.name, "desk"),
    ev.KeyPressed: lambda event: (f"key {event.digit}", "you"),
    ev.ResponseCreated: lambda _: ("created", "engine"),
    ev.AudioDone: lambda _: ("audio.done", "engine"),
    ev.ResponseDone: lambda event: (f"response.done{_unless_completed(event)}", "engine"),
    ev.ToolFinished: _finished,
}
_ENGINES = (ev.ResponseCreated, ev.AudioDone, ev.ResponseDone)


def _unless_completed(event: ev.ResponseDone) -> str:
    return "" if event.status is ev.ResponseStatus.COMPLETED else f" ({event.status.value})"


def marks(record: CallRecord) -> list[Mark]:
    """Every marker of a call in the order of time, those at the same instant joined."""
    found = sorted(_server_marks(record), key=lambda mark: (mark.at_samples, mark.label not in _DECISIONS))
    joined: list[Mark] = []
    for mark in found:
        last = joined[-1] if joined else None
        if last is not None and _belong(last, mark):
            if mark.label in last.label:
                continue
            joined[-1] = Mark(last.at_samples, f"{last.label} · {mark.label}", last.colour, last.strong)
        else:
            joined.append(mark)
    return joined


def _belong(last: Mark, mark: Mark) -> bool:
    """Whether two marks say one thing: a decision with what it did, or the same kind close together."""
    apart = mark.at_samples - last.at_samples
    same = apart == 0 or (mark.colour == last.colour and apart <= TOGETHER_MS * SAMPLES_PER_MS)
    return same and mark.strong == last.strong


def _server_marks(record: CallRecord) -> Iterator[Mark]:
    for entry in record.timeline:
        show = _SHOWN.get(type(entry.subject))
        shown = show(entry.subject) if show else None
        if shown is not None:
            strong = not isinstance(entry.subject, _ENGINES)
            yield Mark(record.clock.samples(entry.at_ms), shown[0], shown[1], strong)


def caller_captions(record: CallRecord) -> list[Caption]:
    """What the caller said and pressed."""
    return [Caption(said.onset_samples, f"“{said.text}”" if said.text else f"[{said.key}]") for said in record.said]


def ai_captions(record: CallRecord) -> list[Caption]:
    """What the AI was about to say, from the instant its first sound was heard."""
    words: dict[str, list[str]] = {}
    begins: dict[str, int] = {}
    for entry in record.timeline:
        subject = entry.subject
        if isinstance(subject, ev.TextDelta):
            words.setdefault(subject.response_id, []).append(subject.text)
        elif isinstance(subject, ev.AudioDelta) and subject.response_id not in begins:
            begins[subject.response_id] = record.clock.samples(entry.at_ms)
    captions = (
        Caption(_heard_from(record, at_samples), " ".join("".join(words.get(response_id, [])).split()))
        for response_id, at_samples in begins.items()
    )
    return [caption for caption in captions if caption.text]


def _heard_from(record: CallRecord, at_samples: int) -> int:
    slack = 5 * SAMPLES_PER_MS
    began = record.ear.began(at_samples - slack)
    return began if began is not None else at_samples
