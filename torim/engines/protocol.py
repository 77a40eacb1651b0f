"""The client's half of the OpenAI Realtime (GA) protocol as strict types.

It decides whether a client event is well formed; what is said about one that is not is worded in `protocol_faults.py`.
It holds no state and knows no session. Source: the event types of the `openai` SDK.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from torim.engines.protocol_faults import ProtocolFault, check_nesting, explain

MAX_APPEND_BYTES = 15 * 1024 * 1024  # of audio, in one append

Modality = Literal["text", "audio"]
Modalities = Annotated[list[Modality], Meta(min_length=1, max_length=1)]
ToolMode = Literal["auto", "none", "required"]
TokenLimit = Annotated[int, Meta(ge=1, le=4096)] | Literal["inf"]
Unit = Annotated[float, Meta(ge=0.0, le=1.0)]
Duration = Annotated[int, Meta(ge=0, le=60_000)]


class Strict(Struct, forbid_unknown_fields=True, kw_only=True):
    """A wire object in which an unknown field is an error."""


# --- the session ------------------------------------------------------------------------------------------


class Pcm(Strict, tag_field="type", tag="audio/pcm"):
    rate: Literal[24000] = 24000


class Pcmu(Strict, tag_field="type", tag="audio/pcmu"):
    pass


class Pcma(Strict, tag_field="type", tag="audio/pcma"):
    pass


AudioFormat = Pcm | Pcmu | Pcma


class ServerVad(Strict, tag_field="type", tag="server_vad"):
    threshold: Unit = 0.5
    prefix_padding_ms: Duration = 300
    silence_duration_ms: Duration = 500
    create_response: bool = True
    interrupt_response: bool = True
    idle_timeout_ms: Annotated[int, Meta(ge=5_000, le=30_000)] | None = None


class SemanticVad(Strict, tag_field="type", tag="semantic_vad"):
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


class Transcription(Strict):
    model: str | None = None
    language: str | None = None
    languages: list[str] | None = None
    prompt: str | None = None
    keywords: list[str] | None = None
    delay: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None


class NoiseReduction(Strict):
    type: Literal["near_field", "far_field"] | None = None
    strength: float | None = None


class AudioInput(Strict):
    format: AudioFormat = msgspec.field(default_factory=Pcm)
    noise_reduction: NoiseReduction | None = None
    transcription: Transcription | None = None
    turn_detection: ServerVad | SemanticVad | None = msgspec.field(default_factory=ServerVad)


class CustomVoice(Strict):
    id: str


class AudioOutput(Strict):
    format: AudioFormat = msgspec.field(default_factory=Pcm)
    voice: str | CustomVoice = "marin"
    speed: Annotated[float, Meta(ge=0.25, le=1.5)] = 1.0


class Audio(Strict):
    input: AudioInput = msgspec.field(default_factory=AudioInput)
    output: AudioOutput = msgspec.field(default_factory=AudioOutput)


class Tool(Strict):
    type: Literal["function"]
    name: str
    description: str = ""
    parameters: dict[str, Any] = {}


class ToolChoice(Strict):
    type: Literal["function"]
    name: str


class SessionSettings(Strict):
    """The effective configuration of a session; a client may send any part of it."""

    type: Literal["realtime"]
    model: str = ""
    output_modalities: Modalities = msgspec.field(default_factory=lambda: ["audio"])
    instructions: str = ""
    tools: list[Tool] = []
    tool_choice: ToolMode | ToolChoice = "auto"
    max_output_tokens: TokenLimit = "inf"
    parallel_tool_calls: bool | None = None
    reasoning: dict[str, Any] | None = None
    truncation: Literal["auto", "disabled"] | dict[str, Any] = "auto"
    tracing: Literal["auto"] | dict[str, Any] | None = None
    prompt: dict[str, Any] | None = None
    include: list[Literal["item.input_audio_transcription.logprobs"]] | None = None
    audio: Audio = msgspec.field(default_factory=Audio)


# --- items ------------------------------------------------------------------------------------------------


class InputText(Strict, tag_field="type", tag="input_text"):
    text: str


class InputAudio(Strict, tag_field="type", tag="input_audio"):
    audio: str
    transcript: str | None = None


class InputImage(Strict, tag_field="type", tag="input_image"):
    image_url: str
    detail: Literal["auto", "low", "high"] | None = None


class OutputText(Strict, tag_field="type", tag="output_text"):
    text: str


ContentPart = InputText | InputAudio | InputImage | OutputText
ItemId = Annotated[str, Meta(min_length=1, max_length=64)]
ItemStatus = Literal["completed", "incomplete", "in_progress"]


class MessageItem(Strict, tag_field="type", tag="message"):
    role: Literal["user", "assistant", "system"]
    content: Annotated[list[ContentPart], Meta(min_length=1)]
    id: ItemId | None = None
    object: Literal["realtime.item"] | None = None
    status: ItemStatus | None = None


class FunctionCallItem(Strict, tag_field="type", tag="function_call"):
    name: str
    arguments: str
    call_id: str | None = None
    id: ItemId | None = None
    object: Literal["realtime.item"] | None = None
    status: ItemStatus | None = None


class FunctionOutputItem(Strict, tag_field="type", tag="function_call_output"):
    call_id: str
    output: str
    id: ItemId | None = None
    object: Literal["realtime.item"] | None = None
    status: ItemStatus | None = None


class ItemReference(Strict, tag_field="type", tag="item_reference"):
    id: ItemId


NewItem = MessageItem | FunctionCallItem | FunctionOutputItem


# --- client events ----------------------------------------------------------------------------------------


class ResponseOutput(Strict):
    format: AudioFormat | None = None
    voice: str | CustomVoice | None = None


class ResponseAudio(Strict):
    output: ResponseOutput | None = None


class ResponseParams(Strict):
    conversation: Literal["auto", "none"] = "auto"
    input: list[MessageItem | FunctionCallItem | FunctionOutputItem | ItemReference] | None = None
    instructions: str | None = None
    max_output_tokens: TokenLimit | None = None
    metadata: dict[str, str] | None = None
    output_modalities: Modalities | None = None
    parallel_tool_calls: bool | None = None
    prompt: dict[str, Any] | None = None
    reasoning: dict[str, Any] | None = None
    tool_choice: ToolMode | ToolChoice | None = None
    tools: list[Tool] | None = None
    audio: ResponseAudio | None = None


class Command(Strict, tag_field="type"):
    """Any client event; ``event_id`` comes back in the error that the event may cause."""

    event_id: Annotated[str, Meta(max_length=512)] | None = None


class SessionUpdate(Command, kw_only=True, tag="session.update"):
    session: SessionSettings


class Append(Command, kw_only=True, tag="input_audio_buffer.append"):
    audio: str


class Commit(Command, kw_only=True, tag="input_audio_buffer.commit"):
    pass


class Clear(Command, kw_only=True, tag="input_audio_buffer.clear"):
    pass


class OutputClear(Command, kw_only=True, tag="output_audio_buffer.clear"):
    pass


class ItemCreate(Command, kw_only=True, tag="conversation.item.create"):
    item: NewItem
    previous_item_id: str | None = None


class ItemRetrieve(Command, kw_only=True, tag="conversation.item.retrieve"):
    item_id: str


class ItemTruncate(Command, kw_only=True, tag="conversation.item.truncate"):
    item_id: str
    content_index: Annotated[int, Meta(ge=0)]
    audio_end_ms: Annotated[int, Meta(ge=0)]


class ItemDelete(Command, kw_only=True, tag="conversation.item.delete"):
    item_id: str


class ResponseCreate(Command, kw_only=True, tag="response.create"):
    response: ResponseParams | UnsetType | None = UNSET


class ResponseCancel(Command, kw_only=True, tag="response.cancel"):
    response_id: str | None = None


ClientEvent = (
    SessionUpdate
    | Append
    | Commit
    | Clear
    | OutputClear
    | ItemCreate
    | ItemRetrieve
    | ItemTruncate
    | ItemDelete
    | ResponseCreate
    | ResponseCancel
)
_decoder: msgspec.json.Decoder[ClientEvent] = msgspec.json.Decoder(ClientEvent)


# --- reading ----------------------------------------------------------------------------------------------


def decode_client_event(message: str | bytes) -> ClientEvent:
    """Parse and validate one client event.

    Raises:
        ProtocolFault: it is not JSON, nested beyond measure, not a known event, or a field of it is unknown,
            missing or impossible.
    """
    try:
        check_nesting(message)
        try:
            return _decoder.decode(message)
        except msgspec.ValidationError as error:
            # It may be no JSON at all further on: only the second, untyped look knows.
            raise explain(str(error), msgspec.json.decode(message)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProtocolFault("invalid_json", f"The message is not valid JSON: {error}.") from None


def session_patch(message: str | bytes) -> dict[str, Any]:
    """The `session` object of a valid `session.update` as it was sent: only what it names is to change."""
    patch: dict[str, Any] = msgspec.json.decode(message)["session"]
    return patch
