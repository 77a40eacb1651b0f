"""The values that calls leave in the database; it decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from torim.core.events import EndReason
from torim.core.transcript import Turn

Counts = Mapping[str, int | float]


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
class CallEnd:
    """A call ended; summary and transcript go to the call's appointments too. May be written again."""

    call_id: str
    ended_at: datetime
    end_reason: EndReason
    counts: Counts = field(default_factory=dict)
    summary: str | None = None
    transcript: str | None = None


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
    counts: Counts
