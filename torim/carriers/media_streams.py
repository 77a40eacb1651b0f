"""The Media Streams dialect: JSON messages with base64 mu-law audio, as Twilio and the browser page speak it.

Decides what each message means and refuses what breaks the protocol, with the stream usable afterwards. It
never decides about turns, never paces, and remembers nothing but which stream it is on.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from enum import Enum
from typing import NoReturn

import msgspec

from torim.audio.g711 import duck
from torim.carriers.base import CallerAudio, CarrierInput, StreamOpened
from torim.core.abilities import CarrierCapabilities
from torim.core.actions import CarrierAction, ClearAudio, PlayAudio, SendMark
from torim.core.events import CallerGone, KeyPressed, MarkReturned, StreamStarted
from torim.errors import CarrierError, CoreMisuse

MESSAGE_MAX_CHARS = 65_536  # a start message with many parameters stays far below
PAYLOAD_MAX_BYTES = 8_000  # one second; a message usually holds 20 ms
SID_MAX_CHARS = 128
_MARK_NAME = re.compile(r"torim:(\d{1,9}):(\d{1,9})", re.ASCII)
_KEYS = frozenset("0123456789*#ABCD")


# --- the messages as they are on the wire -------------------------------------------------------------------


class _Event(msgspec.Struct, frozen=True):
    event: str


class _Connected(msgspec.Struct, frozen=True, tag_field="event", tag="connected"):
    protocol: str = "Call"


class _Format(msgspec.Struct, frozen=True, rename="camel"):
    encoding: str = "audio/x-mulaw"
    sample_rate: int = 8000
    channels: int = 1


class _Start(msgspec.Struct, frozen=True, rename="camel"):
    stream_sid: str
    call_sid: str
    custom_parameters: dict[str, str] = {}
    media_format: _Format = _Format()


class _StartMessage(msgspec.Struct, frozen=True, tag_field="event", tag="start"):
    start: _Start


class _Media(msgspec.Struct, frozen=True, gc=False):
    payload: bytes
    track: str = "inbound"


class _MediaMessage(msgspec.Struct, frozen=True, gc=False, tag_field="event", tag="media", rename="camel"):
    stream_sid: str
    media: _Media


class _Key(msgspec.Struct, frozen=True):
    digit: str


class _KeyMessage(msgspec.Struct, frozen=True, tag_field="event", tag="dtmf", rename="camel"):
    stream_sid: str
    dtmf: _Key


class _Mark(msgspec.Struct, frozen=True):
    name: str


class _MarkMessage(msgspec.Struct, frozen=True, tag_field="event", tag="mark", rename="camel"):
    stream_sid: str
    mark: _Mark


class _StopMessage(msgspec.Struct, frozen=True, tag_field="event", tag="stop", rename="camel"):
    stream_sid: str


_Known = _MediaMessage | _MarkMessage | _KeyMessage | _Connected | _StartMessage | _StopMessage
_KNOWN_EVENTS = frozenset({"connected", "start", "media", "dtmf", "mark", "stop"})
# Not strict: some compatible carriers send the sample rate as a string.
_parse = msgspec.json.Decoder(_Known, strict=False).decode
_parse_event = msgspec.json.Decoder(_Event).decode


class Stage(Enum):
    """How far a stream is: media flows only while it is open."""

    BEFORE_START = "before start"
    OPEN = "open"
    STOPPED = "stopped"


class MediaStreamsCodec:
    """One media stream in this dialect; implements `CarrierCodec`."""

    __slots__ = ("_media_head", "_stage", "_tail", "capabilities", "stream_sid")

    def __init__(self, capabilities: CarrierCapabilities | None = None) -> None:
        self.capabilities = capabilities or CarrierCapabilities()
        self.stream_sid = ""
        self._stage = Stage.BEFORE_START
        self._media_head = ""
        self._tail = ""

    def decode(self, message: str | bytes) -> list[CarrierInput]:
        """Turn one wire message into what it means.

        A text message may come as `str` or as its UTF-8 bytes. Unknown events, marks that are not ours, audio
        of another track and everything after a stop give an empty list.

        Raises:
            CarrierError: The message breaks the protocol; the stream goes on as if it had not come.
        """
        if len(message) > MESSAGE_MAX_CHARS:
            _refuse("oversize", f"A message of {len(message)} was dropped: the limit is {MESSAGE_MAX_CHARS}.")
        try:
            parsed = _parse(message)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            return _explain(message, error)
        if isinstance(parsed, _MediaMessage) and self._stage is Stage.OPEN:
            return self._media(parsed)
        return self._rare(parsed)

    def encode(self, action: CarrierAction) -> list[str | bytes]:
        """Turn one action into text messages for this stream.

        Raises:
            CoreMisuse: The stream has not been opened, or audio is not a whole number of frames.
        """
        if self._stage is Stage.BEFORE_START:
            raise CoreMisuse("Nothing can be sent before the stream's start message.", "carrier.not_open")
        if type(action) is PlayAudio:
            return self._play(action)
        if type(action) is SendMark and self.capabilities.can_mark:
            name = f"torim:{action.token}:{action.epoch}"
            return [f'{{"event":"mark",{self._tail},"mark":{{"name":"{name}"}}}}']
        if type(action) is ClearAudio and self.capabilities.can_clear:
            return [f'{{"event":"clear",{self._tail}}}']
        return []

    # --- from the carrier -----------------------------------------------------------------------------------

    def _media(self, message: _MediaMessage) -> list[CarrierInput]:
        self._check_stream(message.stream_sid)
        media = message.media
        if len(media.payload) > PAYLOAD_MAX_BYTES:
            _refuse("oversize", f"A message with {len(media.payload)} bytes of audio was dropped: send 20 ms.")
        if not media.payload or media.track == "outbound":
            return []
        return [CallerAudio(media.payload)]

    def _rare(self, message: _Known) -> list[CarrierInput]:
        if self._stage is Stage.STOPPED or isinstance(message, _Connected):
            return []
        if isinstance(message, _StartMessage):
            return self._start(message.start)
        if self._stage is Stage.BEFORE_START:
            _refuse("before_start", "A message before the start message was dropped: send start first.")
        self._check_stream(message.stream_sid)
        if isinstance(message, _MarkMessage):
            return _mark_returned(message.mark.name)
        if isinstance(message, _KeyMessage):
            return _key_pressed(message.dtmf.digit)
        self._stage = Stage.STOPPED
        return [CallerGone()]

    def _start(self, start: _Start) -> list[CarrierInput]:
        if self._stage is Stage.OPEN:
            _refuse("second_start", "A second start message was ignored: one connection carries one stream.")
        _check_start(start)
        self.stream_sid = start.stream_sid
        self._tail = f'"streamSid":{msgspec.json.encode(start.stream_sid).decode()}'
        self._media_head = f'{{"event":"media",{self._tail},"media":{{"payload":"'
        self._stage = Stage.OPEN
        return [StreamOpened(start.call_sid, start.stream_sid, start.custom_parameters), StreamStarted()]

    def _check_stream(self, stream_sid: str) -> None:
        if stream_sid != self.stream_sid:
            _refuse("other_stream", "A message of another stream was dropped: one connection, one stream.")

    # --- to the carrier -------------------------------------------------------------------------------------

    def _play(self, action: PlayAudio) -> list[str | bytes]:
        payload = action.payload
        if len(payload) % self.capabilities.frame_bytes:
            raise CoreMisuse(
                f"Audio of {len(payload)} bytes is not a whole number of frames of "
                f"{self.capabilities.frame_bytes}; gather or pad it before playing.",
                "carrier.frame",
            )
        if not payload:
            return []
        if action.gain_db:
            payload = duck(payload, action.gain_db)
        return [f'{self._media_head}{b2a_base64(payload, newline=False).decode("ascii")}"}}}}']


def _check_start(start: _Start) -> None:
    for sid in (start.stream_sid, start.call_sid):
        if not 0 < len(sid) <= SID_MAX_CHARS:
            _refuse(
                "start",
                f"The callSid and streamSid of start must have 1 to {SID_MAX_CHARS} characters.",
            )
    given = start.media_format
    if given != _Format():
        _refuse(
            "format",
            f"The stream is {given.encoding!r} at {given.sample_rate} Hz with {given.channels} channel(s); "
            "only audio/x-mulaw at 8000 Hz with one channel is understood.",
        )


def _key_pressed(digit: str) -> list[CarrierInput]:
    if digit.upper() not in _KEYS:
        _refuse("key", "A key that no telephone has was dropped: expected one of 0-9 * # A-D.")
    return [KeyPressed(digit.upper())]


def _mark_returned(name: str) -> list[CarrierInput]:
    ours = _MARK_NAME.fullmatch(name)
    return [MarkReturned(int(ours[1]), int(ours[2]))] if ours else []


def _explain(message: str | bytes, error: Exception) -> list[CarrierInput]:
    """Sort a message that did not parse: an unknown event means nothing, anything else is refused."""
    try:
        event = _parse_event(message).event
    except (msgspec.MsgspecError, ValueError, RecursionError):
        if isinstance(message, bytes) and not message.lstrip().startswith(b"{"):
            _refuse("binary", "A binary message was dropped: this dialect is JSON text, audio included.")
        _refuse("malformed", "A message that is not a JSON object with an event was dropped.")
    if event not in _KNOWN_EVENTS:
        return []
    raise CarrierError(f"A {event} message was dropped: {error}", "carrier.message") from error


def _refuse(code: str, advice: str) -> NoReturn:
    raise CarrierError(advice, f"carrier.{code}")
