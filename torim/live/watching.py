"""The calls that are going on, for the live page: what each looks like now, and orders to it.

Each process looks at its own calls; the one that serves the web asks the others through their pipes. Nothing is
looked at while nobody asks, and a look lets the media loop go on between two calls. It decides nothing about a call.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from torim.core.events import EndReason
from torim.core.transcript import Turn
from torim.live.bridge import Bridge
from torim.web.live_calls import Command, LiveCall, LiveTurn

LOOK_EVERY_S = 0.4


class CallSource(Protocol):
    """The live calls of one or several processes."""

    async def look(self) -> tuple[LiveCall, ...]:
        """What goes on now."""

    async def order(self, business_id: str, call_id: str, command: Command) -> bool:
        """Give an order to one call; False: it is not here."""


class OwnCalls:
    """The live calls of this process."""

    def __init__(self, calls: Mapping[str, Bridge], business_of: Callable[[Bridge], str]) -> None:
        self._calls = calls
        self._business_of = business_of

    async def look(self) -> tuple[LiveCall, ...]:
        """What goes on now; the media loop goes on between two calls."""
        found = []
        for bridge in tuple(self._calls.values()):
            found.append(seen(bridge, self._business_of(bridge)))
            await asyncio.sleep(0)
        return tuple(found)

    async def order(self, business_id: str, call_id: str, command: Command) -> bool:
        """Give an order to one call."""
        for bridge in tuple(self._calls.values()):
            if (bridge.setup.call_id, self._business_of(bridge)) == (call_id, business_id) and not bridge.call.ended:
                obey(bridge, command)
                return True
        return False


def obey(bridge: Bridge, command: Command) -> None:
    """Carry out an order; whatever it is but a pause, the AI may speak."""
    bridge.pause(command is Command.PAUSE)
    if command is Command.HANG_UP:
        bridge.say_goodbye(EndReason.OPERATOR)
    elif command is Command.TRANSFER:
        bridge.say_goodbye(EndReason.TRANSFERRED)


def seen(bridge: Bridge, business_id: str) -> LiveCall:
    """A call as it is now."""
    setup, call = bridge.setup, bridge.call
    caller_level, ai_level = bridge.levels
    return LiveCall(
        call_id=setup.call_id,
        call_sid=setup.call_sid,
        business_id=business_id,
        carrier=setup.carrier,
        engine=bridge.engine.name,
        language=setup.language,
        from_number=setup.caller or None,
        to_number=setup.called or None,
        started_at=setup.started_at,
        duration_ms=bridge.clock.now_ms(),
        phase=call.phase.value,
        floor=call.floor.value,
        paused=call.paused,
        barge_ins=bridge.barge_ins,
        turns=tuple(_turn(turn) for turn in call.transcript()),
        caller_level=caller_level,
        ai_level=ai_level,
    )


def _turn(turn: Turn) -> LiveTurn:
    return LiveTurn(
        speaker=turn.speaker.value,
        start_ms=turn.start_ms,
        end_ms=turn.end_ms,
        heard_text=turn.heard_text,
        unheard_text=turn.unheard_text,
        interrupted=turn.interrupted,
    )


class Watch:
    """The live calls of this machine; implements the web side's `LiveCalls`."""

    def __init__(self, sources: Iterable[CallSource]) -> None:
        self._sources = list(sources)

    async def calls(self, business_id: str) -> Sequence[LiveCall]:
        """What goes on now, oldest first."""
        found = await asyncio.gather(*(source.look() for source in self._sources))
        mine = (call for call in itertools.chain(*found) if call.business_id == business_id)
        return sorted(mine, key=lambda call: (call.started_at, call.call_id))

    async def follow(self, business_id: str) -> AsyncIterator[tuple[LiveCall, ...]]:
        """What goes on, whenever it changed."""
        before: tuple[LiveCall, ...] | None = None
        while True:
            calls = tuple(await self.calls(business_id))
            still = tuple(replace(call, duration_ms=0) for call in calls)  # time alone is no news
            if still != before:
                before = still
                yield calls
            await asyncio.sleep(LOOK_EVERY_S)

    async def command(self, business_id: str, call_id: str, command: Command) -> bool:
        """Pass an order on to whoever carries the call."""
        for source in self._sources:
            if await source.order(business_id, call_id, command):
                return True
        return False
