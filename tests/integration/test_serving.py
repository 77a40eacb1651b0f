"""Calls over real loopback sockets: webhook, media port, engine, database, files."""

import asyncio
import json
import wave
from dataclasses import replace
from pathlib import Path

import pytest
from serving_scene import SEEN_S, RudeCarrier, rude, scripted, serving, talkative, webhook
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from torim import cli
from torim.carriers.signature import sign
from torim.core import timeline
from torim.core.actions import ClearAudio, CreateResponse, Note, PlayAudio, Purpose, RunTool
from torim.core.events import CallerGone, EndReason, EngineLost, EngineReady, ResponseDone, ToolFinished
from torim.core.reasons import Level, Reason
from torim.core.transcript import Speaker
from torim.desk.business import load_business
from torim.engines.base import SessionConfig
from torim.engines.embedded.voice import shared_voice
from torim.engines.peer_server import serve_peers
from torim.engines.scripted import ScriptedPeer
from torim.lab.caller import Caller, Dialing
from torim.live import engines
from torim.live.engine_side import EnginePlan
from torim.live.link import Link, OnClosed, OnMessage
from torim.live.peer_link import connect_peer
from torim.storage.files import call_files, note_file, notes_dir

BUSINESS = load_business().id


def test_a_call_is_answered_cut_and_stored(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path, scripted(talkative), record_calls=True) as watched:
            caller = Caller(Dialing(watched.server.web_url))
            await caller.dial()
            await watched.until(lambda: len(watched.happened(PlayAudio)) > 10)
            caller.press("1")
            await watched.until(lambda: watched.happened(ClearAudio))
            await watched.until(lambda: len(watched.happened(ResponseDone)) > 0)
            await asyncio.sleep(0.5)
            record = await caller.hang_up()
            await watched.server.settled()
            check_files(tmp_path, watched.server.store, record.call_sid)
            check_record(watched.server.store, record.call_sid)

    asyncio.run(scene())


def check_files(tmp_path: Path, store: object, call_id: str) -> None:
    files = call_files(tmp_path / "data", call_id, store.call(BUSINESS, call_id).started_at)
    lines = timeline.parse(files.timeline.read_text())
    what = [line.what.split()[0] for line in lines]
    assert what.index("key") < what.index("clear") < what.index("cancel") < what.index("truncate")
    assert cli.main(["replay", str(files.timeline)]) == cli.OK
    with wave.open(str(files.recording)) as file:
        assert file.getnchannels() == 2
        assert abs(file.getnframes() / 8 - lines[-1].at_ms) < 400


def check_record(store: object, call_id: str) -> None:
    stored = store.call(BUSINESS, call_id)
    assert stored.end_reason is EndReason.CALLER_HUNG_UP
    assert stored.counts["barge_ins"] == 1
    first = store.turns(BUSINESS, call_id)[0]
    assert first.speaker is Speaker.AI and first.interrupted
    assert first.heard_ms > 100 and first.unheard_text


def test_an_appointment_by_keys_with_the_embedded_engine(tmp_path: Path) -> None:
    """Book, the first service, the first time, yes; a name after the tone; hash."""

    async def scene() -> None:
        async with serving(tmp_path, engine="embedded") as watched:
            caller = Caller(Dialing(watched.server.web_url))
            await caller.dial()
            for key in "1111":
                heard = len(watched.happened(PlayAudio))
                await watched.until(lambda heard=heard: len(watched.happened(PlayAudio)) > heard + 8)
                caller.press(key)
            heard = len(notes(watched, Reason.AI_HEARD))
            await watched.until(lambda: len(notes(watched, Reason.AI_HEARD)) > heard)
            caller.say("Dana", (await shared_voice().speak("My name is Dana Levi", "en")).payload)
            await asyncio.sleep(2.5)
            caller.press("#")
            await watched.until(lambda: [t for t in watched.happened(RunTool) if t.name == "book_appointment"])
            await watched.until(lambda: json.loads(watched.happened(ToolFinished)[-1].output).get("appointment_id"))
            await caller.hang_up()
            await watched.server.settled()
            check_appointment(watched.server.store, tmp_path, caller.record.call_sid)

    asyncio.run(scene())


def check_appointment(store: object, tmp_path: Path, call_id: str) -> None:
    (made,) = store.appointments(BUSINESS, call_id=call_id)
    assert note_file(notes_dir(tmp_path / "data"), made.name_note).exists()
    files = call_files(tmp_path / "data", call_id, store.call(BUSINESS, call_id).started_at)
    assert cli.main(["replay", str(files.timeline)]) == cli.OK
    assert "[dtmf] 1" in made.call_transcript
    assert "No appointment" not in made.call_summary


def notes(watched: object, reason: Reason) -> list[Note]:
    return [note for note in watched.happened(Note) if note.reason is reason]


