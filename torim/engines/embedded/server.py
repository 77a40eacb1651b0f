"""The embedded engine as others reach it: a link inside this process, or a WebSocket at `/v1/realtime`.

It puts a session together from the configuration and carries its messages; it looks into none of them.
"""

from __future__ import annotations

import asyncio
import hmac
import http
import signal
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from torim.audio.vad import SileroVad
from torim.engines.embedded.edge import LiveSession, Performer
from torim.engines.embedded.endpoint_voice import EndpointVoice
from torim.engines.embedded.endpoints import Endpoint, Endpoints, EndpointSettings
from torim.engines.embedded.response import Pace
from torim.engines.embedded.session import MAX_SESSION_MS, Session, SessionOptions
from torim.engines.embedded.voice import Voice, shared_voice
from torim.engines.link_closed import LinkClosed
from torim.errors import EngineError

PATH = "/v1/realtime"
MODEL = "torim-embedded"
DEFAULT_LANGUAGE = "en"  # of a client that names none
MAX_MESSAGE_BYTES = 24 * 1024 * 1024  # an append of 15 MiB of audio as base64, and some more
MAX_UNREAD_MESSAGES = 5_000  # a client that reads nothing for so long is gone


@dataclass(frozen=True, slots=True)
class EmbeddedConfig:
    """How the engine is set up, for all its sessions."""

    language: str = DEFAULT_LANGUAGE
    endpoints: EndpointSettings = field(default_factory=EndpointSettings)
    pace: Pace = field(default_factory=Pace)
    max_session_ms: int = MAX_SESSION_MS
    bearer_token: str | None = None  # asked of WebSocket clients

    @classmethod
    def of(cls, config: Any) -> EmbeddedConfig:
        """The engine's part of the program's configuration (`torim.config.Config`)."""
        endpoints = EndpointSettings(
            transcription=_endpoint(config.stt_url, config.stt_model),
            chat=_endpoint(config.llm_url, config.llm_model),
            speech=_endpoint(config.tts_url, config.tts_model),
            speech_voice=config.tts_voice,
            api_key=config.endpoint_api_key,
        )
        language = config.language or DEFAULT_LANGUAGE
        return cls(language=language, endpoints=endpoints, bearer_token=config.engine_token)


def _endpoint(url: str | None, model: str | None) -> Endpoint | None:
    return Endpoint(url, model or "") if url else None


class EmbeddedEngine:
    """Makes sessions; what they share (voice, network) belongs to the process."""

    def __init__(self, config: EmbeddedConfig | None = None, voice: Voice | None = None) -> None:
        self.config = config or EmbeddedConfig()
        self._voice = voice

    def session(
        self,
        on_message: Callable[[str], None],
        on_closed: Callable[[LinkClosed], None],
        model: str = MODEL,
    ) -> LiveSession:
        """A new session on the running loop; `LiveSession.open` begins it.

        Raises:
            EngineError: there is no voice to speak with.
        """
        endpoints = Endpoints(self.config.endpoints)
        performer = Performer(self._voice_with(endpoints), endpoints)
        return LiveSession(Session(self._options(model), _vad()), performer, on_message, on_closed)

    def _voice_with(self, endpoints: Endpoints) -> Voice:
        voice = self._voice or shared_voice()
        return EndpointVoice(endpoints, voice) if self.config.endpoints.speech else voice

    def _options(self, model: str) -> SessionOptions:
        return SessionOptions(
            model=model,
            prefix=uuid.uuid4().hex[:12],
            language=self.config.language,
            pace=self.config.pace,
            max_session_ms=self.config.max_session_ms,
            opened_at_s=int(time.time()),
            transcribes=self.config.endpoints.transcription is not None,
            chats=self.config.endpoints.chat is not None,
        )


_of_thread = threading.local()


def _vad() -> SileroVad:
    """The network with its working memory, one for each thread."""
    if not hasattr(_of_thread, "vad"):
        _of_thread.vad = SileroVad()
    vad: SileroVad = _of_thread.vad
    return vad


# --- in this process --------------------------------------------------------------------------------------


