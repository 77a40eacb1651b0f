"""A copy of a running SQLite database: consistent, checked, and in place only when it is good.

It never touches the original beyond reading it, and never overwrites it.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from torim.errors import StorageError
from torim.storage.database import Database, translated

PAGES_AT_A_TIME = 1024  # 4 MiB of a default database, so that writers get their turn


def backup(database: Database, target: Path) -> int:
    """Copy the database to ``target``, which is replaced only by a copy that passed its integrity check.

    Returns:
        The size of the copy in bytes.

    Raises:
        StorageError: ``storage.backup`` if the copy is not good or not possible; others as the disk says.
    """
    source = database.path
    if source is None:
        raise _refused("Only SQLite is backed up here; use pg_dump for PostgreSQL.")
    if not source.exists():
        raise _refused(f"There is no database at {source} yet; check TORIM_DATABASE_URL.")
    if target.exists() and (target.is_dir() or target.samefile(source)):
        raise _refused(f"{target} is a directory or the database itself; name another file.")
    copy = target.with_name(f"{target.name}.part")
    with translated():
        try:
            _copy(source, copy)
            _check(copy)
            _install(copy, target)
            return target.stat().st_size
        finally:
            copy.unlink(missing_ok=True)


def _copy(source: Path, copy: Path) -> None:
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(copy)) as duplicate:
        original.backup(duplicate, pages=PAGES_AT_A_TIME)
        # One file, readable where no log beside it can be written.
        duplicate.execute("PRAGMA journal_mode = DELETE")


def _check(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise _refused(f"The copy failed its integrity check ({verdict}); check the disks, then try again.")


def _install(copy: Path, target: Path) -> None:
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    copy.replace(target)
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _refused(advice: str) -> StorageError:
    return StorageError(advice, code="storage.backup")
