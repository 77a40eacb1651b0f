"""How often in a row the tools of one call could not do what was asked, and when the caller is offered a way out.

It decides which refusals are troubles: words, ids or numbers that nobody could make anything of, and a database that
failed. A time that somebody else has taken is none, and neither is a refusal that offers a way out itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

WAY_OUT_EVERY = 3  # troubles in a row
_NONE = frozenset({"booking.slot_taken", "booking.hold_expired", "booking.key_reused", "wish.too_far"})
_OFFERS_ITSELF = frozenset(
    {"calendar.unreadable", "identity.withheld", "identity.not_sent", "identity.code_spent", "transfer.nobody"}
)
_WAYS_OUT = frozenset({"leave_message", "transfer_call", "end_call"})
_PROVE_NOTHING = frozenset({"list_services"})  # succeeds whatever the caller said


@dataclass(slots=True)
class Troubles:
    """The troubles of one call; safe to share between the threads of its tools."""

    in_a_row: int = 0
    _lock: Lock = field(default_factory=Lock)

    def count(self, tool: str, answer: Mapping[str, Any]) -> bool:
        """Count the answer of a tool; True: it is time to offer a way out."""
        if tool in _WAYS_OUT:
            return False
        error = None if answer.get("ok") else str(answer.get("error", ""))
        if error in _OFFERS_ITSELF or error in _NONE:
            return False
        with self._lock:
            if error is None:
                self.in_a_row = self.in_a_row if tool in _PROVE_NOTHING else 0
                return False
            self.in_a_row += 1
            return self.in_a_row % WAY_OUT_EVERY == 0
