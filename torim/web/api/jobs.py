"""The work after calls and bookings: what waits, what was given up, and trying that again.

A job holds ids, never words or numbers of a caller. How jobs are done is decided in `torim/jobs`.
"""

from __future__ import annotations

import logging
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from torim.storage.jobs import SUMMARY, Fact, Job, JobBook, JobStatus
from torim.web.api.deps import ApiDeps, Deps
from torim.web.api.models import CursorText, Id, Limit, Out, Page, Utc, read_cursor, write_cursor
from torim.web.api.openapi import refuses
from torim.web.api.principal import Needs, Principal
from torim.web.api.problems import Refusal, not_found
from torim.web.api.scopes import Scope

router = APIRouter(prefix="/jobs", tags=["jobs"])
_log = logging.getLogger("torim.web")
Reads = Annotated[Principal, Depends(Needs(Scope.BUSINESS_READ))]
Writes = Annotated[Principal, Depends(Needs(Scope.BUSINESS_WRITE))]
Told = Literal["booked", "moved", "cancelled", "reminder", "message", "call"]
Recipient = Literal["customer", "owner"]
_TOLD: dict[str, Told] = {
    **{told: told for told in get_args(Told)},
    Fact.BOOKED.value: "booked",
    Fact.MOVED.value: "moved",
    Fact.CANCELLED.value: "cancelled",
    Fact.MESSAGE_LEFT.value: "message",
    Fact.CALL_ENDED.value: "call",
    SUMMARY: "call",
}


class JobOut(Out):
    """Something owed after a call or a booking."""

    id: str
    kind: str = Field(description="follow, summary, webhook, email, sms, reminder.")
    subject: str = Field(description="Id of the call, appointment or message that it is about; may be empty.")
    tells: Told | None = Field(
        description="What it is about: `call` and `message`, else an appointment; null: none of these."
    )
    recipient: Recipient | None = Field(description="Who was to be told; null: nobody, or another program.")
    status: JobStatus = Field(description="dead: given up, somebody must look; dropped: nobody wants it any more.")
    run_at: Utc = Field(description="When it is (or was) due.")
    attempts: int
    created_at: Utc
    finished_at: Utc | None
    last_error: str | None = Field(
        description="Why the last attempt failed, as advice; only for those who may change the settings."
    )


@router.get("")
def list_jobs(
    who: Reads,
    deps: Deps,
    status: Annotated[JobStatus | None, Query()] = None,
    subject: Annotated[
        Id | None, Query(description="Only what is owed about one call, appointment or message.")
    ] = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[JobOut]:
    """Jobs, newest first; `status=dead` are those that somebody must look at."""
    after = read_cursor(cursor)
    found = book(deps).of_business(who.business_id, status=status, subject=subject, after=after, limit=limit + 1)
    more = write_cursor(int(found[limit - 1].created_at.timestamp()), found[limit - 1].id) if found[limit:] else None
    return Page(items=[job_out(job, who) for job in found[:limit]], next_cursor=more)


@router.get("/{job_id}", responses=refuses(404))
def get_job(job_id: Id, who: Reads, deps: Deps) -> JobOut:
    """One job."""
    return job_out(_job(job_id, who, deps), who)


@router.post("/{job_id}/retry", status_code=202, responses=refuses(404, 409))
def retry_job(job_id: Id, who: Writes, deps: Deps) -> JobOut:
    """Have a job that was given up tried again, from the beginning."""
    if not book(deps).revive(who.business_id, job_id, deps.now()):
        status = _job(job_id, who, deps).status.value
        raise Refusal(409, "jobs.not_dead", f"This job was not given up: it is {status}.")
    _log.info("[JOBS] tried again: job=%s by=%s", job_id, who.name)
    return job_out(_job(job_id, who, deps), who)


def book(deps: ApiDeps) -> JobBook:
    """The jobs of this installation."""
    return JobBook(deps.store.database)


def job_out(job: Job, who: Principal) -> JobOut:
    """A job as the API shows it: what servers of the owner's and the operator's said is not everybody's."""
    shown = {name: getattr(job, name) for name in set(JobOut.model_fields) - {"tells", "recipient"}}
    if Scope.BUSINESS_WRITE not in who.scopes:
        shown["last_error"] = None
    said = [job.payload.get(name) for name in ("notice", "event", "fact")]
    told = next((_TOLD[text] for text in (*said, job.kind) if text in _TOLD), None)
    recipient = next((who for who in get_args(Recipient) if who == job.payload.get("to")), None)
    return JobOut(**shown, tells=told, recipient=recipient)


def _job(job_id: str, who: Principal, deps: ApiDeps) -> Job:
    found = book(deps).get(who.business_id, job_id)
    if found is None:
        raise not_found("job")
    return found
