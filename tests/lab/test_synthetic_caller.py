"""The synthetic caller speaks Twilio's side: checked against a scripted server and Twilio's own validator."""

import asyncio
import base64

import numpy as np
import pytest
from fake_receptionist import FakeReceptionist, Script, Talk
from twilio.request_validator import RequestValidator

from torim.audio import g711
from torim.errors import CarrierError
from torim.lab.caller import Caller, Dialing
from torim.lab.line import LineSettings
from torim.lab.record import CallRecord

TOKEN = "not-a-real-token"
VOICE = g711.encode((np.sin(np.arange(1600) / 3) * 8000).astype(np.int16))
AI = b"\x20" * 160


def call(script: Script, act: object = None, line: LineSettings | None = None) -> tuple[CallRecord, FakeReceptionist]:
    """Place one call to a scripted receptionist and play the caller's part."""

    async def scene() -> tuple[CallRecord, FakeReceptionist]:
        async with FakeReceptionist(script).listening() as receptionist:
            dialing = Dialing(receptionist.url, auth_token=TOKEN, line=line or LineSettings())
            caller = Caller(dialing)
            await caller.dial()
            if act is not None:
                await act(caller)  # type: ignore[operator]
            return await caller.finished(), receptionist

    return asyncio.run(asyncio.wait_for(scene(), 20))


async def hear_frames(talk: Talk, count: int) -> None:
    for _ in range(count):
        await talk.until("media")


def test_webhook_and_handshake_carry_twilios_signature() -> None:
    _, receptionist = call(lambda talk: hear_frames(talk, 1))
    validator = RequestValidator(TOKEN)
    for path, form, signature in receptionist.posts:
        assert validator.validate(receptionist.url + path, form, signature)
    stream_url = receptionist.url.replace("http", "ws") + "/twilio/media"
    assert validator.validate(stream_url, {}, receptionist.handshake_signature)


