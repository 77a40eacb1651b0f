"""What the pure session asks of its edge, and what the edge answers.

A job that nobody waits for any more is dropped without an answer; an answer to a dropped job is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Synthesize:
    """Speak ``text`` at ``speed`` times the normal rate."""

    job_id: str
    text: str
    language: str
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Write down ``payload``, mu-law at 8 kHz; ``language`` is a hint, empty if unknown."""

    job_id: str
    payload: bytes
    language: str
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Converse:
    """Ask a chat model for the next turn; messages and tools in the form of `/chat/completions`."""

    job_id: str
    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]] = ()
    tool_choice: str | Mapping[str, Any] = "auto"


Job = Synthesize | Transcribe | Converse


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of a spoken text and when it sounds; the pieces of a text joined give the text."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Speech:
    """A spoken text: mu-law at 8 kHz and the times of its words."""

    payload: bytes
    words: tuple[Word, ...]

    @property
    def duration_ms(self) -> int:
        return len(self.payload) // 8


@dataclass(frozen=True, slots=True)
class Spoken:
    job_id: str
    speech: Speech


@dataclass(frozen=True, slots=True)
class Transcribed:
    job_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    name: str
    arguments: str  # JSON text


@dataclass(frozen=True, slots=True)
class Said:
    job_id: str
    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """The job could not be done; ``message`` is advice."""

    job_id: str
    code: str
    message: str


Result = Spoken | Transcribed | Said | Failed
