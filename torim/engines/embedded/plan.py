"""What a response is going to say and call, before a sound of it exists."""

from __future__ import annotations

from dataclasses import dataclass

from torim.engines.embedded.jobs import ToolCall


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence, in the language it is written in ("en", "he")."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Beep:
    """The tone after which the caller is asked to speak."""


@dataclass(frozen=True, slots=True)
class Message:
    """One assistant message: sentences and tones in the order they sound."""

    pieces: tuple[Say | Beep, ...]


Part = Message | ToolCall
Plan = tuple[Part, ...]


def speak(*sentences: str, language: str) -> Plan:
    """A plan that says sentences in one message."""
    return (Message(tuple(Say(text, language) for text in sentences)),)
