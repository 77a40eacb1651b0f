"""A rehearsal: the synthetic caller on a stream of its own, in the Media Streams dialect.

The name sets such calls apart: they reach no real book, nobody is told of them, and they are counted nowhere.
"""

from __future__ import annotations

from torim.carriers.base import CarrierPlugin
from torim.carriers.media_streams import MediaStreamsCodec
from torim.core.abilities import CarrierCapabilities


class RehearsalCodec(MediaStreamsCodec):
    """One call of a rehearsal."""

    __slots__ = ()


PLUGIN = CarrierPlugin("rehearsal", CarrierCapabilities(), RehearsalCodec)
