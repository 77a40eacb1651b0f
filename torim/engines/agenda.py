"""What a simulated server still has to do, in order of time; what belongs to one response can be dropped at once.

It keeps order and decides nothing; equal instants keep the order in which they were added.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """Something due at an instant; ``owner`` is the response it belongs to, if any."""

    due_ms: int
    number: int
    what: Any = field(compare=False)
    owner: Any = field(compare=False, default=None)


class Agenda:
    """A queue by time."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._count = 0

    def add(self, due_ms: int, what: Any, owner: Any = None) -> None:
        self._count += 1
        heapq.heappush(self._entries, Entry(due_ms, self._count, what, owner))

    def take(self, now_ms: int) -> Entry | None:
        """The next entry that is due, removed; None if none is."""
        if not self._entries or self._entries[0].due_ms > now_ms:
            return None
        return heapq.heappop(self._entries)

    def drop(self, owner: Any) -> None:
        """Forget everything that belongs to ``owner``."""
        self._entries = [entry for entry in self._entries if entry.owner is not owner]
        heapq.heapify(self._entries)

    @property
    def next_ms(self) -> int | None:
        return self._entries[0].due_ms if self._entries else None
