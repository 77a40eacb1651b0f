"""What a job is to those who do it: its kind, how it may end, and when a failed one is tried again.

Pure: it decides waiting times from the number of attempts and never looks at a clock, a database or a network.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from torim.errors import TorimError
from torim.storage.jobs import FOLLOW, SUMMARY, Effect, Job, JobStatus, NewJob


class Kind(StrEnum):
    """Every kind of job: a closed list, stored with the job."""

    FOLLOW = FOLLOW  # a fact becomes the jobs that it asks for
    SUMMARY = SUMMARY
    WEBHOOK = "webhook"
    EMAIL = "email"
    SMS = "sms"
    REMINDER = "reminder"  # waits for its hour, then becomes messages
    RETENTION = "retention"  # every day


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a kind of job is tried: attempts, and the wait after the first, doubled each time."""

    attempts: int
    first_wait_s: int
    longest_wait_s: int = 6 * 3600


# Webhooks and mail are tried for more than a day, so that a server that is down overnight loses nothing; a text
# message or a summary that comes a day late helps nobody.
PATIENCE: Mapping[Kind, Patience] = {
    Kind.FOLLOW: Patience(20, 5),
    Kind.SUMMARY: Patience(5, 10, 600),
    Kind.WEBHOOK: Patience(16, 10),
    Kind.EMAIL: Patience(14, 30),
    Kind.SMS: Patience(8, 20, 3600),
    Kind.REMINDER: Patience(20, 5),
    Kind.RETENTION: Patience(10, 60),
}
UNKNOWN = Patience(3, 60)  # a kind that a newer Torim wrote


class DeliveryError(TorimError):
    """Something outside did not take what a job had for it.

    Args:
        final: Trying again cannot help.
        after_s: The other side asks not to be tried again sooner.
    """

    default_code = "jobs.delivery"

    def __init__(
        self, message: str, code: str | None = None, *, final: bool = False, after_s: float | None = None
    ) -> None:
        super().__init__(message, code)
        self.final = final
        self.after_s = after_s


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended well: what it changes in the database and which jobs follow, in one transaction."""

    effect: Effect | None = None
    then: Sequence[NewJob] = ()
    result: Mapping[str, Any] = field(default_factory=dict)
    status: JobStatus = JobStatus.DONE


def not_wanted(why: str) -> Outcome:
    """Nobody wants the job any more."""
    return Outcome(result={"why": why}, status=JobStatus.DROPPED)


Handler = Callable[[Job, datetime], Outcome]


def patience(kind: str) -> Patience:
    """How long a job of this kind is tried."""
    return PATIENCE[Kind(kind)] if kind in Kind._value2member_map_ else UNKNOWN


def next_attempt(job: Job, error: BaseException, now: datetime) -> datetime | None:
    """When a job that has just failed is tried again; None: never.

    Waits double and are spread by up to a quarter, by the job's id, so that jobs that failed together do not come
    back together.
    """
    rule = patience(job.kind)
    if getattr(error, "final", False) or job.attempts >= rule.attempts:
        return None
    wait_s: float = min(rule.first_wait_s * 2 ** (job.attempts - 1), rule.longest_wait_s)
    wait_s *= 1 + zlib.crc32(f"{job.id}{job.attempts}".encode()) % 1000 / 4000
    return now + timedelta(seconds=max(wait_s, getattr(error, "after_s", None) or 0))
