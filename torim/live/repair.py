"""Calls that a process took with it when it died: they get an end, and their appointments what was said.

It decides what can still be said of such a call from its stored turns. A call that turns out to live after all writes
its own end over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.desk.business import Business
from torim.desk.report import readable_transcript
from torim.jobs.facts import CallFacts, summary_of
from torim.storage.deeds import deeds
from torim.storage.records import CallEnd, StoredCall
from torim.storage.store import Store


def repair_all(store: Store, opening: str | None, before: datetime, call_ids: Sequence[str] | None = None) -> int:
    """Finish the records of every business's calls; ``opening``: the installation's language, if it is set.

    Raises:
        StorageError: The database refused.
    """
    every = (record.business for record in store.businesses.all())
    return sum(repair(store, business, business.language(opening), before, call_ids) for business in every)


def repair(
    store: Store, business: Business, language: str, before: datetime, call_ids: Sequence[str] | None = None
) -> int:
    """Finish the records of calls that nobody will finish any more; gives their number. Blocking.

    Args:
        before: Only calls that began earlier.
        call_ids: Only these calls; None: any.

    Raises:
        StorageError: The database refused.
    """
    calls = store.unfinished_calls(business.id, before, call_ids)
    for call in calls:
        store.finish_call(_end(store, business, language, call))
    return len(calls)


def _end(store: Store, business: Business, language: str, call: StoredCall) -> CallEnd:
    turns = store.turns(business.id, call.call_id)
    counts = dict(call.counts) or _counts(turns)
    reason, spoken = call.end_reason or EndReason.INTERNAL_ERROR, business.language(call.language or language)
    done = deeds(store.database, business.id, call.call_id)
    facts = CallFacts(
        done, turns, reason, call.from_number, int(counts["duration_ms"]), int(counts.get("barge_ins", 0))
    )
    return CallEnd(
        call_id=call.call_id,
        ended_at=call.ended_at or call.started_at + timedelta(milliseconds=counts["duration_ms"]),
        end_reason=reason,
        counts=counts,
        summary=summary_of(facts, business, spoken).summary,
        transcript=readable_transcript(turns, spoken),
        outcome=facts.outcome,
    )


def _counts(turns: Sequence[Turn]) -> dict[str, int | float]:
    """What the stored turns say about a call that counted nothing any more."""
    return {
        "duration_ms": max((turn.end_ms for turn in turns), default=0),
        "caller_turns": sum(turn.speaker is Speaker.CALLER for turn in turns),
        "barge_ins": sum(turn.interrupted for turn in turns),
    }
