"""Which call a tool runs for: values that the live side gives to the desk. It decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torim.desk.identity import Identity, calling_number
from torim.desk.troubles import Troubles


@dataclass(frozen=True, slots=True)
class CallContext:
    """Which call a tool runs for, and which call of a tool it is."""

    call_id: str
    tool_call_id: str
    caller: str | None  # the calling number as the carrier gave it, None if it was withheld
    language: str
    identity: Identity | None = None  # one for all tools of a call; without it, whom the number says
    troubles: Troubles | None = None  # one for all tools of a call; without it, none are counted

    def speaking(self, language: str | None) -> CallContext:
        """The same call, in the language that a tool was asked in."""
        return replace(self, language=language) if language else self

    @property
    def who(self) -> Identity:
        """Whom the call has proved to be."""
        return self.identity or Identity(calling_number(self.caller, None))

    @property
    def idempotency_key(self) -> str:
        return f"{self.call_id}/{self.tool_call_id}"
