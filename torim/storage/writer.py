"""The thread that writes call records, so that the media loop never waits for the database.

It decides when to write and what to do when the database refuses: what passes by itself is tried again, in
order and without end, until close; a record that breaks a rule is dropped and reported. Bookings never come
this way.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from torim.core.transcript import Turn
from torim.errors import StorageError
from torim.storage.database import TRANSIENT
from torim.storage.records import CallEnd, CallStart, Record, TimelineLine, TurnsSoFar

FLUSH_EVERY_S = 0.15  # how long a record waits for company
BATCH_RECORDS = 100  # so many go at once
BACKLOG_RECORDS = 200_000  # beyond it timeline lines are refused: some 100 MB
RETRY_FIRST_S = 0.1
RETRY_MAX_S = 5.0


class Trouble(Enum):
    """What the writer reports."""

    RETRYING = "retrying"  # records wait; nothing is lost
    RECOVERED = "recovered"  # the records that waited are written
    DROPPED = "dropped"  # records are lost


@dataclass(frozen=True, slots=True)
class Report:
    """Something an operator should know about the writer; ``records`` are those concerned."""

    trouble: Trouble
    records: int
    error: StorageError | None = None


class Sink(Protocol):
    """Where batches go: a `Store`."""

    def write(self, records: Sequence[Record]) -> None: ...


class Writer:
    """Writes records in the order in which they were put; its ``put`` methods never block.

    Args:
        sink: Takes a batch, all or none.
        report: Called from the writer's thread; must not raise.
        flush_every_s: Longest wait of a record for company, while the database is well.
    """

    def __init__(
        self,
        sink: Sink,
        report: Callable[[Report], None] = lambda report: None,
        *,
        flush_every_s: float = FLUSH_EVERY_S,
    ) -> None:
        self._sink = sink
        self._report = report
        self._flush_every_s = flush_every_s
        self._waiting: deque[Record] = deque()
        self._in_hand = 0  # records taken from `_waiting` and not yet settled
        self._written: dict[str, tuple[Turn, ...]] = {}  # turns in the database, by live call
        self._refused_lines = 0
        self._give_up_at: float | None = None  # monotonic; set by `close`
        self._hurry = False  # somebody waits in `flush`
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="torim-writer", daemon=True)
        self._thread.start()

    # --- putting ----------------------------------------------------------------------------------------

    def start_call(self, start: CallStart) -> None:
        """Have the beginning of a call written."""
        self.put(start)

    def put_turns(self, call_id: str, turns: Sequence[Turn]) -> None:
        """Have the whole transcript so far written; only what changed costs anything."""
        self.put(TurnsSoFar(call_id, tuple(turns)))

    def put_line(self, call_id: str, at_ms: int, line: str) -> None:
        """Have a line of the timeline written; refused and counted when very many records wait."""
        if len(self._waiting) >= BACKLOG_RECORDS:
            self._refused_lines += 1
            return
        self.put(TimelineLine(call_id, at_ms, line))

    def finish_call(self, end: CallEnd) -> None:
        """Have the end of a call written, with its summary and transcript."""
        self.put(end)

    def put(self, record: Record) -> None:
        """Have a record written; after `close` it is dropped and reported."""
        if self._give_up_at is not None:
            self._report(Report(Trouble.DROPPED, 1))
            return
        # Appending is atomic: the thread that puts takes no lock and wakes nobody, the writer looks by itself.
        self._waiting.append(record)

    # --- waiting ----------------------------------------------------------------------------------------

    @property
    def backlog(self) -> int:
        """How many records are not yet in the database."""
        return len(self._waiting) + self._in_hand

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything put so far is settled; False if that takes longer."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self.backlog == 0, timeout_s)

    def close(self, timeout_s: float = 10.0) -> int:
        """Write what waits, end the thread, and return how many records were lost."""
        with self._changed:
            self._give_up_at = time.monotonic() + timeout_s
            self._changed.notify_all()
        self._thread.join()
        if self.backlog:
            self._report(Report(Trouble.DROPPED, self.backlog))
        return self.backlog

    # --- the thread -------------------------------------------------------------------------------------

    def _work(self) -> None:
        while self._gather():
            while batch := self._take():
                if not self._settle(batch):
                    return
                with self._changed:
                    self._changed.notify_all()
            self._report_refused()

    def _gather(self) -> bool:
        """Wait for company; False when all is done and closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._hurry or self._give_up_at is not None, self._flush_every_s)
            self._hurry = False
            return bool(self._waiting) or self._give_up_at is None

    def _take(self) -> list[Record]:
        count = min(BATCH_RECORDS, len(self._waiting))
        self._in_hand = count  # before they leave the queue, so that the backlog is never too small
        return [self._waiting.popleft() for _ in range(count)]

    def _settle(self, batch: list[Record]) -> bool:
        """Write a batch, however long it takes, or drop what can never be written; False: given up."""
        delay_s = 0.0
        while True:
            try:
                self._write(batch)
            except StorageError as error:
                if error.code not in TRANSIENT:
                    return self._settle_singly(batch, error)
                if not delay_s:
                    self._report(Report(Trouble.RETRYING, self.backlog, error))
                delay_s = min(2 * delay_s, RETRY_MAX_S) or RETRY_FIRST_S
                if not self._pause(delay_s):
                    return False
            else:
                self._in_hand -= len(batch)
                if delay_s:
                    self._report(Report(Trouble.RECOVERED, len(batch)))
                return True

    def _settle_singly(self, batch: list[Record], error: StorageError) -> bool:
        """One record of the batch breaks a rule: write the others without it."""
        if len(batch) > 1:
            return all(self._settle([record]) for record in batch)
        self._in_hand -= 1
        self._report(Report(Trouble.DROPPED, 1, error))
        return True

    def _pause(self, delay_s: float) -> bool:
        """Wait before the next attempt; False when `close` has waited long enough."""
        with self._changed:
            self._changed.wait_for(lambda: self._give_up_at is not None, delay_s)
            if self._give_up_at is None:
                return True
            left_s = self._give_up_at - time.monotonic()
            if left_s <= 0:
                return False
            self._changed.wait(min(delay_s, left_s, RETRY_FIRST_S))
            return True

    # --- what is new ------------------------------------------------------------------------------------

    def _write(self, batch: list[Record]) -> None:
        latest = {record.call_id: record for record in batch if isinstance(record, TurnsSoFar)}
        news = [slim for record in batch if (slim := self._slim(record, latest)) is not None]
        if news:
            self._sink.write(news)
        self._written.update({call_id: tuple(record.turns) for call_id, record in latest.items()})
        for record in batch:
            if isinstance(record, CallEnd):
                self._written.pop(record.call_id, None)

    def _slim(self, record: Record, latest: dict[str, TurnsSoFar]) -> Record | None:
        """A record without what is already written; None if nothing is left or a later one replaces it."""
        if not isinstance(record, TurnsSoFar):
            return record
        if record is not latest[record.call_id]:
            return None
        before = self._written.get(record.call_id, ())
        same = 0
        for old, new in zip(before, record.turns, strict=False):
            if old != new:
                break
            same += 1
        if same == len(before) == len(record.turns):
            return None
        return replace(record, turns=record.turns[same:], first_n=same)

    def _report_refused(self) -> None:
        refused, self._refused_lines = self._refused_lines, 0
        if refused:
            self._report(Report(Trouble.DROPPED, refused))
