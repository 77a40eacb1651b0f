"""A link to a Realtime server that lives in this process: no port, no socket, the same messages.

It lends the pure peer a clock and a timer, and hands over what the peer says one by one, each in its own turn of
the loop, so that a cancel can overtake what is still queued. It decides nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from torim.engines.link_closed import closed_by
from torim.engines.peer import RealtimePeer
from torim.live.clock import CallClock, Deadline
from torim.live.link import Link, Message, OnClosed, OnMessage


class PeerLink:
    """One in-process connection, from the client's side."""

    def __init__(self, peer: RealtimePeer, on_message: OnMessage, on_closed: OnClosed) -> None:
        self._loop = asyncio.get_running_loop()
        self._peer = peer
        self._on_message = on_message
        self._on_closed: OnClosed | None = on_closed
        self._clock = CallClock(self._loop)
        self._timer = Deadline(self._loop, self._clock, self._wake)
        self._inbox: deque[str] = deque()
        self._delivering = False

    def open(self) -> None:
        """Let the peer greet."""
        self._take(self._peer.open(self._clock.now_ms()))

    def send(self, message: Message) -> None:
        """Give the peer one client event."""
        if self._on_closed is not None:
            self._take(self._peer.receive(message, self._clock.now_ms()))

    def close(self, code: int = 1000) -> None:
        """Leave the peer; nothing is delivered any more."""
        self._end(f"{code} closed by us")

    def unsent_bytes(self) -> int:
        """Always 0: nothing is between us and the peer."""
        return 0

    def _wake(self) -> None:
        if self._on_closed is not None:
            self._take(self._peer.wake(self._clock.now_ms()))

    def _take(self, messages: Iterable[str]) -> None:
        self._inbox.extend(messages)
        self._timer.set(self._peer.next_deadline_ms())
        self._go_on()

    def _go_on(self) -> None:
        if not self._delivering and (self._inbox or closed_by(self._peer)):
            self._delivering = True
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        self._delivering = False
        if self._on_closed is None:
            return
        if self._inbox:
            message = self._inbox.popleft()
            self._go_on()
            self._on_message(message)
        elif closed := closed_by(self._peer):
            self._end(f"{closed.code} {closed.reason}".strip())

    def _end(self, reason: str) -> None:
        on_closed, self._on_closed = self._on_closed, None
        self._timer.cancel()
        self._inbox.clear()
        if on_closed is not None:
            on_closed(reason)


async def connect_peer(make_peer: Callable[[], RealtimePeer], on_message: OnMessage, on_closed: OnClosed) -> Link:
    """Open an in-process connection to a new peer."""
    link = PeerLink(make_peer(), on_message, on_closed)
    link.open()
    return link
