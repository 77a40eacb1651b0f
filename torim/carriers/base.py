"""The port of a telephone carrier: a codec between one carrier's messages and the core's words.

A carrier file decides nothing about turns and does no input or output. One codec object serves one media
stream and lives as long as it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from torim.core.abilities import CarrierCapabilities
from torim.core.actions import CarrierAction
from torim.core.events import CarrierEvent


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """The start message of a media stream: who calls, and the parameters given in the webhook's answer."""

    call_sid: str
    stream_sid: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallerAudio:
    """Caller audio as mu-law bytes at 8 kHz, usually one 160-byte frame."""

    payload: bytes


CarrierInput = StreamOpened | CallerAudio | CarrierEvent


class CarrierCodec(Protocol):
    """One media stream of one carrier."""

    capabilities: CarrierCapabilities

    def decode(self, message: str | bytes) -> list[CarrierInput]:
        """Turn one wire message into what it means; unknown event types give an empty list.

        `StreamOpened` comes first and once. Malformed messages raise `CarrierError` with advice; the stream
        stays usable afterwards.
        """

    def encode(self, action: CarrierAction) -> list[str | bytes]:
        """Turn one action into wire messages. `EndStream` gives none: the socket is closed instead."""


@dataclass(frozen=True, slots=True)
class CarrierPlugin:
    """One registry entry: a name, the capabilities, and how to make a codec for a stream."""

    name: str
    capabilities: CarrierCapabilities
    codec: type[CarrierCodec]
