"""Migrations: from nothing and from every revision, with data, up and down."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from storage_scene import request

from torim.errors import BookingError, StorageError
from torim.storage import migrate
from torim.storage.database import Database
from torim.storage.schema import HEAD
from torim.storage.store import Store

OLD_ROW = """
INSERT INTO calls VALUES ('CA9', 'salon', 'twilio', 'embedded', NULL, NULL, 1, 2, 'goodbye', 'summary', '{}');
INSERT INTO appointments VALUES ('a1', 'salon', 'haircut', 1795507200, 1795509000, 'Asia/Jerusalem', 'booked',
    'CA9', 'CA9/t1', 1, 'דנה', '+972501234567', NULL, 'booked');
"""


@pytest.fixture
def database(url: str) -> Database:
    return Database(url)


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def triggers(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}


def columns(path: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def old_database(database: Database) -> Path:
    """A database at the first revision, with an appointment in it."""
    migrate.upgrade(database, "0001")
    assert database.path is not None
    with closing(sqlite3.connect(database.path)) as connection:
        connection.executescript(OLD_ROW)
    return database.path


def test_the_first_revision_has_no_transcripts_and_the_second_adds_them(database: Database) -> None:
    path = old_database(database)
    assert "call_transcript" not in columns(path, "appointments")
    assert migrate.upgrade(database) == HEAD
    assert "call_transcript" in columns(path, "appointments")


def test_an_upgrade_keeps_data_and_the_rule_against_double_booking(database: Database, url: str) -> None:
    path = old_database(database)
    before = triggers(path)
    migrate.upgrade(database)
    assert triggers(path) == before != set()
    store = Store(url)
    (made,) = store.appointments("salon")
    assert (made.contact_name, made.call_summary, made.call_transcript) == ("דנה", "booked", None)
    with pytest.raises(BookingError, match="taken"):
        store.book(request(starts_at=made.starts_at, ends_at=made.ends_at))


def test_a_downgrade_keeps_everything_but_what_it_drops(database: Database, url: str) -> None:
    path = old_database(database)
    migrate.upgrade(database)
    before = triggers(path)
    migrate.downgrade(database, "0001")
    assert "call_transcript" not in columns(path, "appointments")
    assert triggers(path) == before
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id, contact_name FROM appointments").fetchall() == [("a1", "דנה")]
    migrate.upgrade(database)
    assert len(Store(url).appointments("salon")) == 1


def test_the_newest_revision_is_the_one_the_code_expects(database: Database) -> None:
    assert migrate.upgrade(database, "heads") == HEAD


def test_a_second_start_changes_nothing(database: Database) -> None:
    migrate.upgrade(database)
    assert database.path is not None
    lock = Path(f"{database.path}.upgrade-lock")
    lock.unlink()
    assert migrate.upgrade(database) == HEAD
    assert not lock.exists()  # not even locked


def test_a_failed_upgrade_leaves_the_old_schema(database: Database) -> None:
    path = old_database(database)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE appointments ADD COLUMN call_transcript TEXT")  # in the way
    with pytest.raises(StorageError, match="duplicate column"):
        migrate.upgrade(database)
    assert migrate.current(database) == "0001"


def test_a_database_of_a_newer_torim_is_left_alone(database: Database) -> None:
    migrate.upgrade(database)
    assert database.path is not None
    with closing(sqlite3.connect(database.path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="install the newer Torim") as refused:
        migrate.upgrade(database)
    assert refused.value.code == "storage.newer"


def test_missing_directories_are_made(tmp_path: Path) -> None:
    migrate.upgrade(Database(f"sqlite:///{tmp_path}/a/b/torim.db"))
    assert (tmp_path / "a" / "b" / "torim.db").exists()


def test_readers_and_a_writer_work_side_by_side(store: Store, url: str) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_postgresql_gets_an_exclusion_constraint() -> None:
    script = migrate.sql("postgresql")
    assert "EXCLUDE USING gist (business_id WITH =, int8range(starts_at, ends_at) WITH &&)" in script
    assert "ALTER TABLE appointments ADD COLUMN call_transcript TEXT" in script
    assert "CREATE TRIGGER" not in script


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="needs the sqlite3 program")
def test_the_printed_sql_makes_the_same_database(tmp_path: Path, database: Database) -> None:
    migrate.upgrade(database)
    other = tmp_path / "other.db"
    subprocess.run(["sqlite3", str(other)], input=migrate.sql("sqlite"), text=True, check=True)
    assert database.path is not None
    assert (tables(other), triggers(other)) == (tables(database.path), triggers(database.path))
