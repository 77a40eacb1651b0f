"""The port of a speech engine: a codec between one engine's protocol and the core's words.

An engine file decides nothing about turns and does no input or output. One codec object serves one link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from torim.core.abilities import EngineCapabilities
from torim.core.actions import EngineAction
from torim.core.events import EngineEvent


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function the model may call: JSON Schema parameters, as the engine expects them."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What an engine session is opened with, for one call of one business."""

    model: str
    instructions: str
    voice: str = "marin"
    language: str = "he"  # the opening language
    languages: tuple[str, ...] = ("he", "en")
    transcription_model: str | None = None
    tools: tuple[ToolSpec, ...] = ()
    engine_creates: bool = False  # let the engine create and interrupt responses by itself
    silence_duration_ms: int = 500


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a link connects to: a ws(s) URL and the headers of its handshake (which hold secrets)."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class EngineCodec(Protocol):
    """One link to one engine."""

    capabilities: EngineCapabilities

    def handshake(self) -> list[str]:
        """Messages to send as soon as the link is open."""

    def decode(self, message: str | bytes) -> list[EngineEvent]:
        """Turn one wire message into events; unknown types give an empty list.

        `EngineReady` comes once, when the engine confirmed the configuration that was asked for. A message
        that is not the protocol's gives an `EngineFault`, never an exception.
        """

    def encode(self, action: EngineAction) -> list[str]:
        """Turn one action into wire messages, each tagged with the action's ``command_id``."""

    def append_audio(self, payload: bytes) -> str:
        """The message that appends mu-law caller audio to the engine's input buffer (the hot path)."""
