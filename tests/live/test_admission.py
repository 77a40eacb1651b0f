"""Who gets a call: room, a loop that keeps up, the right worker, and why calls ended."""

import asyncio

import pytest
from bridge_scene import play

from torim.config import Config
from torim.core.events import EndReason
from torim.live.admission import Admission, LoopLag
from torim.live.dispatch import Dispatcher, WorkerView, media_url, on_web_port
from torim.live.ends import CallEnds


def views(*calls: int) -> list[WorkerView]:
    return [WorkerView(n, f"wss://host:{n}/twilio/media", live, None) for n, live in enumerate(calls, 1)]


def chosen(dispatcher: Dispatcher, call_sid: str) -> int | None:
    target = dispatcher.choose(call_sid)
    return target.worker if target else None


def test_calls_are_refused_beyond_the_limit_and_while_draining() -> None:
    calls = [1]
    admission = Admission(2, lambda: calls[0], lambda: 0.0)
    assert admission.refusal() is None
    calls[0] = 2
    assert "TORIM_MAX_CALLS" in (admission.refusal() or "")
    calls[0] = 0
    admission.draining = True
    assert admission.refusal() is not None


def test_a_late_loop_refuses_only_to_protect_live_calls() -> None:
    calls = [1]
    admission = Admission(10, lambda: calls[0], lambda: 10.5)
    assert "10 ms late" in (admission.refusal() or "")
    calls[0] = 0
    assert admission.refusal() is None


def test_a_loop_that_keeps_up_has_no_lag() -> None:
    async def scene() -> float:
        lag = LoopLag(asyncio.get_running_loop(), lambda late_ms: None)
        lag.start()
        await asyncio.sleep(5)
        lag.stop()
        return lag.p99_ms()

    assert play(scene()) < 1.0


def test_the_emptiest_worker_gets_the_call_and_calls_under_way_count() -> None:
    dispatcher = Dispatcher(views(2, 0, 1), 100, lambda: 0.0)
    assert [chosen(dispatcher, f"CA{n}") for n in range(4)] == [2, 2, 3, 1]


def test_a_call_that_arrived_is_not_counted_twice() -> None:
    workers = views(0, 0)
    dispatcher = Dispatcher(workers, 100, lambda: 0.0)
    assert chosen(dispatcher, "CA1") == 1
    dispatcher.arrived(1, "CA1")
    assert workers[0].load(0.0) == 1
    assert [chosen(dispatcher, "CA2"), chosen(dispatcher, "CA3")] == [2, 1]


def test_a_call_that_never_arrives_is_forgotten() -> None:
    now_s = [0.0]
    dispatcher = Dispatcher(views(0), 1, lambda: now_s[0])
    assert chosen(dispatcher, "CA1") == 1
    assert chosen(dispatcher, "CA2") is None
    now_s[0] = 11.0
    assert chosen(dispatcher, "CA2") == 1


def test_nobody_is_chosen_while_all_refuse_or_the_machine_drains() -> None:
    workers = views(0)
    dispatcher = Dispatcher(workers, 10, lambda: 0.0)
    assert dispatcher.readiness().ready
    workers[0].refusal = "the media loop is late"
    assert dispatcher.choose("CA1") is None
    assert "late" in dispatcher.readiness().detail
    workers[0].refusal = None
    dispatcher.draining = True
    assert dispatcher.choose("CA1") is None
    assert not dispatcher.readiness().ready


@pytest.mark.parametrize(
    ("config", "url"),
    [
        (Config(), "ws://127.0.0.1:8082/twilio/media"),
        (Config(host="0.0.0.0"), "ws://127.0.0.1:8082/twilio/media"),
        (Config(media_url="wss://m.example.com"), "wss://m.example.com/twilio/media"),
        (Config(media_url="wss://m.example.com/twilio/media"), "wss://m.example.com/twilio/media"),
        (Config(media_url="wss://m.example.com/a/b"), "wss://m.example.com/a/b/twilio/media"),
        (Config(media_url="wss://m.example.com:8081", workers=2), "wss://m.example.com:8082/twilio/media"),
        (Config(media_url="wss://[::1]", workers=2), "wss://[::1]:8082/twilio/media"),
        (Config(media_url="wss://m.example.com/w{worker}", workers=2), "wss://m.example.com/w2/twilio/media"),
        (Config(media_url="wss://w{worker}.example.com", workers=2), "wss://w2.example.com/twilio/media"),
        (Config(media_url="wss://m.example.com:{port}", workers=2), "wss://m.example.com:8082/twilio/media"),
        (Config(public_url="https://phone.example.com/torim"), "wss://phone.example.com/torim/twilio/media"),
    ],
)
def test_where_the_carrier_is_sent(config: Config, url: str) -> None:
    assert media_url(config, 2, 8082) == url
    assert on_web_port(config) is (config.public_url is not None)


def test_why_a_call_ended_is_known_to_whoever_waited_and_whoever_asks_later() -> None:
    async def scene() -> None:
        ends = CallEnds()
        assert await ends.end_reason("CA0") is None
        ends.began("CA1")
        waiting = asyncio.create_task(ends.end_reason("CA1"))
        await asyncio.sleep(0.1)
        ends.ended("CA1", EndReason.GOODBYE)
        ends.ended("CA1", EndReason.LINE_LOST)
        assert await waiting is EndReason.GOODBYE
        assert await ends.end_reason("CA1") is EndReason.GOODBYE

    play(scene())


def test_asking_and_giving_up_leaves_the_reason_to_the_next_one() -> None:
    async def scene() -> None:
        ends = CallEnds()
        ends.began("CA1")
        asking = asyncio.create_task(ends.end_reason("CA1"))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.sleep(0)
        ends.ended("CA1", EndReason.GOODBYE)
        assert await ends.end_reason("CA1") is EndReason.GOODBYE

    play(scene())
