"""Jobs in the database: what is owed, who has it in hand, and what became of it.

A job is added in the transaction of the fact that it follows, so neither exists without the other. It is finished in
one transaction with everything that it changes here. Whoever works on a job holds its attempt number: a worker that
was thought dead and comes back can neither finish nor postpone what another has taken over. This file decides
nothing about when a job is tried again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from torim.storage.database import Database, storage_error
from torim.storage.job_tables import jobs

ERROR_CHARACTERS_MAX = 500
FOLLOW = "follow"  # the kind of job that turns a fact into the jobs that it asks for
SUMMARY = "summary"  # the kind that writes the summary of a call


class JobStatus(Enum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"  # given up: somebody must look
    DROPPED = "dropped"  # nobody wants it any more


class Fact(Enum):
    """Something that happened and that others may want to hear of."""

    BOOKED = "appointment.booked"
    MOVED = "appointment.moved"
    CANCELLED = "appointment.cancelled"
    CALL_ENDED = "call.ended"
    MESSAGE_LEFT = "message.left"


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be added, unless one with its key is there."""

    business_id: str
    kind: str
    key: str
    run_at: datetime
    subject: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is stored."""

    id: str
    business_id: str
    kind: str
    key: str
    subject: str
    payload: Mapping[str, Any]
    status: JobStatus
    run_at: datetime
    attempts: int
    created_at: datetime
    finished_at: datetime | None
    last_error: str | None
    result: Mapping[str, Any] | None


Effect = Callable[[Connection], object]


def add(connection: Connection, new: Sequence[NewJob], now: datetime) -> None:
    """Add jobs in the caller's transaction; those whose key is there already are left as they are."""
    if not new:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(jobs).on_conflict_do_nothing(index_elements=["business_id", "key"])
    connection.execute(statement, [_row(job, now) for job in new])


def add_fact(
    connection: Connection, business_id: str, fact: Fact, subject: str, now: datetime, version: int = 0
) -> None:
    """Have a fact followed up, in the transaction that makes it true.

    Args:
        subject: The id of the appointment, call or message.
        version: Tells apart facts of one kind about one subject, such as a second move.
    """
    key = f"{fact.value}:{subject}:{version}"
    payload = {"fact": fact.value, "version": version}
    add(connection, [NewJob(business_id, FOLLOW, key, now, subject, payload)], now)


