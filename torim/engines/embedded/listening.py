"""The input side of a session: the audio buffer, its clock, and the turns found in it.

It decides what a commit contains and which item id a turn has. It emits nothing: the session does. The clock
is the audio ever appended, in milliseconds; it never restarts.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from torim.audio.vad import SileroVad
from torim.engines.embedded.formats import BYTES_PER_MS, InputCoder
from torim.engines.embedded.items import Content, Item, Span
from torim.engines.embedded.turns import SpeechBegan, SpeechOver, TurnDetector
from torim.engines.embedded.wire import Ids
from torim.engines.protocol import MAX_APPEND_BYTES, AudioInput, SemanticVad, ServerVad
from torim.engines.protocol_faults import ProtocolFault

MIN_COMMIT_MS = 100
MAX_BUFFER_MS = 120_000  # what a client never commits is forgotten from the front
MAX_SILENCE_MS = 10_000  # ... and sooner where turns are detected and nobody speaks
SEMANTIC_PADDING_MS = 300


@dataclass(frozen=True, slots=True)
class Started:
    item_id: str
    audio_start_ms: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """The turn is over; ``item`` holds its audio."""

    item: Item
    audio_end_ms: int


class Listening:
    """Buffer and turn detection of one session."""

    def __init__(self, vad: SileroVad, ids: Ids) -> None:
        self._ids = ids
        self._coder: InputCoder | None = None
        self._detector = TurnDetector(vad)
        self._buffer = bytearray()  # mu-law since the last commit
        self._start_byte = 0  # where the buffer begins on the clock
        self._turn: Started | None = None

    @property
    def clock_ms(self) -> int:
        return self._end_byte // BYTES_PER_MS

    @property
    def _end_byte(self) -> int:
        return self._start_byte + len(self._buffer)

    @property
    def speech_start_ms(self) -> int | None:
        """Where the speech under way began, padding included; None in silence."""
        return self._turn.audio_start_ms if self._turn else None

    def append(self, audio: str, settings: AudioInput) -> list[Started | Stopped]:
        """Add base64 audio in the session's input format.

        Raises:
            ProtocolFault: it is not base64, or more than the protocol allows in one append.
        """
        data = _decode_base64(audio)
        if self._coder is None or self._coder.format != settings.format:
            self._coder = InputCoder(settings.format)
        payload = self._coder.decode(data)
        self._buffer += payload
        found = self._find_turns(payload, settings.turn_detection)
        self._forget_old(settings.turn_detection)
        return found

    def commit(self) -> Item:
        """Make a user item of everything in the buffer.

        Raises:
            ProtocolFault: there is less than 100 ms of it.
        """
        held_ms = len(self._buffer) / BYTES_PER_MS
        if held_ms < MIN_COMMIT_MS:
            message = (
                "Error committing input audio buffer: buffer too small. "
                f"Expected at least {MIN_COMMIT_MS}ms of audio, but buffer only has {held_ms:.2f}ms of audio."
            )
            raise ProtocolFault("input_audio_buffer_commit_empty", message)
        item = self._close(self._start_byte, self._end_byte)
        self._detector.forget()
        return item

    def empty_item(self) -> Item:
        """The item of a turn in which nothing was said."""
        span = Span(self.clock_ms, self.clock_ms)
        return Item(self._ids.new("item"), "message", "user", content=[Content("input_audio")], span=span)

    def clear(self) -> None:
        """Forget the buffer and the turn under way."""
        self._drop_to(self._end_byte)
        self._detector.forget()

    def _find_turns(self, payload: bytes, detection: ServerVad | SemanticVad | None) -> list[Started | Stopped]:
        if detection is None:
            # The network must hear everything, so that detection can be switched on at any time.
            self._detector.feed(payload, ServerVad())
            return []
        found: list[Started | Stopped] = []
        for event in self._detector.feed(payload, detection):
            match event:
                case SpeechBegan(at_ms):
                    found.append(self._begin(at_ms, detection))
                case SpeechOver(at_ms) if self._turn is not None:
                    start_byte = self._turn.audio_start_ms * BYTES_PER_MS
                    item = self._close(start_byte, at_ms * BYTES_PER_MS)
                    found.append(Stopped(item, at_ms))
        return found

    def _begin(self, at_ms: int, detection: ServerVad | SemanticVad) -> Started:
        start_ms = max(at_ms - _padding_ms(detection), -(-self._start_byte // BYTES_PER_MS))
        self._turn = Started(self._ids.new("item"), start_ms)
        return self._turn

    def _close(self, from_byte: int, to_byte: int) -> Item:
        """Cut the item of the turn out of the buffer; what lies before it is forgotten."""
        from_byte = max(from_byte, self._start_byte)
        payload = bytes(self._buffer[from_byte - self._start_byte : to_byte - self._start_byte])
        span = Span(from_byte // BYTES_PER_MS, to_byte // BYTES_PER_MS)
        item_id = self._turn.item_id if self._turn else self._ids.new("item")
        self._drop_to(to_byte)
        content = Content("input_audio")
        content.set_audio(payload)
        return Item(item_id, "message", "user", content=[content], span=span)

    def _drop_to(self, byte: int) -> None:
        del self._buffer[: byte - self._start_byte]
        self._start_byte = byte
        self._turn = None

    def _forget_old(self, detection: ServerVad | SemanticVad | None) -> None:
        kept_ms = MAX_BUFFER_MS
        if detection is not None and self._turn is None:
            kept_ms = MAX_SILENCE_MS + _padding_ms(detection)
        excess = len(self._buffer) - kept_ms * BYTES_PER_MS
        if excess > 0:
            del self._buffer[:excess]
            self._start_byte += excess


def _padding_ms(detection: ServerVad | SemanticVad) -> int:
    return detection.prefix_padding_ms if isinstance(detection, ServerVad) else SEMANTIC_PADDING_MS


def _decode_base64(audio: str) -> bytes:
    if len(audio) > MAX_APPEND_BYTES * 4 // 3 + 4:
        message = "Invalid 'audio': more than 15 MiB in one append. Send it in parts."
        raise ProtocolFault("string_above_max_length", message, "audio")
    try:
        return base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError) as error:
        message = f"Invalid 'audio': not valid base64 ({error})."
        raise ProtocolFault("invalid_value", message, "audio") from None