def test_a_goodbye_is_followed_by_the_webhook_that_hangs_up(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path, scripted(ScriptedPeer)) as watched:
            caller = Caller(Dialing(watched.server.web_url))
            await caller.dial()
            await watched.until(lambda: watched.happened(PlayAudio))
            watched.server.node.host.say_goodbye()
            record = await caller.finished()
            assert [verb.name for verb in record.after] == ["Hangup"]

    asyncio.run(scene())


def test_a_shutdown_during_the_connect_still_says_goodbye(tmp_path: Path) -> None:
    """The engine takes half a second to come; the caller hears the goodbye and nothing else, and is hung up on."""

    async def slowly(on_message: OnMessage, on_closed: OnClosed) -> Link:
        await asyncio.sleep(0.5)
        return await connect_peer(ScriptedPeer, on_message, on_closed)

    def plans(session: SessionConfig) -> tuple[EnginePlan, ...]:
        return (replace(scripted(ScriptedPeer)(session)[0], connect=slowly),)

    async def scene() -> None:
        async with serving(tmp_path, plans) as watched:
            caller = Caller(Dialing(watched.server.web_url))
            await caller.dial()
            await watched.until(lambda: watched.server.calls)
            watched.server.node.host.drain()
            watched.server.node.host.say_goodbye()
            async with asyncio.timeout(SEEN_S):
                record = await caller.finished()
                await watched.server.node.host.until_idle()
            asked = [action.purpose for action in watched.happened(CreateResponse)]
            assert asked == [Purpose.GOODBYE]
            assert len(watched.happened(PlayAudio)) > 5
            assert [verb.name for verb in record.after] == ["Hangup"]

    asyncio.run(scene())


# --- who may stream -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [{}, {"token": "guessed"}])
def test_a_stream_without_its_token_is_closed_before_anything_else(tmp_path: Path, parameters: dict[str, str]) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as watched, rude(watched.server, "CAnotoken", start=False) as carrier:
            await carrier.start(parameters)
            assert await carrier.closed_with() == 1008
            assert not watched.server.calls and not watched.traced

    asyncio.run(scene())


def test_a_second_stream_of_a_live_call_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as watched, rude(watched.server, "CA36") as first:
            await watched.until(lambda: watched.happened(EngineReady))
            async with rude(watched.server, "CA36") as second:
                assert await second.closed_with() == 1008
            await first.frame()
            assert list(watched.server.calls) == ["CA36"]
            assert len(watched.happened(EngineReady)) == 1

    asyncio.run(scene())


