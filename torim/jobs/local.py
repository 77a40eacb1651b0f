"""The job engine of one machine: threads of this process that take jobs from an SQLite database.

It decides when to look for jobs and who may: one process per database, held by a lock on a file, which the kernel
frees when that process dies. Whatever the dead one had in hand is then taken again.
"""

from __future__ import annotations

import fcntl
import io
import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from torim.errors import StorageError
from torim.jobs.workshop import Workshop
from torim.storage.jobs import Job

LOOK_EVERY_S = 1.0
LOCK_EVERY_S = 15.0
ORPHANS_EVERY = 60  # looks between two for jobs that nobody has in hand any more
THREADS = 4
CLOSE_WAIT_S = 20.0

_log = logging.getLogger("torim.jobs")


class LocalEngine:
    """Does the jobs of an SQLite database while it is started.

    Args:
        look_every_s: Longest time between a job's being due and its being taken.
        lock_every_s: How often to ask whether the process that does the jobs is still there.
    """

    def __init__(
        self,
        workshop: Workshop,
        *,
        look_every_s: float = LOOK_EVERY_S,
        lock_every_s: float = LOCK_EVERY_S,
        threads: int = THREADS,
    ) -> None:
        self._workshop = workshop
        self._lock_every_s = lock_every_s
        self._look_every_s = look_every_s
        self._threads = threads
        self._stopping = threading.Event()
        self._freed = threading.Event()  # a thread has nothing to do
        self._thread = threading.Thread(target=self._run, name="torim-jobs", daemon=True)

    def start(self) -> None:
        """Begin to do jobs."""
        self._thread.start()

    def stop(self, timeout_s: float = CLOSE_WAIT_S) -> bool:
        """Take no more jobs and finish those in hand; False if that took too long. Blocking."""
        self._stopping.set()
        self._freed.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        path = self._workshop.book.database.path
        assert path is not None, "this engine is for SQLite"
        with Path(f"{path}.jobs-lock").open("a") as lock:
            if not self._wait_for(lock):
                return
            with ThreadPoolExecutor(self._threads, "torim-job") as pool:
                self._work(pool)

    def _wait_for(self, lock: io.TextIOWrapper) -> bool:
        """Wait until no other process does the jobs of this database; False: told to stop."""
        told = False
        while not self._stopping.is_set():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not told:
                    _log.info("another process does the jobs of this database")
                told = True
                self._stopping.wait(self._lock_every_s)
            else:
                return True
        return False

    def _work(self, pool: ThreadPoolExecutor) -> None:
        hands: dict[str, Future[None]] = {}
        looks = 0
        while not self._stopping.is_set():
            self._freed.clear()
            hands = {job_id: hand for job_id, hand in hands.items() if not hand.done()}
            try:
                if looks % ORPHANS_EVERY == 0:
                    self._workshop.book.put_back(except_for=hands)
                taken = self._workshop.book.claim(self._workshop.now(), self._threads - len(hands))
            except StorageError as error:
                _log.warning("the database gives no jobs; trying again: %s", error)
                self._stopping.wait(5 * self._look_every_s)
                continue
            looks += 1
            hands |= {job.id: self._begin(pool, job) for job in taken}
            self._freed.wait(self._look_every_s)

    def _begin(self, pool: ThreadPoolExecutor, job: Job) -> Future[None]:
        hand = pool.submit(self._workshop.perform, job)
        hand.add_done_callback(lambda _: self._freed.set())
        return hand
