"""Twilio's side of the Media Streams protocol: the messages a caller's carrier sends, and those it accepts.

Decides how a message looks and whether the peer's message is allowed. It never waits, reads no clock and does
no input or output. A peer's mistake is a `Violation` with the number under which Twilio would warn.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torim.lab.ear import FRAME_SAMPLES


@dataclass(frozen=True, slots=True)
class Media:
    """Audio to play, as mu-law bytes."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark to send back when everything before it was played."""

    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Drop what has not been played."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A message that the carrier would ignore with a warning."""

    detail: str


Accepted = Media | Mark | Clear | Violation


class TwilioStream:
    """One media stream as its carrier sees it: numbers messages, checks the peer's."""

    def __init__(self, account_sid: str, call_sid: str, stream_sid: str) -> None:
        self._account_sid = account_sid
        self._call_sid = call_sid
        self.stream_sid = stream_sid
        self._sequence = 0
        self._chunk = 0

    def connected(self) -> str:
        """The first message; it carries no sequence number."""
        return json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})

    def start(self, parameters: Mapping[str, str]) -> str:
        """The second message: who calls, how audio is coded, and the TwiML's parameters."""
        body = {
            "streamSid": self.stream_sid,
            "accountSid": self._account_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(parameters),
        }
        return self._message("start", body)

    def media(self, payload: bytes, at_ms: int) -> str:
        """20 ms of the caller."""
        self._chunk += 1
        text = base64.b64encode(payload).decode()
        body = {"track": "inbound", "chunk": str(self._chunk), "timestamp": str(at_ms), "payload": text}
        return self._message("media", body)

    def dtmf(self, digit: str) -> str:
        return self._message("dtmf", {"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> str:
        return self._message("mark", {"name": name})

    def stop(self) -> str:
        return self._message("stop", {"accountSid": self._account_sid, "callSid": self._call_sid})

    def _message(self, event: str, body: Mapping[str, object]) -> str:
        self._sequence += 1
        envelope = {"event": event, "sequenceNumber": str(self._sequence), "streamSid": self.stream_sid}
        return json.dumps({**envelope, event: body})

    def accept(self, message: str | bytes) -> Accepted:
        """Read one message of the peer."""
        try:
            body = json.loads(message)
        except ValueError:
            return Violation("31951: not JSON")
        if not isinstance(body, dict) or body.get("streamSid") != self.stream_sid:
            return Violation("31951: wrong or missing streamSid")
        return self._accept(body)

    def _accept(self, body: dict[str, Any]) -> Accepted:
        event = body.get("event")
        if event == "clear":
            return Clear()
        if event == "mark":
            name = body.get("mark", {}).get("name")
            return Mark(name) if isinstance(name, str) and name else Violation("31951: mark without a name")
        if event == "media":
            return _media(body.get("media", {}).get("payload"))
        return Violation(f"31951: unknown event {event!r}")


def _media(text: object) -> Accepted:
    if not isinstance(text, str):
        return Violation("31951: media without a payload")
    try:
        payload = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return Violation("31924: payload is not base64")
    if not payload or len(payload) % FRAME_SAMPLES:
        return Violation(f"media of {len(payload)} bytes: not whole 160-byte frames")
    return Media(payload)
