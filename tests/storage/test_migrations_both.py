"""Migrations on SQLite and on PostgreSQL: from nothing and from every revision with data, up and down."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from storage_scene import TEN, call_start, request

from torim.desk.staffing import Performer
from torim.errors import BookingError, StorageError
from torim.storage import migrate
from torim.storage.database import Database
from torim.storage.schema import HEAD, METADATA
from torim.storage.store import Store

REVISIONS = sorted(script.revision for script in ScriptDirectory(str(migrate.MIGRATIONS)).walk_revisions())
TEN_S = int(TEN.timestamp())
CALL = "INSERT INTO calls (id, business_id, carrier, engine, started_at) VALUES ('CA9', 'salon', 'twilio', 'x', 1)"
COLUMNS = "id, business_id, service_id, starts_at, ends_at, timezone, status, call_id, idempotency_key, created_at"
ROWS = (
    ("a1", TEN_S, "booked"),
    ("a2", TEN_S, "cancelled"),
    ("a3", TEN_S + 3600, "booked"),
    ("a4", TEN_S + 9000, "held"),
)


@pytest.fixture
def database(blank_url: str) -> Iterator[Database]:
    opened = Database(blank_url)
    yield opened
    opened.close()


def run(database: Database, statement: str) -> list[tuple[Any, ...]]:
    with database.write() as connection:
        result = connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


def fill(database: Database, revision: str) -> None:
    """Rows such as a Torim of that revision left them."""
    run(database, CALL)
    has_holds = revision >= "0003"
    for name, starts_s, status in ROWS:
        columns, values = COLUMNS, [f"'{name}'", "'salon'", "'haircut'", str(starts_s), str(starts_s + 1800)]
        values += ["'Asia/Jerusalem'", f"'{status}'", "'CA9'", f"'CA9/{name}'", "1"]
        if has_holds:
            columns += ", blocked_from, blocked_until, updated_at, hold_expires_at"
            values += [str(starts_s), str(starts_s + 1800), "1", "90" if status == "held" else "NULL"]
        run(database, f"INSERT INTO appointments ({columns}) VALUES ({', '.join(values)})")


def kept(database: Database) -> list[tuple[Any, ...]]:
    return run(database, "SELECT id, starts_at, status FROM appointments WHERE status <> 'held' ORDER BY id")


EXPECTED = [row for row in ROWS if row[2] != "held"]


@pytest.mark.parametrize("revision", REVISIONS)
def test_from_every_revision_with_data_to_the_newest(database: Database, blank_url: str, revision: str) -> None:
    migrate.upgrade(database, revision)
    fill(database, revision)
    assert migrate.upgrade(database) == HEAD
    assert kept(database) == EXPECTED
    store = Store(blank_url)
    assert store.call("salon", "CA9") is not None
    with pytest.raises(BookingError, match="taken"):
        store.book(request("CA1"))
    cancelled = next(made for made in store.appointments("salon") if made.id == "a2")
    assert (cancelled.staff_id, cancelled.version, str(cancelled.source)) == ("", 1, "call")
    store.close()


@pytest.mark.parametrize("revision", REVISIONS)
def test_down_to_every_revision_with_data_and_up_again(database: Database, revision: str) -> None:
    migrate.upgrade(database)
    fill(database, HEAD)
    migrate.downgrade(database, revision)
    assert migrate.current(database) == revision
    assert kept(database) == EXPECTED
    assert migrate.upgrade(database) == HEAD
    assert kept(database) == EXPECTED


def test_what_an_old_rule_cannot_hold_is_kept_without_its_time(database: Database, blank_url: str) -> None:
    migrate.upgrade(database)
    store = Store(blank_url)
    first, second = store.book(request("CA1")), store.book(request("CA2", performers=(Performer(capacity=2),)))
    assert (first.place, second.place) == (0, 1)
    store.close()
    migrate.downgrade(database, "0002")
    assert sorted(row[2] for row in kept(database)) == ["booked", "cancelled"]
    migrate.upgrade(database)
    assert len(kept(database)) == 2


def test_down_to_nothing_and_up_again(database: Database) -> None:
    migrate.upgrade(database)
    migrate.downgrade(database, "base")
    assert migrate.current(database) is None
    for table in METADATA.tables:
        with pytest.raises(StorageError, match=table):
            run(database, f"SELECT 1 FROM {table}")
    assert migrate.upgrade(database) == HEAD


def test_the_migrations_and_the_schema_agree(database: Database) -> None:
    migrate.upgrade(database)
    for tables_module in Path(migrate.__file__).parent.glob("*_tables.py"):
        import_module(f"torim.storage.{tables_module.stem}")
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_one_step_at_a_time_both_ways(database: Database) -> None:
    for revision in REVISIONS:
        assert migrate.upgrade(database, revision) == revision
    for revision in reversed(REVISIONS[:-1]):
        migrate.downgrade(database, revision)
        assert migrate.current(database) == revision


def test_a_store_works_on_the_newest_schema(database: Database, blank_url: str) -> None:
    migrate.upgrade(database)
    store = Store(blank_url)
    store.start_call(call_start())
    assert store.book(request()).version == 1
    assert store.call("salon", "CA1") is not None
    store.close()
