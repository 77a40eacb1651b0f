"""The loopback line: a telephone in memory, for tests, benchmarks and the offline demo.

Its messages are bytes, one letter for the kind and then the content, so that a call costs nothing but itself.
The far side of the line, which a test drives, is here too. Neither side paces.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import NoReturn

import msgspec

from torim.audio.g711 import duck
from torim.carriers.base import CallerAudio, CarrierInput, CarrierPlugin, StreamOpened
from torim.carriers.media_streams import Stage
from torim.core.abilities import CarrierCapabilities
from torim.core.actions import CarrierAction, ClearAudio, PlayAudio, SendMark
from torim.core.events import CallerGone, KeyPressed, MarkReturned, StreamStarted
from torim.errors import CarrierError, CoreMisuse

START, AUDIO, KEY, MARK, CLEAR, STOP = b"S", b"A", b"K", b"M", b"C", b"X"
MESSAGE_MAX_BYTES = 65_536
_TWO = Struct(">II")  # token, epoch
_ONE = Struct(">I")  # epoch
_KEYS = b"0123456789*#ABCD"


class _Start(msgspec.Struct, frozen=True):
    call_sid: str
    stream_sid: str
    parameters: dict[str, str] = {}


class LoopbackCodec:
    """Our side of one loopback line; implements `CarrierCodec`."""

    __slots__ = ("_stage", "capabilities")

    def __init__(self, capabilities: CarrierCapabilities | None = None) -> None:
        self.capabilities = capabilities or CarrierCapabilities()
        self._stage = Stage.BEFORE_START

    def decode(self, message: str | bytes) -> list[CarrierInput]:
        """Turn one message of the far side into what it means.

        Raises:
            CarrierError: The message is not of this line; it can be used further.
        """
        if not isinstance(message, bytes) or len(message) > MESSAGE_MAX_BYTES:
            _refuse("malformed", f"A loopback message is bytes, at most {MESSAGE_MAX_BYTES} of them.")
        kind, content = message[:1], message[1:]
        if kind == AUDIO and self._stage is Stage.OPEN:
            return [CallerAudio(content)] if content else []
        if self._stage is Stage.STOPPED or kind not in (START, AUDIO, KEY, MARK, STOP):
            return []
        return self._rare(kind, content)

    def encode(self, action: CarrierAction) -> list[str | bytes]:
        """Turn one action into messages of the line.

        Raises:
            CoreMisuse: The line is not open, or audio is not a whole number of frames.
        """
        if self._stage is Stage.BEFORE_START:
            raise CoreMisuse("Nothing can be sent before the stream's start message.", "carrier.not_open")
        if isinstance(action, PlayAudio):
            return self._play(action)
        if isinstance(action, SendMark) and self.capabilities.can_mark:
            return [MARK + _TWO.pack(action.token, action.epoch)]
        if isinstance(action, ClearAudio) and self.capabilities.can_clear:
            return [CLEAR + _ONE.pack(action.epoch)]
        return []

    def _rare(self, kind: bytes, content: bytes) -> list[CarrierInput]:
        if kind == START:
            return self._start(content)
        if self._stage is Stage.BEFORE_START:
            _refuse("before_start", "A message before the start message was dropped: send start first.")
        if kind == STOP:
            self._stage = Stage.STOPPED
            return [CallerGone()]
        if kind == KEY and len(content) == 1 and content in _KEYS:
            return [KeyPressed(content.decode())]
        if kind == MARK and len(content) == _TWO.size:
            return [MarkReturned(*_TWO.unpack(content))]
        raise CarrierError(f"A loopback message of kind {kind!r} was dropped: bad content.", "carrier.message")

    def _start(self, content: bytes) -> list[CarrierInput]:
        if self._stage is Stage.OPEN:
            _refuse("second_start", "A second start message was ignored: one line carries one stream.")
        try:
            start = msgspec.json.decode(content, type=_Start)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise CarrierError(f"A start message was dropped: {error}", "carrier.message") from error
        self._stage = Stage.OPEN
        return [StreamOpened(start.call_sid, start.stream_sid, start.parameters), StreamStarted()]

    def _play(self, action: PlayAudio) -> list[str | bytes]:
        payload = action.payload
        if len(payload) % self.capabilities.frame_bytes:
            raise CoreMisuse(
                f"Audio of {len(payload)} bytes is not a whole number of frames of "
                f"{self.capabilities.frame_bytes}; gather or pad it before playing.",
                "carrier.frame",
            )
        if action.gain_db:
            payload = duck(payload, action.gain_db)
        return [AUDIO + payload] if payload else []


class LoopbackFarSide:
    """The other end of a loopback line: makes the caller's messages and reads ours."""

    def start(self, call_sid: str, stream_sid: str, parameters: Mapping[str, str] | None = None) -> bytes:
        """The message that opens the stream."""
        return START + msgspec.json.encode(_Start(call_sid, stream_sid, dict(parameters or {})))

    def audio(self, payload: bytes) -> bytes:
        """Caller audio: mu-law bytes at 8 kHz."""
        return AUDIO + payload

    def key(self, digit: str) -> bytes:
        """A key of the telephone."""
        return KEY + digit.encode()

    def mark(self, mark: SendMark) -> bytes:
        """A mark going back: played, or discarded by a clear."""
        return MARK + _TWO.pack(mark.token, mark.epoch)

    def stop(self) -> bytes:
        """The caller hangs up."""
        return STOP

    def read(self, message: str | bytes) -> PlayAudio | SendMark | ClearAudio:
        """What we were sent.

        Raises:
            CarrierError: It is not a message of this line.
        """
        if isinstance(message, bytes):
            kind, content = message[:1], message[1:]
            if kind == AUDIO:
                return PlayAudio(content)
            if kind == MARK and len(content) == _TWO.size:
                return SendMark(*_TWO.unpack(content))
            if kind == CLEAR and len(content) == _ONE.size:
                return ClearAudio(*_ONE.unpack(content))
        raise CarrierError("Our side of a loopback line sends audio, marks and clears only.", "carrier.malformed")


PLUGIN = CarrierPlugin("loopback", CarrierCapabilities(), LoopbackCodec)


def _refuse(code: str, advice: str) -> NoReturn:
    raise CarrierError(advice, f"carrier.{code}")
