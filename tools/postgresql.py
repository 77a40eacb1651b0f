"""A PostgreSQL server of one's own, for tests and measurements: made in a temporary directory, gone afterwards.

It decides where the programs are and as whom they run (PostgreSQL refuses to run as root). The server listens on a
socket in its directory only, and ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

START_TIMEOUT_S = 30.0
_ACCOUNT = "postgres"  # whom the package of the distribution creates
_FAST = ("fsync=off", "full_page_writes=off")  # for tests: nobody survives a power cut anyway


def programs() -> Path | None:
    """Where the newest installed server's programs are; None: it is not installed."""
    found = shutil.which("initdb")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name))
    places += sorted(Path("/usr").glob("pgsql-*/bin")) + ([Path(found).parent] if found else [])
    return next((place for place in reversed(places) if (place / "postgres").exists()), None)


def missing() -> str | None:
    """Why no server can be started here, as advice; None: one can."""
    if programs() is None:
        return "PostgreSQL is not installed; on Debian or Ubuntu: apt install postgresql"
    if os.geteuid() == 0 and (not _has_account() or shutil.which("setpriv") is None):
        return "PostgreSQL does not run as root; run as somebody else, or create the account postgres"
    return None


@dataclass
class Server:
    """A running server."""

    directory: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://torim@/{database}?host={self.directory}"

    def create(self) -> str:
        """Create a database without any table and return its name."""
        name = f"torim_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def empty(self, database: str) -> None:
        """Remove every row of a database, and whoever is still connected to it; its schema stays."""
        with self.connect() as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,))
        with self.connect(database) as connection:
            query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            tables = ", ".join(f'"{name}"' for (name,) in connection.execute(query))
            connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A plain connection that commits every statement."""
        return psycopg.connect(host=str(self.directory), user="torim", dbname=database, autocommit=True)


@contextlib.contextmanager
def running(*, durable: bool = False) -> Iterator[Server]:
    """A fresh server while the block runs.

    Args:
        durable: Commits reach the disk, for measurements.
    """
    place = programs()
    assert place is not None, missing()
    with tempfile.TemporaryDirectory(prefix="torim-pg-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        if os.geteuid() == 0:
            shutil.chown(directory, _ACCOUNT)
        made = [*_as_account(), str(place / "initdb"), "-D", f"{directory}/data", "-U", "torim", "-A", "trust"]
        subprocess.run([*made, "-E", "UTF8", "--locale=C", "--no-sync"], check=True, capture_output=True, cwd="/")
        with (directory / "log").open("w") as log:
            process = _start(place, directory, log.fileno(), durable)
        try:
            server = Server(directory)
            _wait_for(server, process)
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: what it holds is deleted anyway
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()


def _has_account() -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(_ACCOUNT))
    return False


def _as_account() -> list[str]:
    if shutil.which("setpriv") is None:
        return []
    account = [f"--reuid={_ACCOUNT}", f"--regid={_ACCOUNT}", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", "--pdeathsig", "QUIT", *account]


def _start(place: Path, directory: Path, log: int, durable: bool) -> subprocess.Popen[bytes]:
    settings = ["listen_addresses=", "max_connections=200", *(() if durable else _FAST)]
    options = [option for setting in settings for option in ("-c", setting)]
    command = [str(place / "postgres"), "-D", f"{directory}/data", "-k", str(directory), *options]
    return subprocess.Popen([*_as_account(), *command], stdout=log, stderr=log, cwd="/")


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((server.directory / "log").read_text()) from None
            time.sleep(0.05)
        else:
            return
