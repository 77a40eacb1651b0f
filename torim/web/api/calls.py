"""Calls: the list with its filters, one call as it was heard, its timeline, its recording and the shape of it."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse, PlainTextResponse
from pydantic import Field

from torim.core.events import EndReason
from torim.core.timeline import Line, parse
from torim.core.transcript import Speaker, Turn
from torim.desk.messages import Urgency
from torim.desk.outcomes import Outcome, Sentiment
from torim.errors import CoreMisuse
from torim.storage.files import CallFiles, call_files
from torim.storage.office import CallFilter, CallRow
from torim.web.api.appointments import AppointmentOut, appointment_out
from torim.web.api.deps import ApiDeps, Deps
from torim.web.api.jobs import JobOut, job_out
from torim.web.api.jobs import book as job_book
from torim.web.api.messages import MessageOut, message_out
from torim.web.api.models import (
    CursorText,
    Id,
    Instant,
    Limit,
    Out,
    Page,
    Utc,
    read_cursor,
    write_cursor,
)
from torim.web.api.models import (
    Line as TextLine,
)
from torim.web.api.openapi import refuses
from torim.web.api.principal import Needs, Principal
from torim.web.api.problems import Refusal, not_found
from torim.web.api.scopes import Scope
from torim.web.call_page import Entry, Episode, entries, episodes, shown
from torim.web.peaks import read_peaks

router = APIRouter(prefix="/calls", tags=["calls"])
_log = logging.getLogger("torim.web")
Reads = Annotated[Principal, Depends(Needs(Scope.CALLS_READ))]
Controls = Annotated[Principal, Depends(Needs(Scope.CALLS_CONTROL))]
PRIVATE = {"Cache-Control": "private, no-store"}


class CallOut(Out):
    """A call as lists show it."""

    id: str
    from_number: str | None = Field(description="Null: withheld, or erased.")
    to_number: str | None
    carrier: str
    engine: str
    language: str | None
    started_at: Utc
    ended_at: Utc | None = Field(description="Null while it goes on.")
    duration_ms: int | None
    end_reason: EndReason | None
    outcome: Outcome | None
    summary: str | None
    intent: str | None
    next_action: str | None
    sentiment: Sentiment | None
    urgency: Urgency | None
    barge_in_count: int
    false_alarm_count: int
    stop_ms_p50: int | None = Field(description="From the caller's onset to the line's silence.")
    stop_ms_p95: int | None
    stop_ms_max: int | None
    response_ms_p50: int | None = Field(description="From the end of the caller's turn to the answer's first sound.")
    response_ms_p95: int | None
    cost_estimate: float | None = Field(description="US dollars.")
    has_recording: bool
    erased_at: Utc | None = Field(description="Personal data of this call was erased.")


class TurnOut(Out):
    """One turn of the transcript, in the order of the conversation."""

    speaker: Speaker
    start_ms: int
    end_ms: int
    heard_text: str = Field(description="What was said and, of the AI, heard by the caller.")
    unheard_text: str = Field(description="The rest of the AI's words, which the caller never heard.")
    heard_ms: int
    audio_ms: int = Field(description="Length of the whole answer, heard or not.")
    interrupted: bool
    estimated: bool = Field(description="The cut between heard and unheard words is estimated.")


class BargeInOut(Out):
    """A sound or key of the caller that met the AI's voice, and what became of it."""

    onset_ms: int
    verdict: str = Field(description="voice, key, words; echo, noise, short, undecided; blocked.")
    cut: bool = Field(
        description="The AI was stopped for good; otherwise it went on, or nothing was allowed to stop it."
    )
    stop_ms: int | None = Field(description="From the onset to the line's silence.")
    verdict_ms: int | None = Field(description="From the onset to the verdict.")
    resume_ms: int | None = Field(description="From the onset to the AI's voice again, after a false alarm.")
    heard_ms: int | None = Field(description="Of the answer that was cut.")
    unheard_ms: int | None
    response_id: str | None
    reason: str
    evidence: dict[str, str]


class CallDetail(CallOut):
    """A call as its own page shows it."""

    settings_version: int | None = Field(description="Of the business, that the call ran with.")
    details: dict[str, Any] = Field(description="Name, telephone and what else was said that matters.")
    usage: dict[str, Any] = Field(description="Tokens and seconds, by name.")
    counts: dict[str, Any]
    turns: list[TurnOut]
    barge_ins: list[BargeInOut] = Field(description="Barge-ins and false alarms with their verdicts, in order.")
    appointments: list[AppointmentOut] = Field(description="What this call booked.")
    messages: list[MessageOut] = Field(description="Messages left in this call.")


class TimelineEntry(Out):
    """Something that happened to a call, or that Torim did."""

    at_ms: int
    who: str = Field(description="carrier, caller, engine, desk: it happened to Torim; torim: what it did.")
    what: str
    kind: str | None = Field(description="What a page marks on its time axis; null: only of technical interest.")
    level: str | None
    reason: str | None = Field(description="The decision, in words.")
    values: dict[str, str]


