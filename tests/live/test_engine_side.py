"""The engine's side of a call: who is asked, how long, and whose events count."""

import asyncio
from collections.abc import Awaitable, Callable

from bridge_scene import DeafLink, engine_plan, play

from torim.core.abilities import EngineCapabilities
from torim.core.events import EngineEvent, EngineFault, EngineLost, EngineReady, EngineUnreachable, FaultKind
from torim.engines.scripted import ScriptedPeer
from torim.errors import EngineError
from torim.live.engine_side import EnginePlan, EngineSide
from torim.live.link import ENGINE_UNSENT_MAX_BYTES, Link, OnClosed, OnMessage
from torim.live.peer_link import connect_peer


class Asked:
    """An engine side, and what it reported."""

    def __init__(self, *plans: EnginePlan) -> None:
        self.events: list[EngineEvent] = []
        self.side = EngineSide(plans, self.events.append, lambda step, *arguments: step(*arguments))

    def kinds(self) -> list[type]:
        return [type(event) for event in self.events]


def refusing(code: str) -> EnginePlan:
    async def connect(on_message: OnMessage, on_closed: OnClosed) -> Link:
        raise EngineError("No.", code)

    return engine_plan(connect, "refusing")


def answering(peers: list[ScriptedPeer], make: Callable[[], ScriptedPeer] = ScriptedPeer) -> EnginePlan:
    def connect(on_message: OnMessage, on_closed: OnClosed) -> Awaitable[Link]:
        peers.append(make())
        return connect_peer(lambda: peers[-1], on_message, on_closed)

    return engine_plan(connect, "answering")


class FullLink(DeafLink):
    def unsent_bytes(self) -> int:
        return ENGINE_UNSENT_MAX_BYTES + 1


def test_a_confirmed_session_is_ready_and_capabilities_come_only_with_a_fall_back() -> None:
    async def scene() -> None:
        asked = Asked(answering([]), answering([]))
        asked.side.open()
        await asyncio.sleep(0.1)
        assert asked.events == [EngineReady()]
        asked.side.fall_back()
        await asyncio.sleep(0.1)
        assert asked.events[1:] == [EngineReady(EngineCapabilities())]

    play(scene())


def test_a_delay_is_kept() -> None:
    async def scene() -> None:
        asked = Asked(answering([]))
        asked.side.open(delay_ms=500)
        await asyncio.sleep(0.4)
        assert asked.events == []
        await asyncio.sleep(0.2)
        assert asked.kinds() == [EngineReady]

    play(scene())


def test_a_refused_key_is_fatal_and_other_refusals_may_pass() -> None:
    async def scene() -> None:
        for code, kind in (("engine.unauthorised", EngineFault), ("engine.unreachable", EngineLost)):
            asked = Asked(refusing(code))
            asked.side.open()
            await asyncio.sleep(0.1)
            assert asked.kinds() == [kind]
        fatal = Asked(refusing("engine.unauthorised"))
        fatal.side.open()
        await asyncio.sleep(0.1)
        assert fatal.events[0].kind is FaultKind.FATAL

    play(scene())


def test_a_plugin_that_breaks_or_hangs_is_a_lost_link_and_never_silence() -> None:
    async def broken(on_message: OnMessage, on_closed: OnClosed) -> Link:
        raise ZeroDivisionError("a bug of the plugin")

    async def hanging(on_message: OnMessage, on_closed: OnClosed) -> Link:
        await asyncio.sleep(1000)
        raise AssertionError

    async def scene() -> None:
        for connect in (broken, hanging):
            asked = Asked(engine_plan(connect))
            asked.side.open()
            await asyncio.sleep(9)
            assert asked.kinds() == [EngineLost]

    play(scene())


def test_a_session_that_is_never_confirmed_is_lost_after_five_seconds() -> None:
    async def connect(on_message: OnMessage, on_closed: OnClosed) -> Link:
        return DeafLink()

    async def scene() -> None:
        asked = Asked(engine_plan(connect))
        asked.side.open()
        await asyncio.sleep(4.9)
        assert asked.events == []
        await asyncio.sleep(0.2)
        assert asked.kinds() == [EngineLost]

    play(scene())


def test_without_another_engine_a_fall_back_is_impossible() -> None:
    async def scene() -> None:
        asked = Asked(answering([]))
        asked.side.fall_back()
        assert asked.kinds() == [EngineUnreachable]

    play(scene())


def test_a_link_that_takes_no_more_data_is_lost() -> None:
    async def connect(on_message: OnMessage, on_closed: OnClosed) -> Link:
        return FullLink()

    async def scene() -> None:
        asked = Asked(engine_plan(connect))
        asked.side.open()
        await asyncio.sleep(0.1)
        asked.side.check()
        assert asked.kinds() == [EngineLost]
        asked.side.check()
        assert len(asked.events) == 1

    play(scene())


def test_a_link_that_was_replaced_is_not_heard_any_more() -> None:
    async def scene() -> None:
        peers: list[ScriptedPeer] = []
        asked = Asked(answering(peers, lambda: ScriptedPeer().breaks_link(1000)))
        asked.side.open()
        await asyncio.sleep(0.5)
        asked.side.open()
        await asyncio.sleep(0.8)
        assert len(peers) == 2
        assert asked.kinds() == [EngineReady, EngineReady]
        await asyncio.sleep(0.5)
        assert asked.kinds() == [EngineReady, EngineReady, EngineLost]

    play(scene())


def test_nothing_is_reported_after_the_close() -> None:
    async def scene() -> None:
        asked = Asked(answering([]))
        asked.side.open()
        asked.side.close()
        await asyncio.sleep(10)
        assert asked.events == []

    play(scene())
