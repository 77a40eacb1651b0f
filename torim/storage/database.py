"""Connections to one database: how transactions begin, how durable they are, and what its errors mean.

It decides the pragmas of SQLite and turns every driver error into a `StorageError` with advice. It knows no
table.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from torim.errors import ConfigError, StorageError
from torim.storage.turns import Turns

BUSY_TIMEOUT_MS = 5_000  # how long a writer waits for one of another process before it gives up
# Whoever commits beyond this moves the log into the database file, and waits for the disk: rather events than bookings.
CHECKPOINT_PAGES = 1000
ASK_EVERY_S = 0.001  # whether it is its turn

_LOCKED = ("storage.locked", "The database is locked by another program; stop it, or try again.")
_FULL = ("storage.full", "The disk of the database is full; free some space there.")
_RULE = ("storage.constraint", "The database refused a row that breaks its rules.")
_VALUE = ("storage.bad_record", "The database cannot store a value.")
_SCHEMA = ("storage.schema", "The database has another schema; run `torim db upgrade`.")
_AWAY = ("storage.unreachable", "The database server cannot be reached; check that it runs, and TORIM_DATABASE_URL.")
_OTHER = ("storage.failed", "The database refused; the cause follows.")

# By the beginning of SQLite's error name or of PostgreSQL's SQLSTATE: our code and advice.
_ADVICE = {
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": (
        "storage.readonly",
        "The database cannot be written; check the owner and permissions of its file and directory.",
    ),
    "SQLITE_CANTOPEN": (
        "storage.unreachable",
        "The database file cannot be opened; check that its directory exists and may be written.",
    ),
    "SQLITE_IOERR": (
        "storage.disk",
        "The disk of the database failed or is full; check it, then restore a backup if data is missing.",
    ),
    "SQLITE_CORRUPT": ("storage.corrupt", "The database is damaged; restore the last backup."),
    "SQLITE_NOTADB": ("storage.corrupt", "The file is not a SQLite database; check TORIM_DATABASE_URL."),
    "SQLITE_CONSTRAINT": _RULE,
    "SQLITE_TOOBIG": _VALUE,
    "SQLITE_MISMATCH": _VALUE,
    "08": _AWAY,
    "57P": _AWAY,
    "22": _VALUE,
    "23": _RULE,
    "40": _LOCKED,
    "53100": _FULL,
    "55P": _LOCKED,
    "42P01": _SCHEMA,
    "42703": _SCHEMA,
}

# Failures that pass by themselves or by the operator's hand, so that trying again makes sense.
TRANSIENT = frozenset(
    {
        "storage.locked",
        "storage.full",
        "storage.readonly",
        "storage.unreachable",
        "storage.disk",
        "storage.schema",
        "storage.failed",
    }
)


class Database:
    """A pool of connections; safe to share between threads.

    Args:
        url: SQLAlchemy URL, ``sqlite`` (a file) or ``postgresql``.
        durable: Commits survive a power cut. Without it they survive the death of the process only, and are
            cheaper: for events, never for bookings.

    Raises:
        ConfigError: The URL cannot be used, or its driver is not installed.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self.url = parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _engine(self.url)
        self._durable = durable
        self._turns = _turns_of(sqlite_path(self.url)) if self.is_sqlite else None
        if self.is_sqlite:
            _tune_sqlite(self.engine, durable)
        elif not durable:
            event.listen(self.engine, "connect", _relax_postgresql)

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database."""
        return sqlite_path(self.url) if self.is_sqlite else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the database; never waits for writers.

        Raises:
            StorageError: The database refused.
        """
        with translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that holds SQLite's write lock from its beginning; commits unless an error leaves it.

        Raises:
            IntegrityError: A rule of the schema was broken; the caller knows which.
            StorageError: The database refused.
        """
        with translated(), self._turn(), self.engine.connect() as connection:
            immediate = connection.execution_options(torim_immediate=True)
            with immediate.begin():
                yield immediate

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The turn of this thread among those of its process: SQLite lets whoever waits for its lock starve."""
        if self._turns is None:
            yield
            return
        with self._turns.turn(urgent=self._durable):
            yield

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


_turns: dict[Path, Turns] = {}
_turns_guard = Lock()


def _turns_of(path: Path) -> Turns:
    """Where the writers of one file wait for each other, in this process."""
    with _turns_guard:
        return _turns.setdefault(path.absolute(), Turns())


def parse_url(url: str) -> URL:
    """Read and check a database URL.

    Raises:
        ConfigError: ``config.database_url``.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        advice = "TORIM_DATABASE_URL is no URL; an example is sqlite:///data/torim.db."
        raise ConfigError(advice, code="config.database_url") from error
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        advice = "A database in memory cannot be shared by threads and workers; name a file: sqlite:///data/torim.db."
        raise ConfigError(advice, code="config.database_url")
    return parsed


def sqlite_path(url: URL) -> Path:
    """The file of an SQLite URL, also of the form ``file:path?uri=true``."""
    name = url.database or ""
    return Path(unquote(urlsplit(name).path) if name.startswith("file:") else name)


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "sqlite":
            return create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
        return create_engine(url, pool_pre_ping=True)
    except (ImportError, NoSuchModuleError, ArgumentError) as error:
        advice = f"No driver for {url.drivername} is installed; `pip install psycopg[binary]` for PostgreSQL."
        raise ConfigError(advice, code="config.database_url") from error


def _tune_sqlite(engine: Engine, durable: bool) -> None:
    def connect(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver must not begin transactions by itself: it would do so too late and without the lock.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES * (4 if durable else 1)}")

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("torim_immediate", False):
            _begin_writing(connection)
        else:
            connection.exec_driver_sql("BEGIN")

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", begin)


def _begin_writing(connection: Connection) -> None:
    """Take SQLite's write lock; whoever waits asks often.

    SQLite itself would sleep longer and longer, up to a tenth of a second, while writers of other processes that have
    just come find the lock free: a booking beside the events of many calls then waits for a second.
    """
    give_up_at = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except DBAPIError as error:
                busy = getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY")
                if not busy or time.monotonic() >= give_up_at:
                    raise
            time.sleep(ASK_EVERY_S)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def _relax_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    connection.commit()


@contextmanager
def translated() -> Iterator[None]:
    """Turn driver errors into `StorageError`; broken rules of the schema pass as they are."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise storage_error(error.orig or error) from error
    except PoolTimeout as error:
        advice = "Every database connection is in use; fewer calls, or a faster disk, would help."
        raise StorageError(advice, code="storage.locked") from error
    except (sqlite3.Error, OSError) as error:
        raise storage_error(error) from error


def storage_error(error: BaseException) -> StorageError:
    """The `StorageError` that a driver's error stands for."""
    name = str(getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or "")
    found = next((advice for start, advice in _ADVICE.items() if name.startswith(start)), _OTHER)
    if "no such table" in str(error) or "no such column" in str(error):
        found = _SCHEMA
    code, advice = found
    return StorageError(f"{advice} ({error})", code=code)
