"""A disk or database that refuses gives a code and advice, and damages nothing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from storage_scene import at, call_start, request

from torim.errors import ConfigError, StorageError
from torim.storage.database import TRANSIENT, Database, storage_error
from torim.storage.records import TimelineLine
from torim.storage.store import Store


def refused(error: pytest.ExceptionInfo[StorageError], code: str, advice: str) -> None:
    assert error.value.code == code
    assert advice in str(error.value)


def test_a_full_disk(store: Store, url: str, pragma: Callable[[str], None]) -> None:
    store.start_call(call_start())
    store.book(request())
    pragma("max_page_count = 1")  # the real engine refuses to grow the file, as on a full disk
    full = Store(url)
    with pytest.raises(StorageError) as error:
        full.write([TimelineLine("CA1", n, "x" * 4000) for n in range(50)])
    refused(error, "storage.full", "free some space")
    full.close()
    assert store.timeline("salon", "CA1") == []
    assert len(store.appointments("salon")) == 1


def test_a_database_that_may_not_be_written(store: Store, url: str) -> None:
    store.book(request())
    path = url.removeprefix("sqlite:///")
    reader = Store(f"sqlite:///file:{path}?mode=ro&uri=true")
    with pytest.raises(StorageError) as error:
        reader.book(request("CA2", **at(60)))
    refused(error, "storage.readonly", "permissions")
    assert len(reader.appointments("salon")) == 1
    reader.close()


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/none/torim.db")
    with pytest.raises(StorageError) as error:
        store.book(request())
    refused(error, "storage.unreachable", "directory exists")


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError):
        Store(f"sqlite:///{tmp_path}/file/torim.db").upgrade()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "torim.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(StorageError) as error:
        Store(f"sqlite:///{tmp_path}/torim.db").upgrade()
    refused(error, "storage.corrupt", "not a SQLite database")


def test_a_database_that_was_never_upgraded(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as error:
        Store(f"sqlite:///{tmp_path}/torim.db").appointments("salon")
    refused(error, "storage.schema", "torim db upgrade")


def test_a_lock_that_somebody_keeps(url: str, pragma: Callable[[str], None]) -> None:
    pragma("busy_timeout = 20")
    store = Store(url)
    store.upgrade()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError) as error:
            store.book(request())
        refused(error, "storage.locked", "another program")
        assert store.appointments("salon") == []  # reading goes on
    assert store.book(request()).status == "booked"
    store.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "not a url", "oracle9://x/y"])
def test_a_url_that_cannot_work(url: str) -> None:
    with pytest.raises(ConfigError) as error:
        Database(url)
    assert error.value.code == "config.database_url"


def test_what_passes_by_itself_is_told_from_what_does_not() -> None:
    assert {"storage.full", "storage.locked"} <= TRANSIENT
    assert not {"storage.constraint", "storage.corrupt", "storage.bad_record"} & TRANSIENT
    assert storage_error(OSError("no space")).code == "storage.failed"


@pytest.mark.parametrize(
    ("sqlstate", "code"),
    [
        ("23503", "storage.constraint"),
        ("22003", "storage.bad_record"),
        ("08006", "storage.unreachable"),
        ("57P01", "storage.unreachable"),
        ("53100", "storage.full"),
        ("42P01", "storage.schema"),
        ("XX000", "storage.failed"),
    ],
)
def test_what_postgresql_says_has_the_same_codes(sqlstate: str, code: str) -> None:
    error = Exception("as the driver words it")
    error.sqlstate = sqlstate  # type: ignore[attr-defined]
    assert storage_error(error).code == code
