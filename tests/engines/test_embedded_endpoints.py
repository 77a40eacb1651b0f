"""Model endpoints: real HTTP on loopback, answers of every quality, and what a caller hears of it."""

from __future__ import annotations

import asyncio
import base64
import email.policy
import io
import json
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from embedded_scene import one, transcript
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from torim.audio import g711
from torim.engines.embedded.endpoint_voice import EndpointVoice
from torim.engines.embedded.endpoints import Endpoint, Endpoints, EndpointSettings, address, wav_of
from torim.engines.embedded.jobs import Converse, Transcribe
from torim.engines.embedded.response import Pace
from torim.engines.embedded.server import EmbeddedConfig, EmbeddedEngine
from torim.engines.embedded.voice import EspeakVoice
from torim.engines.link_closed import LinkClosed
from torim.errors import EngineError

TALK = b"\x55" * 8000


@dataclass
class Models:
    """A server of models that answers as a scene tells it."""

    transcript: Any = field(default_factory=lambda: {"text": " I would like an appointment. "})
    messages: list[Any] = field(default_factory=lambda: [{"content": "When shall it be?"}])
    speech: bytes = b""
    status: int = 200
    delay_s: float = 0.0
    asked: list[tuple[str, Any]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def transcribe(self, request: Request) -> Response:
        kind = f"Content-Type: {request.headers['content-type']}\r\n\r\n"
        form = message_from_bytes(kind.encode() + await request.body(), policy=email.policy.HTTP)
        self._note(request, dict(map(_field, form.iter_parts())))
        return await self._answer(self.transcript)

    async def chat(self, request: Request) -> Response:
        self._note(request, await request.json())
        message = self.messages.pop(0) if len(self.messages) > 1 else self.messages[0]
        return await self._answer({"choices": [{"message": {"role": "assistant", **message}}]})

    async def speak(self, request: Request) -> Response:
        self._note(request, await request.json())
        await asyncio.sleep(self.delay_s)
        return Response(self.speech, self.status, media_type="audio/wav")

    def _note(self, request: Request, content: Any) -> None:
        self.arrived.set()
        self.asked.append((request.url.path, {**content, "authorization": request.headers.get("authorization")}))

    async def _answer(self, content: Any) -> Response:
        await asyncio.sleep(self.delay_s)
        if isinstance(content, str):
            return Response(content, self.status)
        return JSONResponse(content, self.status)


def _field(part: Any) -> tuple[str, Any]:
    """Name and content of one part of a form; a file stays bytes."""
    raw = part.get_payload(decode=True)
    name = part.get_param("name", header="content-disposition")
    return name, raw if part.get_filename() else raw.decode()


@asynccontextmanager
async def served(models: Models) -> AsyncIterator[str]:
    """The models behind a real port; gives the base URL."""
    routes = [
        Route("/v1/audio/transcriptions", models.transcribe, methods=["POST"]),
        Route("/v1/chat/completions", models.chat, methods=["POST"]),
        Route("/v1/audio/speech", models.speak, methods=["POST"]),
    ]
    config = uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=0, log_level="error", lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.force_exit = True  # a model that still thinks is not waited for
        await server.shutdown()


def settings(url: str, **more: Any) -> EndpointSettings:
    return EndpointSettings(Endpoint(url, "stt"), Endpoint(url, "llm"), Endpoint(url, "tts"), **more)


def with_models(models: Models, scene: Callable[[Endpoints], Awaitable[Any]], **more: Any) -> Any:
    async def run() -> Any:
        async with served(models) as url:
            endpoints = Endpoints(settings(url, **more))
            try:
                return await scene(endpoints)
            finally:
                await endpoints.close()

    return asyncio.run(run())


# --- requests ---------------------------------------------------------------------------------------------


def test_speech_becomes_words() -> None:
    models = Models()
    text = with_models(models, lambda e: e.transcribe(Transcribe("j", TALK, "he", "names")), api_key="secret")
    assert text == "I would like an appointment."
    path, asked = models.asked[0]
    assert path == "/v1/audio/transcriptions" and asked["authorization"] == "Bearer secret"
    assert (asked["model"], asked["language"], asked["prompt"]) == ("stt", "he", "names")
    with wave.open(io.BytesIO(asked["file"])) as wav:
        assert (wav.getframerate(), wav.getnframes(), wav.getsampwidth()) == (8000, 8000, 2)


def test_words_become_dialogue() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "find_slots", "arguments": '{"a":1}'}}
    models = Models(messages=[{"content": None, "tool_calls": [call]}])
    tool = {"type": "function", "function": {"name": "find_slots", "parameters": {}}}
    choice = {"type": "function", "name": "find_slots"}
    job = Converse("j", [{"role": "user", "content": "hi"}], [tool], choice)
    answer = with_models(models, lambda e: e.converse(job))
    assert answer.text == "" and [(c.name, c.arguments) for c in answer.calls] == [("find_slots", '{"a":1}')]
    asked = models.asked[0][1]
    assert asked["tools"] == [tool] and asked["tool_choice"]["function"] == {"name": "find_slots"}
    assert asked["authorization"] is None


