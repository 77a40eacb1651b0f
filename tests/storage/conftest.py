"""A real, empty database per test, and the requests that the scenes make of it."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from torim.storage.store import Store


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/torim.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def any_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Both kinds of database, one after the other."""
    return (
        request.getfixturevalue("postgresql_url") if request.param == "postgresql" else f"sqlite:///{tmp_path}/torim.db"
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Both kinds, without any table."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("blank_postgresql_url"))
    return f"sqlite:///{tmp_path}/torim.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store(url)
    opened.upgrade()
    yield opened
    opened.close()


@pytest.fixture
def pragma() -> Iterator[Callable[[str], None]]:
    """Give every connection that is opened from now on a pragma of the test's choice."""
    listeners: list[Callable[[sqlite3.Connection, object], object]] = []

    def add(text: str) -> None:
        listeners.append(lambda connection, _record: connection.execute(f"PRAGMA {text}"))
        event.listen(Engine, "connect", listeners[-1])

    yield add
    for listener in listeners:
        event.remove(Engine, "connect", listener)
