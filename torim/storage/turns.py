"""Whose turn it is to write, among the threads of one process: SQLite lets one write at a time.

It decides that whoever a caller waits for goes before those that only keep records, so that a long backlog of events
never stands before a booking, and that among equals whoever came first goes first. Other processes are not known here:
the database's own lock stands between them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from torim.errors import StorageError

TURN_TIMEOUT_S = 20.0


class Turns:
    """The turns of one database file."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._lines: dict[bool, deque[object]] = {True: deque(), False: deque()}  # who waits, by urgency, in order

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return sum(map(len, self._lines.values()))

    @contextmanager
    def turn(self, *, urgent: bool) -> Iterator[None]:
        """Write while the block runs.

        Raises:
            StorageError: ``storage.locked``: the others took too long.
        """
        line, me = self._lines[urgent], object()
        with self._changed:
            line.append(me)
            try:
                mine = self._changed.wait_for(lambda: self._is_next(me), TURN_TIMEOUT_S)
            finally:
                line.remove(me)
            if not mine:
                advice = f"Other writers have held the database for {TURN_TIMEOUT_S:.0f} s; a faster disk would help."
                raise StorageError(advice, code="storage.locked")
            self._taken = True
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()

    def _is_next(self, who: object) -> bool:
        line = self._lines[True] or self._lines[False]
        return not self._taken and line[0] is who