def test_words_become_voice() -> None:
    tone = (12000 * np.sin(np.arange(24000) / 5)).astype(np.int16)
    models = Models(speech=wav_of(g711.encode(tone)))
    speech = with_models(models, lambda e: e.speak("Good morning all.", 1.25))
    assert speech.duration_ms > 2500 and "".join(word.text for word in speech.words) == "Good morning all."
    asked = models.asked[0][1]
    assert (asked["input"], asked["response_format"], asked["speed"]) == ("Good morning all.", "wav", 1.25)


@pytest.mark.parametrize(
    ("base", "full"),
    [
        ("http://h:1", "http://h:1/v1/chat/completions"),
        ("http://h:1/", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1", "http://h:1/v1/chat/completions"),
        ("http://h/openai/v1/", "http://h/openai/v1/chat/completions"),
        ("http://h/v1/chat/completions", "http://h/v1/chat/completions"),
    ],
)
def test_addresses(base: str, full: str) -> None:
    assert address(base, "/chat/completions") == full


# --- failures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("models", "code"),
    [
        (Models(status=500), "engine.endpoint_refused"),
        (Models(status=401), "engine.endpoint_refused"),
        (Models(transcript="<html>"), "engine.endpoint_answer"),
        (Models(transcript=[1]), "engine.endpoint_answer"),
        (Models(transcript={"words": 1}), "engine.endpoint_answer"),
        (Models(delay_s=5), "engine.endpoint_timeout"),
    ],
)
def test_a_bad_answer_is_an_error_with_advice(models: Models, code: str) -> None:
    with pytest.raises(EngineError) as caught:
        with_models(models, lambda e: e.transcribe(Transcribe("j", TALK, "")), timeout_s=0.2 if models.delay_s else 30)
    assert caught.value.code == code and "http://127.0.0.1" in str(caught.value)


def test_a_chat_answer_without_a_message() -> None:
    async def scene(endpoints: Endpoints) -> None:
        await endpoints.converse(Converse("j", []))

    for message in ({"content": "x", "tool_calls": [{"function": {}}]}, {"tool_calls": "?"}):
        with pytest.raises(EngineError, match="not a chat completion"):
            with_models(Models(messages=[message]), scene)


def test_nobody_there() -> None:
    async def scene() -> None:
        endpoints = Endpoints(settings("http://127.0.0.1:9"))
        try:
            await endpoints.converse(Converse("j", []))
        finally:
            await endpoints.close()

    with pytest.raises(EngineError, match="Is the server running") as caught:
        asyncio.run(scene())
    assert caught.value.code == "engine.endpoint_unreachable"


def test_an_endpoint_that_is_not_configured_names_its_setting() -> None:
    with pytest.raises(EngineError, match="TORIM_STT_URL"):
        asyncio.run(Endpoints(EndpointSettings()).transcribe(Transcribe("j", TALK, "")))


