"""The call's link to its speech engine: connects, gives up in time, falls back, and reports what it hears.

It decides how long to wait for a connection and for the session's confirmation, and which engine comes next
when one is given up. Whether to connect again or to fall back is decided by the core.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from torim.core.abilities import EngineCapabilities
from torim.core.actions import EngineAction
from torim.core.events import (
    EngineEvent,
    EngineFault,
    EngineLost,
    EngineReady,
    EngineUnreachable,
    FaultKind,
)
from torim.engines.base import EngineCodec
from torim.engines.openai_errors import classify_close, classify_refusal
from torim.errors import EngineError
from torim.live.link import ENGINE_UNSENT_MAX_BYTES, Connect, EngineRefused, Link, Message

# What a link that cannot be made says of trouble that stays, and the fault that it is.
_LASTING = {"engine.unauthorised": "invalid_api_key", "engine.no_voice": "no_voice"}
CONNECT_WAIT_S = 8.0
READY_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """One engine that this call may use: its name, what it can do, its codec, and how to reach it."""

    name: str
    capabilities: EngineCapabilities
    codec: Callable[[], EngineCodec]
    connect: Connect


class EngineSide:
    """The engine of one call; events of a link that was replaced never get through.

    ``edge`` runs a step so that no exception leaves it; every callback of a link and of a timer goes through
    it.
    """

    def __init__(
        self, plans: Sequence[EnginePlan], deliver: Callable[[EngineEvent], None], edge: Callable[..., None]
    ) -> None:
        self._plans = list(plans)
        self._deliver = deliver
        self._edge = edge
        self._fell_back = False
        self._codec = self._plans[0].codec()
        self._link: Link | None = None
        self._generation = 0
        self._connecting: asyncio.Task[Link] | None = None
        self._overdue: asyncio.TimerHandle | None = None

    @property
    def name(self) -> str:
        """The engine in use."""
        return self._plans[0].name

    # --- links ----------------------------------------------------------------------------------------

    def open(self, delay_ms: int = 0) -> None:
        """Connect, after a delay. The outcome arrives as an event."""
        self._drop()
        self._codec = self._plans[0].codec()
        generation = self._generation
        self._connecting = asyncio.get_running_loop().create_task(self._connect(generation, delay_ms / 1000))
        self._connecting.add_done_callback(partial(self._edge, self._connected, generation))

    def fall_back(self) -> None:
        """Give this engine up and connect to the next one; without one, `EngineUnreachable` is reported."""
        self._drop()
        if len(self._plans) > 1:
            del self._plans[0]
            self._fell_back = True
            self.open()
            return
        self._deliver(EngineUnreachable(f"no engine is left after {self.name}"))

    def close(self) -> None:
        """Close the link for good; nothing is reported any more."""
        self._drop()

    def _drop(self) -> None:
        self._generation += 1
        self._not_overdue()
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
        if self._link is not None:
            self._link.close()
            self._link = None

    async def _connect(self, generation: int, delay_s: float) -> Link:
        await asyncio.sleep(delay_s)
        async with asyncio.timeout(CONNECT_WAIT_S):
            return await self._plans[0].connect(
                partial(self._edge, self._message, generation), partial(self._edge, self._closed, generation)
            )

    def _connected(self, generation: int, connecting: asyncio.Task[Link]) -> None:
        """Connecting is over, well or badly."""
        if connecting.cancelled():
            return
        error = connecting.exception()
        if generation != self._generation:
            if error is None:
                connecting.result().close()
        elif error is not None:
            self._deliver(_failure(error))
        else:
            self._link = connecting.result()
            loop = asyncio.get_running_loop()
            self._overdue = loop.call_later(READY_WAIT_S, self._edge, self._not_ready, generation)
            self._greet(self._link)

    def _greet(self, link: Link) -> None:
        for message in self._codec.handshake():
            link.send(message)

    # --- out ------------------------------------------------------------------------------------------

    def send(self, action: EngineAction) -> None:
        """Send one action; without a link nothing is sent, and the replay after a reconnect says it again."""
        if self._link is None:
            return
        for message in self._codec.encode(action):
            self._link.send(message)

    def append(self, payload: bytes) -> None:
        """Append caller audio."""
        if self._link is not None:
            self._link.send(self._codec.append_audio(payload))

    def check(self) -> None:
        """Give up a link that takes no more data."""
        if self._link is not None and self._link.unsent_bytes() > ENGINE_UNSENT_MAX_BYTES:
            self._lose(EngineLost("the engine's socket takes no more data"))

    # --- in -------------------------------------------------------------------------------------------

    def _message(self, generation: int, message: Message) -> None:
        if generation != self._generation:
            return
        for event in self._codec.decode(message):
            self._deliver(self._ready() if type(event) is EngineReady else event)

    def _ready(self) -> EngineReady:
        """The session is confirmed; after a fall-back the core learns what this engine can do."""
        self._not_overdue()
        return EngineReady(self._plans[0].capabilities if self._fell_back else None)

    def _closed(self, generation: int, reason: str) -> None:
        if generation == self._generation:
            self._lose(_end(reason))

    def _not_ready(self, generation: int) -> None:
        if generation == self._generation:
            self._lose(EngineLost(f"no confirmed session within {READY_WAIT_S:.0f} s"))

    def _lose(self, event: EngineLost | EngineFault) -> None:
        self._drop()
        self._deliver(event)

    def _not_overdue(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None


def _end(reason: str) -> EngineLost | EngineFault:
    """What the end of a link means, by its close code and words."""
    code, _, words = reason.partition(" ")
    return classify_close(int(code), words) if code.isdecimal() else EngineLost(reason)


def _failure(error: BaseException) -> EngineLost | EngineFault:
    """A refused key or address will be refused again; everything else may be a passing trouble of the network."""
    if isinstance(error, EngineRefused):
        return classify_refusal(error.status, error.body)
    if isinstance(error, EngineError) and error.code in _LASTING:
        return EngineFault(FaultKind.FATAL, _LASTING[error.code], str(error))
    if isinstance(error, TimeoutError):
        return EngineLost(f"no connection within {CONNECT_WAIT_S:.0f} s")
    return EngineLost(str(error) if isinstance(error, EngineError) else f"{type(error).__name__}: {error}")
