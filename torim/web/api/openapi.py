"""The OpenAPI document: what FastAPI knows of the handlers, with our refusals and the schema of a business.

The same code gives the same bytes, so the document can be committed and compared.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from torim import __version__
from torim.desk.business import Business
from torim.web.api.problems import MEDIA_TYPE, Problem

TITLE = "Torim"
DESCRIPTION = (
    "The receptionist's appointments, calls, messages and settings. Log in with `POST /api/v1/session` (a cookie), or"
    " send an API key as `Authorization: Bearer torim_...`. Lists are pages: send `next_cursor` back as `cursor`. An"
    " edit names the version it is based on in `If-Match`; somebody else's edit in between is answered with 412."
    " Refusals are `application/problem+json` with a stable `code` and advice."
)
REF = "#/components/schemas/"

_WORDS = {
    401: "Nobody is logged in.",
    403: "This may not be done by whoever asks, or not from this page.",
    404: "There is no such thing in this business.",
    409: "What is asked for is not possible as things stand.",
    410: "It was used up or has expired.",
    412: "Somebody changed it meanwhile: load it again.",
    413: "The body is too large.",
    422: "The request does not have the documented form, or cannot be.",
    428: "`If-Match` is missing.",
    429: "Too many attempts; `Retry-After` says when to go on.",
    503: "The database cannot be used just now.",
}
_NAMED = "x-schema"  # stands for a schema that Pydantic does not know, until the document is put together
BUSINESS_SCHEMA = {"type": "object", _NAMED: "Business"}
_EVENTS = "text/event-stream"


def refuses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a handler beyond those that all have."""
    return {status: {"model": Problem, "description": _WORDS[status]} for status in statuses}


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the API's handlers."""
    found = get_openapi(
        title=TITLE, version=__version__, description=DESCRIPTION, routes=app.routes, tags=app.openapi_tags
    )
    schemas = found["components"]["schemas"]
    schemas.update(_settings_schemas())
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path in found["paths"].values():
        for operation in path.values():
            _refusals(operation)
            _streams(operation)
    linked: dict[str, Any] = _linked(found)
    return linked


def rendered(app: FastAPI) -> str:
    """The document as the text that is committed."""
    return json.dumps(document(app), ensure_ascii=False, indent=1) + "\n"


def _refusals(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    common = [422, 503]
    if "security" in operation:
        common += [401, 403]
    for status in common:
        responses[str(status)] = {"description": _WORDS[status]}
    for status, response in responses.items():
        if status >= "400":
            response["content"] = {MEDIA_TYPE: {"schema": {"$ref": f"{REF}Problem"}}}
    operation["responses"] = dict(sorted(responses.items()))


def _streams(operation: dict[str, Any]) -> None:
    """The model of an event stream describes its events, not a JSON answer."""
    content = operation["responses"].get("200", {}).get("content", {})
    if _EVENTS in content:
        content[_EVENTS] = content.pop("application/json")


def _linked(part: Any) -> Any:
    """The document with references in place of the schemas that are only named."""
    if isinstance(part, list):
        return [_linked(item) for item in part]
    if not isinstance(part, dict):
        return part
    if _NAMED in part:
        kept = {name: value for name, value in part.items() if name in ("description", "title")}
        return {"$ref": REF + part[_NAMED], **kept}
    return {name: _linked(value) for name, value in part.items()}


def _settings_schemas() -> dict[str, Any]:
    _, components = msgspec.json.schema_components([Business], ref_template=REF + "{name}")
    return dict(components)
