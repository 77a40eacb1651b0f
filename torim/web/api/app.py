"""The parts of the API put together: its routes below `/api/v1`, its document, and the calendar addresses."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from torim.storage.office import AppointmentFilter
from torim.web.api import (
    accounts,
    appointments,
    business,
    calls,
    catalogue,
    days,
    jobs,
    keys,
    linked,
    live,
    messages,
    privacy,
    rehearsals,
    session,
    telephone,
    today,
)
from torim.web.api.deps import ApiDeps
from torim.web.api.openapi import rendered
from torim.web.api.principal import Needs, Principal
from torim.web.calendar_feed import calendar_file, window
from torim.web.passwords import hash_token

PREFIX = "/api/v1"
FEED_MAX = 20_000
PARTS = (
    *(session, today, catalogue, days, appointments, calls, live, rehearsals, messages, jobs, business, privacy),
    *(linked, telephone, accounts, keys),
)


def add_api(app: FastAPI, deps: ApiDeps) -> None:
    """Put the API into the web application."""
    app.state.api = deps
    _add_parts(app)
    app.include_router(_others(app))


def api_document() -> str:
    """The OpenAPI document of this version, as `docs/openapi.json` has it."""
    app = FastAPI(generate_unique_id_function=operation_id)
    _add_parts(app)
    return rendered(app)


def operation_id(route: APIRoute) -> str:
    """The name of an operation in the document: that of its handler."""
    return route.name


def _add_parts(app: FastAPI) -> None:
    for part in PARTS:
        app.include_router(part.router, prefix=PREFIX)


def _others(app: FastAPI) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/openapi.json")
    def openapi(who: Annotated[Principal, Depends(Needs(None))]) -> Response:
        return Response(rendered(app), media_type="application/json")

    @router.get("/calendar/{token}.ics")
    def calendar(token: str, request: Request) -> Response:
        return _calendar(app.state.api, token, request)

    return router


def _calendar(deps: ApiDeps, token: str, request: Request) -> Response:
    """A calendar by its secret address: the address is the credential."""
    now = deps.now()
    feed = deps.access.feed(hash_token(token), now)
    record = None if feed is None else deps.store.businesses.get(feed.business_id)
    if feed is None or record is None:
        return Response("There is no calendar at this address (any more).\n", 404, media_type="text/plain")
    since, until = window(now)
    wanted = AppointmentFilter(since=since, until=until, staff_id=feed.staff_id)
    found = deps.office.appointments(feed.business_id, wanted, None, FEED_MAX)
    language = record.business.opening_language
    name = f"{record.business.name.get(language, record.id)} ({feed.name})"
    content = calendar_file(record.business, found, name, language)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    if request.headers.get("If-None-Match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)
