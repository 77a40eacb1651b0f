"""Bringing the database to a revision: once, however many processes start together, and all of it or nothing.

It decides when a migration runs and who runs it; what it changes stands in `migrations/`.
"""

from __future__ import annotations

import fcntl
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from torim.errors import StorageError
from torim.storage.database import Database, translated
from torim.storage.schema import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_TIMEOUT_S = 60.0
_POSTGRESQL_LOCK = 0x746F72696D  # any number that nobody else locks: "torim"


def upgrade(database: Database, revision: str = "head") -> str:
    """Bring the database to a revision, the newest by default; create it if it does not exist.

    Returns:
        The revision that it is at now.

    Raises:
        StorageError: ``storage.newer`` if a newer Torim wrote it; others as the database says.
    """
    with translated():
        if revision in ("head", HEAD) and _exists(database) and current(database) == HEAD:
            return HEAD
        with _alone(database):
            _prepare(database)
            _migrate(database, revision, up=True)
        return current(database) or ""


def downgrade(database: Database, revision: str) -> None:
    """Take the database back to an earlier revision; ``base`` leaves it empty. What it drops is lost."""
    with translated(), _alone(database):
        _migrate(database, revision, up=False)


def current(database: Database) -> str | None:
    """The revision of the database; None if it is empty."""
    with database.read() as connection:
        return _current(connection)


def sql(dialect: str, revision: str = "head") -> str:
    """The SQL of every migration up to a revision, for a database that somebody else administers."""
    from alembic import command

    config, output = _config(), io.StringIO()
    config.output_buffer = output
    config.attributes["dialect"] = dialect
    command.upgrade(config, revision, sql=True)
    return output.getvalue()


def _exists(database: Database) -> bool:
    return database.path is None or database.path.exists()


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _prepare(database: Database) -> None:
    """Readers beside a writer: a property of the file, set while nobody else migrates."""
    if database.is_sqlite:
        with database.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA journal_mode = WAL")


def _migrate(database: Database, revision: str, *, up: bool) -> None:
    from alembic import command
    from alembic.util import CommandError

    config = _config()
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_POSTGRESQL_LOCK})"))
        config.attributes["connection"] = connection
        try:
            (command.upgrade if up else command.downgrade)(config, revision)
        except CommandError as error:
            raise _unknown_revision(_current(connection), error) from error


def _unknown_revision(found: str | None, error: Exception) -> StorageError:
    advice = (
        f"The database is at revision {found}, which this Torim does not know ({error}):"
        " install the newer Torim that wrote it, or restore a backup."
    )
    return StorageError(advice, code="storage.newer")


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    # Alembic expands % in options.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Hold the file lock of an SQLite database; the kernel frees it if this process dies."""
    if database.path is None:
        yield
        return
    database.path.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{database.path}.upgrade-lock").open("a") as lock:
        _wait_for(lock)
        yield


def _wait_for(lock: io.TextIOWrapper) -> None:
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                advice = f"Another program has been upgrading the database for {LOCK_TIMEOUT_S:.0f} s; look at it."
                raise StorageError(advice, code="storage.locked") from None
            time.sleep(0.02)
