"""Which of the caller's turns still wait for their words when the call is over.

The engine's link lingers for them, a few seconds at most. It decides nothing else.
"""

from __future__ import annotations


class LastWords:
    """The caller's committed turns without a transcription."""

    __slots__ = ("_commits", "_items", "ended_ms")

    def __init__(self) -> None:
        self._commits = 0  # asked for and not answered
        self._items: set[str] = set()
        self.ended_ms: int | None = None  # when the call was over

    def commit_asked(self) -> None:
        """We asked for a commit: an item will follow."""
        self._commits += 1

    def committed(self, item_id: str) -> None:
        """An item came; its words will follow."""
        self._commits = max(0, self._commits - 1)
        self._items.add(item_id)

    def transcribed(self, item_id: str) -> None:
        """The words came, or will never come."""
        self._items.discard(item_id)

    def refused(self) -> None:
        """There was nothing to commit, or nobody is left to answer."""
        self._commits = 0

    def link_lost(self) -> None:
        """Nothing that was asked for on this link will come."""
        self._commits = 0
        self._items.clear()

    @property
    def waiting(self) -> bool:
        """Whether words may still come."""
        return bool(self._commits or self._items)
