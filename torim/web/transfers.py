"""Which person a call is to be put through to, where somebody who watches it named one.

It remembers until the person was dialled: the carrier may ask twice what follows the call's stream. It decides nothing.
"""

from __future__ import annotations

from collections import OrderedDict

REMEMBERED = 1_000


class Transfers:
    """Numbers by the carrier's call id; used on the web process's loop only."""

    def __init__(self) -> None:
        self._numbers: OrderedDict[str, str] = OrderedDict()

    def want(self, call_sid: str, number: str) -> None:
        """Remember to whom a call goes."""
        self._numbers[call_sid] = number
        while len(self._numbers) > REMEMBERED:
            self._numbers.popitem(last=False)

    def of(self, call_sid: str) -> str | None:
        """To whom a call goes; None: nobody said."""
        return self._numbers.get(call_sid)

    def forget(self, call_sid: str) -> None:
        """They have been dialled: what somebody wanted is done."""
        self._numbers.pop(call_sid, None)
