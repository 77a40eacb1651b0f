"""What every carrier must do, whoever wrote it: collected from the registry, so a new one is tested by itself.

A carrier that speaks a dialect of its own adds the far side of it to `FAR_SIDES`.
"""

from __future__ import annotations

import contextlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torim.carriers.base import CallerAudio, CarrierCodec, CarrierInput, CarrierPlugin, StreamOpened
from torim.carriers.loopback import LoopbackFarSide
from torim.carriers.registry import carriers
from torim.core.abilities import EngineCapabilities
from torim.core.actions import CarrierAction, ClearAudio, CreateResponse, EndStream, PlayAudio, SendMark
from torim.core.call import Call
from torim.core.events import (
    AudioDelta,
    CallerGone,
    EndReason,
    EngineReady,
    KeyPressed,
    MarkReturned,
    ResponseCreated,
    StreamStarted,
    VoiceSure,
)
from torim.core.settings import TurnSettings
from torim.errors import CarrierError, CoreMisuse

Wire = str | bytes
KEYS = "0123456789*#ABCD"


class FarSide(Protocol):
    """The carrier's end of a stream: makes its messages, reads ours."""

    def start(self, call_sid: str, stream_sid: str, parameters: dict[str, str]) -> Wire: ...
    def audio(self, payload: bytes) -> Wire: ...
    def key(self, digit: str) -> Wire: ...
    def mark(self, mark: Any) -> Wire: ...
    def stop(self) -> Wire: ...
    def read(self, message: Wire) -> Any: ...


class JsonFarSide:
    """Media Streams as the carrier speaks it. A mark is opaque to it: it returns what it was given."""

    stream_sid = ""

    def start(self, call_sid: str, stream_sid: str, parameters: dict[str, str]) -> str:
        self.stream_sid = stream_sid
        form = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
        body = {"callSid": call_sid, "streamSid": stream_sid, "customParameters": parameters, "mediaFormat": form}
        return self._message("start", start=body)

    def audio(self, payload: bytes) -> str:
        return self._message("media", media={"track": "inbound", "payload": b64encode(payload).decode()})

    def key(self, digit: str) -> str:
        return self._message("dtmf", dtmf={"digit": digit})

    def mark(self, mark: Any) -> str:
        return self._message("mark", mark=mark)

    def stop(self) -> str:
        return self._message("stop", stop={})

    def read(self, message: Wire) -> Any:
        assert isinstance(message, str)
        sent = json.loads(message)
        assert sent.pop("streamSid") == self.stream_sid
        event = sent.pop("event")
        if event == "clear":
            assert sent == {}
            return ClearAudio
        assert list(sent) == [event] and event in ("media", "mark")
        return PlayAudio(b64decode(sent["media"]["payload"])) if event == "media" else sent["mark"]

    def _message(self, event: str, **body: object) -> str:
        return json.dumps({"event": event, "streamSid": self.stream_sid, **body})


FAR_SIDES: dict[str, Callable[[], FarSide]] = {
    "twilio": JsonFarSide,
    "browser": JsonFarSide,
    "rehearsal": JsonFarSide,
    "loopback": LoopbackFarSide,
}

every_carrier = pytest.mark.parametrize("plugin", carriers().values(), ids=lambda plugin: plugin.name)
payloads = st.binary(min_size=1, max_size=1600)
frames = st.integers(1, 10).flatmap(lambda count: st.binary(min_size=160 * count, max_size=160 * count))
counters = st.integers(0, 999_999_999)
sids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)


def opened(plugin: CarrierPlugin) -> tuple[CarrierCodec, FarSide]:
    codec, far = plugin.codec(), FAR_SIDES[plugin.name]()
    codec.decode(far.start("CA1", "MZ1", {}))
    return codec, far


def send(codec: CarrierCodec, far: FarSide, action: CarrierAction) -> Any:
    (message,) = codec.encode(action)
    return far.read(message)


@every_carrier
def test_it_has_a_far_side_to_be_tested_with(plugin: CarrierPlugin) -> None:
    assert plugin.name in FAR_SIDES, f"add the far side of {plugin.name!r} to {__name__}.FAR_SIDES"
    assert plugin.capabilities == plugin.codec().capabilities
    assert plugin.capabilities.frame_bytes * 50 == plugin.capabilities.rate_hz


@every_carrier
@given(call_sid=sids, stream_sid=sids, parameters=st.dictionaries(texts, texts, max_size=5))
def test_the_start_tells_who_calls(
    plugin: CarrierPlugin, call_sid: str, stream_sid: str, parameters: dict[str, str]
) -> None:
    far = FAR_SIDES[plugin.name]()
    heard = plugin.codec().decode(far.start(call_sid, stream_sid, parameters))
    assert heard == [StreamOpened(call_sid, stream_sid, parameters), StreamStarted()]


