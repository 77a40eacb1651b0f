"""The ports of a call's two links, to the carrier and to the engine, and what their transports share.

A link carries whole messages and decides nothing about them. Sending never waits: what the socket does not
take at once is buffered, and the owner of the link watches `unsent_bytes`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from torim.errors import EngineError

Message = str | bytes
OnMessage = Callable[[Message], None]
OnClosed = Callable[[str], None]  # told how it ended: a WebSocket close code (1006: without a farewell) and words

MAX_MESSAGE_BYTES = 16 * 1024 * 1024  # an engine may send up to 15 MiB in one message
MAX_CARRIER_MESSAGE_BYTES = 64 * 1024  # a carrier's media message is under 1 kB
CARRIER_UNSENT_MAX_BYTES = 32 * 1024  # about 3 s of audio that the socket does not take: the line is lost
ENGINE_UNSENT_MAX_BYTES = 128 * 1024  # about 8 s of caller audio: the engine's link is lost


class Link(Protocol):
    """One open connection that carries whole messages."""

    def send(self, message: Message) -> None:
        """Send one message without waiting; silently nothing once the link is closed."""

    def close(self, code: int = 1000) -> None:
        """Close the link with a WebSocket close code; `OnClosed` is still called, once."""

    def unsent_bytes(self) -> int:
        """Bytes that were given to `send` and that the socket has not taken yet."""


class Connect(Protocol):
    """Opens one link to an engine; raises `EngineError` with advice when that is impossible."""

    def __call__(self, on_message: OnMessage, on_closed: OnClosed) -> Awaitable[Link]: ...


class EngineRefused(EngineError):
    """The engine's server answered the handshake with an HTTP status and no session."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"The speech engine refused the connection (HTTP {status}).", "engine.refused")
        self.status = status
        self.body = body


class Fragments:
    """Joins the fragments of one message, up to a bound."""

    __slots__ = ("_limit_bytes", "_parts", "_size_bytes", "text")

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._parts: list[bytes] = []
        self._size_bytes = 0
        self.text = True

    def begin(self, part: bytes, text: bool) -> None:
        self._parts, self._size_bytes, self.text = [part], len(part), text

    def add(self, part: bytes) -> bool:
        """Add a fragment; False if the message grew beyond the bound and was dropped."""
        self._size_bytes += len(part)
        if self._size_bytes > self._limit_bytes:
            self._parts.clear()
            return False
        self._parts.append(part)
        return True

    def join(self) -> bytes:
        """The whole message; the next fragment begins a new one."""
        whole = b"".join(self._parts)
        self._parts.clear()
        self._size_bytes = 0
        return whole
