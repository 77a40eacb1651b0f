"""The calls that are going on, as the web side sees them: ports, and the values that pass through them.

Values are plain and small: they come from other processes. It decides nothing; `torim.live.watching` implements it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LiveTurn:
    """One turn of the transcript as it stands; the AI's words that were not heard (yet) are apart."""

    speaker: str  # "caller" or "ai"
    start_ms: int
    end_ms: int
    heard_text: str
    unheard_text: str
    interrupted: bool


@dataclass(frozen=True, slots=True)
class LiveCall:
    """One call that is going on, at one instant."""

    call_id: str
    call_sid: str  # the carrier's own id
    business_id: str
    carrier: str
    engine: str
    language: str
    from_number: str | None  # None: withheld
    to_number: str | None
    started_at: datetime
    duration_ms: int
    phase: str
    floor: str
    paused: bool
    barge_ins: int
    turns: tuple[LiveTurn, ...]
    caller_level: int = 0  # the loudest of the last moments, 0 to 1000
    ai_level: int = 0

    @property
    def news(self) -> LiveCall:
        """The call without what changes all the time."""
        return replace(self, duration_ms=0, caller_level=0, ai_level=0)


class Command(StrEnum):
    """What may be asked of a call that is going on."""

    HANG_UP = "hang_up"
    TRANSFER = "transfer"
    PAUSE = "pause"
    RESUME = "resume"


class LiveCalls(Protocol):
    """The calls of this machine that are going on, whichever process carries them."""

    async def calls(self, business_id: str) -> Sequence[LiveCall]:
        """What is going on now, oldest first."""

    def follow(self, business_id: str) -> AsyncIterator[tuple[LiveCall, ...]]:
        """What is going on, now and then whenever it changed; ends when the server stops."""

    async def command(self, business_id: str, call_id: str, command: Command) -> bool:
        """Pass an order on to the process that carries a call; False: no such call goes on here."""


class BrowserCalls(Protocol):
    """Begins calls from the browser."""

    def begin(self, business_id: str, called: str, caller: str) -> BrowserCall:
        """What a page needs to open the media stream of one call to a business; numbers may be empty. Blocking."""


@dataclass(frozen=True, slots=True)
class BrowserCall:
    """A call from the browser that is about to begin."""

    call_sid: str
    path: str  # of the WebSocket, on the web port
    parameters: dict[str, str]  # of the start message
