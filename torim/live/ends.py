"""Why calls ended, for the carrier that asks within milliseconds what follows its stream.

It remembers the latest calls of this machine, whichever process ran them; of calls of other machines it asks the
database that they share. It decides nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable

from torim.core.events import EndReason
from torim.errors import TorimError

REMEMBERED = 10_000
LOOK_EVERY_S = 0.1
_log = logging.getLogger("torim.live")

Known = tuple[bool, EndReason | None]  # whether the call has begun, and why it ended


class CallEnds:
    """The end reasons of recent calls, by the carrier's call id."""

    def __init__(self) -> None:
        self._ends: OrderedDict[str, asyncio.Future[EndReason]] = OrderedDict()

    def began(self, call_sid: str) -> None:
        """A stream of this call is open: its reason will come."""
        self._ends[call_sid] = asyncio.get_running_loop().create_future()
        self._ends.move_to_end(call_sid)
        while len(self._ends) > REMEMBERED:
            self._ends.popitem(last=False)

    def ended(self, call_sid: str, reason: EndReason) -> None:
        """The stream of this call is being closed."""
        if call_sid not in self._ends:
            self.began(call_sid)
        if not self._ends[call_sid].done():
            self._ends[call_sid].set_result(reason)

    def came_back(self, call_sid: str) -> None:
        """The caller is taken back from a transfer: why their last stream ended says nothing about the next one."""
        if (known := self._ends.get(call_sid)) is not None and known.done():
            del self._ends[call_sid]

    async def end_reason(self, call_sid: str) -> EndReason | None:
        """Why the call ended; waits for a call that is live, None for one that is unknown here."""
        known = self._ends.get(call_sid)
        return None if known is None else await asyncio.shield(known)


class SharedEnds:
    """The same for several machines: of a call that this one does not know, the others' record tells.

    Args:
        look: What the shared database knows of a call; may block, and fails with `TorimError` only.
    """

    def __init__(self, ends: CallEnds, look: Callable[[str], Known]) -> None:
        self._ends = ends
        self._look = look

    def came_back(self, call_sid: str) -> None:
        """The caller is taken back from a transfer."""
        self._ends.came_back(call_sid)

    async def end_reason(self, call_sid: str) -> EndReason | None:
        """Why the call ended; waits for a call that is live, None for one that nobody knows."""
        reason = await self._ends.end_reason(call_sid)
        begun = True
        while reason is None and begun:
            try:
                begun, reason = await asyncio.to_thread(self._look, call_sid)
            except TorimError as error:
                _log.warning("why a call of another machine ended cannot be read: call=%s %s", call_sid, error)
                return None
            if reason is None and begun:
                await asyncio.sleep(LOOK_EVERY_S)
        return reason
