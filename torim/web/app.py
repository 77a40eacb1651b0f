"""The web application: routes, and how refusals are told.

It is built from its dependencies and holds no state of its own. It never logs a header, a form or a token.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.websockets import WebSocket

from torim.carriers import twilio
from torim.carriers.trust import Doorkeeper
from torim.errors import CarrierError, ConfigError
from torim.web.media import MediaSockets
from torim.web.metrics import WebMetrics
from torim.web.ports import WebDeps
from torim.web.webhooks import TwilioWebhooks, twiml

SECRET_MIN_BYTES = 16
_BUSY_CODE = "carrier.busy"
_SPOKEN_PATHS = frozenset({"/twilio/voice", "/twilio/after"})
_log = logging.getLogger("torim.web")


def build_app(deps: WebDeps) -> Starlette:
    """Build the web application.

    Raises:
        ConfigError: The token secret is too short to be one.
    """
    if len(deps.token_secret) < SECRET_MIN_BYTES:
        raise ConfigError(f"The token secret needs {SECRET_MIN_BYTES} random bytes.", "config.token_secret")
    config = deps.config
    doorkeeper = Doorkeeper(config.twilio_auth_token, config.public_url, deps.trusted_peers)
    metrics = WebMetrics(deps.registry)
    routes: list[BaseRoute] = [*TwilioWebhooks(deps, doorkeeper, metrics).routes(), *_operator_routes(deps)]
    if deps.media is not None:
        routes += MediaSockets(deps.media, doorkeeper, deps.token_secret).routes()
    return Starlette(routes=routes, exception_handlers=_handlers(deps, metrics))


def _operator_routes(deps: WebDeps) -> list[BaseRoute]:
    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        state = deps.health.readiness()
        return PlainTextResponse(f"{state.detail}\n", 200 if state.ready else 503)

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(deps.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


# --- refusals -----------------------------------------------------------------------------------------------


def _handlers(deps: WebDeps, metrics: WebMetrics) -> Mapping[Any, Any]:
    async def refused(connection: Request | WebSocket, error: CarrierError) -> Response | None:
        metrics.refused.labels(error.code).inc()
        peer = connection.client.host if connection.client else "unknown"
        _log.warning("Refused %s from %s: %s (%s)", connection.url.path, peer, error, error.code)
        status = 503 if error.code == _BUSY_CODE else 403
        return await _tell(connection, PlainTextResponse(f"{error}\n", status))

    async def misused(connection: Request | WebSocket, error: HTTPException) -> Response | None:
        return await _tell(connection, PlainTextResponse(_advice(error), error.status_code, error.headers))

    async def left(request: Request, error: ClientDisconnect) -> Response:
        return PlainTextResponse("Nobody is there to read this.\n", 400)

    async def failed(request: Request, error: Exception) -> Response | None:
        # The server logs the error itself; the caller must hear something.
        if request.url.path in _SPOKEN_PATHS:
            return twiml(twilio.apology(deps.language))
        return PlainTextResponse("Torim failed on this request; its log says why.\n", 500)

    return {CarrierError: refused, HTTPException: misused, ClientDisconnect: left, Exception: failed}


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
