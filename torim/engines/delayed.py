"""A peer seen through a slow network: every message takes the same time, each way.

It keeps order and changes nothing else. Time is virtual, as everywhere in a peer.
"""

from __future__ import annotations

from collections import deque

from torim.engines.link_closed import LinkClosed, closed_by
from torim.engines.peer import RealtimePeer


class DelayedPeer:
    """A `RealtimePeer` whose messages travel ``one_way_ms`` in both directions."""

    def __init__(self, peer: RealtimePeer, one_way_ms: int) -> None:
        self.peer = peer
        self._one_way_ms = one_way_ms
        self._inbound: deque[tuple[int, str | bytes]] = deque()
        self._outbound: deque[tuple[int, str]] = deque()
        self._closed_at_ms: int | None = None  # when the far side broke the link
        self.closed: LinkClosed | None = None  # ... and this side has seen it

    def open(self, now_ms: int) -> list[str]:
        """The greeting is on its way."""
        self._leave(self.peer.open(now_ms), now_ms)
        return self.wake(now_ms)

    def receive(self, message: str | bytes, now_ms: int) -> list[str]:
        """Put a client event on its way; what arrives here meanwhile comes back."""
        self._inbound.append((now_ms + self._one_way_ms, message))
        return self.wake(now_ms)

    def wake(self, now_ms: int) -> list[str]:
        """Everything that has arrived by now."""
        while (at_ms := self._next_far_ms()) is not None and at_ms <= now_ms:
            self._step(at_ms)
        arrived = []
        while self._outbound and self._outbound[0][0] <= now_ms:
            arrived.append(self._outbound.popleft()[1])
        if self._closed_at_ms is not None and self._closed_at_ms + self._one_way_ms <= now_ms:
            self.closed = closed_by(self.peer)
        return arrived

    def next_deadline_ms(self) -> int | None:
        """When the next message arrives at either side, or the other peer has something to do."""
        closes_ms = None if self._closed_at_ms is None else self._closed_at_ms + self._one_way_ms
        arrives_ms = self._outbound[0][0] if self._outbound else None
        due = [at_ms for at_ms in (self._next_far_ms(), arrives_ms, closes_ms) if at_ms is not None]
        return None if self.closed or not due else min(due)

    def _next_far_ms(self) -> int | None:
        if self._closed_at_ms is not None:
            return None
        inbound_ms = self._inbound[0][0] if self._inbound else None
        due = [at_ms for at_ms in (inbound_ms, self.peer.next_deadline_ms()) if at_ms is not None]
        return min(due, default=None)

    def _step(self, at_ms: int) -> None:
        """Let the far side live through one instant."""
        self._leave(self.peer.wake(at_ms), at_ms)
        while self._inbound and self._inbound[0][0] <= at_ms and self._closed_at_ms is None:
            self._leave(self.peer.receive(self._inbound.popleft()[1], at_ms), at_ms)

    def _leave(self, messages: list[str], at_ms: int) -> None:
        self._outbound.extend((at_ms + self._one_way_ms, message) for message in messages)
        if closed_by(self.peer) is not None:
            self._closed_at_ms = at_ms
