"""The carrier's side of one call: its codec and its socket, and what the socket's trouble means.

It decides when a line is lost: a socket that takes no more data, a peer that only sends nonsense. What the
messages mean is the codec's business.
"""

from __future__ import annotations

from collections.abc import Callable

from torim.carriers.base import CarrierCodec, CarrierInput
from torim.core.actions import CarrierAction
from torim.errors import CarrierError
from torim.live.link import CARRIER_UNSENT_MAX_BYTES, Link, Message

BAD_MESSAGES_MAX = 200  # messages that break the protocol before the line is given up


class Line:
    """One media stream while its call lasts."""

    __slots__ = ("_codec", "_link", "_warn", "bad_messages", "up")

    def __init__(self, codec: CarrierCodec, link: Link, warn: Callable[[CarrierError, int], None]) -> None:
        self._codec = codec
        self._link = link
        self._warn = warn
        self.bad_messages = 0
        self.up = True  # the caller can be heard and played to

    def decode(self, message: Message) -> list[CarrierInput]:
        """What a message means; one that breaks the protocol is reported and means nothing."""
        try:
            return self._codec.decode(message)
        except CarrierError as error:
            self.bad_messages += 1
            self._warn(error, self.bad_messages)
            return []

    def send(self, action: CarrierAction) -> None:
        """Send one action; nothing once the line is down."""
        if self.up:
            for message in self._codec.encode(action):
                self._link.send(message)

    def close(self, code: int = 1000) -> None:
        """Take the line down from our side."""
        self.up = False
        self._link.close(code)

    @property
    def lost(self) -> str | None:
        """Why the line must be given up, if it must."""
        if not self.up:
            return None
        if self._link.unsent_bytes() > CARRIER_UNSENT_MAX_BYTES:
            return "the carrier's socket takes no more data"
        if self.bad_messages > BAD_MESSAGES_MAX:
            return "the carrier keeps breaking its protocol"
        return None
