"""The records of calls in the database: every method is one transaction.

Reading is scoped to one business; what a call writes of itself goes by its id, which is unique for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError, StatementError

from torim.core.events import EndReason
from torim.core.transcript import Turn
from torim.errors import StorageError
from torim.storage import calls
from torim.storage.database import Database, storage_error
from torim.storage.records import CallEnd, CallStart, CallSummary, Record, StoredCall, TimelineLine, TurnsSoFar


class CallRecords:
    """The calls of one database; safe to share between threads."""

    _database: Database
    _events: Database

    def write(self, records: Sequence[Record]) -> None:
        """Write call records in order, all or none.

        Raises:
            StorageError: ``storage.constraint`` or ``storage.bad_record`` if a record can never be written;
                others as the database says.
        """
        try:
            with self._events.write() as connection:
                calls.write(connection, records)
        except IntegrityError as error:
            raise storage_error(error.orig or error) from error
        except (StatementError, ArithmeticError, AttributeError, TypeError, ValueError) as error:
            # What a driver says about a value that it cannot store; the others of the batch must not suffer.
            advice = f"A record cannot be stored ({error}); please report this."
            raise StorageError(advice, code="storage.bad_record") from error

    def start_call(self, start: CallStart) -> None:
        """Record that a call began."""
        self.write([start])

    def put_turns(self, call_id: str, turns: Sequence[Turn]) -> None:
        """Replace the transcript of a call by its present state."""
        self.write([TurnsSoFar(call_id, turns)])

    def finish_call(self, end: CallEnd) -> None:
        """Record that a call ended, its summary and transcript also with its appointments."""
        self.write([end])

    def put_summary(self, business_id: str, call_id: str, summary: CallSummary) -> bool:
        """Store the summary of a call, with its appointments too; False if the business has no such call."""
        with self._database.write() as connection:
            return calls.put_summary(connection, business_id, call_id, summary)

    def calls(self, business_id: str, limit: int = 100, offset: int = 0) -> list[StoredCall]:
        """The last calls of a business, newest first."""
        with self._database.read() as connection:
            return calls.read_calls(connection, business_id, limit, offset)

    def call(self, business_id: str, call_id: str) -> StoredCall | None:
        """One call of a business."""
        with self._database.read() as connection:
            return calls.read_call(connection, business_id, call_id)

    def how_it_ended(self, call_id: str, since: datetime) -> tuple[bool, EndReason | None]:
        """Whether a call that has not ended before an instant has begun, and why it ended since then."""
        with self._database.read() as connection:
            return calls.read_end(connection, call_id, since)

    def unfinished_calls(
        self, business_id: str, before: datetime, call_ids: Sequence[str] | None = None
    ) -> list[StoredCall]:
        """Calls begun before an instant that have no end, or appointments without a transcript; oldest first."""
        with self._database.read() as connection:
            return calls.read_unfinished(connection, business_id, before, call_ids)

    def turns(self, business_id: str, call_id: str) -> list[Turn]:
        """The transcript of one call of a business, in the order of the conversation."""
        with self._database.read() as connection:
            return calls.read_turns(connection, business_id, call_id)

    def timeline(self, business_id: str, call_id: str) -> list[TimelineLine]:
        """The timeline of one call of a business."""
        with self._database.read() as connection:
            return calls.read_timeline(connection, business_id, call_id)
