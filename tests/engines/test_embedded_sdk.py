"""The `openai` SDK as a client of the served engine; every event it receives is validated strictly."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from embedded_scene import audio_ms, of, one, transcript
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed, InvalidStatus

from torim.audio import g711
from torim.engines.embedded.jobs import Speech
from torim.engines.embedded.response import Pace
from torim.engines.embedded.server import EmbeddedConfig, EmbeddedEngine, connect, serving
from torim.engines.embedded.voice import EspeakVoice
from torim.errors import EngineError

STRICT: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
MU_LAW = {"type": "audio/pcmu"}
TOOL = {
    "type": "function",
    "name": "list_services",
    "description": "Services.",
    "parameters": {"type": "object", "properties": {}},
}


class Client:
    """A session of the SDK that keeps every event it saw."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self.connection = connection
        self.seen: list[dict[str, Any]] = []

    async def until(self, kind: str) -> dict[str, Any]:
        """The next event of a type; all on the way are validated."""
        async with asyncio.timeout(60):
            while True:
                raw = await self.connection.recv_bytes()
                event: dict[str, Any] = json.loads(raw)
                STRICT.validate_python(event, strict=True)
                self.seen.append(event)
                if event["type"] == kind:
                    return event

    async def configure(self, **session: Any) -> dict[str, Any]:
        await self.connection.session.update(session={"type": "realtime", **session})  # type: ignore[arg-type]
        return (await self.until("session.updated"))["session"]

    async def say(self, text: str) -> None:
        await self.connection.response.create(response={"instructions": f'Say exactly: "{text}"'})

    async def write(self, text: str) -> None:
        content = [{"type": "input_text", "text": text}]
        await self.connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": content}  # type: ignore[arg-type]
        )


@asynccontextmanager
async def served(**config: Any) -> AsyncIterator[str]:
    voice = EspeakVoice()
    try:
        async with serving(EmbeddedEngine(EmbeddedConfig(**config), voice)) as url:
            yield url
    finally:
        await voice.close()


def with_client(scene: Callable[[Client], Awaitable[None]], **config: Any) -> None:
    async def run() -> None:
        async with served(**config) as url:
            sdk = AsyncOpenAI(base_url=url, api_key="any")
            async with sdk.realtime.connect(model="torim-embedded") as connection:
                client = Client(connection)
                await client.until("session.created")
                await scene(client)
            await sdk.close()

    asyncio.run(run())


def telephone(detection: dict[str, Any] | None) -> dict[str, Any]:
    return {"input": {"format": MU_LAW, "turn_detection": detection}, "output": {"format": MU_LAW}}


def test_a_full_exchange_on_the_defaults_of_the_sdk() -> None:
    async def scene(client: Client) -> None:
        await client.say("Hello there, this is a test.")
        done = await client.until("response.done")
        pcm = b"".join(base64.b64decode(e["delta"]) for e in of(client.seen, "response.output_audio.delta"))
        sound = np.frombuffer(pcm, "<i2").astype(np.float64) / 32768
        assert len(sound) > 24000 and 10 * np.log10(np.mean(sound**2)) > -26
        assert transcript(client.seen) == "Hello there, this is a test."
        assert done["response"]["usage"]["output_token_details"]["audio_tokens"] > 20

    with_client(scene, pace=Pace(speed=20.0))


def test_a_barge_in_cancel_truncate_retrieve_delete() -> None:
    async def scene(client: Client) -> None:
        await client.configure(audio=telephone(None))
        await client.say("One two three four five six seven eight nine ten eleven twelve thirteen fourteen.")
        item_id = (await client.until("response.output_audio.delta"))["item_id"]
        await client.until("response.output_audio.delta")
        await client.connection.response.cancel()
        done = (await client.until("response.done"))["response"]
        assert done["status"] == "cancelled" and done["status_details"]["reason"] == "client_cancelled"
        sent_ms = audio_ms(client.seen)
        assert sent_ms < 1500
        item = client.connection.conversation.item
        await item.truncate(item_id=item_id, content_index=0, audio_end_ms=100)
        assert (await client.until("conversation.item.truncated"))["audio_end_ms"] == 100
        await item.retrieve(item_id=item_id)
        kept = (await client.until("conversation.item.retrieved"))["item"]["content"][0]
        assert len(base64.b64decode(kept["audio"])) == 800 and kept["transcript"] is None
        await item.delete(item_id=item_id)
        await client.until("conversation.item.deleted")
        await item.retrieve(item_id=item_id)
        assert (await client.until("error"))["error"]["code"] == "item_retrieve_invalid_item_id"
        await client.connection.response.cancel()
        assert (await client.until("error"))["error"]["message"].startswith("Cancellation failed")
        assert audio_ms(client.seen) == sent_ms  # nothing slipped out after the cancel

    with_client(scene)


