"""The words in which the scripted double is told what to answer: one value per response, no behaviour.

An answer is a sequence of parts (something said, a tool called), how fast it is generated, and how it ends.
Instants count from the moment the server takes the response up; a limit counts in milliseconds of its audio.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from torim.core.abilities import EngineCapabilities

_MS_PER_CHARACTER = 75  # an unhurried voice: 13 characters a second
_SHORTEST_MS = 400


@dataclass(frozen=True, slots=True)
class Say:
    """A spoken message with these words; the sound is made up, unless ``audio`` holds it as mu-law at 8 kHz."""

    text: str
    audio_ms: int
    audio: bytes = b""


@dataclass(frozen=True, slots=True)
class CallTool:
    """A function call; ``arguments`` is JSON text."""

    name: str
    arguments: str


class Ending(Enum):
    """What becomes of a response once its limit of audio is reached, or all of it was generated."""

    COMPLETES = "completed"
    FAILS = "failed"
    BREAKS_OFF = "incomplete"
    STALLS = "stalls"  # nothing more comes, ever
    NEVER_BEGINS = "never_begins"  # not even created
    DROPS_LINK = "drops_link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response of the scripted double."""

    parts: tuple[Say | CallTool, ...] = ()
    speed: float | None = None  # generation relative to real time; None: the double's own
    created_after_ms: int = 0
    first_audio_ms: int = 20  # from created to the first delta
    done_after_ms: int = 0  # from the last item's end to response.done
    ending: Ending = Ending.COMPLETES
    detail: str = ""  # reason, error or close code that goes with the ending
    limit_ms: int | None = None  # milliseconds of audio after which the ending comes
    rejected: str = ""  # error code that the create is answered with; no response then
    deaf: bool = False  # a cancel comes too late: `response_cancel_not_active`, and the answer goes on
    ghost_deltas: int = 0  # audio deltas that still come after a cancelled response's done

    def and_says(self, text: str, audio_ms: int | None = None) -> Answer:
        """Another message item in the same response."""
        return replace(self, parts=(*self.parts, _said(text, audio_ms)))

    def and_calls(self, name: str, arguments: Mapping[str, Any] | None = None) -> Answer:
        """A function call in the same response."""
        return replace(self, parts=(*self.parts, CallTool(name, json.dumps(dict(arguments or {})))))

    def created_late(self, after_ms: int) -> Answer:
        """`response.created` comes only after ``after_ms``."""
        return replace(self, created_after_ms=after_ms)

    def done_late(self, after_ms: int) -> Answer:
        """`response.done` comes ``after_ms`` after the audio is done."""
        return replace(self, done_after_ms=after_ms)

    def stalls(self, after_ms: int = 0) -> Answer:
        """Falls silent for good after ``after_ms`` of audio, without a response.done."""
        return replace(self, ending=Ending.STALLS, limit_ms=after_ms)

    def drops_link(self, after_ms: int = 0, close_code: int = 1006) -> Answer:
        """The link breaks after ``after_ms`` of audio."""
        return replace(self, ending=Ending.DROPS_LINK, limit_ms=after_ms, detail=str(close_code))

    def breaks_off(self, after_ms: int, reason: str = "content_filter") -> Answer:
        """Ends incomplete after ``after_ms`` of audio, in the middle of a sentence."""
        return replace(self, ending=Ending.BREAKS_OFF, limit_ms=after_ms, detail=reason)

    def fails(self, code: str = "server_error", after_ms: int | None = None) -> Answer:
        """Ends failed, after all of its audio or ``after_ms`` of it."""
        return replace(self, ending=Ending.FAILS, limit_ms=after_ms, detail=code)

    def ignores_cancel(self) -> Answer:
        """Is already over in the engine's eyes when a cancel arrives."""
        return replace(self, deaf=True)

    def leaks(self, deltas: int) -> Answer:
        """Sends that many audio deltas after the response.done of a cancel."""
        return replace(self, ghost_deltas=deltas)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How the double works, whatever it is told to say."""

    capabilities: EngineCapabilities = field(default_factory=EngineCapabilities)
    speed: float = 4.0  # generation relative to real time
    delta_ms: int = 100  # audio per delta
    cancel_delay_ms: int = 0  # a cancel takes effect after this; deltas go on until then
    transcription_delay_ms: int = 300  # after the commit
    onset_db: int = -40  # level at which appended audio counts as speech
    caller_says: str | None = "hello"  # transcript of the caller's turns for which none is scripted; None: it fails


@dataclass(frozen=True, slots=True)
class Request:
    """What an answer may depend on when no script is left: the create and the conversation so far."""

    number: int  # of this response in the session, from 0
    instructions: str = ""
    last_item: Mapping[str, Any] = field(default_factory=dict)  # as the client or the server wrote it
    tools: tuple[str, ...] = ()


def says(text: str, audio_ms: int | None = None, *, speed: float | None = None) -> Answer:
    """A spoken answer; without ``audio_ms`` as long as the text takes to say."""
    return Answer(parts=(_said(text, audio_ms),), speed=speed)


def plays(text: str, audio: bytes, *, speed: float | None = None) -> Answer:
    """A spoken answer whose sound is given, as mu-law at 8 kHz."""
    return Answer(parts=(Say(text, len(audio) // 8, audio),), speed=speed)


def calls_tool(name: str, arguments: Mapping[str, Any] | None = None) -> Answer:
    """An answer that only calls a tool."""
    return Answer().and_calls(name, arguments)


def rejects(code: str) -> Answer:
    """No response: the create is answered with an error."""
    return Answer(rejected=code)


def never_answers() -> Answer:
    """No response and no error: the create is lost."""
    return Answer(ending=Ending.NEVER_BEGINS)


def _said(text: str, audio_ms: int | None) -> Say:
    return Say(text, audio_ms or max(_SHORTEST_MS, len(text) * _MS_PER_CHARACTER))
