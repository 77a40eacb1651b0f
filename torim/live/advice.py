"""What an operator should be told once, however many calls show it."""

from __future__ import annotations


class Advice:
    """One process's advice, by the name of what it is about."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def first(self, about: str) -> bool:
        """Whether this is the first time."""
        if about in self._given:
            return False
        self._given.add(about)
        return True
