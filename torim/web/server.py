"""Running the web application with uvicorn inside a loop that somebody else owns.

It decides how the server is set up: plain HTTP behind a proxy, no compression, no access log, signals left to
the process's owner.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from anyio import to_thread
from starlette.types import ASGIApp

from torim.errors import ConfigError

MESSAGE_MAX_BYTES = 64 * 1024  # of a WebSocket; a media message is under 1 kB
DRAIN_S = 5  # for requests under way; calls are finished before the server is stopped
API_THREADS = 8  # handlers of the API at a time: they wait for the database, and calls need the processor
_BACKLOG = 1024


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell who waits for it."""
        await super().startup(sockets)
        to_thread.current_default_thread_limiter().total_tokens = API_THREADS
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: a stop begins with draining the calls."""
        yield


@contextlib.asynccontextmanager
async def web_server(app: ASGIApp, host: str, port: int) -> AsyncIterator[int]:
    """Serve while the block runs; gives the port, which port 0 lets the system choose.

    Raises:
        ConfigError: The address cannot be listened on.
    """
    listener = _listen(host, port)
    server = _Server(_settings(app))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await _listening(server, running)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def serve_web(app: ASGIApp, host: str, port: int) -> None:
    """Serve until cancelled; raises `ConfigError` if the address cannot be listened on."""
    listener = _listen(host, port)
    server = _Server(_settings(app))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(running)  # ends early only by failing, which the owner must learn
    finally:
        server.should_exit = True
        await running


def _settings(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=MESSAGE_MAX_BYTES,
        proxy_headers=False,  # who is believed is decided by `carriers/trust.py`
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=DRAIN_S,
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        advice = "another program uses it; set TORIM_PORT to a free one" if taken else "check TORIM_HOST"
        raise ConfigError(f"Cannot listen on {host}:{port} ({error}): {advice}.", "config.web_port") from error
    listener.setblocking(False)
    return listener


async def _listening(server: _Server, running: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(server.listening.wait())
    await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