class Timeline(Out):
    """A call's timeline."""

    items: list[TimelineEntry]
    complete: bool = Field(description="False: only marked entries are listed, or there are too many.")


class PeaksOut(Out):
    """The shape of a recording."""

    duration_ms: int
    samples_per_point: int
    sample_rate_hz: int
    caller: list[int] = Field(description="The loudest sample of each stretch, 0 to 1000.")
    ai: list[int] = Field(description="The same of what the caller heard of the AI.")


@router.get("")
def list_calls(
    who: Reads,
    deps: Deps,
    outcome: Annotated[Outcome | None, Query()] = None,
    number: Annotated[TextLine | None, Query(max_length=40, description="Any part of the caller's number.")] = None,
    text: Annotated[
        TextLine | None, Query(max_length=100, description="In what was said and heard, or in the summary.")
    ] = None,
    since: Annotated[Instant | None, Query(description="Begun at or after this.")] = None,
    until: Annotated[Instant | None, Query(description="Begun before this.")] = None,
    had_barge_in: Annotated[bool | None, Query()] = None,
    had_false_alarm: Annotated[bool | None, Query()] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[CallOut]:
    """Calls, newest first."""
    digits = "".join(char for char in number or "" if char in "+0123456789").removeprefix("0")
    if number and not digits:
        return Page(items=[], next_cursor=None)
    wanted = CallFilter(
        outcome=None if outcome is None else outcome.value,
        number=digits,
        text=text,
        since=since,
        until=until,
        had_barge_in=had_barge_in,
        had_false_alarm=had_false_alarm,
    )
    found = deps.office.calls(who.business_id, wanted, read_cursor(cursor), limit + 1)
    more = write_cursor(int(found[limit - 1].started_at.timestamp()), found[limit - 1].id) if found[limit:] else None
    return Page(items=[call_out(row, deps) for row in found[:limit]], next_cursor=more)


@router.get("/{call_id}", responses=refuses(404))
def get_call(call_id: Id, who: Reads, deps: Deps) -> CallDetail:
    """One call: what was heard and what was not, its barge-ins, and what came of it."""
    row = _row(call_id, who, deps)
    made = deps.store.of_call(who.business_id, call_id)
    left = deps.store.messages(who.business_id, call_id=call_id)
    found = list(entries(_lines(row, deps)))
    return CallDetail(
        **_call(row, deps),
        settings_version=row.settings_version,
        details=dict(row.details),
        usage=dict(row.usage),
        counts=dict(row.counts),
        turns=[_turn(turn) for turn in deps.store.turns(who.business_id, call_id)],
        barge_ins=[_barge_in(episode) for episode in episodes(found)],
        appointments=[appointment_out(item) for item in made],
        messages=[message_out(item) for item in left],
    )


@router.post("/{call_id}/summary", status_code=202, responses=refuses(404, 409))
def write_summary(call_id: Id, who: Controls, deps: Deps) -> JobOut:
    """Have the summary of a call that is over written anew; nobody is told of the call again."""
    row = _row(call_id, who, deps)
    if row.ended_at is None:
        raise Refusal(409, "call.goes_on", "This call goes on: its summary is written when it has ended.")
    if row.erased_at is not None:
        raise Refusal(409, "call.erased", "Nothing is left of this call that a summary could be made of.")
    job = job_book(deps).summarize_again(who.business_id, call_id, deps.now())
    _log.info("[JOBS] summary again: call=%s by=%s", call_id, who.name)
    return job_out(job, who)


@router.get("/{call_id}/timeline", responses=refuses(404))
def get_timeline(
    call_id: Id,
    who: Reads,
    deps: Deps,
    marked: Annotated[bool, Query(description="Only what a page marks on its time axis.")] = True,
    since_ms: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=20_000)] = 5_000,
) -> Timeline:
    """What happened in a call, in order; for all of it as text see the `.call` download."""
    lines = _lines(_row(call_id, who, deps), deps)
    found = [entry for entry in entries(lines) if entry.at_ms >= since_ms and (shown(entry) or not marked)]
    complete = not marked and len(found) <= limit
    return Timeline(items=[_entry(entry) for entry in found[:limit]], complete=complete)


@router.get(
    "/{call_id}/timeline.call",
    responses={**refuses(404), 200: {"content": {"text/plain": {}}, "description": "The timeline as text."}},
    response_class=PlainTextResponse,
)
def download_timeline(call_id: Id, who: Reads, deps: Deps) -> PlainTextResponse:
    """The whole timeline in the `.call` format, which `torim replay` runs against the code."""
    row = _row(call_id, who, deps)
    file = _files(row, deps).timeline
    text = _text(file) if row.erased_at is None else ""
    if not text:
        text = "".join(f"{line.line}\n" for line in deps.store.timeline(who.business_id, call_id))
    if not text:
        raise Refusal(404, "file.not_found", "The timeline of this call is not here any more.")
    return PlainTextResponse(text, headers={**PRIVATE, **_download(f"{call_id}.call")})