def test_a_function_call_round_trip() -> None:
    async def scene(client: Client) -> None:
        tools = [{**TOOL, "name": name} for name in ("list_services", "find_slots", "book_appointment")]
        await client.configure(tools=tools, audio=telephone(None))
        await client.write("[dtmf] 1")
        await client.connection.response.create()
        (call,) = (await client.until("response.done"))["response"]["output"]
        assert call["type"] == "function_call" and call["name"] == "list_services"
        services = [{"id": "a", "name": "haircut"}, {"id": "b", "name": "shave"}]
        await client.connection.conversation.item.create(
            item={
                "type": "function_call_output",
                "call_id": call["call_id"],
                "output": json.dumps({"services": services}),
            }
        )
        await client.connection.response.create()
        await client.until("response.done")
        assert transcript(client.seen).startswith("For haircut, press one. For shave, press two.")

    with_client(scene, pace=Pace(speed=20.0))


def test_a_spoken_turn_is_detected_committed_and_answered() -> None:
    async def scene(client: Client) -> None:
        await client.configure(audio={**telephone({"type": "server_vad"}), "input": {**telephone(None)["input"]}})
        detection = {"type": "server_vad", "silence_duration_ms": 300}
        transcription = {"model": "whisper-1"}
        await client.configure(audio={"input": {"turn_detection": detection, "transcription": transcription}})
        voice = EspeakVoice()
        speech = (await voice.speak("I would like to book an appointment please", "en")).payload
        await voice.close()
        audio = g711.SILENCE * 4000 + speech + g711.SILENCE * 6400
        for start in range(0, len(audio), 800):
            piece = base64.b64encode(audio[start : start + 800]).decode()
            await client.connection.input_audio_buffer.append(audio=piece)
        started = await client.until("input_audio_buffer.speech_started")
        committed = await client.until("input_audio_buffer.committed")
        assert started["item_id"] == committed["item_id"]
        await client.until("conversation.item.input_audio_transcription.failed")
        await client.until("response.done")
        assert "I cannot book anything" in transcript(client.seen)

    with_client(scene, pace=Pace(speed=20.0))


def test_bad_messages_on_a_connection_that_stays_open() -> None:
    async def run() -> None:
        async with served() as url:
            where = url.replace("http", "ws") + "/realtime?model=x"
            async with connect_websocket(where) as socket:
                await socket.recv()
                for message, code in [
                    ("{", "invalid_json"),
                    ('{"type":"nonsense"}', "invalid_value"),
                    (b"\x00\x01", "invalid_json"),
                    (
                        json.dumps({"type": "input_audio_buffer.append", "audio": "A" * 22_000_000}),
                        "string_above_max_length",
                    ),
                ]:
                    await socket.send(message)
                    event = json.loads(await socket.recv())
                    STRICT.validate_python(event, strict=True)
                    assert event["error"]["code"] == code
                await socket.send('{"type":"input_audio_buffer.clear"}')
                assert json.loads(await socket.recv())["type"] == "input_audio_buffer.cleared"

    asyncio.run(run())


