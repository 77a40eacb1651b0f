"""The browser: a microphone page in the Media Streams dialect, so that it exercises the telephone's own path.

The page plays the part of the carrier: it buffers what it is sent, returns marks when they were played or
cleared, and obeys `clear`. Its `cleared` message (samples played, samples dropped) is for its own display:
the marks already tell the call.
"""

from __future__ import annotations

from torim.carriers.base import CarrierPlugin
from torim.carriers.media_streams import MediaStreamsCodec
from torim.core.abilities import CarrierCapabilities


class BrowserCodec(MediaStreamsCodec):
    """One call from a microphone page."""

    __slots__ = ()


PLUGIN = CarrierPlugin("browser", CarrierCapabilities(), BrowserCodec)
