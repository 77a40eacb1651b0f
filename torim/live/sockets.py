"""Links over picows: the fast WebSocket stack under the media port and towards a remote engine.

A message is handed to its owner in the very callback in which the socket was read, and `send` writes to the
socket before it returns: between a caller's frame and `clear` lies no queue and no task switch.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from typing import cast

import picows

from torim.engines.base import Endpoint
from torim.errors import EngineError
from torim.live.link import MAX_MESSAGE_BYTES, EngineRefused, Fragments, Link, Message, OnClosed, OnMessage

CONNECT_TIMEOUT_S = 5.0
PING_IDLE_S = 15.0
CLOSE_WAIT_S = 0.2
ABORT_WAIT_S = 5.0
SEND_BUFFER_BYTES = 32 * 1024  # keeps a stalled peer visible: the kernel would hide minutes of audio
USER_TIMEOUT_MS = 10_000
REFUSAL_MAX_BYTES = 4096  # of the answer to a refused handshake; an error object has a few hundred

picows_log = logging.getLogger("torim.live.sockets")
picows_log.setLevel(logging.CRITICAL)  # picows narrates every connection; links report what matters by themselves


class SocketLink(picows.WSListener):
    """One picows connection, server or client side, as a `Link`."""

    def __init__(self, on_message: OnMessage, on_closed: OnClosed, limit_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self.on_message = on_message
        self.on_closed = on_closed
        self._fragments = Fragments(limit_bytes)
        self._transport: picows.WSTransport | None = None

    # --- Link -----------------------------------------------------------------------------------------

    def send(self, message: Message) -> None:
        transport = self._transport
        if transport is None or transport.is_disconnected or transport.is_close_frame_sent:
            return
        kind = picows.WSMsgType.TEXT if isinstance(message, str) else picows.WSMsgType.BINARY
        transport.send(kind, message)

    def close(self, code: int = 1000) -> None:
        transport = self._transport
        if transport is None or transport.is_disconnected:
            return
        if not transport.is_close_frame_sent:
            transport.send_close(picows.WSCloseCode(code))
        loop = asyncio.get_running_loop()
        loop.call_later(CLOSE_WAIT_S, transport.disconnect)
        loop.call_later(ABORT_WAIT_S, transport.disconnect, False)  # a peer that stalls never takes the rest

    def unsent_bytes(self) -> int:
        transport = self._transport
        if transport is None or transport.is_disconnected:
            return 0
        return transport.underlying_transport.get_write_buffer_size()

    # --- picows ---------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self._transport = transport
        _tune(transport.underlying_transport)

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        kind = frame.msg_type
        if kind is picows.WSMsgType.TEXT and frame.fin:
            self._text(frame.get_payload_as_bytes())
        elif kind is picows.WSMsgType.BINARY and frame.fin:
            self.on_message(frame.get_payload_as_bytes())
        elif kind is picows.WSMsgType.CLOSE:
            if not transport.is_close_frame_sent:
                transport.send_close(picows.WSCloseCode.OK)
            transport.disconnect()
        elif kind in (picows.WSMsgType.TEXT, picows.WSMsgType.BINARY, picows.WSMsgType.CONTINUATION):
            self._fragment(kind, frame)

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        self.on_closed(_close_reason(transport))

    def pause_writing(self) -> None:
        """Nothing: the owner of the link watches `unsent_bytes`."""

    def resume_writing(self) -> None:
        """Nothing: see `pause_writing`."""

    # --- messages -------------------------------------------------------------------------------------

    def _text(self, payload: bytes) -> None:
        try:
            message: Message = payload.decode()
        except UnicodeDecodeError:
            message = payload  # the codec reports what is not text
        self.on_message(message)

    def _fragment(self, kind: picows.WSMsgType, frame: picows.WSFrame) -> None:
        part = frame.get_payload_as_bytes()
        if kind is not picows.WSMsgType.CONTINUATION:
            self._fragments.begin(part, kind is picows.WSMsgType.TEXT)
        elif not self._fragments.add(part):
            self.close(1009)
            return
        if frame.fin:
            whole = self._fragments.join()
            self._text(whole) if self._fragments.text else self.on_message(whole)


def _tune(transport: asyncio.BaseTransport) -> None:
    """Small send buffer and a limit on unacknowledged data, so that a stalled peer is noticed in seconds."""
    sock = transport.get_extra_info("socket")
    with contextlib.suppress(OSError, AttributeError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)


def _close_reason(transport: picows.WSTransport) -> str:
    handshake = transport.close_handshake
    if handshake is None or handshake.recv is None:
        return "1006 connection dropped"
    return f"{int(cast(int, handshake.recv.code))} {handshake.recv.reason or 'closed by the peer'}"


async def connect_websocket(
    endpoint: Endpoint, on_message: OnMessage, on_closed: OnClosed, ssl_context: ssl.SSLContext | None = None
) -> Link:
    """Open a WebSocket to an engine: headers, pings while idle, a time limit, no compression.

    Raises:
        EngineRefused: The server answered, with another status than 101.
        EngineError: code ``engine.unreachable`` in every other case.
    """
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, listener = await picows.ws_connect(
                lambda: SocketLink(on_message, on_closed),
                endpoint.url,
                ssl_context=ssl_context,
                websocket_handshake_timeout=CONNECT_TIMEOUT_S,
                logger_name=picows_log,
                enable_auto_ping=True,
                auto_ping_idle_timeout=PING_IDLE_S,
                auto_ping_reply_timeout=PING_IDLE_S,
                max_frame_size=MAX_MESSAGE_BYTES,
                extra_headers=dict(endpoint.headers),
                max_redirects=0,
            )
    except picows.WSHandshakeError as error:
        raise _refusal(error) from error
    except (OSError, TimeoutError, picows.WSError, ValueError) as error:
        raise _unreachable(error) from error
    assert isinstance(listener, SocketLink)
    return listener


def _refusal(error: picows.WSHandshakeError) -> EngineError:
    if error.response is None:
        return _unreachable(error)
    body = (error.raw_body or b"")[:REFUSAL_MAX_BYTES]
    return EngineRefused(int(error.response.status), body.decode(errors="replace"))


def _unreachable(error: Exception) -> EngineError:
    return EngineError(
        f"Cannot reach the speech engine ({type(error).__name__}: {error}). Check OPENAI_BASE_URL and the network.",
        "engine.unreachable",
    )
