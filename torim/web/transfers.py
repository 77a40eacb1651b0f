"""Which person a call is to be put through to, where somebody who watches it named one.

It remembers for a minute, until the carrier asks what follows the call's stream; it decides nothing else.
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

    def take(self, call_sid: str) -> str | None:
        """To whom a call goes, once; None: nobody said."""
        return self._numbers.pop(call_sid, None)
