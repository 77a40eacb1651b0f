"""What a call leaves in the database: its start, its transcript as it grows, and how it ended.

Records go to a writer that never makes the media loop wait; a crash costs no more than the last turn. It decides
what is worth counting, and nothing about the call.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from torim.core.events import EndReason
from torim.core.transcript import Speaker, Turn
from torim.desk.business import Business
from torim.desk.report import readable_transcript
from torim.errors import StorageError
from torim.jobs.facts import CallFacts, summary_of
from torim.live.bridge import Bridge
from torim.live.clock import utc_now
from torim.live.missed import missed_barge_ins
from torim.live.repair import repair_all
from torim.live.setup import CallSetup
from torim.live.spool import Spool
from torim.live.trace import Keep
from torim.storage.deeds import Deeds, deeds
from torim.storage.records import CallEnd, CallMeasures, CallStart, TurnsSoFar
from torim.storage.store import Store
from torim.storage.writer import Writer

_log = logging.getLogger("torim.live")


@dataclass(frozen=True, slots=True)
class Archive:
    """The records of one process's calls."""

    store: Store
    writer: Writer
    business: Business
    language: str | None  # the installation's, of calls that are repaired and do not say theirs
    pool: Executor
    spool: Spool | None = None
    completing: set[Future[None]] = field(default_factory=set)  # calls that are over, and not finally recorded

    def started(self, setup: CallSetup) -> None:
        """A call began."""
        self.writer.put(
            CallStart(
                call_id=setup.call_id,
                business_id=self.business_of(setup).id,
                carrier=setup.carrier,
                engine=setup.plans[0].name,
                started_at=setup.started_at,
                from_number=setup.caller or None,
                to_number=setup.called or None,
                settings_version=setup.settings_version,
                language=setup.language,
            )
        )

    def business_of(self, setup: CallSetup) -> Business:
        """The business that answers a call."""
        return setup.business or self.business

    def keeps(self, call_id: str) -> Keep:
        """What takes the lines of a call's timeline; safe to call from any thread."""
        return partial(self.writer.put_line, call_id)

    def follow(self, bridge: Bridge) -> None:
        """Have the transcript written as it stands; only what changed costs anything."""
        self.writer.put(TurnsSoFar(bridge.setup.call_id, tuple(bridge.call.transcript())))

    def ended(self, bridge: Bridge) -> None:
        """A call ended: its transcript and summary are stored, with the appointments that its tools make or made."""
        over = _over(bridge, self.business_of(bridge.setup))
        self.writer.put(TurnsSoFar(over.call_id, over.turns))
        # Written at once, and finally when its tools are over and what they did is known: the end is never lost.
        self.writer.put(over.record(Deeds(), is_final=False))
        completed = after_all(bridge.unfinished_tools, partial(self._complete, over), self.pool)
        self.completing.add(completed)
        completed.add_done_callback(self.completing.discard)

    def wait_completed(self, timeout_s: float) -> None:
        """Wait until the final records of all calls that are over were put. Blocking."""
        wait(list(self.completing), timeout_s)

    def lost(self, call_ids: Sequence[str]) -> None:
        """The process of these calls died: what is stored of them is all there will be."""
        if call_ids:
            self.pool.submit(self._repair, call_ids)

    def _complete(self, over: _Over) -> None:
        """Write the final record: what the call did, after everything that it said of itself. Blocking."""
        if self.spool is not None:
            self.spool.flush()
        try:
            done = deeds((over.book or self.store).database, over.business.id, over.call_id)
        except StorageError:
            return  # the writer has reported the database's trouble; the next start finishes the record
        self.writer.put(over.record(done, is_final=True))

    def _repair(self, call_ids: Sequence[str]) -> None:
        try:
            repair_all(self.store, self.language, utc_now(), call_ids)
        except StorageError as error:
            _log.error("the records of %d lost calls wait for the next start: %s", len(call_ids), error)


@dataclass(frozen=True, slots=True)
class _Over:
    """What is known of a call when it ends."""

    call_id: str
    business: Business
    language: str
    caller: str | None
    reason: EndReason
    turns: tuple[Turn, ...]
    counts: dict[str, Any]
    measures: CallMeasures
    book: Store | None  # of a rehearsal

    def record(self, done: Deeds, *, is_final: bool) -> CallEnd:
        """The end of the call as it is stored, given what the call did."""
        facts = CallFacts(
            done, self.turns, self.reason, self.caller, self.counts["duration_ms"], self.counts["barge_ins"]
        )
        return CallEnd(
            call_id=self.call_id,
            ended_at=utc_now(),
            end_reason=self.reason,
            counts=self.counts,
            summary=summary_of(facts, self.business, self.language).summary,
            transcript=readable_transcript(self.turns, self.language),
            measures=self.measures,
            outcome=facts.outcome,
            is_final=is_final,
        )


def _over(bridge: Bridge, business: Business) -> _Over:
    setup, turns = bridge.setup, tuple(bridge.call.transcript())
    recording = setup.recording.path if setup.recording is not None else None
    below = f"{recording.parent.parent.name}/{recording.parent.name}/{recording.name}" if recording else None
    return _Over(
        call_id=setup.call_id,
        business=business,
        language=setup.language,
        caller=setup.caller or None,
        reason=bridge.end_reason or EndReason.INTERNAL_ERROR,
        turns=turns,
        counts=counts(turns, bridge),
        measures=bridge.tally.measures(bridge.barge_ins, setup.model, below),
        book=setup.book,
    )


def after_all(jobs: Sequence[Future[str]], then: Callable[[], None], pool: Executor) -> Future[None]:
    """Run ``then`` in a thread of the pool once all jobs are over, whoever is shutting down meanwhile."""
    done: Future[None] = Future()
    finished = itertools.count(1)

    def run() -> None:
        try:
            then()
        finally:
            done.set_result(None)

    def over(job: Future[str]) -> None:
        if next(finished) < len(jobs):
            return
        try:
            pool.submit(run)
        except RuntimeError:  # the pool takes nothing more, but waits for this thread of its own
            run()

    if not jobs:
        pool.submit(run)
    for job in jobs:
        job.add_done_callback(over)
    return done


def counts(turns: Sequence[Turn], bridge: Bridge) -> dict[str, Any]:
    """Numbers about a call that lists of calls and the first page show."""
    return {
        "duration_ms": bridge.clock.now_ms(),
        "caller_turns": sum(turn.speaker is Speaker.CALLER for turn in turns),
        "barge_ins": bridge.barge_ins,
        "missed_barge_ins": missed_barge_ins(turns, bridge.tally.blocked_ms),
        "stop_ms": list(bridge.tally.stop_ms),
        "faults": bridge.faults,
    }
