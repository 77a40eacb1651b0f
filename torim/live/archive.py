"""What a call leaves in the database: its start, its transcript as it grows, and how it ended.

Records go to a writer that never makes the media loop wait; a crash costs no more than the last turn. It decides
what is worth counting, and nothing about the call.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
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
from torim.live.repair import repair
from torim.live.setup import CallSetup
from torim.storage.records import CallEnd, CallStart, TurnsSoFar
from torim.storage.store import Store
from torim.storage.writer import Writer

_log = logging.getLogger("torim.live")


@dataclass(frozen=True, slots=True)
class Archive:
    """The records of one process's calls."""

    store: Store
    writer: Writer
    business: Business
    language: str  # of calls that are repaired: the one in which calls open
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
        """A call ended: its transcript and summary are stored, with the appointments that its tools make or made."""
        turns = tuple(bridge.call.transcript())
        call_id, reason = bridge.setup.call_id, bridge.end_reason or EndReason.INTERNAL_ERROR
        self.writer.put(TurnsSoFar(call_id, turns))
        # Written at once, and again when its tools are over and what they booked is known: the end is never lost.
        end = partial(_end, call_id, reason, turns, bridge.barge_ins, self.business, bridge.setup.language)
        numbers = counts(turns, bridge)
        self.writer.put(end(numbers, ()))
        after_all(bridge.unfinished_tools, partial(self._complete, call_id, end, numbers), self.pool)

    def lost(self, call_ids: Sequence[str]) -> None:
        """The process of these calls died: what is stored of them is all there will be."""
        if call_ids:
            self.pool.submit(self._repair, call_ids)

    def _complete(self, call_id: str, end: partial[CallEnd], numbers: dict[str, int]) -> None:
        """Add what the call booked to its summary, and the transcript to what it booked. Blocking."""
        try:
            booked = self.store.of_call(self.business.id, call_id)
        except StorageError:
            return  # the writer has reported the database's trouble; the next start finishes the record
        if booked:
            self.writer.put(end(numbers, booked))

    def _repair(self, call_ids: Sequence[str]) -> None:
        try:
            repair(self.store, self.business, self.language, utc_now(), call_ids)
        except StorageError as error:
            _log.error("the records of %d lost calls wait for the next start: %s", len(call_ids), error)


def after_all(jobs: Sequence[Future[str]], then: Callable[[], None], pool: Executor) -> None:
    """Run ``then`` in a thread of the pool once all jobs are over, whoever is shutting down meanwhile."""
    if not jobs:
        pool.submit(then)
        return
    finished = itertools.count(1)

    def over(job: Future[str]) -> None:
        if next(finished) < len(jobs):
            return
        try:
            pool.submit(then)
        except RuntimeError:  # the pool takes nothing more, but waits for this thread of its own
            then()

    for job in jobs:
        job.add_done_callback(over)


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
