"""The database as the rest of Torim sees it: every method is one transaction, scoped to one business.

Every method blocks and belongs off the media loop; call records go through `torim.storage.writer` instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from torim.desk.book import Appointment, Status
from torim.storage import appointments, backup, migrate
from torim.storage.booking import AppointmentBook
from torim.storage.businesses import BusinessDirectory
from torim.storage.call_records import CallRecords
from torim.storage.database import Database
from torim.storage.messages import MessageBox


class Store(AppointmentBook, CallRecords, MessageBox):
    """One database; safe to share between threads, one per process.

    The verbs of the book are in `AppointmentBook`, calls in `CallRecords`, messages in `MessageBox`; settings of
    businesses are reached through ``businesses``.

    Args:
        database_url: SQLAlchemy URL, ``sqlite`` (a file) or ``postgresql``.

    Raises:
        ConfigError: The URL cannot be used.
    """

    def __init__(self, database_url: str) -> None:
        self._database = Database(database_url)
        self._events = Database(database_url, durable=False)
        self.businesses = BusinessDirectory(self._database)

    @property
    def database(self) -> Database:
        """The durable connections, for what keeps tables of its own beside those of the store."""
        return self._database

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

    def appointments(
        self,
        business_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        call_id: str | None = None,
        phone: str | None = None,
        staff_id: str | None = None,
        statuses: Sequence[Status] | None = None,
        limit: int = 1000,
        offset: int = 0,
    ) -> list[Appointment]:
        """The appointments of a business in order of time; ``since`` and ``until`` bound their start."""
        with self._database.read() as connection:
            return appointments.read(
                connection,
                business_id,
                since=since,
                until=until,
                call_id=call_id,
                phone=phone,
                staff_id=staff_id,
                statuses=statuses,
                limit=limit,
                offset=offset,
            )
