"""Why calls ended, as the carrier's webhook asks for it: before, while and after a caller comes back."""

import asyncio
from collections.abc import Awaitable, Callable

from torim.core.events import EndReason
from torim.errors import StorageError
from torim.live.ends import REMEMBERED, CallEnds, Known, SharedEnds


def play(scene: Callable[[CallEnds], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(5):
            await scene(CallEnds())

    asyncio.run(run())


def test_a_reason_is_waited_for_while_the_stream_is_open() -> None:
    async def scene(known: CallEnds) -> None:
        known.began("CA1")
        asked = asyncio.create_task(known.end_reason("CA1"))
        await asyncio.sleep(0)
        assert not asked.done()
        known.ended("CA1", EndReason.GOODBYE)
        assert await asked is EndReason.GOODBYE
        assert await known.end_reason("CA2") is None

    play(scene)


def test_a_caller_who_came_back_has_no_reason_until_the_new_stream_ends() -> None:
    async def scene(known: CallEnds) -> None:
        known.began("CA1")
        known.ended("CA1", EndReason.TRANSFERRED)
        known.came_back("CA1")
        assert await known.end_reason("CA1") is None
        known.began("CA1")
        known.came_back("CA1")  # the carrier asks late: the stream that is open counts
        known.ended("CA1", EndReason.CALLER_HUNG_UP)
        assert await known.end_reason("CA1") is EndReason.CALLER_HUNG_UP

    play(scene)


def test_only_the_latest_calls_are_remembered() -> None:
    async def scene(known: CallEnds) -> None:
        for number in range(REMEMBERED + 1):
            known.ended(f"CA{number}", EndReason.GOODBYE)
        assert await known.end_reason("CA0") is None
        assert await known.end_reason(f"CA{REMEMBERED}") is EndReason.GOODBYE

    play(scene)


def test_of_a_call_of_another_machine_the_shared_record_tells() -> None:
    told: list[Known] = [(True, None), (True, None), (True, EndReason.GOODBYE)]

    async def scene(known: CallEnds) -> None:
        shared = SharedEnds(known, lambda call_sid: told.pop(0))
        assert await shared.end_reason("CA1") is EndReason.GOODBYE and told == []
        known.ended("CA2", EndReason.TRANSFERRED)
        assert await shared.end_reason("CA2") is EndReason.TRANSFERRED
        shared.came_back("CA2")
        told.append((False, None))
        assert await shared.end_reason("CA2") is None, "nobody knows it: the caller need not wait"

    play(scene)


def test_a_database_that_fails_costs_the_reason_only() -> None:
    def look(call_sid: str) -> Known:
        raise StorageError("The database is away.", code="storage.away")

    async def scene(known: CallEnds) -> None:
        assert await SharedEnds(known, look).end_reason("CA1") is None

    play(scene)
