"""The judge of the stage matrix is not blind: a true record passes, and each thing that may go wrong is found in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from acceptance_scene import Calls

from torim.core.actions import CancelResponse, CreateResponse, Note, TruncateItem
from torim.core.events import AudioDelta, ToolFinished, TurnCommitted, VoiceSure
from torim.core.reasons import Level, Reason
from torim.lab.matrix import By, Stage
from torim.lab.matrix_call import Played
from torim.lab.matrix_judge import Judged, call_problems, judge
from torim.lab.record import CallRecord, ServerEntry

Entries = list[tuple[ServerEntry, int]]  # with the frames taken in by then
pytestmark = pytest.mark.timeout(600)
TOO_MUCH_MS = 5_000  # more than any jitter of the line excuses


def told(played: Played, change: Callable[[Entries], Entries]) -> list[str]:
    """What the judge says of a call whose timeline was changed."""
    changed = change(list(zip(played.record.timeline, played.taken_in, strict=True)))
    record = CallRecord(
        **{name: getattr(played.record, name) for name in CallRecord.__dataclass_fields__ if name != "timeline"},
        timeline=[entry for entry, _ in changed],
    )
    doctored = replace(played, record=record, taken_in=[count for _, count in changed])
    return call_problems(doctored) + [text for item in judge(doctored) for text in item.problems]


def clean(calls: Calls, stage: Stage, by: By = By.SPEECH) -> Played:
    """A call of the sample, without any problem, that has such a trial which shows what is changed in it."""
    for played in calls.outcome.played:
        trials = [item for item in judge(played) if item.trial.cell.stage is stage and item.trial.cell.by is by]
        if trials and all(shows(item) for item in trials) and told(played, list) == []:
            return played
    pytest.skip("this machine was too busy for a clean call")


def shows(item: Judged) -> bool:
    """Whether the sound fell where it should; in the middle of an answer, too, how much of that was heard."""
    return item.in_stage and (item.trial.cell.stage is not Stage.MIDDLE or item.truncation_error_ms is not None)


def without(kind: type) -> Callable[[Entries], Entries]:
    return lambda entries: [(entry, count) for entry, count in entries if not isinstance(entry.subject, kind)]


def twice(kind: type) -> Callable[[Entries], Entries]:
    return lambda entries: [pair for pair in entries for _ in range(2 if isinstance(pair[0].subject, kind) else 1)]


def told_too_much(entries: Entries) -> Entries:
    def more(entry: ServerEntry) -> ServerEntry:
        subject = entry.subject
        if not isinstance(subject, TruncateItem):
            return entry
        return replace(entry, subject=replace(subject, audio_end_ms=subject.audio_end_ms + TOO_MUCH_MS))

    return [(more(entry), count) for entry, count in entries]


def asked_at_once(entries: Entries) -> Entries:
    """Each reply is asked for the moment the voice is sure."""
    create = next(entry.subject for entry, _ in entries if isinstance(entry.subject, CreateResponse))
    changed: Entries = []
    for entry, count in without(CreateResponse)(entries):
        changed.append((entry, count))
        if isinstance(entry.subject, VoiceSure):
            changed.append((replace(entry, subject=create), count))
    return changed


def an_error(entries: Entries) -> Entries:
    entry, count = entries[-1]
    return [*entries, (replace(entry, subject=Note(Reason.ENGINE_FAULT, Level.ERROR)), count)]


def gaps(entries: Entries) -> Entries:
    """What the engine said was more than what was heard."""

    def longer(entry: ServerEntry) -> ServerEntry:
        if not isinstance(entry.subject, AudioDelta):
            return entry
        return replace(entry, subject=replace(entry.subject, payload=entry.subject.payload + b"\x11" * 160))

    return [(longer(entry), count) for entry, count in entries]


@pytest.mark.parametrize(
    ("stage", "change", "complaint"),
    [
        (Stage.TOOL_ASKED, without(CancelResponse), "was alive and not cancelled"),
        (Stage.TOOL_ASKED, twice(CancelResponse), "was cancelled twice"),
        (Stage.MIDDLE, twice(CreateResponse), "2 replies were asked for"),
        (Stage.MIDDLE, without(CreateResponse), "0 replies were asked for"),
        (Stage.MIDDLE, without(TurnCommitted), "before the caller's turn was committed"),
        (Stage.MIDDLE, told_too_much, "off what was heard"),
        (Stage.MIDDLE, without(TruncateItem), "the engine was not told what was heard"),
        (Stage.MIDDLE, asked_at_once, "a reply was asked for while the caller spoke"),
        (Stage.MIDDLE, an_error, "at ERROR"),
        (Stage.GREETING_LOCKED, gaps, "not heard whole"),
        (Stage.TOOL_RUNNING, without(ToolFinished), "the running tool never finished"),
    ],
)
def test_it_is_found(stage: Stage, change: Callable[[Entries], Entries], complaint: str, calls: Calls) -> None:
    found = told(clean(calls, stage), change)
    assert any(complaint in text for text in found), found
