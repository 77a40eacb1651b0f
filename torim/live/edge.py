"""The edge of one call: whatever a step raises stops here, is logged and counted, and the call goes on.

It decides when faults of ours are too many: first the call is ended politely, then the line is closed. This is
the only place in Torim that catches everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from structlog.typing import FilteringBoundLogger

from torim.errors import TorimError

FAULTS_MAX = 5  # before the call is ended politely
FAULTS_HARD_MAX = 20  # before the line is simply closed


class Edge:
    """Runs the steps of one call; ``politely`` and ``at_once`` end it when faults are too many."""

    __slots__ = ("_at_once", "_counted", "_log", "_politely", "faults")

    def __init__(
        self,
        log: FilteringBoundLogger,
        counted: Callable[[], None],
        politely: Callable[[], None],
        at_once: Callable[[], None],
    ) -> None:
        self._log = log
        self._counted = counted
        self._politely = politely
        self._at_once = at_once
        self.faults = 0

    def __call__(self, step: Callable[..., None], *arguments: Any) -> None:
        """Run one step; it never raises."""
        try:
            step(*arguments)
        except Exception as error:
            self._survive(error)

    def _survive(self, error: Exception) -> None:
        self.faults += 1
        self._counted()
        code = error.code if isinstance(error, TorimError) else "bridge.fault"
        if self.faults == 1:
            self._log.exception("a fault of ours; the call goes on: report this", tag="[CALL]", code=code)
        else:
            self._log.debug("another fault", tag="[CALL]", code=code, error=repr(error))
        if self.faults == FAULTS_MAX:
            asyncio.get_running_loop().call_soon(self._politely)
        elif self.faults == FAULTS_HARD_MAX:
            asyncio.get_running_loop().call_soon(self._at_once)
