"""Refusals as `application/problem+json` (RFC 9457): a status, a stable code, and advice.

It decides which status a code of ours means. It never tells what an unexpected error said: the log does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from torim.errors import AccessError, BookingError, ConfigError, StorageError, TorimError

MEDIA_TYPE = "application/problem+json"
_URN = "urn:torim:problem:"

_BY_CODE = {
    "access.unauthenticated": 401,
    "access.password": 401,
    "access.link": 410,
    "access.email_taken": 409,
    "access.last_owner": 409,
    "access.too_many_attempts": 429,
    "access.too_many_streams": 429,
    "access.too_many_keys": 409,
    "privacy.call_live": 409,
    "rehearsal.running": 409,
    "config.number_taken": 409,
    "booking.slot_taken": 409,
    "booking.hold_expired": 409,
    "booking.unknown_service": 422,
    "booking.unknown_staff": 422,
    "booking.no_such_time": 422,
}
_BY_ENDING = {"not_found": 404, "version_conflict": 412}
_BY_FAMILY: tuple[tuple[type[TorimError], int], ...] = (
    (AccessError, 403),
    (BookingError, 409),
    (ConfigError, 422),
    (StorageError, 503),
)


class Complaint(BaseModel):
    """What is wrong with one value of a request."""

    path: str = Field(description="Where the value is, such as `services[0].duration_min` or `query.limit`.")
    message: str = Field(description="What to change.")


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="`urn:torim:problem:` and the code.")
    title: str
    status: int
    code: str = Field(description="A stable identifier such as `booking.slot_taken`.")
    detail: str = Field(description="What is wrong and what to do about it, as advice.")
    errors: list[Complaint] = Field(default=[], description="What is wrong value by value.")
    alternatives: list[dict[str, Any]] = Field(
        default=[], description="Free slots near the wanted one, where a slot was taken; as in `Slot`."
    )


class Refusal(Exception):
    """A refusal that a handler decided on.

    Args:
        code: A stable identifier; it need not be listed anywhere.
        detail: What is wrong and what to do about it.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Complaint] = (),
        alternatives: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.alternatives = tuple(alternatives)
        self.headers = dict(headers or {})


def not_found(what: str) -> Refusal:
    """There is no such thing in this business."""
    return Refusal(404, f"{what}.not_found", f"There is no such {what} here; it may have been deleted.")


def status_of(error: TorimError) -> int:
    """The status that an error of ours means to a client."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    by_ending = _BY_ENDING.get(error.code.rpartition(".")[2])
    if by_ending is not None:
        return by_ending
    return next((status for family, status in _BY_FAMILY if isinstance(error, family)), 500)


def of_error(error: TorimError) -> Refusal:
    """The refusal that an error of ours becomes."""
    status = status_of(error)
    headers = {"Retry-After": "2"} if status == 503 else {}
    return Refusal(status, error.code, str(error), headers=headers)


def of_validation(error: RequestValidationError) -> Refusal:
    """The refusal of a request that does not have the documented form."""
    errors = [Complaint(path=_path(item["loc"]), message=str(item["msg"])) for item in error.errors()]
    detail = "The request does not have the documented form; see `errors` for each value."
    if any(item["type"] == "json_invalid" for item in error.errors()):
        detail = "The body is not valid JSON; send it as `Content-Type: application/json`."
    return Refusal(422, "request.invalid", detail, errors=errors)


def of_http(error: HTTPException) -> Refusal:
    """The refusal of a request that reached no handler."""
    title = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    detail = {
        404: "There is nothing at this address; see /openapi.json for what there is.",
        405: f"This address takes {(error.headers or {}).get('Allow', 'another method')} only.",
        400: "The request cannot be read; send JSON in UTF-8.",
        413: "The body is too large.",
    }.get(error.status_code, str(error.detail))
    return Refusal(error.status_code, f"request.{title}", detail, headers=error.headers)


UNEXPECTED = Refusal(500, "server.failed", "Torim failed on this request; its log says why.")


def response(refusal: Refusal) -> Response:
    """A refusal as a response."""
    problem = Problem(
        type=_URN + refusal.code,
        title=HTTPStatus(refusal.status).phrase,
        status=refusal.status,
        code=refusal.code,
        detail=refusal.detail,
        errors=list(refusal.errors),
        alternatives=[dict(item) for item in refusal.alternatives],
    )
    body = problem.model_dump(mode="json", exclude_defaults=True) | {"status": refusal.status}
    return Response(
        json.dumps(body, ensure_ascii=False),
        refusal.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **refusal.headers},
    )


def _path(loc: Sequence[int | str]) -> str:
    """`("body", "services", 0, "id")` as `services[0].id`; other places keep their first word."""
    parts = loc[1:] if loc and loc[0] == "body" and len(loc) > 1 else loc
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
