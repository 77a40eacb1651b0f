"""The database as the rest of Torim sees it: every method is one transaction, scoped to one business.

Every method blocks and belongs off the media loop; call records go through `torim.storage.writer` instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import IntegrityError, StatementError

from torim.core.transcript import Turn
from torim.desk.book import Appointment, BookingRequest
from torim.desk.slots import Interval
from torim.errors import BookingError, StorageError
from torim.storage import appointments, backup, calls, migrate
from torim.storage.database import Database, storage_error
from torim.storage.records import CallEnd, CallStart, Record, StoredCall, TimelineLine, TurnsSoFar
from torim.storage.schema import SLOT_TAKEN


class Store:
    """One database; safe to share between threads, one per process.

    Args:
        database_url: SQLAlchemy URL, ``sqlite`` (a file) or ``postgresql``.

    Raises:
        ConfigError: The URL cannot be used.
    """

    def __init__(self, database_url: str) -> None:
        self._database = Database(database_url)
        self._events = Database(database_url, durable=False)

    def upgrade(self) -> str:
        """Create the database or bring it to the newest schema, and return the schema's revision.

        Processes that start together do it once.
        """
        return migrate.upgrade(self._database)

    def backup(self, target: Path) -> int:
        """Copy the running database to a file, check the copy, and return its size in bytes.

        Raises:
            StorageError: The copy is not good or not possible.
        """
        return backup.backup(self._database, target)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()
        self._events.close()

    # --- the appointment book ---------------------------------------------------------------------------

    def busy(self, business_id: str, since: datetime, until: datetime) -> list[Interval]:
        """What is taken between two instants, in order."""
        with self._database.read() as connection:
            return appointments.busy(connection, business_id, since, until)

    def find_booking(self, business_id: str, idempotency_key: str) -> Appointment | None:
        """The appointment made under this key, if there is one."""
        with self._database.read() as connection:
            return appointments.by_key(connection, business_id, idempotency_key)

    def of_call(self, business_id: str, call_id: str) -> list[Appointment]:
        """The appointments that a call made, in order of time."""
        return self.appointments(business_id, call_id=call_id)

    def book(self, request: BookingRequest) -> Appointment:
        """Make the appointment durable, or return the one already made for the same wish.

        Raises:
            BookingError: ``booking.slot_taken``.
            StorageError: The database refused; nothing was booked.
        """
        try:
            with self._database.write() as connection:
                made = appointments.by_key(connection, request.business_id, request.idempotency_key)
                return made or appointments.insert_booking(connection, request)
        except IntegrityError as error:
            return self._settle(request, error)

    def _settle(self, request: BookingRequest, error: IntegrityError) -> Appointment:
        """The insert was refused: by this very wish, made already, or by somebody else's."""
        with self._database.write() as connection:
            made = appointments.by_key(connection, request.business_id, request.idempotency_key)
            made = made or appointments.same_wish(connection, request)
            if made is not None:
                return appointments.add_contact(connection, made, request)
        if appointments.is_slot_taken(error):
            raise BookingError("This time has just been taken; offer another one.", code=SLOT_TAKEN) from error
        raise storage_error(error.orig or error) from error

    def appointments(
        self,
        business_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        call_id: str | None = None,
        limit: int = 1000,
    ) -> list[Appointment]:
        """The appointments of a business in order of time; ``since`` and ``until`` bound their start."""
        with self._database.read() as connection:
            return appointments.read(connection, business_id, since=since, until=until, call_id=call_id, limit=limit)

    # --- the record of calls ----------------------------------------------------------------------------

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

    def calls(self, business_id: str, limit: int = 100) -> list[StoredCall]:
        """The last calls of a business, newest first."""
        with self._database.read() as connection:
            return calls.read_calls(connection, business_id, limit)

    def call(self, business_id: str, call_id: str) -> StoredCall | None:
        """One call of a business."""
        with self._database.read() as connection:
            return calls.read_call(connection, business_id, call_id)

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
