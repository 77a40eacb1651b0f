"""What the touch-tone menu consists of: its inputs, places, problems, and what has been chosen so far.

Values, and how a tool's answer is read into them; what follows from an input is decided in `menu` and `menu_own`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec

from torim.engines.embedded.items import Span

MAX_CHOICES = 7  # eight, nine and zero have meanings of their own


@dataclass(frozen=True, slots=True)
class Need:
    """A tool call without which there is nothing more to say."""

    tool: str
    arguments: dict[str, Any]

    def same(self, other: Need) -> bool:
        """Whether this is the same call, however the arguments beyond ours (a language) may differ."""
        return self.tool == other.tool and self.arguments.items() <= other.arguments.items()


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys pressed; ``span`` is the speech under way at that moment, from its start to now."""

    digits: str
    span: Span


@dataclass(frozen=True, slots=True)
class Heard:
    """Speech; ``text`` is what was said if somebody transcribed it."""

    span: Span
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Typed:
    """A text of the user that is no keys."""

    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """A call of a tool; its arguments as they were parsed."""

    call_id: str
    need: Need


@dataclass(frozen=True, slots=True)
class Answered:
    call_id: str
    output: str


Input = Keys | Heard | Typed | Called | Answered


class Node(Enum):
    """Where in the menu the caller is."""

    MAIN = "main"
    SERVICES = "services"
    SLOTS = "slots"
    CONFIRM = "confirm"
    NAME = "name"
    BOOKING = "booking"
    BOOKED = "booked"  # or moved, cancelled, sent: something was done
    APPOINTMENTS = "appointments"
    APPOINTMENT = "appointment"
    UNBOOK = "unbook"  # sure to cancel it?
    UNBOOKING = "unbooking"
    MESSAGE = "message"
    SENDING = "sending"
    PERSON = "person"
    LEAVING = "leaving"  # the caller asked to end the call
    GONE = "gone"  # and it is being ended


class Problem(Enum):
    """What to say before the options because of the last input."""

    NONE = "none"
    WRONG_KEY = "wrong_key"
    NO_SPEECH = "no_speech"
    NO_NAME = "no_name"
    NO_MESSAGE = "no_message"
    FAILED = "failed"
    TAKEN = "taken"


@dataclass(slots=True)
class Wish:
    """What the caller has chosen and been offered so far."""

    services: list[dict[str, Any]] | None = None
    service: dict[str, Any] | None = None
    slots: list[dict[str, Any]] | None = None
    slot: dict[str, Any] | None = None
    appointments: list[dict[str, Any]] | None = None
    appointment: dict[str, Any] | None = None  # the one that is looked at, and moved if a time is chosen


@dataclass(slots=True)
class Spoken:
    """The caller's name or message: the stretch of audio it was said in, and what became of it."""

    span: Span | None = None
    text: str | None = None
    note_id: str | None = None
    tried: int = 0
    settled: bool = False  # there is a note, or there will be none


def choice(offered: list[dict[str, Any]] | None, key: str) -> dict[str, Any] | None:
    """What a key chooses."""
    index = int(key) - 1 if key.isdigit() else -1
    return offered[index] if offered and 0 <= index < len(offered) else None


def decoded(output: str) -> Mapping[str, Any]:
    """A tool's answer; nothing if it cannot be read."""
    try:
        answer = msgspec.json.decode(output)
    except (msgspec.DecodeError, UnicodeError):
        return {}
    return answer if isinstance(answer, dict) else {}


def words_of(answer: Mapping[str, Any]) -> str:
    """A tool's own words for the caller."""
    words = answer.get("spoken")
    return words if isinstance(words, str) else ""


def offers(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The offers in an answer that can be chosen and said."""
    found = answer.get(name)
    if not isinstance(found, list):
        return []
    usable = [item for item in found if isinstance(item, dict) and isinstance(item.get("id"), str)]
    return usable[:MAX_CHOICES]