@router.get(
    "/{call_id}/recording",
    responses={
        **refuses(404),
        200: {
            "content": {"audio/wav": {}},
            "description": "Two lanes: left the caller, right what they heard of the AI.",
        },
        206: {"content": {"audio/wav": {}}, "description": "The part that `Range` asked for."},
    },
    response_class=FileResponse,
)
def download_recording(call_id: Id, who: Reads, deps: Deps) -> FileResponse:
    """The recording, 8 kHz 16 bit; `Range` is obeyed."""
    row = _row(call_id, who, deps)
    return FileResponse(
        _recording(row, deps), media_type="audio/wav", headers={**PRIVATE, **_download(f"{row.id}.wav", "inline")}
    )


@router.get("/{call_id}/peaks", responses=refuses(404))
def get_peaks(call_id: Id, who: Reads, deps: Deps, points: Annotated[int, Query(ge=10, le=8_000)] = 1_000) -> PeaksOut:
    """The shape of both lanes of the recording, computed here so that a page need not load it."""
    file = _recording(_row(call_id, who, deps), deps)
    try:
        found = read_peaks(file, points)
    except OSError as error:
        raise _no_recording() from error
    return PeaksOut(
        duration_ms=found.duration_ms,
        samples_per_point=found.samples_per_point,
        sample_rate_hz=8_000,
        caller=found.caller,
        ai=found.ai,
    )


# --- parts ----------------------------------------------------------------------------------------------------


def _row(call_id: str, who: Principal, deps: ApiDeps) -> CallRow:
    row = deps.office.call(who.business_id, call_id)
    if row is None:
        raise not_found("call")
    return row


def _files(row: CallRow, deps: ApiDeps) -> CallFiles:
    return call_files(deps.data_dir, row.id, row.started_at)


def _recording(row: CallRow, deps: ApiDeps) -> Path:
    file = _files(row, deps).recording
    if row.erased_at is not None or not file.is_file():
        raise _no_recording()
    return file


def _no_recording() -> Refusal:
    return Refusal(404, "file.not_found", "This call has no recording: none was made, or it is not here any more.")


def _lines(row: CallRow, deps: ApiDeps) -> list[Line]:
    """The timeline of a call: its file or, where that is gone, what the database has."""
    if row.erased_at is not None:
        return []
    text = _text(_files(row, deps).timeline)
    if not text:
        text = "\n".join(line.line for line in deps.store.timeline(row.business_id, row.id))
    try:
        return parse(text)
    except CoreMisuse:  # a crash left half a line
        return _readable(text)


def _readable(text: str) -> list[Line]:
    found: list[Line] = []
    for raw in text.splitlines():
        try:
            found += parse(raw)
        except CoreMisuse:
            continue
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _download(name: str, how: str = "attachment") -> dict[str, str]:
    safe = "".join(
        char if char.isalnum() or char in "-_." else "_" for char in name.encode("ascii", "replace").decode()
    )
    return {"Content-Disposition": f'{how}; filename="{safe}"'}


def _call(row: CallRow, deps: ApiDeps) -> dict[str, Any]:
    names = set(CallOut.model_fields) - {"duration_ms", "has_recording"}
    shown = {name: getattr(row, name) for name in names}
    has_recording = row.erased_at is None and _files(row, deps).recording.is_file()
    return shown | {"duration_ms": duration_ms(row), "has_recording": has_recording}


def call_out(row: CallRow, deps: ApiDeps) -> CallOut:
    """A call as lists show it."""
    return CallOut(**_call(row, deps))


def duration_ms(row: CallRow) -> int | None:
    """How long a call took; None while it goes on."""
    counted = row.counts.get("duration_ms")
    if isinstance(counted, int):
        return counted
    if row.ended_at is None:
        return None
    return (row.ended_at - row.started_at) // timedelta(milliseconds=1)


def _turn(turn: Turn) -> TurnOut:
    return TurnOut.model_validate(turn)


def _barge_in(episode: Episode) -> BargeInOut:
    return BargeInOut(
        onset_ms=episode.onset_ms,
        verdict=episode.verdict,
        cut=episode.cut,
        stop_ms=episode.stop_ms,
        verdict_ms=episode.verdict_ms,
        resume_ms=episode.resume_ms,
        heard_ms=episode.heard_ms,
        unheard_ms=episode.unheard_ms,
        response_id=episode.response_id,
        reason=episode.reason,
        evidence=dict(episode.values),
    )


def _entry(entry: Entry) -> TimelineEntry:
    return TimelineEntry(
        at_ms=entry.at_ms,
        who=entry.who,
        what=entry.what,
        kind=entry.kind,
        level=entry.level,
        reason=None if entry.reason is None else entry.reason.sentence,
        values=dict(entry.values),
    )
