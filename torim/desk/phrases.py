"""The names of the desk's sentences; each language says every one of them, with the same blanks."""

from __future__ import annotations

from enum import Enum


class Phrase(Enum):
    """A sentence or part of one; the value is its key and the blanks that it has in every language."""

    GREETING = ("greeting", "business")
    PROMPT = ("prompt",)  # after mutual silence
    GOODBYE = ("goodbye", "business")
    RETRY = ("retry",)  # an answer was lost and nothing is known about the caller's wish
    APOLOGY = ("apology",)  # the call cannot go on
    SERVICE = ("service", "service", "duration")
    SERVICES = ("services", "services")
    OFFER = ("offer", "options")
    OFFER_OTHER = ("offer_other", "options")  # not what was wished
    NONE_FREE = ("none_free",)
    BOOKED = ("booked", "service", "when")
    TAKEN = ("taken",)
    NOT_OFFERED = ("not_offered",)
    UNKNOWN_SERVICE = ("unknown_service",)
    NOT_SAVED = ("not_saved",)
    NOT_UNDERSTOOD = ("not_understood",)
    OR = ("or",)  # between two options
    AND = ("and",)

    @property
    def key(self) -> str:
        return str(self.value[0])

    @property
    def blanks(self) -> tuple[str, ...]:
        return tuple(self.value[1:])
