"""The voice of a speech endpoint, with espeak-ng to fall back on: a caller is never left in silence."""

from __future__ import annotations

from torim.engines.embedded.endpoints import Endpoints
from torim.engines.embedded.jobs import Speech
from torim.engines.embedded.voice import Key, Memory, Voice
from torim.errors import EngineError


class EndpointVoice:
    """Speaks through an endpoint; while that fails, through the other voice."""

    def __init__(self, endpoints: Endpoints, otherwise: Voice) -> None:
        self._endpoints = endpoints
        self._otherwise = otherwise
        self._memory = Memory(self._make)

    async def speak(self, text: str, language: str, speed: float = 1.0) -> Speech:
        """Speak a sentence; see `Voice`."""
        try:
            return await self._memory.speak((text, language, speed))
        except EngineError:
            return await self._otherwise.speak(text, language, speed)

    async def close(self) -> None:
        """The endpoints and the other voice are closed by their owners."""

    async def _make(self, key: Key) -> Speech:
        text, _, speed = key
        return await self._endpoints.speak(text, speed)
