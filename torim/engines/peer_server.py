"""Serves a pure peer over WebSockets at `/v1/realtime`, one new peer to each client.

It gives the peer its time and its wake-ups and carries its messages; it looks into none of them.
"""

from __future__ import annotations

import asyncio
import http
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from torim.engines.link_closed import closed_by
from torim.engines.peer import RealtimePeer

PATH = "/v1/realtime"
MAX_MESSAGE_BYTES = 24 * 1024 * 1024  # an append of 15 MiB of audio as base64, and some more


@asynccontextmanager
async def serve_peers(
    make_peer: Callable[[str], RealtimePeer],
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str | None = None,
) -> AsyncIterator[str]:
    """Serve until the context ends; gives the base URL, such as `http://127.0.0.1:4711/v1`.

    ``make_peer`` is given the model that the client asks for, "" if it names none. With ``api_key`` a client must
    present it as a bearer token, or is refused with HTTP 401.
    """

    async def connection(socket: ServerConnection) -> None:
        await _carry(socket, make_peer(_model(socket)))

    def check(socket: ServerConnection, request: Request) -> Response | None:
        return _refusal(socket, request, api_key)

    async with serve(
        connection, host, port, process_request=check, max_size=MAX_MESSAGE_BYTES, compression=None
    ) as server:
        yield f"http://{host}:{_port(server)}/v1"


def _port(server: Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])


def _model(socket: ServerConnection) -> str:
    """What the address asks for, as in `/v1/realtime?model=gpt-realtime`."""
    asked = parse_qs(urlsplit(socket.request.path).query) if socket.request else {}
    return asked.get("model", [""])[0]


def _refusal(socket: ServerConnection, request: Request, api_key: str | None) -> Response | None:
    if request.path.partition("?")[0] != PATH:
        return socket.respond(http.HTTPStatus.NOT_FOUND, f"There is only {PATH} here.\n")
    if api_key is not None and request.headers.get("Authorization") != f"Bearer {api_key}":
        return socket.respond(http.HTTPStatus.UNAUTHORIZED, '{"error":{"code":"invalid_api_key"}}\n')
    return None


async def _carry(socket: ServerConnection, peer: RealtimePeer) -> None:
    """Carry messages both ways until either side ends the link."""
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    events = peer.open(0)
    try:
        while True:
            for event in events:
                await socket.send(event)
            if closed_by(peer) is not None:
                break
            events = await _next(socket, peer, start_s)
    except ConnectionClosed:
        return  # the client left
    await _end(socket, peer)


async def _next(socket: ServerConnection, peer: RealtimePeer, start_s: float) -> list[str]:
    """Wait for the client or for the peer's deadline, and let the peer answer."""
    loop = asyncio.get_running_loop()
    due_ms = peer.next_deadline_ms()
    try:
        async with asyncio.timeout_at(None if due_ms is None else start_s + due_ms / 1000):
            message = await socket.recv()
    except TimeoutError:
        # The timer may fire a little early by the loop's clock; the peer is given the instant it asked for.
        return peer.wake(max(due_ms or 0, _since_ms(loop, start_s)))
    return peer.receive(message, _since_ms(loop, start_s))


def _since_ms(loop: asyncio.AbstractEventLoop, start_s: float) -> int:
    return int((loop.time() - start_s) * 1000)


async def _end(socket: ServerConnection, peer: RealtimePeer) -> None:
    closed = closed_by(peer)
    if closed is None or closed.code == 1006:  # a broken connection says no farewell
        socket.transport.abort()
        return
    await socket.close(closed.code, closed.reason)
