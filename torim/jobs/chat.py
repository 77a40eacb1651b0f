"""A chat model behind an OpenAI-compatible endpoint, asked for one JSON object of a strict form.

It turns every failure into a `DeliveryError` with advice. It decides nothing about what the object says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from torim.jobs.base import DeliveryError
from torim.jobs.webhooks import wait_asked_for

TIMEOUT_S = 60.0
PATH = "/chat/completions"
_NOT_OF_USE = (400, 404, 422)  # what servers say that do not know a strict form


@dataclass(frozen=True, slots=True)
class Model:
    """One chat model; the base URL is such as ``http://localhost:11434/v1``."""

    url: str
    name: str
    api_key: str | None = None


@dataclass(frozen=True, slots=True)
class ChatClient:
    """Asks one model; blocks, and is safe to use from several threads."""

    http: httpx.Client
    model: Model

    def ask(self, messages: Sequence[Mapping[str, str]], name: str, schema: Mapping[str, Any]) -> str:
        """The model's answer as text, which should be JSON of this schema.

        Raises:
            DeliveryError: The endpoint gave none.
        """
        body = {"model": self.model.name, "messages": list(messages)}
        strict = {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": dict(schema)}}
        answer = self._post(body | {"response_format": strict})
        if answer.status_code in _NOT_OF_USE:
            answer = self._post(body | {"response_format": {"type": "json_object"}})
        if answer.status_code in _NOT_OF_USE:
            answer = self._post(body)
        return _content(answer)

    def _post(self, body: Mapping[str, Any]) -> httpx.Response:
        url = address(self.model.url)
        headers = {"Authorization": f"Bearer {self.model.api_key}"} if self.model.api_key else {}
        try:
            return self.http.post(url, json=body, headers=headers, timeout=TIMEOUT_S)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DeliveryError(f"{url} cannot be reached ({error}).", "chat.unreachable") from error


def address(base: str) -> str:
    """The full address: a base without a path gets ``/v1``, one that already ends in the path stays."""
    base = base.rstrip("/")
    if base.endswith(PATH):
        return base
    return f"{base}{PATH}" if urlsplit(base).path else f"{base}/v1{PATH}"


def _content(answer: httpx.Response) -> str:
    where = answer.request.url
    if answer.is_error:
        advice = f"{where} answered {answer.status_code}: {answer.text[:200]}"
        raise DeliveryError(advice, "chat.refused", after_s=wait_asked_for(answer))
    try:
        message = answer.json()["choices"][0]["message"]
        refusal, content = message.get("refusal"), message.get("content")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise DeliveryError(f"{where} gave no chat completion ({error!r}).", "chat.answer") from error
    if refusal or not isinstance(content, str):
        raise DeliveryError(f"The model refused: {refusal or 'no text'}.", "chat.refused")
    return content
