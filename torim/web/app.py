"""The web application: routes, and how refusals are told.

It is built from its dependencies and holds no state of its own. It never logs a header, a form or a token.
"""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.websockets import WebSocket

from torim.carriers import twilio
from torim.carriers.trust import Doorkeeper
from torim.errors import CarrierError, ConfigError, TorimError
from torim.web.api import problems
from torim.web.api.app import add_api, operation_id
from torim.web.api.principal import identify
from torim.web.api.scopes import Scope
from torim.web.client import ASSETS, client_routes
from torim.web.headers import ApiHeaders
from torim.web.media import MediaSockets
from torim.web.metrics import WebMetrics
from torim.web.ports import WebDeps
from torim.web.requests import approach
from torim.web.webhooks import TwilioWebhooks, twiml

SECRET_MIN_BYTES = 16
API_BODY_MAX_BYTES = 512 * 1024  # the settings of a large business
_BUSY_CODE = "carrier.busy"
_SPOKEN_PATHS = frozenset({"/twilio/voice", "/twilio/after"})
_log = logging.getLogger("torim.web")


def build_app(deps: WebDeps) -> FastAPI:
    """Build the web application: webhooks, health, media streams; the API and the client where ``deps`` has one.

    Raises:
        ConfigError: The token secret is too short to be one.
    """
    if len(deps.token_secret) < SECRET_MIN_BYTES:
        raise ConfigError(f"The token secret needs {SECRET_MIN_BYTES} random bytes.", "config.token_secret")
    config = deps.config
    doorkeeper = Doorkeeper(config.twilio_auth_token, config.public_url, deps.trusted_peers)
    metrics = WebMetrics(deps.registry)
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        max_body_size=API_BODY_MAX_BYTES,
        exception_handlers=_handlers(deps, metrics),
        generate_unique_id_function=operation_id,
    )
    app.router.routes += [*TwilioWebhooks(deps, doorkeeper, metrics).routes(), *_operator_routes(deps, doorkeeper)]
    if deps.media is not None:
        app.router.routes += MediaSockets(deps.media, doorkeeper, deps.token_secret).routes()
    if deps.api is not None:
        add_api(app, deps.api)
        app.add_middleware(ApiHeaders)
        app.router.routes += client_routes(deps.assets or ASSETS)
    return app


def _operator_routes(deps: WebDeps, doorkeeper: Doorkeeper) -> list[BaseRoute]:
    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        state = deps.health.readiness()
        return PlainTextResponse(f"{state.detail}\n", 200 if state.ready else 503)

    async def metrics(request: Request) -> Response:
        await _check_operator(request, deps, doorkeeper)
        return Response(generate_latest(deps.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


async def _check_operator(request: Request, deps: WebDeps, doorkeeper: Doorkeeper) -> None:
    """Let this machine read the metrics, and whoever has the scope.

    Raises:
        CarrierError, Refusal: It is somebody else.
    """
    if deps.api is None or not {"authorization", "cookie"} & set(request.headers):
        doorkeeper.check_local(approach(request))
        return
    who = await run_in_threadpool(identify, request, deps.api)
    if Scope.METRICS not in who.scopes:
        raise problems.Refusal(403, "access.forbidden", f"This needs the scope `{Scope.METRICS}`.")


# --- refusals -----------------------------------------------------------------------------------------------


def _handlers(deps: WebDeps, metrics: WebMetrics) -> dict[Any, Any]:
    async def refused(connection: Request | WebSocket, error: CarrierError) -> Response | None:
        metrics.refused.labels(error.code).inc()
        peer = connection.client.host if connection.client else "unknown"
        _log.warning("Refused %s from %s: %s (%s)", connection.url.path, peer, error, error.code)
        status = 503 if error.code == _BUSY_CODE else 403
        return await _tell(connection, PlainTextResponse(f"{error}\n", status))

    async def misused(connection: Request | WebSocket, error: HTTPException) -> Response | None:
        if _is_api(connection):
            return problems.response(problems.of_http(error))
        return await _tell(connection, PlainTextResponse(_advice(error), error.status_code, error.headers))

    async def left(request: Request, error: ClientDisconnect) -> Response:
        return PlainTextResponse("Nobody is there to read this.\n", 400)

    async def failed(request: Request, error: Exception) -> Response | None:
        # The server logs the error itself; the caller must hear something.
        if request.url.path in _SPOKEN_PATHS:
            return twiml(twilio.apology(deps.language))
        if _is_api(request):
            return problems.response(problems.UNEXPECTED)
        return PlainTextResponse("Torim failed on this request; its log says why.\n", 500)

    return {
        CarrierError: refused,
        HTTPException: misused,
        ClientDisconnect: left,
        problems.Refusal: _refused_by_api,
        TorimError: _failed_by_rule,
        RequestValidationError: _misread,
        Exception: failed,
    }


def _is_api(connection: Request | WebSocket) -> bool:
    return connection.scope["type"] == "http" and connection.url.path.startswith("/api/")


async def _refused_by_api(request: Request, refusal: problems.Refusal) -> Response:
    return problems.response(refusal)


async def _failed_by_rule(request: Request, error: TorimError) -> Response:
    refusal = problems.of_error(error)
    if refusal.status >= 500:
        _log.error("%s %s: %s (%s)", request.method, request.url.path, error, error.code)
    return problems.response(refusal)


async def _misread(request: Request, error: RequestValidationError) -> Response:
    return problems.response(problems.of_validation(error))


async def _tell(connection: Request | WebSocket, response: Response) -> Response | None:
    if isinstance(connection, WebSocket):
        await connection.send_denial_response(response)
        return None
    return response


def _advice(error: HTTPException) -> str:
    if error.status_code == 405:
        return f"This address takes {(error.headers or {}).get('Allow', 'another method')} only.\n"
    if error.status_code == 404:
        return "There is nothing at this address.\n"
    return f"{error.detail}\n"
