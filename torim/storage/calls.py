"""Calls, turns and timelines in the database: statements on a connection, no transactions of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from functools import singledispatch
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.desk.messages import Urgency
from torim.desk.outcomes import Outcome, Sentiment
from torim.errors import StorageError
from torim.storage import schema
from torim.storage.jobs import Fact, add_fact
from torim.storage.moments import maybe_moment, moment, seconds
from torim.storage.records import (
    REHEARSAL,
    CallEnd,
    CallMeasures,
    CallStart,
    CallSummary,
    Record,
    StoredCall,
    SummarySource,
    TimelineLine,
    TurnsSoFar,
)


def ensure_call(connection: Connection, call_id: str, business_id: str, at: datetime) -> None:
    """Make sure that a call's row exists before something refers to it; its start may still be in the writer.

    Raises:
        StorageError: ``storage.foreign_call``: the call is another business's.
    """
    row = {"id": call_id, "business_id": business_id, "carrier": "", "engine": "", "started_at": seconds(at)}
    connection.execute(_upsert(connection, schema.calls, row, replace=False))
    owner = connection.execute(select(schema.calls.c.business_id).where(schema.calls.c.id == call_id)).scalar()
    if owner != business_id:
        raise StorageError(f"The call {call_id!r} is not one of this business.", code="storage.foreign_call")


def read_end(connection: Connection, call_id: str, since: datetime) -> tuple[bool, EndReason | None]:
    """Whether a call that has not ended before an instant has begun, and why it ended since then."""
    query = select(schema.calls.c.ended_at, schema.calls.c.end_reason).where(schema.calls.c.id == call_id)
    row = connection.execute(query).first()
    if row is None or (row.ended_at is not None and row.ended_at < seconds(since)):
        return False, None
    return True, None if row.end_reason is None else EndReason(row.end_reason)


def write(connection: Connection, records: Sequence[Record]) -> None:
    """Write records in their order; neighbours that are timeline lines go in one statement."""
    for kind, group in groupby(records, key=type):
        if kind is TimelineLine:
            rows = [asdict(line) for line in group]
            connection.execute(insert(schema.call_events), rows)
        else:
            for record in group:
                _write(record, connection)


@singledispatch
def _write(record: Record, connection: Connection) -> None:
    raise NotImplementedError(type(record))


@_write.register
def _start(record: CallStart, connection: Connection) -> None:
    row = asdict(record) | {"id": record.call_id, "started_at": seconds(record.started_at)}
    del row["call_id"]
    connection.execute(_upsert(connection, schema.calls, row, replace=True))


@_write.register
def _turns(record: TurnsSoFar, connection: Connection) -> None:
    table = schema.turns
    replaced = delete(table).where(table.c.call_id == record.call_id, table.c.n >= record.first_n)
    connection.execute(replaced)
    rows = [
        asdict(turn) | {"call_id": record.call_id, "n": n, "speaker": turn.speaker.value}
        for n, turn in enumerate(record.turns, record.first_n)
    ]
    if rows:
        connection.execute(insert(table), rows)


@_write.register
def _end(record: CallEnd, connection: Connection) -> None:
    table = schema.calls
    stored = connection.execute(
        select(table.c.business_id, table.c.summary_source, table.c.carrier).where(table.c.id == record.call_id)
    ).first()
    if stored is None:
        return  # erased meanwhile
    values: dict[str, Any] = {
        "ended_at": seconds(record.ended_at),
        "end_reason": record.end_reason.value,
        "counts": dict(record.counts),
    }
    filed: dict[str, Any] = {"call_transcript": record.transcript}
    if record.is_final and stored.summary_source != SummarySource.MODEL.value:
        values["summary"] = filed["call_summary"] = record.summary
        values |= {"outcome": record.outcome.value} if record.outcome is not None else {}
        values["summary_source"] = SummarySource.FACTS.value
    if record.measures is not None:
        values |= {name: getattr(record.measures, name) for name in _MEASURES}
        values["usage"] = dict(record.measures.usage)
    connection.execute(update(table).where(table.c.id == record.call_id).values(values))
    _file_with_appointments(connection, record.call_id, filed)
    if record.is_final and stored.carrier != REHEARSAL:
        add_fact(connection, stored.business_id, Fact.CALL_ENDED, record.call_id, record.ended_at)


def put_summary(connection: Connection, business_id: str, call_id: str, summary: CallSummary) -> bool:
    """Store the summary of a call, with its appointments too; False if the business has no such call."""
    values = {field.name: getattr(summary, field.name) for field in fields(summary)}
    values["details"] = dict(summary.details)
    table = schema.calls
    changed = connection.execute(
        update(table).where(table.c.id == call_id, table.c.business_id == business_id).values(values)
    )
    if not changed.rowcount:
        return False
    _file_with_appointments(connection, call_id, {"call_summary": summary.summary})
    return True


def _file_with_appointments(connection: Connection, call_id: str, values: dict[str, Any]) -> None:
    made = schema.appointments
    connection.execute(update(made).where(made.c.call_id == call_id).values(values))


_MEASURES = tuple(field.name for field in fields(CallMeasures))


def _upsert(connection: Connection, table: Table, row: dict[str, Any], *, replace: bool) -> Any:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(row)
    if not replace:
        return statement.on_conflict_do_nothing(index_elements=["id"])
    changed = {name: statement.excluded[name] for name in row if name != "id"}
    return statement.on_conflict_do_update(index_elements=["id"], set_=changed)


def read_calls(connection: Connection, business_id: str, limit: int, offset: int = 0) -> list[StoredCall]:
    """The last calls of a business, newest first."""
    table = schema.calls
    query = select(table).where(table.c.business_id == business_id)
    rows = connection.execute(query.order_by(table.c.started_at.desc(), table.c.id).limit(limit).offset(offset))
    return [_stored(row) for row in rows]


def read_call(connection: Connection, business_id: str, call_id: str) -> StoredCall | None:
    """One call of a business."""
    table = schema.calls
    query = select(table).where(table.c.id == call_id, table.c.business_id == business_id)
    row = connection.execute(query).first()
    return _stored(row) if row else None


def read_unfinished(
    connection: Connection, business_id: str, before: datetime, call_ids: Sequence[str] | None
) -> list[StoredCall]:
    """Calls without an end, and those whose appointments lack the transcript."""
    table, made = schema.calls, schema.appointments
    bare = select(made.c.call_id).where(made.c.call_transcript.is_(None), made.c.call_id.is_not(None))
    query = select(table).where(
        table.c.business_id == business_id,
        table.c.started_at <= seconds(before),
        or_(table.c.ended_at.is_(None), table.c.summary_source.is_(None), table.c.id.in_(bare)),
    )
    if call_ids is not None:
        query = query.where(table.c.id.in_(call_ids))
    return [_stored(row) for row in connection.execute(query.order_by(table.c.started_at, table.c.id))]


def read_turns(connection: Connection, business_id: str, call_id: str) -> list[Turn]:
    """The transcript of one call of a business, in the order of the conversation."""
    turns, calls = schema.turns, schema.calls
    query = select(turns).join(calls).where(turns.c.call_id == call_id, calls.c.business_id == business_id)
    return [_turn(row) for row in connection.execute(query.order_by(turns.c.n))]


def read_timeline(connection: Connection, business_id: str, call_id: str) -> list[TimelineLine]:
    """The timeline of one call of a business, in the order in which it was written."""
    events, calls = schema.call_events, schema.calls
    query = select(events).join(calls).where(events.c.call_id == call_id, calls.c.business_id == business_id)
    rows = connection.execute(query.order_by(events.c.id))
    return [TimelineLine(row.call_id, row.at_ms, row.line) for row in rows]


def _stored(row: Row[Any]) -> StoredCall:
    return StoredCall(
        call_id=row.id,
        business_id=row.business_id,
        carrier=row.carrier,
        engine=row.engine,
        started_at=moment(row.started_at),
        from_number=row.from_number,
        to_number=row.to_number,
        ended_at=maybe_moment(row.ended_at),
        end_reason=None if row.end_reason is None else EndReason(row.end_reason),
        summary=row.summary,
        counts=row.counts or {},
        settings_version=row.settings_version,
        language=row.language,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        intent=row.intent,
        next_action=row.next_action,
        sentiment=None if row.sentiment is None else Sentiment(row.sentiment),
        urgency=None if row.urgency is None else Urgency(row.urgency),
        details=row.details or {},
        measures=_measures(row),
        erased_at=maybe_moment(row.erased_at),
        summary_source=None if row.summary_source is None else SummarySource(row.summary_source),
    )


def _measures(row: Row[Any]) -> CallMeasures | None:
    if row.barge_in_count is None:
        return None
    values = {name: getattr(row, name) for name in _MEASURES}
    return CallMeasures(**(values | {"usage": row.usage or {}}))


def _turn(row: Row[Any]) -> Turn:
    fields = dict(row._mapping)
    for own in ("call_id", "n"):
        del fields[own]
    return Turn(**(fields | {"speaker": Speaker(row.speaker)}))
