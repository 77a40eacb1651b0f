"""One caller's data: everything that is kept of them, as a file; and its erasure."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.background import BackgroundTask

from torim.desk.business import Business
from torim.web.api.business_of import business_of, phone_of
from torim.web.api.deps import Deps
from torim.web.api.models import In, Line, Out
from torim.web.api.openapi import refuses
from torim.web.api.principal import Needs, Principal
from torim.web.api.problems import Complaint, Refusal
from torim.web.api.scopes import Scope
from torim.web.export_file import write_export

router = APIRouter(prefix="/callers", tags=["privacy"])
_log = logging.getLogger("torim.web")
Trusted = Annotated[Principal, Depends(Needs(Scope.PRIVACY))]


class Caller(In):
    """A caller, by telephone number."""

    number: Annotated[Line, Field(min_length=1, max_length=40)]


class ErasedOut(Out):
    """What was removed."""

    calls: int
    appointments: int = Field(description="They keep their time, without a name to it.")
    messages: int
    files: int = Field(description="Recordings, timelines and voice notes.")


@router.post(
    "/export",
    responses={200: {"content": {"application/zip": {}}, "description": "A ZIP file: data.json, and files beside it."}},
    response_class=FileResponse,
)
def export_caller(body: Caller, who: Trusted, deps: Deps) -> FileResponse:
    """Everything that is kept of a caller: data, recordings, timelines, voice notes."""
    business = business_of(who, deps)
    found = deps.privacy.export(business.id, forms(business, body.number))
    file = write_export(found)
    _log.info("[PRIVACY] export: business=%s calls=%d by=%s", business.id, len(found.data["calls"]), who.name)
    return FileResponse(
        file,
        media_type="application/zip",
        filename="caller.zip",
        headers={"Cache-Control": "private, no-store"},
        background=BackgroundTask(file.unlink, missing_ok=True),
    )


@router.post("/erase", responses=refuses(409))
def erase_caller(body: Caller, who: Trusted, deps: Deps) -> ErasedOut:
    """Remove everything that is kept of a caller, for good; what calls are counted by stays."""
    business = business_of(who, deps)
    done = deps.privacy.erase(business.id, forms(business, body.number), deps.now())
    _log.info("[PRIVACY] erased: business=%s calls=%d by=%s", business.id, done.calls, who.name)
    return ErasedOut(calls=done.calls, appointments=done.appointments, messages=done.messages, files=done.files)


def forms(business: Business, text: str) -> tuple[str, ...]:
    """The forms in which a number may be stored: E.164, and as it was given.

    Raises:
        Refusal: 422, if it is no telephone number.
    """
    number = phone_of(business, text, "number")
    if number is None:
        complaint = Complaint(path="number", message="write a telephone number")
        raise Refusal(422, "request.phone", "This is no telephone number.", errors=[complaint])
    return tuple(dict.fromkeys((number, text)))