def test_a_voice_that_fails_is_replaced_by_the_other() -> None:
    async def scene() -> int:
        voice = EspeakVoice()
        endpoints = Endpoints(settings("http://127.0.0.1:9"))
        try:
            return (await EndpointVoice(endpoints, voice).speak("Still here.", "en")).duration_ms
        finally:
            await voice.close()
            await endpoints.close()

    assert asyncio.run(scene()) > 300


# --- a whole turn -----------------------------------------------------------------------------------------


class Conversation:
    """A client of a live session with model endpoints behind it."""

    def __init__(self, url: str, timeout_s: float = 30.0) -> None:
        self.seen: list[dict[str, Any]] = []
        self._arrived = asyncio.Event()
        self.voice = EspeakVoice()
        config = EmbeddedConfig(endpoints=settings(url, timeout_s=timeout_s), pace=Pace(speed=20.0))
        self.session = EmbeddedEngine(config, self.voice).session(self._see, lambda closed: None)
        self.session.open()
        audio = {"format": {"type": "audio/pcmu"}, "turn_detection": None, "transcription": {"model": "m"}}
        self.send("session.update", session={"type": "realtime", "audio": {"input": audio}})

    def _see(self, message: str) -> None:
        self.seen.append(json.loads(message))
        self._arrived.set()

    def send(self, kind: str, **fields: Any) -> None:
        self.session.receive(json.dumps({"type": kind, **fields}))

    async def until(self, kind: str) -> None:
        async with asyncio.timeout(60):
            while not any(event["type"] == kind for event in self.seen):
                self._arrived.clear()
                await self._arrived.wait()

    async def turn(self) -> list[dict[str, Any]]:
        """The caller speaks a second and is answered."""
        self.send("input_audio_buffer.append", audio=base64.b64encode(TALK).decode())
        self.send("input_audio_buffer.commit")
        self.send("response.create")
        await self.until("response.done")
        return self.seen


def a_turn(models: Models, timeout_s: float = 30.0) -> list[dict[str, Any]]:
    async def run() -> list[dict[str, Any]]:
        async with served(models) as url:
            talk = Conversation(url, timeout_s)
            try:
                return await talk.turn()
            finally:
                talk.session.close(LinkClosed(1000))
                await talk.voice.close()

    return asyncio.run(run())


def test_a_spoken_turn_is_heard_thought_about_and_answered() -> None:
    tone = (12000 * np.sin(np.arange(8000) / 5)).astype(np.int16)
    models = Models(speech=wav_of(g711.encode(tone)))
    events = a_turn(models)
    said = one(events, "conversation.item.input_audio_transcription.completed")["transcript"]
    assert said == "I would like an appointment."
    assert transcript(events) == "When shall it be?"
    assert [path.rsplit("/", 1)[1] for path, _ in models.asked] == ["transcriptions", "completions", "speech"]
    assert models.asked[1][1]["messages"][-1] == {"role": "user", "content": "I would like an appointment."}


def test_a_model_that_does_not_answer_is_owned_up_to() -> None:
    events = a_turn(Models(delay_s=3), timeout_s=0.15)
    assert one(events, "conversation.item.input_audio_transcription.failed")
    assert "cannot talk freely" in transcript(events)
    assert one(events, "response.done")["response"]["status"] == "completed"


def test_a_cancel_abandons_the_request() -> None:
    models = Models(delay_s=0.3)

    async def run() -> list[dict[str, Any]]:
        async with served(models) as url:
            talk = Conversation(url)
            content = [{"type": "input_text", "text": "hello"}]
            item = {"type": "message", "role": "user", "content": content}
            talk.send("conversation.item.create", item=item)
            talk.send("response.create")
            async with asyncio.timeout(60):
                await models.arrived.wait()
            talk.send("response.cancel")
            await talk.until("response.done")
            assert not talk.session._tasks
            await talk.voice.close()
            return talk.seen

    assert one(asyncio.run(run()), "response.done")["response"]["status"] == "cancelled"


def test_the_servers_of_these_scenes_speak_http() -> None:
    async def run() -> int:
        async with served(Models()) as url, httpx.AsyncClient() as client:
            return (await client.get(f"{url}/v1/none")).status_code

    assert asyncio.run(run()) == 404
