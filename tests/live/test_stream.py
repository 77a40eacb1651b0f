"""A stream before its call: it says who it is, soon, or it is closed."""

import asyncio
import json

import pytest
from bridge_scene import DeafLink, play

from torim.carriers.base import StreamOpened
from torim.carriers.twilio import TwilioCodec
from torim.errors import CarrierError
from torim.live.stream import Stream

START = json.dumps({"event": "start", "start": {"streamSid": "MZ1", "callSid": "CA1", "customParameters": {}}})


class Closing(DeafLink):
    """Remembers with what it was closed."""

    def __init__(self) -> None:
        self.codes: list[int] = []

    def close(self, code: int = 1000) -> None:
        self.codes.append(code)


class FakeBridge:
    def __init__(self) -> None:
        self.got: list[object] = []

    def start(self, items: object) -> None:
        self.got.append("start")

    def on_message(self, message: object) -> None:
        self.got.append(message)

    def on_closed(self, reason: str) -> None:
        self.got.append(reason)


def make(refusal: CarrierError | None = None) -> tuple[Stream, Closing, FakeBridge]:
    link, bridge = Closing(), FakeBridge()

    def begin(stream: Stream, opened: StreamOpened) -> FakeBridge:
        if refusal is not None:
            raise refusal
        return bridge

    return Stream("twilio", TwilioCodec(), link, begin), link, bridge  # type: ignore[arg-type]


def test_after_the_start_everything_goes_to_the_call() -> None:
    async def scene() -> None:
        stream, link, bridge = make()
        for message in ('{"event":"connected"}', START, "one", "two"):
            stream.on_message(message)
        stream.on_closed("1000 bye")
        assert bridge.got == ["start", "one", "two", "1000 bye"]
        await asyncio.sleep(30)
        assert link.codes == []

    play(scene())


def test_a_stream_that_never_starts_is_closed_after_ten_seconds() -> None:
    async def scene() -> None:
        _, link, _ = make()
        await asyncio.sleep(9.9)
        assert link.codes == []
        await asyncio.sleep(0.2)
        assert link.codes == [1008]

    play(scene())


def test_a_few_stray_messages_are_forgiven_and_many_are_not() -> None:
    async def scene() -> None:
        stream, link, bridge = make()
        for _ in range(20):
            stream.on_message("{oops")
        assert link.codes == []
        stream.on_message("{oops")
        assert link.codes == [1008]
        stream.on_message(START)
        assert bridge.got == []

    play(scene())


@pytest.mark.parametrize(("code", "close_code"), [("carrier.token_invalid", 1008), ("carrier.busy", 1013)])
def test_a_refused_call_is_closed_and_stays_closed(code: str, close_code: int) -> None:
    async def scene() -> None:
        stream, link, bridge = make(CarrierError("No.", code))
        stream.on_message(START)
        stream.on_message(START)
        stream.on_closed("1006")
        await asyncio.sleep(20)
        assert link.codes == [close_code]
        assert bridge.got == []

    play(scene())
