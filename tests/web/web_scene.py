"""What the scenes of the web tests share: a small world around the real application, on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
from prometheus_client import CollectorRegistry

from torim.core.events import EndReason
from torim.errors import CarrierError
from torim.web.api.deps import ApiDeps
from torim.web.app import build_app
from torim.web.ports import MediaLink, MediaTarget, Message, Readiness, WebDeps
from torim.web.server import web_server

Scene = Callable[[httpx.AsyncClient], Awaitable[None]]

SECRET = b"a secret for tests, long enough"
AUTH_TOKEN = "12345abcde"
SID = "CA" + "0" * 32
CALL = {"CallSid": SID, "From": "+972501234567", "To": "+97231234567", "CallStatus": "ringing"}


@dataclass
class Settings:
    public_url: str | None = None
    media_url: str | None = None
    twilio_auth_token: str | None = None


@dataclass
class World:
    """A dispatcher, a health and a memory of ended calls that a scene can change while the server runs."""

    target: MediaTarget | None = field(default_factory=lambda: MediaTarget("wss://torim.example/media/3", 3))
    ready: Readiness = field(default_factory=lambda: Readiness(True))
    ends: dict[str, EndReason] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def choose(self, call_sid: str) -> MediaTarget | None:
        self.asked.append(call_sid)
        if call_sid == "explode":
            raise RuntimeError("a bug")
        return self.target

    def readiness(self) -> Readiness:
        return self.ready

    async def end_reason(self, call_sid: str) -> EndReason | None:
        if call_sid == "never-known":
            await asyncio.Event().wait()
        return self.ends.get(call_sid)

    def came_back(self, call_sid: str) -> None:
        self.ends.pop(call_sid, None)


@dataclass
class EchoCall:
    """A media session that answers every message with itself, and closes when told to."""

    link: MediaLink
    carrier: str
    messages: list[Message] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def on_message(self, message: Message) -> None:
        self.messages.append(message)
        if message == "close":
            self.link.close(1000)
        else:
            self.link.send(message)

    def on_closed(self, reason: str) -> None:
        self.closed.append(reason)
        self.over.set()


@dataclass
class Calls:
    """A media handler that keeps every session for the scene to look at."""

    worker: int = 7
    full: bool = False
    sessions: list[EchoCall] = field(default_factory=list)

    def open(self, carrier: str, link: MediaLink) -> EchoCall:
        if self.full:
            raise CarrierError("All lines are busy; call again later.", "carrier.busy")
        self.sessions.append(EchoCall(link, carrier))
        return self.sessions[-1]


def dependencies(
    world: World,
    settings: Settings | None = None,
    media: Calls | None = None,
    language: str = "he",
    api: ApiDeps | None = None,
    assets: Path | None = None,
) -> WebDeps:
    return WebDeps(
        config=settings or Settings(),
        dispatcher=world,
        health=world,
        call_ends=world,
        registry=CollectorRegistry(),
        token_secret=SECRET,
        language=language,
        media=media,
        api=api,
        assets=assets,
        end_wait_s=0.05,
    )


@contextlib.asynccontextmanager
async def served(deps: WebDeps) -> AsyncIterator[httpx.AsyncClient]:
    """The application on a free port of this machine, and a client that talks to it over that socket."""
    async with (
        web_server(build_app(deps), "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield client


def play(deps: WebDeps, scene: Scene) -> None:
    """Run one scene over a real socket."""

    async def run() -> None:
        async with served(deps) as client:
            await scene(client)

    asyncio.run(run())


def ask(deps: WebDeps, scene: Scene, peer: str = "127.0.0.1") -> None:
    """Run one scene against the application itself, as a caller at the address ``peer``, in milliseconds."""
    transport = httpx.ASGITransport(build_app(deps), raise_app_exceptions=False, client=(peer, 50_000))

    async def run() -> None:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
            await scene(client)

    asyncio.run(run())


def with_token(settings: Settings | None = None) -> Settings:
    return replace(settings or Settings(), twilio_auth_token=AUTH_TOKEN)
