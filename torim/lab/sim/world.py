"""The virtual clock: what happens next, in an order that a seed determines."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class World:
    """A queue of things to come; time moves only by serving it."""

    def __init__(self) -> None:
        self.now_ms = 0
        self._order = 0
        self._coming: list[tuple[int, int, Callable[[], None]]] = []

    def at(self, at_ms: int, thing: Callable[[], None]) -> None:
        """Let something happen at an instant (not before now)."""
        self._order += 1
        heapq.heappush(self._coming, (max(at_ms, self.now_ms), self._order, thing))

    def after(self, delay_ms: int, thing: Callable[[], None]) -> None:
        self.at(self.now_ms + delay_ms, thing)

    def step(self, until_ms: int) -> bool:
        """Serve the next thing; False when nothing is left before ``until_ms``."""
        if not self._coming or self._coming[0][0] > until_ms:
            return False
        self.now_ms, _, thing = heapq.heappop(self._coming)
        thing()
        return True
