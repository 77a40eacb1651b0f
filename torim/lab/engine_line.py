"""A speech engine seen through a network: later both ways, with a chosen pause before `response.done`.

Decides when a message of the engine's protocol passes. It wraps whatever opens a link to an engine (`on_message`,
`on_closed` -> link) and keeps the order of messages. It knows of the protocol only the names of two events.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

Message = str | bytes
OnMessage = Callable[[Message], None]
OnClosed = Callable[[str], None]


class EngineLink(Protocol):
    """What a bridge holds of a link to an engine."""

    def send(self, message: Message) -> None: ...

    def close(self, code: int = 1000) -> None: ...

    def unsent_bytes(self) -> int: ...


class Connect(Protocol):
    """Opens a link to an engine."""

    def __call__(self, on_message: OnMessage, on_closed: OnClosed) -> Awaitable[EngineLink]: ...


@dataclass(frozen=True, slots=True)
class EngineDelays:
    """How far away the engine is, one way, and how long after its last sound it ends a response."""

    up_ms: int = 0
    down_ms: int = 0
    done_gap_ms: int = 0

    @property
    def none(self) -> bool:
        return not (self.up_ms or self.down_ms or self.done_gap_ms)


def distant(connect: Connect, delays: EngineDelays) -> Connect:
    """The same engine behind a line with these delays."""

    async def connected(on_message: OnMessage, on_closed: OnClosed) -> _DistantLink:
        down = _Later(on_message)
        gap = _DoneGap(delays.done_gap_ms)

        def arrived(message: Message) -> None:
            down.put(message, delays.down_ms + gap.extra_ms(message))

        def closed(reason: str) -> None:
            down.close()
            on_closed(reason)

        return _DistantLink(await connect(arrived, closed), delays.up_ms)

    return connected


class _DoneGap:
    """Measures out the pause between an item's last sound and the end of its response."""

    def __init__(self, gap_ms: int) -> None:
        self._gap_ms = gap_ms
        self._sounded_s: float | None = None  # loop time of the last audio.done of a live response

    def extra_ms(self, message: Message) -> int:
        now_s = asyncio.get_running_loop().time()
        if not self._gap_ms or _names(message, "response.output_audio.delta"):
            return 0
        if _names(message, "response.output_audio.done"):
            self._sounded_s = now_s
        elif _names(message, "response.done") and self._sounded_s is not None:
            passed_ms, self._sounded_s = (now_s - self._sounded_s) * 1000, None
            return 0 if _names(message, "cancelled") else max(0, round(self._gap_ms - passed_ms))
        return 0


def _names(message: Message, word: str) -> bool:
    """Whether a JSON text holds a string that is exactly this word: quotes inside strings are escaped."""
    quoted = f'"{word}"'
    return quoted in message if isinstance(message, str) else quoted.encode() in message


class _Later:
    """Hands messages on after their delay, never out of order."""

    def __init__(self, deliver: OnMessage) -> None:
        self._deliver = deliver
        self._waiting: deque[tuple[float, Message]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._latest_s = 0.0

    def put(self, message: Message, delay_ms: float) -> None:
        loop = asyncio.get_running_loop()
        self._latest_s = max(self._latest_s, loop.time() + delay_ms / 1000)
        if not delay_ms and not self._waiting:
            self._deliver(message)
            return
        self._waiting.append((self._latest_s, message))
        self._arm()

    def _arm(self) -> None:
        if self._timer is None and self._waiting:
            self._timer = asyncio.get_running_loop().call_at(self._waiting[0][0], self._due)

    def _due(self) -> None:
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        while self._waiting and self._waiting[0][0] <= now_s + 0.001:
            self._deliver(self._waiting.popleft()[1])
        self._arm()

    def close(self) -> None:
        """Drop what is on the way."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _DistantLink:
    def __init__(self, link: EngineLink, up_ms: int) -> None:
        self._link = link
        self._up = _Later(link.send)
        self._up_ms = up_ms

    def send(self, message: Message) -> None:
        self._up.put(message, self._up_ms)

    def close(self, code: int = 1000) -> None:
        self._up.close()
        self._link.close(code)

    def unsent_bytes(self) -> int:
        return self._link.unsent_bytes()