def test_a_bearer_token_is_asked_for_where_one_is_configured() -> None:
    async def run() -> None:
        async with served(bearer_token="letmein") as url:
            where = url.replace("http", "ws") + "/realtime"
            for headers in ({}, {"Authorization": "Bearer wrong"}):
                with pytest.raises(InvalidStatus) as caught:
                    await connect_websocket(where, additional_headers=headers)
                assert caught.value.response.status_code == 401
            async with connect_websocket(where, additional_headers={"Authorization": "Bearer letmein"}) as socket:
                assert json.loads(await socket.recv())["type"] == "session.created"
            with pytest.raises(InvalidStatus) as caught:
                await connect_websocket(url.replace("http", "ws") + "/other")
            assert caught.value.response.status_code == 404

    asyncio.run(run())


def test_a_session_that_has_expired_is_closed_as_going_away() -> None:
    async def run() -> None:
        async with served(max_session_ms=50) as url:
            async with connect_websocket(url.replace("http", "ws") + "/realtime") as socket:
                assert json.loads(await socket.recv())["type"] == "session.created"
                event = json.loads(await socket.recv())
                STRICT.validate_python(event, strict=True)
                assert event["error"]["code"] == "session_expired"
                with pytest.raises(ConnectionClosed) as caught:
                    await socket.recv()
            assert caught.value.rcvd is not None and caught.value.rcvd.code == 1001

    asyncio.run(run())


def test_two_clients_do_not_hear_each_other() -> None:
    async def run() -> None:
        async with served(pace=Pace(speed=20.0)) as url:
            sdk = AsyncOpenAI(base_url=url, api_key="any")
            async with sdk.realtime.connect(model="a") as one_end, sdk.realtime.connect(model="b") as other_end:
                first, second = Client(one_end), Client(other_end)
                await first.say("First words.")
                await second.say("Second words.")
                await asyncio.gather(first.until("response.done"), second.until("response.done"))
                assert (transcript(first.seen), transcript(second.seen)) == ("First words.", "Second words.")
                assert one(first.seen, "session.created")["session"]["model"] == "a"
            await sdk.close()

    asyncio.run(run())


def test_a_port_in_use_is_told_with_advice() -> None:
    async def run() -> None:
        async with served() as url:
            port = int(url.rsplit(":", 1)[1].split("/")[0])
            with pytest.raises(EngineError, match="Choose another --port"):
                async with serving(EmbeddedEngine(), port=port):
                    pass

    asyncio.run(run())


class BrokenVoice:
    """A voice with a bug in it."""

    async def speak(self, text: str, language: str, speed: float = 1.0) -> Speech:
        raise ZeroDivisionError("oh")

    async def close(self) -> None:
        pass


def test_a_bug_in_a_job_ends_the_response_and_nothing_else() -> None:
    async def run() -> None:
        async with serving(EmbeddedEngine(EmbeddedConfig(), BrokenVoice())) as url:
            sdk = AsyncOpenAI(base_url=url, api_key="any")
            async with sdk.realtime.connect(model="a") as connection:
                client = Client(connection)
                for _ in range(2):
                    await client.say("Hello.")
                    done = (await client.until("response.done"))["response"]
                    assert done["status"] == "failed"
                    assert done["status_details"]["error"]["code"] == "engine.internal"
            await sdk.close()

    asyncio.run(run())


def test_a_link_in_this_process_needs_no_port() -> None:
    async def run() -> None:
        seen: list[dict[str, Any]] = []
        done, closed = asyncio.Event(), []

        def on_message(message: str | bytes) -> None:
            event = json.loads(message)
            STRICT.validate_python(event, strict=True)
            seen.append(event)
            if event["type"] == "response.done":
                done.set()

        link = await connect(EmbeddedConfig(pace=Pace(speed=20.0)), on_message, closed.append)
        assert seen == []  # nothing arrives before connect has returned
        link.send('{"type":"response.create","response":{"instructions":"Say exactly: \\"Hello.\\""}}')
        async with asyncio.timeout(60):
            await done.wait()
        assert transcript(seen) == "Hello." and link.unsent_bytes() == 0
        link.close()
        link.send('{"type":"response.create"}')
        link.close()
        assert closed == ["1000 closed by us"]
        count = len(seen)
        await asyncio.sleep(0)
        assert len(seen) == count

    asyncio.run(run())
