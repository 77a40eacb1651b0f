"""Doing one job: its handler is called, and how that went is recorded.

It decides nothing about jobs of a kind; handlers do. Nothing that a handler raises leaves this file: a job is done,
tried again or given up. Between taking a job and recording its end the process may die at any instant: the job is
then done again from its beginning, so handlers change the database only through their `Outcome`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from torim.errors import StorageError, TorimError
from torim.jobs.base import DeliveryError, Handler, Outcome, next_attempt, patience
from torim.storage.jobs import Job, JobBook

DEATHS_MAX = 10  # so often a process may die with one job in hand before the job is suspected

_log = logging.getLogger("torim.jobs")

Step = Callable[[str, Job], None]


def _unobserved(step: str, job: Job) -> None:
    """Who does not want to know."""


class Workshop:
    """Does jobs; safe to use from several threads.

    Args:
        handlers: By kind.
        now: The clock.
        observe: Told of every step of every job ("taken", "performed", "recorded", "postponed", "buried"); what it
            does delays the job.
    """

    def __init__(
        self,
        book: JobBook,
        handlers: Mapping[str, Handler],
        now: Callable[[], datetime],
        observe: Step = _unobserved,
    ) -> None:
        self.book = book
        self.now = now
        self._handlers = handlers
        self._observe = observe

    def perform(self, job: Job) -> None:
        """Do a job that was taken, and record how it went."""
        self._observe("taken", job)
        if job.attempts > patience(job.kind).attempts + DEATHS_MAX:
            self._bury(job, f"the process died {job.attempts - 1} times with this job in hand")
            return
        try:
            outcome = self._handle(job)
        except Exception as error:  # the edge: whatever a handler raises costs this job only
            self._failed(job, error)
            return
        self._observe("performed", job)
        self._finished(job, outcome)

    def _handle(self, job: Job) -> Outcome:
        handler = self._handlers.get(job.kind)
        if handler is None:
            advice = f"Nothing here does jobs of the kind {job.kind!r}: is another Torim running on this database?"
            raise DeliveryError(advice, "jobs.unknown_kind")
        return handler(job, self.now())

    def _finished(self, job: Job, outcome: Outcome) -> None:
        try:
            ours = self.book.finish(
                job,
                self.now(),
                effect=outcome.effect,
                then=outcome.then,
                result=outcome.result,
                status=outcome.status,
            )
        except (StorageError, TypeError, ValueError) as error:
            self._failed(job, error)
            return
        if not ours:
            _log.warning("job %s (%s) was taken over by another worker while it was done here", job.id, job.kind)
        self._observe("recorded", job)

    def _failed(self, job: Job, error: Exception) -> None:
        why = f"{error} ({error.code})" if isinstance(error, TorimError) else f"{type(error).__name__}: {error}"
        if not isinstance(error, TorimError):
            _log.exception("job %s (%s) raised; this is a bug, please report it", job.id, job.kind)
        again_at = next_attempt(job, error, self.now())
        if again_at is None:
            self._bury(job, why)
            return
        _log.info("job %s (%s) is tried again at %s: %s", job.id, job.kind, again_at.isoformat(), why)
        self._record(lambda: self.book.postpone(job, again_at, why), "postponed", job)

    def _bury(self, job: Job, why: str) -> None:
        _log.error("job %s (%s) is given up after %d attempts: %s", job.id, job.kind, job.attempts, why)
        self._record(lambda: self.book.bury(job, self.now(), why), "buried", job)

    def _record(self, write: Callable[[], bool], step: str, job: Job) -> None:
        try:
            write()
        except StorageError as refused:
            # It stays in hand and is taken again when this process starts or the engine notices.
            _log.error("the database does not take the end of job %s (%s): %s", job.id, job.kind, refused)
        else:
            self._observe(step, job)