class JobBook:
    """The jobs of one database; every method is one transaction and may block."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, new: Sequence[NewJob], now: datetime) -> None:
        """Add jobs; those whose key is there already are left as they are."""
        with self.database.write() as connection:
            add(connection, new, now)

    # --- working on them --------------------------------------------------------------------------------

    def claim(self, now: datetime, limit: int) -> list[Job]:
        """Take the jobs that are due, oldest first; only one worker of a database may do so."""
        due = select(jobs.c.id).where(jobs.c.status == JobStatus.WAITING.value, jobs.c.run_at <= _seconds(now))
        with self.database.read() as connection:  # nearly always there is nothing, and nobody need wait for that
            ids = connection.execute(due.order_by(jobs.c.run_at, jobs.c.created_at).limit(limit)).scalars().all()
        if not ids:
            return []
        with self.database.write() as connection:
            return [job for job_id in ids if (job := _take(connection, job_id)) is not None]

    def begin(self, job_id: str) -> Job | None:
        """Take one job, also from a worker that died with it; None if nothing is left to do."""
        with self.database.write() as connection:
            return _take(connection, job_id)

    def finish(
        self,
        job: Job,
        now: datetime,
        *,
        effect: Effect | None = None,
        then: Sequence[NewJob] = (),
        result: Mapping[str, Any] | None = None,
        status: JobStatus = JobStatus.DONE,
    ) -> bool:
        """Record that a job is done, with what it changes and what follows, all or nothing.

        Returns:
            False, and nothing is changed, if another worker has the job by now.
        """
        values = {"status": status.value, "finished_at": _seconds(now), "result": dict(result or {})}
        try:
            with self.database.write() as connection:
                if not _settle(connection, job, values):
                    return False
                if effect is not None:
                    effect(connection)
                add(connection, then, now)
                return True
        except IntegrityError as error:
            raise storage_error(error.orig or error) from error

    def postpone(self, job: Job, run_at: datetime, error: str) -> bool:
        """Have a job tried again later; False if another worker has it by now."""
        values = {"status": JobStatus.WAITING.value, "run_at": _seconds(run_at), "last_error": _short(error)}
        with self.database.write() as connection:
            return _settle(connection, job, values)

    def bury(self, job: Job, now: datetime, error: str) -> bool:
        """Give a job up; False if another worker has it by now."""
        values = {"status": JobStatus.DEAD.value, "finished_at": _seconds(now), "last_error": _short(error)}
        with self.database.write() as connection:
            return _settle(connection, job, values)

    def put_back(self, except_for: Collection[str] = ()) -> int:
        """Have every job that is in hand taken again but for those named: whoever had them is gone. How many."""
        taken = (jobs.c.status == JobStatus.RUNNING.value, jobs.c.id.not_in(except_for))
        with self.database.read() as connection:
            if not connection.execute(select(func.count()).select_from(jobs).where(*taken)).scalar():
                return 0
        with self.database.write() as connection:
            return connection.execute(update(jobs).where(*taken).values(status=JobStatus.WAITING.value)).rowcount

    def next_due(self) -> datetime | None:
        """When the next job is due; None if none waits."""
        query = select(func.min(jobs.c.run_at)).where(jobs.c.status == JobStatus.WAITING.value)
        with self.database.read() as connection:
            at = connection.execute(query).scalar()
        return None if at is None else _moment(at)

    def summarize_again(self, business_id: str, call_id: str, now: datetime) -> Job:
        """Have the summary of a call written anew, at once if it waits already; nobody is told of the call again."""
        mine = (jobs.c.business_id == business_id, jobs.c.kind == SUMMARY, jobs.c.subject == call_id)
        key = f"{SUMMARY}:{call_id}:{int(now.timestamp())}"
        with self.database.write() as connection:
            waiting = update(jobs).where(*mine, jobs.c.status == JobStatus.WAITING.value)
            row = connection.execute(waiting.values(run_at=_seconds(now)).returning(*jobs.c)).first()
            if row is None:
                add(connection, [NewJob(business_id, SUMMARY, key, now, call_id, {"again": True})], now)
                row = connection.execute(select(jobs).where(*mine, jobs.c.key == key)).one()
            return _job(row)

    # --- looking after them -----------------------------------------------------------------------------

    def drop(self, business_id: str, kind: str, subject: str, now: datetime) -> int:
        """Have the waiting jobs of a kind about a subject never done; how many there were."""
        with self.database.write() as connection:
            return drop(connection, business_id, kind, subject, now)

    def of_business(
        self,
        business_id: str,
        *,
        status: JobStatus | None = None,
        subject: str | None = None,
        after: tuple[int, str] | None = None,
        limit: int = 100,
    ) -> list[Job]:
        """Jobs of one business, newest first; ``after`` is the second of making and the id of the last one seen."""
        query = select(jobs).where(jobs.c.business_id == business_id)
        if after is not None:
            at, last = after
            query = query.where(or_(jobs.c.created_at < at, and_(jobs.c.created_at == at, jobs.c.id > last)))
        if status is not None:
            query = query.where(jobs.c.status == status.value)
        if subject is not None:
            query = query.where(jobs.c.subject == subject)
        query = query.order_by(jobs.c.created_at.desc(), jobs.c.id).limit(limit)
        with self.database.read() as connection:
            return [_job(row) for row in connection.execute(query)]

    def get(self, business_id: str, job_id: str) -> Job | None:
        """One job."""
        query = select(jobs).where(jobs.c.business_id == business_id, jobs.c.id == job_id)
        with self.database.read() as connection:
            row = connection.execute(query).first()
            return None if row is None else _job(row)

    def revive(self, business_id: str, job_id: str, now: datetime) -> bool:
        """Have a dead job tried again from the beginning; False if it is not dead."""
        mine = (jobs.c.business_id == business_id, jobs.c.id == job_id, jobs.c.status == JobStatus.DEAD.value)
        again = {"status": JobStatus.WAITING.value, "run_at": _seconds(now), "attempts": 0, "finished_at": None}
        with self.database.write() as connection:
            return connection.execute(update(jobs).where(*mine).values(**again)).rowcount == 1

    def counts(self, business_id: str | None = None) -> dict[JobStatus, int]:
        """How many jobs there are of each status, of one business or of all."""
        query = select(jobs.c.status, func.count()).group_by(jobs.c.status)
        if business_id is not None:
            query = query.where(jobs.c.business_id == business_id)
        with self.database.read() as connection:
            return {JobStatus(status): count for status, count in connection.execute(query)}

    def forget(self, business_id: str, before: datetime) -> int:
        """Delete what was finished or dropped before an instant; dead jobs stay until somebody looked."""
        over = (JobStatus.DONE.value, JobStatus.DROPPED.value)
        old = (jobs.c.business_id == business_id, jobs.c.status.in_(over), jobs.c.finished_at < _seconds(before))
        with self.database.write() as connection:
            return connection.execute(delete(jobs).where(*old)).rowcount


def drop(connection: Connection, business_id: str, kind: str, subject: str, now: datetime) -> int:
    """Drop the waiting jobs of a kind about a subject, in the caller's transaction."""
    waiting = (
        jobs.c.business_id == business_id,
        jobs.c.kind == kind,
        jobs.c.subject == subject,
        jobs.c.status == JobStatus.WAITING.value,
    )
    values = {"status": JobStatus.DROPPED.value, "finished_at": _seconds(now)}
    return connection.execute(update(jobs).where(*waiting).values(**values)).rowcount


def _take(connection: Connection, job_id: str) -> Job | None:
    """Put a job in hand: one more attempt."""
    open_ = (JobStatus.WAITING.value, JobStatus.RUNNING.value)
    taken = update(jobs).where(jobs.c.id == job_id, jobs.c.status.in_(open_))
    values = {"status": JobStatus.RUNNING.value, "attempts": jobs.c.attempts + 1}
    row = connection.execute(taken.values(**values).returning(*jobs.c)).first()
    return None if row is None else _job(row)


def _settle(connection: Connection, job: Job, values: dict[str, Any]) -> bool:
    """Change a job that is in our hand; the attempt number tells whether it still is."""
    ours = (jobs.c.id == job.id, jobs.c.status == JobStatus.RUNNING.value, jobs.c.attempts == job.attempts)
    return connection.execute(update(jobs).where(*ours).values(**values)).rowcount == 1


def _row(job: NewJob, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex,
        "business_id": job.business_id,
        "kind": job.kind,
        "key": job.key,
        "subject": job.subject,
        "payload": dict(job.payload),
        "status": JobStatus.WAITING.value,
        "run_at": _seconds(job.run_at),
        "attempts": 0,
        "created_at": _seconds(now),
    }


def _job(row: Row[Any]) -> Job:
    values = dict(row._mapping)
    values["status"] = JobStatus(values["status"])
    for name in ("run_at", "created_at"):
        values[name] = _moment(values[name])
    finished = values["finished_at"]
    values["finished_at"] = None if finished is None else _moment(finished)
    return Job(**values)


def _short(error: str) -> str:
    return " ".join(error.split())[:ERROR_CHARACTERS_MAX]


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
