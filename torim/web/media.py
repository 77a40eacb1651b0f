"""Media streams on the web port: for a tunnel that forwards one port only, and for the microphone page.

Decides who may open one, and carries whole messages between the socket and the call. What they mean is the
call's business. The media port of its own is faster: prefer it where it can be reached.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from torim.carriers.trust import Doorkeeper
from torim.web.fresh import stream_token
from torim.web.ports import MediaHandler, Message
from torim.web.requests import approach


class WebSocketLink:
    """One accepted WebSocket as a `MediaLink`: `send` queues, one task writes in order."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._outbox: deque[Message] = deque()
        self._unsent_bytes = 0
        self._wake = asyncio.Event()
        self._close_code: int | None = None

    def send(self, message: Message) -> None:
        """Queue one message; nothing once the link is closing."""
        if self._close_code is None:
            self._outbox.append(message)
            self._unsent_bytes += len(message)
            self._wake.set()

    def close(self, code: int = 1000) -> None:
        """Close after what was sent so far."""
        if self._close_code is None:
            self._close_code = code
            self._wake.set()

    def unsent_bytes(self) -> int:
        """Bytes that the socket has not taken yet."""
        return self._unsent_bytes

    async def write(self) -> None:
        """Write what is queued until the link is closed or the other side is gone."""
        try:
            while self._outbox or self._close_code is None:
                await self._write_one()
            await self._websocket.close(self._close_code)
        except WebSocketDisconnect:
            self._close_code = self._close_code or 1006

    async def _write_one(self) -> None:
        if not self._outbox:
            self._wake.clear()
            await self._wake.wait()
            return
        message = self._outbox.popleft()
        if isinstance(message, str):
            await self._websocket.send_text(message)
        else:
            await self._websocket.send_bytes(message)
        self._unsent_bytes -= len(message)


class MediaSockets:
    """The WebSockets of the media handler inside the web process."""

    def __init__(self, handler: MediaHandler, doorkeeper: Doorkeeper, token_secret: bytes) -> None:
        self._handler = handler
        self._doorkeeper = doorkeeper
        self._token_secret = token_secret

    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            WebSocketRoute("/twilio/media", self.twilio),
            WebSocketRoute("/browser/media", self.browser),
            WebSocketRoute("/rehearsal/media", self.rehearsal),
            Route("/browser/call", self.begin_browser_call, methods=["POST"]),
        ]

    async def twilio(self, websocket: WebSocket) -> None:
        """A stream of Twilio's, signed like its webhooks."""
        self._doorkeeper.check_handshake(approach(websocket))
        await self._serve("twilio", websocket)

    async def browser(self, websocket: WebSocket) -> None:
        """A call from the microphone page; its token comes from `/browser/call`."""
        self._doorkeeper.check_origin(approach(websocket))
        await self._serve("browser", websocket)

    async def rehearsal(self, websocket: WebSocket) -> None:
        """A call of the synthetic caller in this process, which has its token; nobody else may come in here."""
        self._doorkeeper.check_origin(approach(websocket))
        await self._serve("rehearsal", websocket)

    async def begin_browser_call(self, request: Request) -> JSONResponse:
        """Hand a page on this machine the token of one call."""
        self._doorkeeper.check_local(approach(request))
        sid = f"browser-{secrets.token_hex(8)}"
        token = stream_token(self._token_secret, sid, self._handler.worker)
        return JSONResponse({"call_sid": sid, "path": "/browser/media", "parameters": {"token": token}})

    async def _serve(self, carrier: str, websocket: WebSocket) -> None:
        link = WebSocketLink(websocket)
        session = self._handler.open(carrier, link)
        reason = "1006 connection dropped"
        try:
            await websocket.accept()
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(link.write())
                reason = await _read(websocket, session.on_message)
                writer.cancel()
        finally:
            session.on_closed(reason)


async def _read(websocket: WebSocket, on_message: Callable[[Message], None]) -> str:
    """Hand over every message until the connection ends; return how it ended."""
    while True:
        event = await websocket.receive()
        if event["type"] == "websocket.disconnect":
            return f"{event.get('code', 1006)} {event.get('reason') or 'closed'}"
        text = event.get("text")
        on_message(text if text is not None else event["bytes"])
