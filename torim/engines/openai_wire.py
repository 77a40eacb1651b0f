"""The server events of the Realtime protocol that Torim uses, as typed structures.

Only the fields in use are named; everything else on the wire is skipped unread. Names are those of the GA
protocol; the older names that compatible servers still use are listed beside them in the codec's table.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Tag(Struct, gc=False):
    """The first look at any message: its type, nothing else is materialised."""

    type: str


class AudioPiece(Struct, gc=False):
    """`response.output_audio.delta`; msgspec turns the base64 text into bytes while it parses."""

    response_id: str
    item_id: str
    delta: bytes
    content_index: int = 0


class TextPiece(Struct, gc=False):
    """`response.output_audio_transcript.delta` and `response.output_text.delta`."""

    response_id: str
    item_id: str
    delta: str
    content_index: int = 0


class AudioEnd(Struct, gc=False):
    """`response.output_audio.done`."""

    response_id: str
    item_id: str
    content_index: int = 0


class Speech(Struct, gc=False):
    """`input_audio_buffer.speech_started` and `.speech_stopped`; each has one of the two instants."""

    item_id: str = ""
    audio_start_ms: int | None = None
    audio_end_ms: int | None = None


class ItemOnly(Struct, gc=False):
    """An event of which only the item matters: committed, transcription failed."""

    item_id: str


class Transcribed(Struct, gc=False):
    """`conversation.item.input_audio_transcription.completed`."""

    item_id: str
    transcript: str


class ErrorBody(Struct):
    """The error of an `error` event or of a failed response. Servers leave out what they do not know."""

    type: str | None = None
    code: str | int | None = None
    message: str | None = None
    param: str | None = None
    event_id: str | None = None


class ErrorEvent(Struct):
    error: ErrorBody


class StatusDetails(Struct):
    reason: str | None = None
    error: ErrorBody | None = None


class OutputItem(Struct):
    """One item of a finished response; the fields in use are a function call's."""

    type: str = ""
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None


class ResponseBody(Struct):
    id: str
    status: str | None = None
    status_details: StatusDetails | None = None
    output: list[OutputItem] | None = None
    metadata: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None


class ResponseEvent(Struct):
    """`response.created` and `response.done`."""

    response: ResponseBody


class Format(Struct):
    type: str | None = None


class TurnDetection(Struct):
    create_response: bool | None = None
    interrupt_response: bool | None = None


class AudioInput(Struct):
    format: Format | None = None
    turn_detection: TurnDetection | None = None


class AudioOutput(Struct):
    format: Format | None = None
    voice: Any = None  # a name, or an object for a custom voice


class SessionAudio(Struct):
    input: AudioInput | None = None
    output: AudioOutput | None = None


class SessionBody(Struct):
    output_modalities: list[str] | None = None
    audio: SessionAudio | None = None


class SessionEvent(Struct):
    """`session.updated`: the full effective configuration."""

    session: SessionBody