@every_carrier
@given(payload=payloads)
def test_caller_audio_arrives_byte_for_byte_whatever_its_length(plugin: CarrierPlugin, payload: bytes) -> None:
    codec, far = opened(plugin)
    assert codec.decode(far.audio(payload)) == [CallerAudio(payload)]


@every_carrier
@given(payload=frames)
def test_audio_we_play_arrives_byte_for_byte_in_whole_frames(plugin: CarrierPlugin, payload: bytes) -> None:
    codec, far = opened(plugin)
    heard = b"".join(far.read(message).payload for message in codec.encode(PlayAudio(payload)))
    assert heard == payload


@every_carrier
@given(payload=frames, gain_db=st.integers(-30, 6).filter(bool))
def test_a_gain_changes_the_level_and_not_the_length(plugin: CarrierPlugin, payload: bytes, gain_db: int) -> None:
    codec, far = opened(plugin)
    heard = b"".join(far.read(message).payload for message in codec.encode(PlayAudio(payload, gain_db)))
    assert len(heard) == len(payload)


@every_carrier
@given(count=st.integers(0, 5), more=st.integers(1, 159))
def test_a_part_of_a_frame_is_never_sent(plugin: CarrierPlugin, count: int, more: int) -> None:
    codec, _ = opened(plugin)
    with pytest.raises(CoreMisuse):
        codec.encode(PlayAudio(b"\xff" * (160 * count + more)))


@every_carrier
@given(token=counters, epoch=counters)
def test_a_mark_returns_with_its_token_and_epoch(plugin: CarrierPlugin, token: int, epoch: int) -> None:
    codec, far = opened(plugin)
    given_to_carrier = send(codec, far, SendMark(token, epoch))
    assert codec.decode(far.mark(given_to_carrier)) == [MarkReturned(token, epoch)]


@every_carrier
def test_a_clear_is_one_message_and_an_end_is_none(plugin: CarrierPlugin) -> None:
    codec, _ = opened(plugin)
    assert len(codec.encode(ClearAudio(3))) == 1
    assert codec.encode(EndStream(EndReason.GOODBYE)) == []
    assert codec.encode(PlayAudio(b"")) == []


@every_carrier
def test_nothing_is_sent_before_the_stream_is_open(plugin: CarrierPlugin) -> None:
    for action in (PlayAudio(b"\xff" * 160), SendMark(1, 0), ClearAudio(1)):
        with pytest.raises(CoreMisuse):
            plugin.codec().encode(action)


@every_carrier
def test_every_key_of_a_telephone_is_understood(plugin: CarrierPlugin) -> None:
    codec, far = opened(plugin)
    assert [codec.decode(far.key(digit)) for digit in KEYS] == [[KeyPressed(digit)] for digit in KEYS]
    for nonsense in ("", "12", "x"):
        with pytest.raises(CarrierError):
            codec.decode(far.key(nonsense))


# --- in any order --------------------------------------------------------------------------------------------


@every_carrier
@given(kinds=st.lists(st.sampled_from(["start", "audio", "key", "mark", "stop"]), max_size=12))
def test_in_any_order_a_stream_opens_once_first_and_closes_once_last(plugin: CarrierPlugin, kinds: list[str]) -> None:
    codec, far = opened(plugin)
    mark = send(codec, far, SendMark(1, 0))
    codec = plugin.codec()
    makers: dict[str, Callable[[], Wire]] = {
        "start": lambda: far.start("CA1", "MZ1", {}),
        "audio": lambda: far.audio(b"\xff" * 160),
        "key": lambda: far.key("1"),
        "mark": lambda: far.mark(mark),
        "stop": far.stop,
    }
    heard: list[CarrierInput] = []
    for kind in kinds:
        with contextlib.suppress(CarrierError):
            heard += codec.decode(makers[kind]())
    assert sum(isinstance(item, StreamOpened) for item in heard) <= 1
    assert not heard or isinstance(heard[0], StreamOpened)
    assert not any(isinstance(item, CallerGone) for item in heard[:-1])


# --- malformed input -----------------------------------------------------------------------------------------


def survives(codec: CarrierCodec, far: FarSide, broken: Wire) -> None:
    """A broken message is refused with advice or means something; either way the stream goes on."""
    try:
        heard = codec.decode(broken)
    except CarrierError as error:
        heard = []
        assert error.code.startswith("carrier.") and len(str(error)) > 20
    if not any(isinstance(item, CallerGone) for item in heard):
        assert codec.decode(far.audio(b"\x7f" * 160)) == [CallerAudio(b"\x7f" * 160)]
        assert len(codec.encode(ClearAudio(1))) == 1


