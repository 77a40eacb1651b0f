"""The one clock and the one timer of a call."""

import asyncio

from bridge_scene import play

from torim.live.clock import CallClock, Deadline


def test_the_clock_counts_whole_milliseconds_and_never_goes_back() -> None:
    async def scene() -> None:
        clock = CallClock(asyncio.get_running_loop())
        assert clock.now_ms() == 0
        await asyncio.sleep(0.0129)
        assert clock.now_ms() == 12
        assert clock.reached_ms(13) == 13
        assert clock.now_ms() == 13

    play(scene())


def test_the_timer_fires_at_the_deadline_and_once() -> None:
    async def scene() -> list[int]:
        loop = asyncio.get_running_loop()
        clock, fired = CallClock(loop), []
        timer = Deadline(loop, clock, lambda: fired.append(clock.now_ms()))
        timer.set(50)
        await asyncio.sleep(0.2)
        return fired

    assert play(scene()) == [50]


def test_an_earlier_deadline_wins_and_a_later_one_replaces_it() -> None:
    async def scene() -> list[int]:
        loop = asyncio.get_running_loop()
        clock, fired = CallClock(loop), []
        timer = Deadline(loop, clock, lambda: fired.append(clock.now_ms()))
        timer.set(100)
        timer.set(30)
        await asyncio.sleep(0.04)
        timer.set(80)
        timer.set(120)
        await asyncio.sleep(0.2)
        return fired

    assert play(scene()) == [30, 120]


def test_no_deadline_means_no_call() -> None:
    async def scene() -> list[int]:
        loop = asyncio.get_running_loop()
        clock, fired = CallClock(loop), []
        timer = Deadline(loop, clock, lambda: fired.append(clock.now_ms()))
        timer.set(50)
        timer.set(None)
        await asyncio.sleep(0.1)
        timer.set(150)
        timer.cancel()
        await asyncio.sleep(0.1)
        return fired

    assert play(scene()) == []