class EmbeddedLink:
    """A client's end of a session in this process; sending never waits."""

    def __init__(self, session: LiveSession) -> None:
        self._session = session

    def send(self, message: str | bytes) -> None:
        """Give the engine one client event."""
        self._session.receive(message)

    def close(self, code: int = 1000) -> None:
        """Leave; the other side's farewell is reported once."""
        self._session.close(LinkClosed(code, "closed by us"))

    def unsent_bytes(self) -> int:
        """Always 0: nothing is between us and the engine."""
        return 0


async def connect(
    config: Any, on_message: Callable[[str | bytes], None], on_closed: Callable[[str], None]
) -> EmbeddedLink:
    """Open a session in this process.

    Raises:
        EngineError: there is no voice to speak with.
    """
    engine = EmbeddedEngine(config if isinstance(config, EmbeddedConfig) else EmbeddedConfig.of(config))
    session = engine.session(on_message, lambda closed: on_closed(f"{closed.code} {closed.reason}".strip()))
    session.open()
    return EmbeddedLink(session)


# --- over WebSockets --------------------------------------------------------------------------------------


@asynccontextmanager
async def serving(engine: EmbeddedEngine, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve until the context ends; gives the base URL, such as `http://127.0.0.1:4711/v1`.

    Raises:
        EngineError: the address is not to be had.
    """

    async def connection(socket: ServerConnection) -> None:
        await _carry(socket, engine)

    def check(socket: ServerConnection, request: Request) -> Response | None:
        return _refusal(socket, request, engine.config.bearer_token)

    try:
        server = await serve_websockets(
            connection, host, port, process_request=check, max_size=MAX_MESSAGE_BYTES, compression=None
        )
    except OSError as error:
        message = f"Cannot listen on {host}:{port} ({error}). Choose another --port, or stop what uses it."
        raise EngineError(message, "engine.address_in_use") from error
    async with server:
        yield f"http://{host}:{_port(server)}/v1"


def serve(host: str, port: int, config: Any) -> int:
    """Serve until SIGINT or SIGTERM; gives the exit code."""
    engine = EmbeddedEngine(config if isinstance(config, EmbeddedConfig) else EmbeddedConfig.of(config))
    asyncio.run(_serve(engine, host, port))
    return 0


async def _serve(engine: EmbeddedEngine, host: str, port: int) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    async with serving(engine, host, port) as url:
        print(f"Realtime server at {url} (model {MODEL}); interrupt to stop.", flush=True)
        await over.wait()


def _port(server: Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])


def _refusal(socket: ServerConnection, request: Request, token: str | None) -> Response | None:
    if urlsplit(request.path).path.rstrip("/") != PATH:
        return socket.respond(http.HTTPStatus.NOT_FOUND, f"There is only {PATH} here.\n")
    given = request.headers.get("Authorization", "")
    if token is not None and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return socket.respond(http.HTTPStatus.UNAUTHORIZED, '{"error":{"code":"invalid_api_key"}}\n')
    return None


async def _carry(socket: ServerConnection, engine: EmbeddedEngine) -> None:
    """Carry messages both ways until either side ends the link."""
    unread: asyncio.Queue[str | LinkClosed] = asyncio.Queue()
    session = engine.session(unread.put_nowait, unread.put_nowait, _model(socket))
    session.open()
    writing = asyncio.create_task(_write(socket, unread))
    try:
        async for message in socket:
            session.receive(message)
            if unread.qsize() > MAX_UNREAD_MESSAGES:
                session.close(LinkClosed(1008, "the client does not read"))
            await asyncio.sleep(0)  # a flood of events must not keep the deltas from leaving
    except ConnectionClosed:
        pass  # the client left without a farewell
    finally:
        session.close(LinkClosed(1000))
        await writing


async def _write(socket: ServerConnection, unread: asyncio.Queue[str | LinkClosed]) -> None:
    """Send what the session says, and its farewell."""
    try:
        while isinstance(message := await unread.get(), str):
            await socket.send(message)
        await socket.close(message.code, message.reason)
    except ConnectionClosed:
        return


def _model(socket: ServerConnection) -> str:
    query = urlsplit(socket.request.path).query if socket.request else ""
    return (parse_qs(query).get("model") or [MODEL])[0]
