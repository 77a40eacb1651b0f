"""The Media Streams dialect, message by message, as Twilio sends and takes it."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable

import pytest

from torim.audio.g711 import duck
from torim.carriers.base import CallerAudio, StreamOpened
from torim.carriers.browser import BrowserCodec
from torim.carriers.twilio import TwilioCodec
from torim.core.actions import ClearAudio, EndStream, PlayAudio, SendMark
from torim.core.events import CallerGone, EndReason, KeyPressed, MarkReturned, StreamStarted
from torim.errors import CarrierError, CoreMisuse

FRAME = bytes(range(160))


def start(stream_sid: str = "MZ1", **changes: object) -> str:
    body = {
        "accountSid": "AC1",
        "streamSid": stream_sid,
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": "t", "caller": "+972501234567"},
    }
    message = {"event": "start", "sequenceNumber": "1", "start": {**body, **changes}, "streamSid": stream_sid}
    return json.dumps(message)


def media(payload: bytes = FRAME, stream_sid: str = "MZ1", track: str = "inbound") -> str:
    body = {"track": track, "chunk": "2", "timestamp": "5", "payload": b64encode(payload).decode()}
    return json.dumps({"event": "media", "sequenceNumber": "3", "media": body, "streamSid": stream_sid})


def message(event: str, stream_sid: str = "MZ1", **body: object) -> str:
    return json.dumps({"event": event, "streamSid": stream_sid, "sequenceNumber": "4", **body})


def opened() -> TwilioCodec:
    codec = TwilioCodec()
    codec.decode(start())
    return codec


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(CarrierError) as caught:
        act()
    return caught.value.code


# --- a call from its first message to its last ---------------------------------------------------------------


def test_a_call_from_connected_to_stop() -> None:
    codec = TwilioCodec()
    assert codec.decode('{"event":"connected","protocol":"Call","version":"1.0.0"}') == []
    assert codec.decode(start()) == [
        StreamOpened("CA1", "MZ1", {"token": "t", "caller": "+972501234567"}),
        StreamStarted(),
    ]
    assert codec.decode(media()) == [CallerAudio(FRAME)]
    assert codec.decode(message("dtmf", dtmf={"track": "inbound_track", "digit": "5"})) == [KeyPressed("5")]
    assert codec.decode(message("mark", mark={"name": "torim:12:3"})) == [MarkReturned(12, 3)]
    assert codec.decode(message("stop", stop={"accountSid": "AC1", "callSid": "CA1"})) == [CallerGone()]


def test_text_may_come_as_bytes_and_the_tag_may_come_last() -> None:
    codec = TwilioCodec()
    assert codec.decode(start().encode())[0] == StreamOpened("CA1", "MZ1", {"token": "t", "caller": "+972501234567"})
    reordered = json.dumps(dict(reversed(json.loads(media()).items())))
    assert codec.decode(reordered.encode()) == [CallerAudio(FRAME)]


@pytest.mark.parametrize("length", [1, 159, 160, 161, 320, 8000])
def test_audio_is_taken_by_its_length(length: int) -> None:
    payload = b"\x55" * length
    assert opened().decode(media(payload)) == [CallerAudio(payload)]


def test_what_means_nothing_is_passed_over() -> None:
    codec = opened()
    assert codec.decode(message("something-new", data=1)) == []
    assert codec.decode(media(b"")) == []
    assert codec.decode(media(track="outbound")) == []
    for name in ("greeting", "torim:1", "torim:1:2:3", "torim:-1:0", "torim:1:x", "torim:1234567890:1", "torim:१:1"):
        assert codec.decode(message("mark", mark={"name": name})) == []


def test_after_the_stop_nothing_means_anything() -> None:
    codec = opened()
    codec.decode(message("stop"))
    for late in (media(), message("stop"), message("mark", mark={"name": "torim:1:1"}), start("MZ2")):
        assert codec.decode(late) == []


def test_a_pages_own_count_of_what_it_dropped_is_for_its_display_only() -> None:
    page = BrowserCodec()
    page.decode(start())
    assert page.decode(message("cleared", cleared={"playedSamples": 14_592, "droppedSamples": 65_408})) == []
    assert page.decode(message("mark", mark={"name": "torim:9:1"})) == [MarkReturned(9, 1)]


# --- what we say ---------------------------------------------------------------------------------------------


def test_audio_marks_and_clears_carry_the_stream() -> None:
    codec = opened()
    (audio,) = codec.encode(PlayAudio(FRAME * 3))
    assert json.loads(audio) == {
        "event": "media",
        "streamSid": "MZ1",
        "media": {"payload": b64encode(FRAME * 3).decode()},
    }
    (mark,) = codec.encode(SendMark(12, 3))
    assert json.loads(mark) == {"event": "mark", "streamSid": "MZ1", "mark": {"name": "torim:12:3"}}
    (clear,) = codec.encode(ClearAudio(4))
    assert json.loads(clear) == {"event": "clear", "streamSid": "MZ1"}
    assert codec.encode(EndStream(EndReason.GOODBYE)) == []
    assert codec.encode(PlayAudio(b"")) == []


def test_ducked_audio_is_the_same_audio_lower() -> None:
    (audio,) = opened().encode(PlayAudio(FRAME, gain_db=-15))
    assert b64decode(json.loads(audio)["media"]["payload"]) == duck(FRAME, -15)


def test_a_strange_stream_name_is_escaped() -> None:
    codec = TwilioCodec()
    codec.decode(start('M"Z\\ תור'))
    for action in (PlayAudio(FRAME), SendMark(1, 1), ClearAudio(1)):
        (sent,) = codec.encode(action)
        assert json.loads(sent)["streamSid"] == 'M"Z\\ תור'


def test_part_of_a_frame_or_a_stream_that_is_not_open_is_our_own_mistake() -> None:
    with pytest.raises(CoreMisuse):
        opened().encode(PlayAudio(b"\xff" * 161))
    with pytest.raises(CoreMisuse):
        TwilioCodec().encode(ClearAudio(1))


# --- what breaks the protocol --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ("{", "carrier.malformed"),
        ("", "carrier.malformed"),
        ("[]", "carrier.malformed"),
        ('"media"', "carrier.malformed"),
        ('{"event":7}', "carrier.malformed"),
        ('{"streamSid":"MZ1"}', "carrier.malformed"),
        ("\ud800", "carrier.malformed"),
        ("[" * 60_000, "carrier.malformed"),
        (b"\x00\x01\x02", "carrier.binary"),
        (FRAME, "carrier.binary"),
        ('{"event":"media","streamSid":"MZ1"}', "carrier.message"),
        ('{"event":"media","streamSid":"MZ1","media":{"payload":"abc"}}', "carrier.message"),
        ('{"event":"media","streamSid":"MZ1","media":{"payload":"****"}}', "carrier.message"),
        ('{"event":"media","streamSid":"MZ1","media":{"payload":null}}', "carrier.message"),
        ('{"event":"media","media":{"payload":"/w=="}}', "carrier.message"),
        ('{"event":"mark","streamSid":"MZ1","mark":{}}', "carrier.message"),
        ('{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":"55"}}', "carrier.key"),
        ('{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":""}}', "carrier.key"),
        (media(b"\xff" * 8_001), "carrier.oversize"),
        (media(b"\xff" * 60_000), "carrier.oversize"),
        (media(stream_sid="MZ2"), "carrier.other_stream"),
        (message("stop", "MZ2"), "carrier.other_stream"),
        (start(), "carrier.second_start"),
        (start("MZ2"), "carrier.second_start"),
    ],
)
def test_a_broken_message_is_refused_and_the_stream_goes_on(broken: str | bytes, code: str) -> None:
    codec = opened()
    assert refusal(lambda: codec.decode(broken)) == code
    assert codec.decode(media()) == [CallerAudio(FRAME)]
    assert json.loads(codec.encode(ClearAudio(1))[0])["streamSid"] == "MZ1"


def test_nothing_may_come_before_the_start() -> None:
    codec = TwilioCodec()
    for early in (media(), message("mark", mark={"name": "torim:1:1"}), message("stop")):
        assert refusal(lambda early=early: codec.decode(early)) == "carrier.before_start"
    assert codec.decode(start())[1] == StreamStarted()


@pytest.mark.parametrize(
    "wrong",
    [
        {"encoding": "audio/x-alaw", "sampleRate": 8000, "channels": 1},
        {"encoding": "audio/x-mulaw", "sampleRate": 16000, "channels": 1},
        {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 2},
    ],
)
def test_audio_that_would_be_noise_is_refused_at_the_start(wrong: dict[str, object]) -> None:
    codec = TwilioCodec()
    assert refusal(lambda: codec.decode(start(mediaFormat=wrong))) == "carrier.format"
    assert codec.decode(start())[1] == StreamStarted()


def test_a_compatible_carrier_may_write_its_numbers_as_text() -> None:
    spelled = {"encoding": "audio/x-mulaw", "sampleRate": "8000", "channels": "1"}
    assert TwilioCodec().decode(start(mediaFormat=spelled))[1] == StreamStarted()


@pytest.mark.parametrize("sid", ["", "x" * 129])
def test_a_stream_needs_names_of_a_sane_length(sid: str) -> None:
    assert refusal(lambda: TwilioCodec().decode(start(callSid=sid))) == "carrier.start"
    assert refusal(lambda: TwilioCodec().decode(start(sid))) == "carrier.start"
