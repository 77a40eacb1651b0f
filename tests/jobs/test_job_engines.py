"""Who does jobs: threads on SQLite, procrastinate on PostgreSQL; and what happens when they die with jobs in hand."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from torim.jobs import shared
from torim.jobs.base import DeliveryError, Outcome, next_attempt
from torim.jobs.local import LocalEngine
from torim.jobs.shared import SharedEngine
from torim.jobs.workshop import Workshop
from torim.storage.jobs import Job, JobBook, JobStatus, NewJob
from torim.storage.store import Store

logging.getLogger("procrastinate").setLevel(logging.WARNING)


def now() -> datetime:
    return datetime.now(UTC)


def owed(number: int, kind: str = "work", **payload: Any) -> NewJob:
    return NewJob("salon", kind, f"{kind}{number}", now(), str(number), payload)


def engine_of(workshop: Workshop) -> LocalEngine | SharedEngine:
    if workshop.book.database.is_sqlite:
        return LocalEngine(workshop, look_every_s=0.02)
    return SharedEngine(workshop, hand_over_every_s=0.05, dead_after_s=1.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return (
        request.getfixturevalue("postgresql_url") if request.param == "postgresql" else f"sqlite:///{tmp_path}/torim.db"
    )


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store(url)
    opened.upgrade()
    yield opened
    opened.close()


@contextmanager
def working(store: Store, handlers: dict[str, Callable[[Job, datetime], Outcome]]) -> Iterator[JobBook]:
    book = JobBook(store.database)
    engine = engine_of(Workshop(book, handlers, now))
    engine.start()
    try:
        yield book
    finally:
        assert engine.stop()


def until(seen: Callable[[], object], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not seen():
        assert time.monotonic() < deadline, "not seen in time"
        time.sleep(0.02)


def test_every_job_is_done_once_and_what_follows_from_it_too(store: Store) -> None:
    seen: Counter[str] = Counter()
    lock = threading.Lock()

    def work(job: Job, at: datetime) -> Outcome:
        with lock:
            seen[job.key] += 1
        then = [NewJob("salon", "after", f"after{job.subject}", at)] if job.kind == "work" else []
        return Outcome(then=then, result={"by": job.key})

    with working(store, {"work": work, "after": work}) as book:
        for number in range(30):
            book.add([owed(number), owed(number)], now())  # the same twice
        until(lambda: book.counts().get(JobStatus.DONE) == 60)
    assert set(seen.values()) == {1} and len(seen) == 60
    assert book.of_business("salon", limit=1)[0].result is not None


def test_a_job_waits_for_its_time(store: Store) -> None:
    done: list[str] = []

    def work(job: Job, at: datetime) -> Outcome:
        done.append(job.key)
        return Outcome()

    with working(store, {"work": work}) as book:
        book.add([NewJob("salon", "work", "later", now() + timedelta(hours=1))], now())
        book.add([owed(1)], now())
        until(lambda: book.counts().get(JobStatus.DONE))
        assert done == ["work1"] and book.counts() == {JobStatus.DONE: 1, JobStatus.WAITING: 1}


def test_what_fails_is_tried_again_and_what_cannot_be_done_is_buried(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def work(job: Job, at: datetime) -> Outcome:
        if job.payload.get("never"):
            raise DeliveryError("They moved away.", "test.gone", final=True)
        raise DeliveryError("Not now.", "test.away")

    with working(store, {"work": work}) as book, caplog.at_level(logging.INFO, "torim.jobs"):
        book.add([owed(1), owed(2, never=True), NewJob("salon", "unheard-of", "x", now())], now())
        until(lambda: book.counts().get(JobStatus.DEAD) and all(job.attempts for job in book.of_business("salon")))
        until(lambda: not book.counts().get(JobStatus.RUNNING))
        jobs = {job.key: job for job in book.of_business("salon")}
    assert jobs["work1"].status is JobStatus.WAITING and jobs["work1"].run_at > now()
    assert (jobs["work2"].status, jobs["work2"].last_error) == (JobStatus.DEAD, "They moved away. (test.gone)")
    assert jobs["x"].status is JobStatus.WAITING and "another Torim" in str(jobs["x"].last_error)
    assert [record.levelname for record in caplog.records if "given up" in record.message] == ["ERROR"]


def test_an_exception_of_ours_costs_its_job_only(store: Store) -> None:
    def work(job: Job, at: datetime) -> Outcome:
        if job.subject == "1":
            raise ZeroDivisionError
        return Outcome()

    with working(store, {"work": work}) as book:
        book.add([owed(1), owed(2)], now())
        until(lambda: book.counts().get(JobStatus.DONE) == 1)
        until(lambda: not book.counts().get(JobStatus.RUNNING))
    (failed,) = [job for job in book.of_business("salon") if job.subject == "1"]
    assert failed.status is JobStatus.WAITING and failed.last_error == "ZeroDivisionError:"


def test_a_worker_that_lost_its_job_cannot_finish_it(store: Store) -> None:
    book = JobBook(store.database)
    book.add([owed(1)], now())
    (job,) = book.claim(now(), 5) if book.database.is_sqlite else [book.begin(book.of_business("salon")[0].id)]
    assert job is not None
    other = book.begin(job.id)  # it was taken for dead
    assert other is not None and other.attempts == job.attempts + 1
    assert not book.finish(job, now(), then=[owed(2)])
    assert not book.postpone(job, now(), "late") and not book.bury(job, now(), "late")
    assert [one.key for one in book.of_business("salon")] == ["work1"]
    assert book.finish(other, now())


def dies_with_jobs(url: str, taken: Any) -> None:
    """A process that takes jobs and never gives them back."""

    def work(job: Job, at: datetime) -> Outcome:
        taken.release()
        time.sleep(60)
        return Outcome()

    store = Store(url)
    engine_of(Workshop(JobBook(store.database), {"work": work}, now)).start()
    time.sleep(60)


def test_jobs_of_a_killed_process_are_done_by_another(url: str, store: Store) -> None:
    book = JobBook(store.database)
    book.add([owed(number) for number in range(3)], now())
    spawn = multiprocessing.get_context("spawn")
    taken = spawn.Semaphore(0)
    process = spawn.Process(target=dies_with_jobs, args=(url, taken))
    process.start()
    for _ in range(3):
        assert taken.acquire(timeout=20)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert book.counts() == {JobStatus.RUNNING: 3}
    with working(store, {"work": lambda job, at: Outcome()}):
        until(lambda: book.counts() == {JobStatus.DONE: 3})
    assert {job.attempts for job in book.of_business("salon")} == {2}


def test_on_sqlite_one_process_does_the_jobs_and_the_next_takes_its_place(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/torim.db")
    store.upgrade()
    book = JobBook(store.database)
    by: list[str] = []

    def engine(name: str) -> LocalEngine:
        def work(job: Job, at: datetime) -> Outcome:
            by.append(name)
            return Outcome()

        return LocalEngine(Workshop(book, {"work": work}, now), look_every_s=0.02, lock_every_s=0.02)

    first, second = engine("first"), engine("second")
    first.start()
    book.add([owed(1)], now())
    until(lambda: by == ["first"])
    second.start()
    book.add([owed(2)], now())
    until(lambda: len(by) == 2)
    assert first.stop()
    book.add([owed(3)], now())
    until(lambda: len(by) == 3)
    assert second.stop() and by == ["first", "first", "second"]
    store.close()


def test_on_postgresql_several_workers_share_the_jobs(postgresql_url: str) -> None:
    store = Store(postgresql_url)
    book = JobBook(store.database)
    by: dict[str, list[str]] = {"one": [], "two": []}

    def engine(name: str) -> SharedEngine:
        def work(job: Job, at: datetime) -> Outcome:
            by[name].append(job.key)
            time.sleep(0.02)
            return Outcome()

        return SharedEngine(Workshop(book, {"work": work}, now), hand_over_every_s=0.05, threads=2)

    engines = [engine("one"), engine("two")]
    for one in engines:
        one.start()
    book.add([owed(number) for number in range(80)], now())
    until(lambda: book.counts().get(JobStatus.DONE) == 80)
    assert all(one.stop() for one in engines)
    assert sorted(by["one"] + by["two"]) == sorted(f"work{number}" for number in range(80))
    assert by["one"] and by["two"]
    store.close()


def test_the_tables_of_the_engine_are_made_once_and_brought_up_to_date(blank_postgresql_url: str) -> None:
    store = Store(blank_postgresql_url)
    threads = [threading.Thread(target=shared.prepare, args=(store.database,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shared.prepare(store.database)
    with store.database.read() as connection:
        applied = connection.exec_driver_sql("SELECT count(*) FROM procrastinate_applied").scalar()
        assert connection.exec_driver_sql("SELECT count(*) FROM procrastinate_jobs").scalar() == 0
    assert applied == len(shared._migrations()) > 20
    store.close()


def test_waits_double_and_are_spread() -> None:
    job = Job("j1", "salon", "webhook", "k", "", {}, JobStatus.RUNNING, now(), 1, now(), None, None, None)
    at = datetime(2026, 11, 22, tzinfo=UTC)
    error = DeliveryError("away")
    waits = []
    for attempt in range(1, 16):
        again = next_attempt(_at(job, attempt), error, at)
        assert again is not None
        waits.append((again - at).total_seconds())
    assert all(10 * 2**n <= wait <= 12.5 * 2**n for n, wait in enumerate(waits[:10]))
    assert waits[-1] <= 6 * 3600 * 1.25 and sum(waits) > 24 * 3600
    assert next_attempt(_at(job, 16), error, at) is None
    assert next_attempt(job, DeliveryError("gone", final=True), at) is None


def _at(job: Job, attempts: int) -> Job:
    return replace(job, attempts=attempts)
