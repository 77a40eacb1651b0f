"""The values that calls leave in the database; it decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from torim.core.events import EndReason
from torim.core.transcript import Turn
from torim.desk.messages import Urgency
from torim.desk.outcomes import Outcome, Sentiment

Counts = Mapping[str, int | float]
CallCounts = Mapping[str, Any]  # numbers about a call by name; lists of ms among them
REHEARSAL = "rehearsal"  # the carrier of calls that rehearse: nobody hears of them, and they are counted nowhere


@dataclass(frozen=True, slots=True)
class CallStart:
    """A call began."""

    call_id: str
    business_id: str
    carrier: str
    engine: str
    started_at: datetime
    from_number: str | None = None  # None: withheld
    to_number: str | None = None
    settings_version: int | None = None  # of the business
    language: str | None = None


@dataclass(frozen=True, slots=True)
class TurnsSoFar:
    """The transcript of a call as it stands now, from its turn number ``first_n`` on; replaces all of these."""

    call_id: str
    turns: Sequence[Turn]
    first_n: int = 0


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One line of a call's timeline."""

    call_id: str
    at_ms: int
    line: str


@dataclass(frozen=True, slots=True)
class CallMeasures:
    """How a call went, in numbers; None: nothing was measured."""

    barge_in_count: int = 0
    false_alarm_count: int = 0
    stop_ms_p50: int | None = None  # from the caller's onset to silence
    stop_ms_p95: int | None = None
    stop_ms_max: int | None = None
    response_ms_p50: int | None = None  # from the end of the caller's turn to the first sound
    response_ms_p95: int | None = None
    cost_estimate: float | None = None  # US dollars
    usage: Counts = field(default_factory=dict)  # tokens and seconds, by name
    recording_path: str | None = None  # below the data directory


class SummarySource(StrEnum):
    """Who wrote a summary."""

    FACTS = "facts"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class CallSummary:
    """What came of a call, in words and in facts; replaces an earlier one."""

    summary: str
    intent: str | None = None
    outcome: Outcome | None = None
    next_action: str | None = None
    sentiment: Sentiment | None = None
    urgency: Urgency | None = None
    details: Mapping[str, str | None] = field(default_factory=dict)  # such as name and telephone
    summary_source: SummarySource = SummarySource.FACTS


@dataclass(frozen=True, slots=True)
class CallEnd:
    """A call ended; summary and transcript go to the call's appointments too. May be written again.

    The final record says that nothing more comes of the call, and whoever follows calls up hears of it. A summary that
    a model wrote is not replaced.
    """

    call_id: str
    ended_at: datetime
    end_reason: EndReason
    counts: CallCounts = field(default_factory=dict)
    summary: str | None = None
    transcript: str | None = None
    measures: CallMeasures | None = None
    outcome: Outcome | None = None
    is_final: bool = True


Record = CallStart | TurnsSoFar | TimelineLine | CallEnd


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call as it is stored; ``ended_at`` None while it lasts, or if the process died during it."""

    call_id: str
    business_id: str
    carrier: str
    engine: str
    started_at: datetime
    from_number: str | None
    to_number: str | None
    ended_at: datetime | None
    end_reason: EndReason | None
    summary: str | None
    counts: CallCounts
    settings_version: int | None = None
    language: str | None = None
    outcome: Outcome | None = None
    intent: str | None = None
    next_action: str | None = None
    sentiment: Sentiment | None = None
    urgency: Urgency | None = None
    details: Mapping[str, str | None] = field(default_factory=dict)
    measures: CallMeasures | None = None
    erased_at: datetime | None = None
    summary_source: SummarySource | None = None  # None: the record is not complete
