"""What a call leaves in the database: its start, its transcript as it grows, and how it ended.

Records go to a writer that never makes the media loop wait; a crash costs no more than the last turn. It decides
what is worth counting, and nothing about the call.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.desk.book import Appointment
from torim.desk.business import Business
from torim.desk.report import readable_transcript, summary
from torim.errors import StorageError
from torim.live.bridge import Bridge
from torim.live.clock import utc_now
from torim.live.setup import CallSetup
from torim.storage.records import CallEnd, CallStart, TurnsSoFar
from torim.storage.store import Store
from torim.storage.writer import Writer


@dataclass(frozen=True, slots=True)
class Archive:
    """The records of one process's calls."""

    store: Store
    writer: Writer
    business: Business
    pool: Executor

    def started(self, setup: CallSetup) -> None:
        """A call began."""
        self.writer.put(
            CallStart(
                call_id=setup.call_id,
                business_id=self.business.id,
                carrier=setup.carrier,
                engine=setup.plans[0].name,
                started_at=setup.started_at,
                from_number=setup.caller or None,
                to_number=setup.called or None,
            )
        )

    def follow(self, bridge: Bridge) -> None:
        """Have the transcript written as it stands; only what changed costs anything."""
        self.writer.put(TurnsSoFar(bridge.setup.call_id, tuple(bridge.call.transcript())))

    def ended(self, bridge: Bridge) -> None:
        """A call ended: its transcript and summary are stored, with its appointments too."""
        turns = tuple(bridge.call.transcript())
        call_id, reason = bridge.setup.call_id, bridge.end_reason or EndReason.INTERNAL_ERROR
        self.writer.put(TurnsSoFar(call_id, turns))
        # Written at once without the appointments, and again with them: the end is never lost.
        end = partial(_end, call_id, reason, turns, bridge.barge_ins, self.business, bridge.setup.language)
        self.writer.put(end(counts(turns, bridge), ()))
        self.pool.submit(self._complete, call_id, end, counts(turns, bridge))

    def _complete(self, call_id: str, end: partial[CallEnd], numbers: dict[str, int]) -> None:
        """Add what the call booked to its summary. Blocking."""
        try:
            booked = self.store.appointments(self.business.id, call_id=call_id)
        except StorageError:
            return  # the writer has reported the database's trouble, and the end is with it
        if booked:
            self.writer.put(end(numbers, booked))


def counts(turns: Sequence[Turn], bridge: Bridge) -> dict[str, int]:
    """Numbers about a call that a list of calls shows."""
    return {
        "duration_ms": bridge.clock.now_ms(),
        "caller_turns": sum(turn.speaker is Speaker.CALLER for turn in turns),
        "barge_ins": bridge.barge_ins,
        "faults": bridge.faults,
    }


def _end(
    call_id: str,
    reason: EndReason,
    turns: Sequence[Turn],
    barge_ins: int,
    business: Business,
    language: str,
    numbers: dict[str, int],
    booked: Sequence[Appointment],
) -> CallEnd:
    return CallEnd(
        call_id=call_id,
        ended_at=utc_now(),
        end_reason=reason,
        counts=numbers,
        summary=summary(business, booked, barge_ins, reason, language),
        transcript=readable_transcript(turns, language),
    )
