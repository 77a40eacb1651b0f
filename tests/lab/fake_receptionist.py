"""A receptionist in a few lines for the synthetic caller to call: real sockets, a scripted stream."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

TWIML = """<?xml version="1.0" encoding="UTF-8"?><Response>
<Connect><Stream url="ws://127.0.0.1:{port}/twilio/media">
<Parameter name="token" value="secret"/></Stream></Connect>
<Redirect method="POST">/twilio/after</Redirect></Response>"""


@dataclass
class Talk:
    """The server's end of one stream."""

    socket: WebSocket
    stream_sid: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, event: str, **body: Any) -> None:
        message = {"event": event, "streamSid": self.stream_sid, **({event: body} if body else {})}
        await self.socket.send_text(json.dumps(message))

    async def media(self, payload: bytes) -> None:
        await self.send("media", payload=base64.b64encode(payload).decode())

    async def until(self, event: str) -> dict[str, Any]:
        while True:
            message = json.loads(await self.socket.receive_text())
            self.received.append(message)
            if message["event"] == "start":
                self.stream_sid = message["streamSid"]
            if message["event"] == event:
                return message

    async def until_closed(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                self.received.append(json.loads(await self.socket.receive_text()))


Script = Callable[[Talk], Awaitable[None]]


@dataclass
class FakeReceptionist:
    """What was asked of it, to look at afterwards."""

    script: Script
    twiml: str = TWIML
    port: int = 0
    posts: list[tuple[str, dict[str, str], str]] = field(default_factory=list)  # path, form, signature
    handshake_signature: str = ""
    talk: Talk | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _post(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        signature = request.headers.get("x-twilio-signature", "")
        self.posts.append((request.url.path, form, signature))
        body = (
            self.twiml.format(port=self.port)
            if request.url.path.endswith("voice")
            else "<Response><Hangup/></Response>"
        )
        return Response(body, media_type="application/xml")

    async def _media(self, socket: WebSocket) -> None:
        self.handshake_signature = socket.headers.get("x-twilio-signature", "")
        await socket.accept()
        self.talk = Talk(socket)
        with contextlib.suppress(WebSocketDisconnect):
            await self.script(self.talk)
            await socket.close()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["FakeReceptionist"]:
        paths = ("/twilio/voice", "/twilio/after", "/twilio/status")
        routes: list[Any] = [Route(path, self._post, methods=["POST"]) for path in paths]
        app = Starlette(routes=[*routes, WebSocketRoute("/twilio/media", self._media)])
        config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off", ws="websockets-sansio")
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        self.port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.should_exit = True
            await task
