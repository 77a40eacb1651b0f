"""One media stream before and after its call begins: nothing is done for it until it has shown its token.

It decides how long a stream may take to say who it is, and hands every message to the bridge afterwards.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from torim.carriers.base import CarrierCodec, CarrierInput, StreamOpened
from torim.errors import CarrierError
from torim.live.bridge import Bridge
from torim.live.link import Link, Message

OPEN_WAIT_S = 10.0
STRAY_MAX = 20  # messages before the start message
POLICY, TRY_LATER = 1008, 1013  # WebSocket close codes

_log = logging.getLogger("torim.live.stream")

Begin = Callable[["Stream", StreamOpened], Bridge]


class Stream:
    """One media stream; its owner feeds it messages, ``begin`` makes its call or raises `CarrierError`."""

    __slots__ = ("_begin", "_bridge", "_stray", "_timer", "carrier", "codec", "link")

    def __init__(self, carrier: str, codec: CarrierCodec, link: Link, begin: Begin) -> None:
        self.carrier = carrier
        self.codec = codec
        self.link = link
        self._begin = begin
        self._bridge: Bridge | None = None
        self._stray = 0
        self._timer: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(OPEN_WAIT_S, self._late)

    @property
    def waiting(self) -> bool:
        """Whether it has not yet said who it is."""
        return self._timer is not None

    def on_message(self, message: Message) -> None:
        """One whole message of the carrier."""
        if self._bridge is not None:
            self._bridge.on_message(message)
        elif self._timer is not None:
            self._before_start(message)

    def on_closed(self, reason: str) -> None:
        """The connection is gone."""
        self._stop_waiting()
        if self._bridge is not None:
            self._bridge.on_closed(reason)

    def refuse(self, error: CarrierError) -> None:
        """Close without a call; the carrier goes on to what follows the stream."""
        _log.warning("Stream refused: %s (%s)", error, error.code)
        self._stop_waiting()
        self.link.close(TRY_LATER if error.code == "carrier.busy" else POLICY)

    def _before_start(self, message: Message) -> None:
        try:
            items = self.codec.decode(message)
            if items and isinstance(items[0], StreamOpened):
                self._open(items[0], items[1:])
        except CarrierError as error:
            self._misplaced(error)

    def _open(self, opened: StreamOpened, rest: Sequence[CarrierInput]) -> None:
        try:
            bridge = self._begin(self, opened)
        except CarrierError as error:
            self.refuse(error)
            return
        self._stop_waiting()
        self._bridge = bridge
        bridge.start(rest)

    def _misplaced(self, error: CarrierError) -> None:
        self._stray += 1
        if self._stray == 1:
            _log.warning("Before the stream's start: %s (%s)", error, error.code)
        if self._stray > STRAY_MAX:
            self.refuse(CarrierError("The stream never said who it is.", "carrier.before_start"))

    def _late(self) -> None:
        self.refuse(CarrierError(f"No start message came within {OPEN_WAIT_S:.0f} s.", "carrier.no_start"))

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
