"""A Torim that serves on loopback ports, and carriers of several characters that call it."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection, connect

from torim.config import Config
from torim.core.abilities import EngineCapabilities
from torim.engines.base import SessionConfig
from torim.engines.openai_realtime import OpenAIRealtimeCodec
from torim.engines.script import says
from torim.engines.scripted import ScriptedPeer
from torim.lab.webhook import parse_twiml
from torim.live import tokens
from torim.live.engine_side import EnginePlan
from torim.live.host import MakePlans
from torim.live.peer_link import connect_peer
from torim.live.serve import Server, running
from torim.live.trace import Traced

CALLER = "+972501234567"
SEEN_S = 60.0  # for something that must happen; the machine may be busy


def config(tmp_path: Path, **changes: Any) -> Config:
    """A configuration on free ports, with its data in a directory of its own."""
    settings: dict[str, Any] = {
        "data_dir": tmp_path / "data",
        "port": 0,
        "media_port": 0,
        "engine": "scripted",
        "language": "en",
        "greeting_lock": False,
    }
    return Config(**(settings | changes))


def scripted(make_peer: Callable[[], ScriptedPeer]) -> MakePlans:
    """Plans whose only engine is a new peer for every connection."""

    def plans(session: SessionConfig) -> tuple[EnginePlan, ...]:
        codec = partial(OpenAIRealtimeCodec, session)
        return (EnginePlan("scripted", EngineCapabilities(), codec, partial(connect_peer, make_peer)),)

    return plans


def talkative() -> ScriptedPeer:
    """An engine whose every answer lasts eight seconds."""
    return ScriptedPeer(otherwise=lambda request: says(f"This is answer {request.number}, and it is long.", 8000))


class Watched:
    """A server and everything that happened to its calls."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.traced: list[Traced] = []
        server.subscribe(self.traced.append)

    def happened(self, kind: type) -> list[Any]:
        return [traced.entry for traced in self.traced if isinstance(traced.entry, kind)]

    def token(self, call_sid: str) -> str:
        """A token as the webhook would give it."""
        host = self.server.node.host
        return tokens.issue(host.token_secret, call_sid, host.worker, int(time.time()), call_sid)

    async def until(self, seen: Callable[[], object], timeout_s: float = SEEN_S) -> None:
        """Wait until something is so."""
        give_up = time.monotonic() + timeout_s
        while not seen():
            assert time.monotonic() < give_up, f"not seen within {timeout_s} s"
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(tmp_path: Path, make_plans: MakePlans | None = None, **changes: Any) -> AsyncIterator[Watched]:
    async with running(config(tmp_path, **changes), make_plans) as server:
        yield Watched(server)


async def webhook(server: Server, call_sid: str) -> tuple[str, dict[str, str]] | None:
    """Ring: the stream's address and parameters, or None if the caller was turned away."""
    form = {"CallSid": call_sid, "From": CALLER, "To": "+97231234567", "CallStatus": "ringing"}
    async with httpx.AsyncClient(trust_env=False) as http:
        reply = await http.post(
            f"{server.web_url}/twilio/voice",
            content=urlencode(form),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    answer = parse_twiml(reply.text, server.web_url)
    return None if answer.stream is None else (answer.stream.url, dict(answer.stream.parameters))


class RudeCarrier:
    """A carrier whose every message can be chosen."""

    def __init__(self, socket: ClientConnection, call_sid: str) -> None:
        self.socket = socket
        self.call_sid = call_sid
        self.stream_sid = "MZ" + call_sid

    async def start(self, parameters: dict[str, str]) -> None:
        body = {"streamSid": self.stream_sid, "callSid": self.call_sid, "customParameters": parameters}
        await self.socket.send(json.dumps({"event": "start", "streamSid": self.stream_sid, "start": body}))

    async def frame(self, payload: bytes = b"\xff" * 160) -> None:
        media = {"payload": base64.b64encode(payload).decode()}
        await self.socket.send(json.dumps({"event": "media", "streamSid": self.stream_sid, "media": media}))

    async def press(self, digit: str) -> None:
        await self.socket.send(json.dumps({"event": "dtmf", "streamSid": self.stream_sid, "dtmf": {"digit": digit}}))

    async def closed_with(self) -> int | None:
        """Read to the end; the close code."""
        async with asyncio.timeout(SEEN_S):
            await self.socket.wait_closed()
        return self.socket.close_code


@asynccontextmanager
async def rude(server: Server, call_sid: str, *, start: bool = True) -> AsyncIterator[RudeCarrier]:
    """Ring, connect and (unless told otherwise) start the stream."""
    rung = await webhook(server, call_sid)
    assert rung is not None
    url, parameters = rung
    async with connect(url, compression=None, proxy=None, max_queue=None) as socket:
        carrier = RudeCarrier(socket, call_sid)
        if start:
            await carrier.start(parameters)
        yield carrier
