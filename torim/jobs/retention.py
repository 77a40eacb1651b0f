"""What is removed when its time is over: calls with their words and files, messages, voice notes, finished jobs.

It decides how old each may get, from the settings of its business. Removing is asked for every day and may be asked
for again at any time: files go before the rows that name them, so a crash in between leaves what says what is left
to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from torim.desk.business import Business
from torim.jobs.base import Kind, Outcome
from torim.storage.files import notes_dir
from torim.storage.jobs import Job, JobBook, NewJob
from torim.storage.privacy import PrivacyStore
from torim.storage.schema import appointments
from torim.storage.store import Store

INSTALLATION = ""  # the business of jobs that concern all of them
HOUR_UTC = 1  # when it is quiet, in most places that speak Hebrew
AT_ONCE = 200
SPARE = timedelta(days=2)  # how much longer files may stay that no row knows


@dataclass(frozen=True, slots=True)
class Retention:
    """Removes what is too old; blocks."""

    store: Store
    privacy: PrivacyStore
    book: JobBook
    data_dir: Path

    def clean(self, job: Job, now: datetime) -> Outcome:
        """The handler of `Kind.RETENTION`; the next day's job follows."""
        removed = {
            "calls": 0,
            "messages": 0,
            "notes": 0,
            "jobs": self.book.forget(INSTALLATION, now - timedelta(days=1)),
        }
        longest = timedelta()
        for record in self.store.businesses.all():
            business = record.business
            keeps = timedelta(days=business.retention_days)
            longest = max(longest, keeps)
            removed["calls"] += self._calls(business, now - keeps, now)
            removed["messages"] += self.privacy.messages_before(business.id, now - keeps)
            removed["notes"] += self._notes(business, now - keeps)
            removed["jobs"] += self.book.forget(business.id, now - keeps)
        removed["files"] = self._strays(now - longest - SPARE) if longest else 0
        return Outcome(then=(daily(next_night(now)),), result=removed)

    def _calls(self, business: Business, before: datetime, now: datetime) -> int:
        count = 0
        while old := self.privacy.calls_before(business.id, before, AT_ONCE):
            count += self.privacy.forget(business.id, old, now).calls
        return count

    def _notes(self, business: Business, before: datetime) -> int:
        """Voice notes in which callers said their names; the appointment keeps the name that was written down."""
        table, count = appointments, 0
        old = [path for path in _files(notes_dir(self.data_dir), "*.wav") if _written(path) < before]
        for path in old:
            mine = (table.c.business_id == business.id, table.c.name_note == path.stem)
            with self.store.database.read() as connection:
                if connection.execute(select(table.c.id).where(*mine)).first() is None:
                    continue
            path.unlink(missing_ok=True)
            with self.store.database.write() as connection:
                connection.execute(update(table).where(*mine).values(name_note=None))
            count += 1
        return count

    def _strays(self, before: datetime) -> int:
        """Files that no row knows any more, and folders of days that have become empty."""
        old = [path for path in _files(self.data_dir / "calls", "*/*") if _written(path) < before]
        old += [path for path in _files(notes_dir(self.data_dir), "*.wav") if _written(path) < before]
        for path in old:
            path.unlink(missing_ok=True)
        for folder in _folders(self.data_dir / "calls"):
            if folder.name < f"{before:%Y-%m-%d}" and not any(folder.iterdir()):
                folder.rmdir()
        return len(old)


def daily(at: datetime) -> NewJob:
    """The job of one day."""
    return NewJob(INSTALLATION, Kind.RETENTION.value, f"{Kind.RETENTION}:{at:%Y-%m-%d}", at)


def next_night(now: datetime) -> datetime:
    """The next time at which old things are removed."""
    tonight = now.astimezone(UTC).replace(hour=HOUR_UTC, minute=0, second=0, microsecond=0)
    return tonight if tonight > now else tonight + timedelta(days=1)


def _files(folder: Path, pattern: str) -> list[Path]:
    return [path for path in folder.glob(pattern) if path.is_file()] if folder.is_dir() else []


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