def test_the_stream_opens_as_documented() -> None:
    record, receptionist = call(lambda talk: hear_frames(talk, 2))
    assert receptionist.talk is not None
    connected, start, first, second = receptionist.talk.received[:4]
    assert connected["event"] == "connected"
    assert start["start"]["customParameters"] == {"token": "secret"}
    assert start["start"]["callSid"] == record.call_sid
    assert start["start"]["mediaFormat"] == {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    assert [first["media"]["timestamp"], second["media"]["timestamp"]] == ["0", "20"]
    assert [first["media"]["chunk"], second["media"]["chunk"]] == ["1", "2"]
    assert [start["sequenceNumber"], first["sequenceNumber"]] == ["1", "2"]
    assert len(base64.b64decode(first["media"]["payload"])) == 160


def test_fifty_frames_a_second_whatever_happens() -> None:
    record, _ = call(lambda talk: hear_frames(talk, 50))
    assert 980 <= record.length_samples / 8 <= 1300
    assert 50 <= len(record.mouth) <= 60


def test_when_the_server_closes_the_next_verb_is_fetched() -> None:
    record, receptionist = call(lambda talk: hear_frames(talk, 1))
    assert record.ended_by == "server"
    assert [path for path, _, _ in receptionist.posts] == ["/twilio/voice", "/twilio/after"]
    assert [verb.name for verb in record.after] == ["Hangup"]


def test_when_the_caller_hangs_up_the_server_gets_stop_and_a_status() -> None:
    async def act(caller: Caller) -> None:
        await asyncio.sleep(0.05)
        await caller.hang_up()

    record, receptionist = call(lambda talk: talk.until_closed(), act)
    assert receptionist.talk is not None
    assert receptionist.talk.received[-1]["event"] == "stop"
    assert record.ended_by == "caller"
    assert receptionist.posts[-1][0] == "/twilio/status"
    assert receptionist.posts[-1][1]["CallStatus"] == "completed"


def test_marks_come_back_when_played_and_all_of_them_on_a_clear() -> None:
    async def script(talk: Talk) -> None:
        await talk.until("start")
        await talk.media(AI * 3)
        await talk.send("mark", name="played")
        assert (await talk.until("mark"))["mark"]["name"] == "played"
        await talk.media(AI * 100)
        await talk.send("mark", name="dropped")
        await hear_frames(talk, 5)
        await talk.send("clear")
        assert (await talk.until("mark"))["mark"]["name"] == "dropped"

    record, _ = call(script)
    heard = sum(len(span.payload) for span in record.heard())
    assert 480 + 3 * 160 <= heard <= 480 + 12 * 160
    assert record.ear.clears[0].was_sounding
    played_at = record.marks_returned[0][0]
    assert record.heard()[0].start_samples + 480 - 8 <= played_at <= record.heard()[0].start_samples + 480 + 400


def test_speech_and_keys_reach_the_server_when_they_should() -> None:
    async def act(caller: Caller) -> None:
        caller.say("hello", VOICE, at_samples=1000)
        caller.press("2")

    async def script(talk: Talk) -> None:
        await talk.until("dtmf")
        await hear_frames(talk, 25)

    record, receptionist = call(script, act)
    assert receptionist.talk is not None
    keys = [m["dtmf"]["digit"] for m in receptionist.talk.received if m["event"] == "dtmf"]
    assert keys == ["2"]
    spoken = next(said for said in record.said if said.text)
    assert spoken.onset_samples == 1000
    assert spoken.arrived_samples is not None
    assert 1000 <= spoken.arrived_samples <= 1000 + 400
    sound = g711.decode(b"".join(record.mouth)).astype(int)
    assert abs(sound[:1000]).max() < 300
    assert abs(sound[1000:1100]).max() > 5000


def test_network_delay_counts_in_both_directions() -> None:
    async def script(talk: Talk) -> None:
        await talk.until("start")
        await talk.media(AI)
        await talk.send("mark", name="m")
        await talk.until("mark")

    record, _ = call(script, line=LineSettings(delay_ms=100))
    first = record.heard()[0]
    assert first.start_samples >= 200 * 8
    assert record.length_samples >= first.start_samples + 160 + 100 * 8


def test_mistakes_of_the_server_are_written_down_not_forgiven() -> None:
    async def script(talk: Talk) -> None:
        await talk.until("start")
        await talk.media(b"\x20" * 100)
        await talk.send("shout", loud=True)
        talk.stream_sid = "MZother"
        await talk.send("clear")
        await hear_frames(talk, 1)

    record, _ = call(script)
    assert len(record.violations) == 3
    assert record.heard() == []
    assert record.ear.clears == []


def test_an_answer_without_a_stream_is_explained() -> None:
    async def scene() -> None:
        twiml = "<Response><Say>All lines are busy</Say><Hangup/></Response>"
        async with FakeReceptionist(lambda talk: hear_frames(talk, 1), twiml).listening() as receptionist:
            await Caller(Dialing(receptionist.url)).dial()

    with pytest.raises(CarrierError, match="All lines are busy"):
        asyncio.run(scene())


def test_nobody_home_is_explained() -> None:
    with pytest.raises(CarrierError, match="Is the server running"):
        asyncio.run(Caller(Dialing("http://127.0.0.1:9")).dial())


def test_a_stream_that_is_refused_goes_on_with_the_next_verb() -> None:
    twiml = (
        '<Response><Connect><Stream url="ws://127.0.0.1:{port}/nowhere"/></Connect>'
        "<Redirect>/twilio/after</Redirect></Response>"
    )

    async def scene() -> None:
        async with FakeReceptionist(lambda talk: hear_frames(talk, 1), twiml).listening() as receptionist:
            caller = Caller(Dialing(receptionist.url))
            with pytest.raises(CarrierError, match="did not open"):
                await caller.dial()
            assert [verb.name for verb in caller.record.after] == ["Hangup"]

    asyncio.run(scene())
