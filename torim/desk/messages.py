"""Messages that callers leave, as the desk sees them: a port, and the values that pass through it.

It decides nothing. `torim.storage.store.Store` fulfils `Messages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Urgency(StrEnum):
    """How soon somebody should see it: a closed list."""

    LOW = "low"
    NORMAL = "normal"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRequest:
    """A message to be kept; the same key asked again keeps one."""

    business_id: str
    text: str
    idempotency_key: str
    asked_at: datetime
    call_id: str | None = None
    from_number: str | None = None  # E.164; None: withheld
    name: str | None = None
    urgency: Urgency = Urgency.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it is stored."""

    id: str
    business_id: str
    text: str
    created_at: datetime
    call_id: str | None
    from_number: str | None
    name: str | None
    urgency: Urgency
    done_at: datetime | None
    version: int


class Messages(Protocol):
    """Where messages are kept; every method is scoped to one business and may block."""

    def leave_message(self, request: MessageRequest) -> Message:
        """Make the message durable, or return the one already made under this key."""

    def messages(
        self,
        business_id: str,
        *,
        call_id: str | None = None,
        is_done: bool | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Sequence[Message]:
        """Messages, newest first; all, or only those that are done or not."""

    def message(self, business_id: str, message_id: str) -> Message | None:
        """One message."""

    def mark_done(
        self,
        business_id: str,
        message_id: str,
        now: datetime,
        *,
        done: bool = True,
        expected_version: int | None = None,
    ) -> Message:
        """Mark a message as done, or as open again.

        Raises:
            BookingError: ``message.not_found``, ``message.version_conflict``.
        """
