"""A process that does jobs and is killed at one step of them, and another that does the rest.

Reads one number a line: how many steps the first may see; answers "killed" or "finished". Each is a fork of this
process, which has no threads, so that a test of many steps takes milliseconds each.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import and_, func, or_, select

from torim.jobs.chat import Model
from torim.jobs.service import JobService, JobSettings, SmsAccount
from torim.storage.job_tables import jobs
from torim.storage.jobs import Job, JobBook, JobStatus
from torim.storage.store import Store

PATIENCE_S = 20.0


def now() -> datetime:
    return datetime.now(UTC)


class Fate:
    """Ends the process without a word at its nth step."""

    def __init__(self, steps: int) -> None:
        self._left = steps
        self._lock = threading.Lock()

    def __call__(self, step: str, job: Job) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def settings(names: dict[str, str], data_dir: Path) -> JobSettings:
    return JobSettings(
        allow_private_addresses=True,
        data_dir=data_dir,
        smtp_url=names["post"],
        mail_from="desk@shaked.example",
        sms=SmsAccount("AC" + "1" * 32, "token", "+15005550006", names["carrier"]),
        model=Model(names["chat"], "tiny"),
    )


def work(names: dict[str, str], steps: int) -> None:
    """Do the jobs of a database until nothing is due, or until the step that is the last."""
    store = Store(names["database"])
    service = JobService(settings(names, Path(names["data"])), store, now, Fate(steps))
    service.start()
    deadline = time.monotonic() + PATIENCE_S
    while open_jobs(service.book) and time.monotonic() < deadline:
        time.sleep(0.005)
    service.stop()
    store.close()


def open_jobs(book: JobBook) -> bool:
    """Whether a job is in hand or due, in one look."""
    due = and_(jobs.c.status == JobStatus.WAITING.value, jobs.c.run_at <= int(now().timestamp()))
    query = select(func.count()).where(or_(jobs.c.status == JobStatus.RUNNING.value, due))
    with book.database.read() as connection:
        return bool(connection.execute(query).scalar())


def forked(names: dict[str, str], steps: int) -> bool:
    """Whether a process that may see so many steps came to its end."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work(names, steps)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, f"signal {os.WTERMSIG(status)}"
        return False
    assert os.WEXITSTATUS(status) == 0, "the worker failed by itself"
    return True


def main() -> None:
    for line in sys.stdin:
        names = json.loads(line)
        finished = forked(names, names.get("steps", 0))
        print("finished" if finished else "killed", flush=True)


if __name__ == "__main__":
    main()