@every_carrier
@given(broken=st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_garbage_never_breaks_a_stream(plugin: CarrierPlugin, broken: Wire) -> None:
    survives(*opened(plugin), broken)


@every_carrier
@given(
    which=st.sampled_from(["start", "audio", "key", "mark"]),
    place=st.integers(0, 400),
    cut=st.integers(0, 40),
    put=st.binary(max_size=8),
)
def test_a_damaged_message_never_breaks_a_stream(
    plugin: CarrierPlugin, which: str, place: int, cut: int, put: bytes
) -> None:
    codec, far = opened(plugin)
    mark = send(codec, far, SendMark(1, 0))
    whole: Wire = {
        "start": far.start("CA1", "MZ1", {"token": "t"}),
        "audio": far.audio(b"\x7f" * 160),
        "key": far.key("1"),
        "mark": far.mark(mark),
    }[which]
    raw = whole.encode() if isinstance(whole, str) else whole
    damaged = raw[: place % len(raw)] + put + raw[place % len(raw) + cut :]
    survives(codec, far, damaged)
    survives(*opened(plugin), damaged.decode("latin-1"))


@every_carrier
def test_a_message_of_a_megabyte_is_refused(plugin: CarrierPlugin) -> None:
    codec, far = opened(plugin)
    with pytest.raises(CarrierError):
        codec.decode(far.audio(b"\xff" * 1_000_000))
    survives(codec, far, b"\xff" * 1_000_000)


# --- with each ability masked --------------------------------------------------------------------------------

ABILITIES = [item.name for item in fields(carriers()["twilio"].capabilities) if item.type == "bool"]
NEEDS = {"can_clear": ClearAudio(1), "can_mark": SendMark(1, 0)}


@every_carrier
@pytest.mark.parametrize("ability", ABILITIES)
def test_without_an_ability_nothing_of_it_is_sent_and_all_else_is_as_before(
    plugin: CarrierPlugin, ability: str
) -> None:
    codec, far = opened(plugin)
    whole, _ = opened(plugin)
    codec.capabilities = replace(codec.capabilities, **{ability: False})
    assert codec.encode(NEEDS[ability]) == []
    for action in (PlayAudio(b"\x7f" * 320), *(needed for name, needed in NEEDS.items() if name != ability)):
        assert codec.encode(action) == whole.encode(action)
    assert codec.decode(far.audio(b"\x7f" * 160)) == [CallerAudio(b"\x7f" * 160)]


def cut_in(plugin: CarrierPlugin, ability: str | None) -> tuple[list[tuple[int, CarrierAction]], int]:
    """A call on this carrier: the AI has two seconds to say, the caller cuts in after one."""
    capabilities = replace(plugin.capabilities, **({ability: False} if ability else {}))
    codec, _ = opened(plugin)
    codec.capabilities = capabilities
    call = Call(
        settings=TurnSettings(),
        carrier=capabilities,
        engine=EngineCapabilities(),
        barge_in_enabled=True,
        greeting_lock=False,
        prompts={},
    )
    done: list[tuple[int, CarrierAction]] = []

    def perform(actions: list[Any], now_ms: int) -> list[Any]:
        to_carrier = [action for action in actions if isinstance(action, CarrierAction)]
        for action in to_carrier:
            assert len(codec.encode(action)) == 1, f"{action} was lost: {plugin.name} cannot carry it"
        done.extend((now_ms, action) for action in to_carrier)
        return [action for action in actions if isinstance(action, CreateResponse)]

    asked = perform(call.apply(StreamStarted(), 0), 0) + perform(call.apply(EngineReady(), 0), 0)
    perform(call.apply(ResponseCreated("R1", asked[0].key), 0), 0)
    perform(call.apply(AudioDelta("R1", "I1", 0, b"\x7f" * 16_000), 0), 0)
    for now_ms in range(1, 1_500):
        if now_ms == 1_000:
            perform(call.apply(VoiceSure(now_ms), now_ms), now_ms)
        due_ms = call.next_deadline_ms()
        if due_ms is not None and due_ms <= now_ms:
            perform(call.wake(now_ms), now_ms)
    return done, 1_000


@every_carrier
@pytest.mark.parametrize("ability", [None, *ABILITIES])
def test_a_caller_can_cut_in_whatever_the_carrier_lacks(plugin: CarrierPlugin, ability: str | None) -> None:
    done, cut_ms = cut_in(plugin, ability)
    played = [(at_ms, action) for at_ms, action in done if isinstance(action, PlayAudio)]
    assert played and all(at_ms < cut_ms for at_ms, _ in played)
    cleared = [at_ms for at_ms, action in done if isinstance(action, ClearAudio)]
    assert cleared == ([] if ability == "can_clear" else [cut_ms])
    assert any(isinstance(action, SendMark) for _, action in done) == (ability != "can_mark")
    ahead_ms = sum(len(action.payload) for _, action in played) // 8 - cut_ms
    assert ahead_ms <= (60 if ability == "can_clear" else 260)
