"""The model endpoints of the embedded engine: transcription, chat and speech over OpenAI-compatible HTTP.

It turns jobs into requests and answers into results, and every failure into an `EngineError` with advice. It
never retries: a caller is waiting, and the session knows what to say instead.
"""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from torim.audio import g711
from torim.engines.embedded.jobs import Converse, Said, Speech, ToolCall, Transcribe
from torim.engines.embedded.shaping import speech_of_wav
from torim.errors import EngineError

TIMEOUT_S = 15.0  # a caller who has heard nothing for longer has hung up
CONNECT_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: the base URL that its path is appended to (`http://localhost:11434/v1`) and a model."""

    url: str
    model: str


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """The endpoints there are; each stands for itself."""

    transcription: Endpoint | None = None
    chat: Endpoint | None = None
    speech: Endpoint | None = None
    speech_voice: str = "alloy"
    api_key: str | None = None
    timeout_s: float = TIMEOUT_S


class Endpoints:
    """The configured endpoints and one HTTP client for them."""

    def __init__(self, settings: EndpointSettings) -> None:
        self._settings = settings
        self._client: httpx.AsyncClient | None = None

    async def transcribe(self, job: Transcribe) -> str:
        """What was said, empty if nothing was.

        Raises:
            EngineError: the endpoint gave no transcript.
        """
        endpoint = _needed(self._settings.transcription, "TORIM_STT_URL")
        form = {"model": endpoint.model, "response_format": "json"}
        form |= {"language": job.language} if job.language else {}
        form |= {"prompt": job.prompt} if job.prompt else {}
        files = {"file": ("turn.wav", wav_of(job.payload), "audio/wav")}
        answer = await self._post(endpoint, "/audio/transcriptions", data=form, files=files)
        text = _json(answer).get("text")
        if not isinstance(text, str):
            raise _strange(answer, "no field 'text'")
        return text.strip()

    async def converse(self, job: Converse) -> Said:
        """The model's next turn.

        Raises:
            EngineError: the endpoint gave none.
        """
        endpoint = _needed(self._settings.chat, "TORIM_LLM_URL")
        body: dict[str, Any] = {"model": endpoint.model, "messages": list(job.messages)}
        if job.tools:
            body |= {"tools": list(job.tools), "tool_choice": _choice(job.tool_choice)}
        answer = await self._post(endpoint, "/chat/completions", json=body)
        try:
            message = _json(answer)["choices"][0]["message"]
            calls = tuple(_call(call) for call in message.get("tool_calls") or ())
            return Said(job.job_id, message.get("content") or "", calls)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise _strange(answer, f"not a chat completion ({error!r})") from error

    async def speak(self, text: str, speed: float) -> Speech:
        """A sentence in the endpoint's voice.

        Raises:
            EngineError: the endpoint gave no WAV file.
        """
        endpoint = _needed(self._settings.speech, "TORIM_TTS_URL")
        body = {
            "model": endpoint.model,
            "voice": self._settings.speech_voice,
            "input": text,
            "response_format": "wav",
            "speed": speed,
        }
        answer = await self._post(endpoint, "/audio/speech", json=body)
        try:
            return speech_of_wav(answer.content, text)
        except ValueError as error:
            raise _strange(answer, str(error)) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _post(self, endpoint: Endpoint, path: str, **content: Any) -> httpx.Response:
        url = address(endpoint.url, path)
        if self._client is None:
            self._client = self._new_client()
        try:
            answer = await self._client.post(url, **content)
        except httpx.TimeoutException as error:
            message = f"{url} did not answer within {self._settings.timeout_s:g} s. Is the model loaded?"
            raise EngineError(message, "engine.endpoint_timeout") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"{url} cannot be reached ({error}). Is the server running, and is this its address?"
            raise EngineError(message, "engine.endpoint_unreachable") from error
        if answer.is_error:
            message = f"{url} answered {answer.status_code}: {answer.text[:200]}"
            raise EngineError(message, "engine.endpoint_refused")
        return answer

    def _new_client(self) -> httpx.AsyncClient:
        key = self._settings.api_key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(self._settings.timeout_s, connect=CONNECT_TIMEOUT_S)
        return httpx.AsyncClient(headers=headers, timeout=timeout)


def address(base: str, path: str) -> str:
    """The full address: a base without a path gets `/v1`, one that already ends in the path stays."""
    base = base.rstrip("/")
    if base.endswith(path):
        return base
    return f"{base}{path}" if urlsplit(base).path else f"{base}/v1{path}"


def wav_of(payload: bytes) -> bytes:
    """Mu-law as a 16-bit WAV file at 8 kHz."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(g711.SAMPLE_RATE_HZ)
        out.writeframes(g711.decode(payload).astype("<i2").tobytes())
    return file.getvalue()


def _needed(endpoint: Endpoint | None, setting: str) -> Endpoint:
    if endpoint is None:
        raise EngineError(f"{setting} is not set: give the address of such an endpoint.", "engine.no_endpoint")
    return endpoint


def _choice(choice: Any) -> Any:
    """A forced function is named one level deeper by chat endpoints than by the Realtime protocol."""
    if isinstance(choice, str):
        return choice
    return {"type": "function", "function": {"name": choice["name"]}}


def _call(call: dict[str, Any]) -> ToolCall:
    function = call["function"]
    return ToolCall(str(function["name"]), str(function.get("arguments") or "{}"))


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError as error:
        raise _strange(answer, "not JSON") from error
    if not isinstance(body, dict):
        raise _strange(answer, "not a JSON object")
    return body


def _strange(answer: httpx.Response, what: str) -> EngineError:
    message = f"{answer.request.url} gave an answer that cannot be used: {what}."
    return EngineError(message, "engine.endpoint_answer")
