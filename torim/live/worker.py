"""The media port: WebSocket handshakes in, media streams out, on the fast stack and outside any web framework.

It decides who may open a socket: the right path, a signature or this machine, and room for a call. Which call a
stream belongs to is checked by the host.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import picows

from torim.carriers.trust import Approach, Doorkeeper
from torim.errors import CarrierError, ConfigError
from torim.live.dispatch import MEDIA_PATH
from torim.live.host import CallHost
from torim.live.link import MAX_CARRIER_MESSAGE_BYTES, Link, Message
from torim.live.sockets import SocketLink, picows_log
from torim.live.stream import POLICY, TRY_LATER, Stream

PATHS = {MEDIA_PATH: "twilio", "/browser/media": "browser"}
HEALTH_PATH = "/healthz"

_log = logging.getLogger("torim.live.worker")


class MediaServer:
    """The media port of one process.

    Args:
        named_urls: Addresses of this port that are given out in TwiML; a proxy may pass their paths as they are.
    """

    def __init__(self, host: CallHost, doorkeeper: Doorkeeper, named_urls: Sequence[str] = ()) -> None:
        self._host = host
        self._doorkeeper = doorkeeper
        self._named_urls = named_urls
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, address: str, port: int) -> None:
        """Listen; port 0 takes a free one.

        Raises:
            ConfigError: The address cannot be listened on.
        """
        try:
            self._server = await picows.ws_create_server(
                self._handshake,
                address,
                port,
                logger_name=picows_log,
                max_frame_size=MAX_CARRIER_MESSAGE_BYTES,
                disconnect_on_exception=False,
            )
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            advice = "another program uses it; set TORIM_MEDIA_PORT to a free one" if taken else "check TORIM_HOST"
            raise ConfigError(f"Cannot listen on {address}:{port} ({error}): {advice}.", "config.media_port") from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening; streams that are open stay so."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _handshake(self, request: picows.WSUpgradeRequest) -> Any:
        """A listener for a path of ours while there is room; an HTTP answer for everything else."""
        path = request.path.decode("latin-1").partition("?")[0]
        if path == HEALTH_PATH:
            return _answer(picows.WSUpgradeResponse.create_ok_response(b"ok\n"))
        carrier = self._carrier(path)
        if carrier is None:
            return _answer(picows.WSUpgradeResponse.create_error_response(404, b"There is nothing at this address.\n"))
        refusal = self._host.admission.refusal()
        if refusal is not None:
            self._host.metrics.refused.labels("carrier.busy").inc()
            return _answer(picows.WSUpgradeResponse.create_error_response(503, f"{refusal}\n".encode()))
        return _Connection(self, carrier, request)

    def _carrier(self, path: str) -> str | None:
        """Whose stream comes in at a path, if any."""
        if path in (urlsplit(url).path for url in self._named_urls):
            return PATHS[MEDIA_PATH]
        return PATHS.get(path)

    def admit(self, carrier: str, approach: Approach, link: Link) -> Stream | None:
        """Begin the stream of a connection that may be here; refuses and closes any other."""
        try:
            if carrier == "twilio":
                self._doorkeeper.check_handshake(approach, self._named_urls)
            else:
                self._doorkeeper.check_origin(approach)
            return self._host.open(carrier, link)
        except CarrierError as error:
            self._host.metrics.refused.labels(error.code).inc()
            _log.warning("Refused %s from %s: %s (%s)", approach.target, approach.peer, error, error.code)
            link.close(TRY_LATER if error.code == "carrier.busy" else POLICY)
            return None


class _Connection(SocketLink):
    """One socket of the media port."""

    def __init__(self, server: MediaServer, carrier: str, request: picows.WSUpgradeRequest) -> None:
        super().__init__(_ignore, _ignore, MAX_CARRIER_MESSAGE_BYTES)
        self._server = server
        self._carrier = carrier
        self._request = request

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        super().on_ws_connected(transport)
        peer = transport.underlying_transport.get_extra_info("peername")
        headers = {name.lower(): value for name, value in self._request.headers.items()}
        approach = Approach(str(peer[0]) if peer else "", "ws", self._request.path.decode("latin-1"), headers)
        stream = self._server.admit(self._carrier, approach, self)
        if stream is not None:
            self.on_message = stream.on_message
            self.on_closed = stream.on_closed


def _ignore(message: Message) -> None:
    """What a refused connection says means nothing."""


def _answer(response: Any) -> picows.WSUpgradeResponseWithListener:
    return picows.WSUpgradeResponseWithListener(response, None)
