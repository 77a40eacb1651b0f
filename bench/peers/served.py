"""What a peer's process shares with the bench: the calls it serves, what is noted of them, and the carrier's HTTP side.

It runs in the peer's own environment, so it needs uvicorn and the standard library only. Whatever crosses the socket is
noted here, outside the peer: when a message was read, when one was handed to the socket. It decides nothing.

The bench writes the carrier's id of each call and the number of its trial on our standard input, before it calls. At
the end of the input everything noted is written to a file.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

TWIML = '<Response><Connect><Stream url="{url}"/></Connect></Response>'
TAKEN, CLEAR, MEDIA, ASKED, VOICED, ENDED = "taken", "clear", "media", "asked", "voiced", "ended"
STATEMENT_FIRST_S, REPLY_FIRST_S = 0.02, 0.2  # from a request to the first sound, as Torim's bench engine
SPEED = 4.0  # generation, times real time
CHUNK_MS = 100
TOLD, TOLD_FILE = "told", "told.json"


@dataclass(slots=True)
class Noted:
    """One call on the machine's monotonic clock: (ns, what, number)."""

    notes: list[tuple[int, str, int]] = field(default_factory=list)

    def note(self, what: str, number: int = 0) -> None:
        """Note that something happens now."""
        self.notes.append((time.monotonic_ns(), what, number))


@dataclass(frozen=True, slots=True)
class Part:
    """What the AI and the oracle say in one trial: 16-bit samples at 8 kHz, and the caller's words."""

    statement: bytes
    reply: bytes
    words: str


@dataclass(slots=True)
class Call:
    """A call that has begun, as a peer gets it."""

    stream_sid: str
    call_sid: str
    part: Part
    noted: Noted
    receive: Receive
    send: Send


Answer = Callable[[Call], Awaitable[None]]


class App:
    """An ASGI application that answers the webhook, and hands each media stream to the peer."""

    def __init__(self, folder: Path, answer: Answer) -> None:
        self._folder = folder
        self._answer = answer
        self.calls: dict[str, Noted] = {}
        self.trials: dict[str, str] = {}  # by the carrier's call id
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._stream(receive, send)
        elif scope["type"] == "http":
            while (await receive()).get("more_body"):
                pass
            body = TWIML.format(url=self.url) if scope["path"] == "/twilio/voice" else "<Response/>"
            headers = [(b"content-type", b"text/xml")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body.encode()})

    async def _stream(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        start = await _started(receive)
        if start is None:
            return
        call_sid = start["callSid"]
        noted = self.calls[call_sid] = Noted()
        tapped = _Tapped(noted, receive, send)
        call = Call(
            start["streamSid"], start["callSid"], self._part(start["callSid"]), noted, tapped.receive, tapped.send
        )
        await self._answer(call)

    def _part(self, call_sid: str) -> Part:
        trial = self.trials[call_sid]
        told = json.loads((self._folder / f"{trial}.json").read_text(encoding="utf-8"))
        return Part(*((self._folder / told[name]).read_bytes() for name in ("statement", "reply")), told["words"])

    def tell(self, file: Path, facts: dict[str, float]) -> None:
        """Write down everything noted."""
        body = {"calls": {sid: asdict(noted)["notes"] for sid, noted in self.calls.items()}, "facts": facts}
        file.write_text(json.dumps(body), encoding="utf-8")


async def _started(receive: Receive) -> dict[str, Any] | None:
    """The start message of a media stream."""
    while (message := await receive())["type"] == "websocket.receive":
        body = json.loads(message["text"])
        if body["event"] == "start":
            start: dict[str, Any] = body["start"]
            return start
    return None


class _Tapped:
    """A socket's two directions with a look at each message as it is read or handed over."""

    def __init__(self, noted: Noted, receive: Receive, send: Send) -> None:
        self._noted, self._receive, self._send = noted, receive, send

    async def receive(self) -> dict[str, Any]:
        message = await self._receive()
        text = message.get("text") or ""
        if '"chunk": "' in text:
            start = text.index('"chunk": "') + len('"chunk": "')
            self._noted.note(TAKEN, int(text[start : text.index('"', start)]) - 1)
        return message

    async def send(self, message: dict[str, Any]) -> None:
        text = message.get("text") or ""
        if '"clear"' in text[:40]:
            self._noted.note(CLEAR)
        elif '"media"' in text[:40]:
            self._noted.note(MEDIA)
        await self._send(message)


def main(answer: Answer) -> None:
    """Serve on a free port until the standard input ends; the folder of the calls is the only argument."""
    import uvloop

    folder = Path(sys.argv[1])
    app = App(folder, answer)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        facts = runner.run(_serve(app, listener))
    app.tell(folder / TOLD_FILE, facts)
    print(TOLD, flush=True)


async def _serve(app: App, listener: socket.socket) -> dict[str, float]:
    """Serve until the standard input ends; gives what it cost."""
    import uvicorn

    port = listener.getsockname()[1]
    config = uvicorn.Config(app, log_level="error", lifespan="off", ws_per_message_deflate=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    app.url = f"ws://127.0.0.1:{port}/stream"
    print(f"http://127.0.0.1:{port}", flush=True)
    began_s, cpu_s = time.monotonic(), time.process_time()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        call_sid, number = line.decode().split()
        app.trials[call_sid] = number
    facts = {"cpu_s": time.process_time() - cpu_s, "wall_s": time.monotonic() - began_s}
    server.should_exit = True
    serving.cancel()
    return facts
