"""A backup is whole, checked, and taken while calls go on."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from storage_scene import at, request

from torim.errors import StorageError
from torim.storage.store import Store


def test_a_backup_opens_as_a_database(store: Store, tmp_path: Path) -> None:
    made = store.book(request(contact_name="דנה"))
    target = tmp_path / "copies" / "monday.db"
    target.parent.mkdir()
    assert store.backup(target) == target.stat().st_size
    assert [path.name for path in target.parent.iterdir()] == ["monday.db"]
    copy = Store(f"sqlite:///{target}")
    copy.upgrade()
    assert copy.appointments("salon") == [made]
    copy.close()


def test_a_backup_is_taken_while_bookings_are_made(store: Store, tmp_path: Path) -> None:
    enough, stop = threading.Event(), threading.Event()

    def keep_booking() -> None:
        for place in range(10_000):
            store.book(request("CA1", f"t{place}", **at(30 * place)))
            if place == 20:
                enough.set()
            if stop.is_set():
                return

    thread = threading.Thread(target=keep_booking)
    thread.start()
    assert enough.wait(30)
    for number in range(3):
        store.backup(tmp_path / f"{number}.db")
    stop.set()
    thread.join()
    for number in range(3):
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            (count,) = copy.execute("SELECT count(*) FROM appointments").fetchone()
            assert count >= 21


def test_an_older_backup_is_replaced(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    store.backup(target)
    store.book(request())
    store.backup(target)
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT count(*) FROM appointments").fetchone() == (1,)


def test_the_database_itself_is_never_overwritten(store: Store, url: str, tmp_path: Path) -> None:
    itself = Path(url.removeprefix("sqlite:///"))
    for target in (itself, tmp_path):
        with pytest.raises(StorageError, match="name another file"):
            store.backup(target)


def test_a_damaged_database_gives_no_backup(store: Store, url: str, tmp_path: Path) -> None:
    for place in range(200):
        store.book(request("CA1", f"t{place}", **at(30 * place)))
    store.close()
    path = Path(url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[-12_288:-4_096] = b"\xff" * 8_192
    path.write_bytes(data)
    target = tmp_path / "copy.db"
    with pytest.raises(StorageError):
        store.backup(target)
    assert not target.exists()
    assert not list(tmp_path.glob("*.part"))


def test_a_backup_to_nowhere_or_of_nothing_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        store.backup(tmp_path / "none" / "copy.db")
    with pytest.raises(StorageError, match="no database"):
        Store(f"sqlite:///{tmp_path}/none.db").backup(tmp_path / "copy.db")
