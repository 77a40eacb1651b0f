"""An engine behind a slow line: later, in order, and with a pause before the end of a response."""

import asyncio

from torim.lab.engine_line import EngineDelays, Message, OnClosed, OnMessage, distant

AUDIO, DONE = '{"type":"response.output_audio.done"}', '{"type":"response.done","response":{"status":"completed"}}'
CANCELLED = '{"type":"response.done","response":{"status":"cancelled"}}'


class Wire:
    """The far end of a link: what was sent to it, and how it speaks."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, Message]] = []
        self.speak: OnMessage = lambda _: None

    async def connect(self, on_message: OnMessage, on_closed: OnClosed) -> "Wire":
        self.speak = on_message
        return self

    def send(self, message: Message) -> None:
        self.sent.append((asyncio.get_running_loop().time(), message))

    def close(self, code: int = 1000) -> None:
        pass

    def unsent_bytes(self) -> int:
        return 0


def heard(delays: EngineDelays, *messages: Message) -> list[tuple[int, Message]]:
    """What arrives, and how many ms later, of messages that an engine sends at once."""

    async def scene() -> list[tuple[int, Message]]:
        loop, wire, got = asyncio.get_running_loop(), Wire(), []
        start = loop.time()
        await distant(wire.connect, delays)(lambda m: got.append((round((loop.time() - start) * 1000), m)), print)
        for message in messages:
            wire.speak(message)
        async with asyncio.timeout(5):
            while len(got) < len(messages):  # noqa: ASYNC110 - real time is what is tested
                await asyncio.sleep(0.002)
        return got

    return asyncio.run(scene())


def test_without_delays_nothing_changes() -> None:
    assert heard(EngineDelays(), "a", AUDIO, DONE) == [(0, "a"), (0, AUDIO), (0, DONE)]


def test_every_message_comes_later_and_in_order() -> None:
    got = heard(EngineDelays(down_ms=40), "a", "b")
    assert [message for _, message in got] == ["a", "b"]
    assert all(38 <= at_ms <= 90 for at_ms, _ in got)


def test_the_end_of_a_response_waits_and_so_does_what_follows_it() -> None:
    got = heard(EngineDelays(done_gap_ms=60), AUDIO, DONE, "next")
    assert [message for _, message in got] == [AUDIO, DONE, "next"]
    assert got[0][0] < 20
    assert got[1][0] >= 58
    assert got[2][0] >= 58


def test_a_cancelled_response_ends_without_the_pause() -> None:
    got = heard(EngineDelays(done_gap_ms=500), AUDIO, CANCELLED)
    assert got[1][0] < 100


def test_what_is_sent_takes_its_time_too() -> None:
    async def scene() -> float:
        loop, wire = asyncio.get_running_loop(), Wire()
        link = await distant(wire.connect, EngineDelays(up_ms=40))(print, print)
        start = loop.time()
        link.send("cancel")
        async with asyncio.timeout(5):
            while not wire.sent:  # noqa: ASYNC110 - real time is what is tested
                await asyncio.sleep(0.002)
        return wire.sent[0][0] - start

    assert asyncio.run(scene()) >= 0.038
