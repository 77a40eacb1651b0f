"""The job engine of many machines: procrastinate, on the PostgreSQL database that they share.

Our table says what is owed and what became of it; procrastinate says who does it, on which machine, and notices
workers that died. A job that is due is handed over in one transaction, so it is handed over once; handed over again
after a crash it finds that nothing is left to do. It decides how often to look for due jobs and for dead workers.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from torim.errors import ConfigError, StorageError
from torim.jobs.workshop import Workshop
from torim.storage.database import Database

if TYPE_CHECKING:
    from procrastinate import App

TASK, QUEUE = "torim.job", "torim"
HAND_OVER_EVERY_S = 1.0
HAND_OVER_AT_ONCE = 100
DEAD_AFTER_S = 60.0  # without a heartbeat
THREADS = 4
CLOSE_WAIT_S = 20.0
_SCHEMA_LOCK = 0x746F72696E  # any number that nobody else locks

# What is due and in nobody's hand. A row that says "running" without a living job of procrastinate was left by a
# worker that died after its job was taken from it.
_DUE = """
SELECT id FROM jobs
WHERE status IN ('waiting', 'running') AND run_at <= :now
    AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs p WHERE p.queueing_lock = jobs.id AND p.status = 'todo')
    AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs p WHERE p.lock = jobs.id AND p.status = 'doing')
ORDER BY run_at, created_at LIMIT :limit FOR UPDATE SKIP LOCKED
"""
_HAND_OVER = """
SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
    :queue, :task, 0, CAST(:id AS text), CAST(:id AS text), jsonb_build_object('job_id', CAST(:id AS text)), NULL
)::procrastinate_job_to_defer_v1])
"""
_APPLIED = """
CREATE TABLE IF NOT EXISTS procrastinate_applied (name text PRIMARY KEY)
"""

_log = logging.getLogger("torim.jobs")


class SharedEngine:
    """Does the jobs of a PostgreSQL database while it is started, beside any number of others.

    Args:
        dead_after_s: A worker whose heartbeat is older is taken for dead; it beats six times as often.

    Raises:
        ConfigError: procrastinate is not installed.
    """

    def __init__(
        self,
        workshop: Workshop,
        *,
        hand_over_every_s: float = HAND_OVER_EVERY_S,
        threads: int = THREADS,
        dead_after_s: float = DEAD_AFTER_S,
    ) -> None:
        self._dead_after_s = dead_after_s
        self._workshop = workshop
        self._hand_over_every_s = hand_over_every_s
        self._threads = threads
        self._app = _app(workshop, threads)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="torim-jobs", daemon=True)

    def start(self) -> None:
        """Begin to do jobs."""
        self._thread.start()

    def stop(self, timeout_s: float = CLOSE_WAIT_S) -> bool:
        """Take no more jobs and finish those in hand; False if that took too long. Blocking."""
        self._stopping.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                prepare(self._workshop.book.database)
                asyncio.run(self._work())
            except Exception as error:  # the edge: a database that is away for a while must not end all jobs
                _log.warning("the job engine stopped; starting it again: %s", error)
                self._stopping.wait(5.0)

    async def _work(self) -> None:
        async with self._app.open_async():
            working = asyncio.create_task(
                self._app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self._threads,
                    install_signal_handlers=False,
                    delete_jobs="always",  # our own table remembers
                    update_heartbeat_interval=self._dead_after_s / 6,
                    stalled_worker_timeout=self._dead_after_s,
                    shutdown_graceful_timeout=CLOSE_WAIT_S,
                )
            )
            looking = asyncio.create_task(self._look())
            done, _ = await asyncio.wait({working, looking}, return_when=asyncio.FIRST_COMPLETED)
            for task in (working, looking):
                task.cancel()
            await asyncio.gather(working, looking, return_exceptions=True)
            for task in done:
                task.result()

    async def _look(self) -> None:
        """Hand over what is due until told to stop; sometimes look for workers that died."""
        looks = 0
        while not self._stopping.is_set():
            if looks % max(1, round(self._dead_after_s / 2 / self._hand_over_every_s)) == 0:
                await self._take_over()
            looks += 1
            await asyncio.to_thread(hand_over, self._workshop.book.database, self._workshop.now())
            await asyncio.to_thread(self._stopping.wait, self._hand_over_every_s)

    async def _take_over(self) -> None:
        for job in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self._dead_after_s):
            _log.warning("a worker died with job %s in hand; it is done again", job.task_kwargs.get("job_id"))
            await self._app.job_manager.retry_job(job)


def hand_over(database: Database, now: datetime) -> int:
    """Give procrastinate what is due; how many jobs that were."""
    with database.write() as connection:
        ids = connection.execute(text(_DUE), {"now": int(now.timestamp()), "limit": HAND_OVER_AT_ONCE}).scalars().all()
        for job_id in ids:
            connection.execute(text(_HAND_OVER), {"queue": QUEUE, "task": TASK, "id": job_id})
        return len(ids)


def prepare(database: Database) -> None:
    """Create procrastinate's tables, or bring them to the installed version; processes that start together do it once.

    Raises:
        StorageError: The database refused.
    """
    with database.write() as connection:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})"))
        if connection.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar() is None:
            _run_sql(connection, _schema())
            connection.execute(text(_APPLIED))
            _remember(connection, [name for name, _ in _migrations()])
            return
        connection.execute(text(_APPLIED))
        applied = set(connection.execute(text("SELECT name FROM procrastinate_applied")).scalars())
        if not applied:  # somebody else put the tables here: they are as new as that program's procrastinate
            _remember(connection, [name for name, _ in _migrations()])
            return
        new = [(name, sql) for name, sql in _migrations() if name not in applied]
        for _, sql in new:
            _run_sql(connection, sql)
        _remember(connection, [name for name, _ in new])


def _schema() -> str:
    return files("procrastinate.sql").joinpath("schema.sql").read_text(encoding="utf-8")


def _migrations() -> list[tuple[str, str]]:
    folder = files("procrastinate.sql").joinpath("migrations")
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return [(entry.name, entry.read_text(encoding="utf-8")) for entry in sorted(found, key=lambda entry: entry.name)]


def _run_sql(connection: Connection, sql: str) -> None:
    """Many statements at once, without parameters, in the caller's transaction."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        cursor.execute(sql)


def _remember(connection: Connection, names: Sequence[str]) -> None:
    if names:
        rows = [{"name": name} for name in names]
        connection.execute(text("INSERT INTO procrastinate_applied (name) VALUES (:name)"), rows)


def _app(workshop: Workshop, threads: int) -> App:
    try:
        from procrastinate import App, PsycopgConnector
    except ImportError as error:
        advice = "Jobs on PostgreSQL need procrastinate: pip install 'torim[postgres]'."
        raise ConfigError(advice, "config.database_url") from error
    url = workshop.book.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=threads + 2))

    @app.task(name=TASK, queue=QUEUE)
    async def perform(job_id: str) -> None:
        await asyncio.to_thread(_perform, workshop, job_id)

    return app


def _perform(workshop: Workshop, job_id: str) -> None:
    try:
        job = workshop.book.begin(job_id)
    except StorageError as error:
        _log.warning("job %s could not be taken; it is handed over again: %s", job_id, error)
        return
    if job is not None:
        workshop.perform(job)
