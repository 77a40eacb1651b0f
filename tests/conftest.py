"""For every area: logging left as it was, and databases: a file per test, or a PostgreSQL server of the whole run."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from tools import postgresql
from torim.storage.store import Store

# The same examples in every run; the long variants draw their own.
settings.register_profile("same", derandomize=True)
settings.load_profile("same")


@pytest.fixture(autouse=True)
def _logging_is_put_back() -> Iterator[None]:
    """A command that ran in the process of the tests has configured logging for all of them."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        root = logging.getLogger()
        for handler in root.handlers[:]:
            if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter):
                root.removeHandler(handler)
        root.setLevel(logging.WARNING)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    """A server of this run's own; without the programs the test is skipped (`.ci/run` installs them)."""
    reason = postgresql.missing()
    if reason is not None:
        pytest.skip(reason)
    with postgresql.running() as server:
        yield server


@pytest.fixture(scope="session")
def _upgraded_database(postgresql_server: postgresql.Server) -> str:
    """A database with the newest schema, which is made once."""
    name = postgresql_server.create()
    store = Store(postgresql_server.url(name))
    store.upgrade()
    store.close()
    return name


@pytest.fixture
def postgresql_url(postgresql_server: postgresql.Server, _upgraded_database: str) -> str:
    """The URL of an empty database with the newest schema; whoever used it before is cut off."""
    postgresql_server.empty(_upgraded_database)
    return postgresql_server.url(_upgraded_database)


@pytest.fixture
def blank_postgresql_url(postgresql_server: postgresql.Server) -> str:
    """The URL of a database of this test's own, without any table."""
    return postgresql_server.url(postgresql_server.create())