def test_a_token_opens_one_stream(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as watched:
            url, parameters = await webhook(watched.server, "CAonce")
            for expected in (True, False):
                async with connect(url, compression=None, proxy=None) as socket:
                    body = {"streamSid": "MZ1", "callSid": "CAonce", "customParameters": parameters}
                    await socket.send(json.dumps({"event": "start", "start": body}))
                    if expected:
                        await watched.until(lambda: watched.server.calls)
                        await socket.send(json.dumps({"event": "stop", "streamSid": "MZ1"}))
                        await watched.until(lambda: not watched.server.calls)
                    else:
                        await asyncio.wait_for(socket.wait_closed(), SEEN_S)
                        assert socket.close_code == 1008

    asyncio.run(scene())


def test_only_twilio_may_connect_once_there_is_a_secret(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path, twilio_auth_token="not-a-real-token") as watched:
            async with connect(watched.server.media_url, compression=None, proxy=None) as socket:
                await asyncio.wait_for(socket.wait_closed(), SEEN_S)
                assert socket.close_code == 1008
            signed = Caller(Dialing(watched.server.web_url, auth_token="not-a-real-token"))
            await signed.dial()
            await watched.until(lambda: watched.happened(PlayAudio))
            await signed.hang_up()

    asyncio.run(scene())


def test_a_full_house_turns_callers_away_and_keeps_its_calls(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path, max_calls=1) as watched, rude(watched.server, "CA1") as carrier:
            await watched.until(lambda: watched.happened(PlayAudio))
            assert await webhook(watched.server, "CA2") is None
            with pytest.raises(InvalidStatus) as refused:
                await connect(watched.server.media_url, compression=None, proxy=None)
            assert refused.value.response.status_code == 503
            before = len(watched.happened(PlayAudio))
            await carrier.frame()
            await watched.until(lambda: len(watched.happened(PlayAudio)) > before)

    asyncio.run(scene())


def test_other_paths_are_not_there_and_the_port_says_that_it_lives(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as watched:
            base = watched.server.media_url.removesuffix("/twilio/media")
            with pytest.raises(InvalidStatus) as refused:
                await connect(base + "/elsewhere", proxy=None)
            assert refused.value.response.status_code == 404
            with pytest.raises(InvalidStatus) as lives:
                await connect(base + "/healthz", proxy=None)
            assert lives.value.response.status_code == 200

    asyncio.run(scene())


def test_the_same_call_runs_behind_the_web_port(tmp_path: Path) -> None:
    """A tunnel forwards one port: the address in the answer is the public one, the socket is the web port's."""

    async def scene() -> None:
        public = {"public_url": "https://phone.example.com", "twilio_auth_token": "not-a-real-token"}
        async with serving(tmp_path, scripted(talkative), **public) as watched:
            socket_url = watched.server.web_url.replace("http", "ws") + "/twilio/media"
            assert watched.server.media_url == "wss://phone.example.com/twilio/media"
            signature = sign("not-a-real-token", watched.server.media_url)
            async with connect(
                socket_url, additional_headers={"X-Twilio-Signature": signature}, compression=None, proxy=None
            ) as socket:
                carrier = RudeCarrier(socket, "CAtunnel")
                await carrier.start({"token": watched.token("CAtunnel")})
                await watched.until(lambda: len(watched.happened(PlayAudio)) > 10)
                await carrier.press("1")
                await watched.until(lambda: watched.happened(ClearAudio))

    asyncio.run(scene())


# --- bad input ------------------------------------------------------------------------------------------------


def test_nonsense_before_and_after_the_start_costs_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path, scripted(talkative)) as watched:
            _, parameters = await webhook(watched.server, "CAnonsense")
            async with rude(watched.server, "CAnonsense", start=False) as carrier:
                await carrier.frame()
                await carrier.socket.send("{oops")
                await carrier.start(parameters)
                for nonsense in ("{oops", "[]", b"\x00\x01", b"\xff\xfe", "x" * 60_000, '{"event":"media"}'):
                    await carrier.socket.send(nonsense)
                await carrier.start(parameters)
                await watched.until(lambda: len(watched.happened(PlayAudio)) > 20)
                assert watched.server.calls["CAnonsense"].faults == 0
                assert not errors(watched)

    asyncio.run(scene())


def test_a_message_beyond_every_bound_ends_the_line_and_the_call_is_stored(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path, scripted(talkative)) as watched:
            async with rude(watched.server, "CAhuge") as carrier:
                await watched.until(lambda: len(watched.happened(PlayAudio)) > 5)
                await carrier.socket.send("x" * 200_000)
                await carrier.closed_with()
            await watched.server.settled()
            assert watched.happened(CallerGone) == [CallerGone(EndReason.LINE_LOST)]
            assert watched.server.store.call(BUSINESS, "CAhuge").end_reason is EndReason.LINE_LOST

    asyncio.run(scene())


def test_a_full_disk_costs_files_and_nothing_else(tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "calls").write_text("in the way")
        async with serving(tmp_path, scripted(talkative), record_calls=True) as watched:
            caller = Caller(Dialing(watched.server.web_url))
            await caller.dial()
            await watched.until(lambda: len(watched.happened(PlayAudio)) > 10)
            await caller.hang_up()
            await watched.server.settled()
            assert watched.server.node.spool.lost_writes > 0
            assert watched.server.store.turns(BUSINESS, caller.record.call_sid)

    asyncio.run(scene())


def errors(watched: object) -> list[Note]:
    return [note for note in watched.happened(Note) if note.level >= Level.ERROR]


# --- engines over sockets -------------------------------------------------------------------------------------


def test_a_wrong_key_falls_back_to_the_embedded_engine(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serve_peers(lambda _: talkative(), api_key="the right one") as base_url:
            remote = {"engine": "openai", "openai_api_key": "a wrong one", "openai_base_url": base_url}
            async with serving(tmp_path, **remote) as watched:
                caller = Caller(Dialing(watched.server.web_url))
                await caller.dial()
                await watched.until(lambda: len(watched.happened(PlayAudio)) > 5)
                assert notes(watched, Reason.FELL_BACK)
                assert watched.server.calls[caller.record.call_sid].engine.name == "embedded"
                await caller.hang_up()

    asyncio.run(scene())


def test_a_remote_engine_that_drops_is_connected_again(tmp_path: Path) -> None:
    async def scene() -> None:
        lives = iter([talkative().breaks_link(1500, 1011), talkative()])
        async with serve_peers(lambda _: next(lives)) as base_url:
            remote = {"engine": "openai", "openai_base_url": base_url}
            async with serving(tmp_path, **remote) as watched:
                caller = Caller(Dialing(watched.server.web_url))
                await caller.dial()
                await watched.until(lambda: len(watched.happened(EngineReady)) == 2)
                assert len(watched.happened(EngineLost)) == 1
                await watched.until(lambda: len(watched.happened(PlayAudio)) > 30)
                await caller.hang_up()

    asyncio.run(scene())


def test_every_installed_engine_has_a_plan(tmp_path: Path) -> None:
    from serving_scene import config

    from torim.engines.base import SessionConfig
    from torim.engines.registry import engines as registered

    for name in registered():
        given = config(tmp_path, engine=name, openai_api_key="not-a-real-key")
        plans = engines.plans(given, SessionConfig("model", "instructions"))
        assert [plan.name for plan in plans] == list(dict.fromkeys((name, "embedded")))
