"""The codec of the OpenAI Realtime protocol (GA), spoken to every engine that Torim knows.

It translates between wire messages and the core's words, asks for the session and checks what was granted.
It decides nothing about turns, keeps no state of a response, reads no clock and does no input or output.
Nothing here waits for an event that a server may leave out: a response begins with `response.created` and
ends with `response.done`, and everything between them may come in any order or not at all.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable
from typing import Any

import msgspec

from torim.core.abilities import EngineCapabilities
from torim.core.actions import (
    AddText,
    AddToolOutput,
    CancelResponse,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    EngineAction,
    TruncateItem,
)
from torim.core.events import (
    AudioDelta,
    AudioDone,
    CallerTranscript,
    EngineEvent,
    EngineFault,
    EngineReady,
    FaultKind,
    FunctionCall,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TurnCommitted,
)
from torim.engines import openai_wire as wire
from torim.engines.base import SessionConfig
from torim.engines.openai_errors import bad_message, code_of, fault_of, is_fatal, safe_message
from torim.engines.openai_session import mismatch, session_body

SESSION_COMMAND_ID = "torim_session"
KEY_FIELD = "torim_key"

_PART_TYPE = {"user": "input_text", "assistant": "output_text", "system": "input_text"}
_STATUS = {
    status.value: status
    for status in (
        ResponseStatus.COMPLETED,
        ResponseStatus.CANCELLED,
        ResponseStatus.FAILED,
        ResponseStatus.INCOMPLETE,
    )
}
_APPEND_HEAD = '{"type":"input_audio_buffer.append","audio":"'
_tag = msgspec.json.Decoder(wire.Tag)


class OpenAIRealtimeCodec:
    """One link to one engine; see `torim.engines.base.EngineCodec` for the contract of each method."""

    def __init__(self, config: SessionConfig, capabilities: EngineCapabilities | None = None) -> None:
        self.capabilities = capabilities or EngineCapabilities()
        self._config = config
        self._ready = False  # EngineReady was given; it comes once a link
        self._known_calls: set[str] = set()  # ids of the function calls that this session holds

    def handshake(self) -> list[str]:
        """The session update; its `session.updated` is what makes the engine ready."""
        session = session_body(self._config, self.capabilities)
        return [_command("session.update", SESSION_COMMAND_ID, session=session)]

    def append_audio(self, payload: bytes) -> str:
        """The append message for mu-law bytes; no event id, because the engine does not answer it."""
        return f'{_APPEND_HEAD}{b2a_base64(payload, newline=False).decode("ascii")}"}}'

    def decode(self, message: str | bytes) -> list[EngineEvent]:
        """Events of one wire message; unknown types give none, malformed ones an `EngineFault`."""
        try:
            entry = _EVENTS.get(_tag.decode(message).type)
            return [] if entry is None else entry[1](self, entry[0].decode(message))
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            return [bad_message(f"{type(error).__name__}: {error}")]

    def encode(self, action: EngineAction) -> list[str]:
        """Wire messages of one action; none for a command that this engine's capabilities rule out."""
        match action:
            case CreateResponse():
                return [_command("response.create", action.command_id, response=_response_body(action))]
            case CancelResponse() if self.capabilities.cancels:
                return [_command("response.cancel", action.command_id, response_id=action.response_id)]
            case TruncateItem() if self.capabilities.truncates:
                return [_truncate(action)]
            case DeleteItem() if self.capabilities.deletes:
                return [_command("conversation.item.delete", action.command_id, item_id=action.item_id)]
            case AddText():
                return [_item(action.command_id, _text_item(action))]
            case AddToolOutput():
                return self._tool_output(action)
            case CommitAudio():
                return [_command("input_audio_buffer.commit", action.command_id)]
        return []

    def _tool_output(self, action: AddToolOutput) -> list[str]:
        output = {"type": "function_call_output", "call_id": action.call_id, "output": action.output}
        messages = [_item(action.command_id, output)]
        if action.call_id not in self._known_calls:
            # The call was made on an earlier link; an output without its call would be refused.
            call = {
                "type": "function_call",
                "call_id": action.call_id,
                "name": "earlier_call",
                "arguments": "{}",
            }
            messages.insert(0, _item(action.command_id, call))
            self._known_calls.add(action.call_id)
        return messages

    # --- server events ------------------------------------------------------------------------------------

    def _audio(self, event: wire.AudioPiece) -> list[EngineEvent]:
        if not event.delta:
            return []
        return [AudioDelta(event.response_id, event.item_id, event.content_index, event.delta)]

    def _audio_end(self, event: wire.AudioEnd) -> list[EngineEvent]:
        return [AudioDone(event.response_id, event.item_id, event.content_index)]

    def _text(self, event: wire.TextPiece) -> list[EngineEvent]:
        return [TextDelta(event.response_id, event.item_id, event.content_index, event.delta)]

    def _speech_started(self, event: wire.Speech) -> list[EngineEvent]:
        if event.audio_start_ms is None:
            raise ValueError("speech_started without audio_start_ms")
        return [SpeechStarted(event.item_id, event.audio_start_ms)]

    def _speech_stopped(self, event: wire.Speech) -> list[EngineEvent]:
        if event.audio_end_ms is None:
            raise ValueError("speech_stopped without audio_end_ms")
        return [SpeechStopped(event.item_id, event.audio_end_ms)]

    def _committed(self, event: wire.ItemOnly) -> list[EngineEvent]:
        return [TurnCommitted(event.item_id)]

    def _transcribed(self, event: wire.Transcribed) -> list[EngineEvent]:
        return [CallerTranscript(event.item_id, event.transcript)]

    def _not_transcribed(self, event: wire.ItemOnly) -> list[EngineEvent]:
        return [CallerTranscript(event.item_id, None)]

    def _created(self, event: wire.ResponseEvent) -> list[EngineEvent]:
        key = (event.response.metadata or {}).get(KEY_FIELD)
        return [ResponseCreated(event.response.id, key if isinstance(key, str) else None)]

    def _done(self, event: wire.ResponseEvent) -> list[EngineEvent]:
        response = event.response
        status = _STATUS.get(response.status or "", ResponseStatus.FAILED)
        calls = _calls(response.output or []) if status is ResponseStatus.COMPLETED else ()
        self._known_calls.update(call.call_id for call in calls)
        done = ResponseDone(response.id, status, _detail(response), calls, _usage(response.usage))
        error = response.status_details.error if response.status_details else None
        if error is None or not is_fatal(error):
            return [done]
        # An exhausted account shows itself as failed responses, never as an error event.
        return [done, EngineFault(FaultKind.FATAL, code_of(error), safe_message(error))]

    def _updated(self, event: wire.SessionEvent) -> list[EngineEvent]:
        if self._ready:
            return []
        wrong = mismatch(event.session, self._config, self.capabilities)
        if wrong:
            return [EngineFault(FaultKind.CONFIG, "engine.session_mismatch", wrong, SESSION_COMMAND_ID)]
        self._ready = True
        return [EngineReady()]

    def _error(self, event: wire.ErrorEvent) -> list[EngineEvent]:
        return [fault_of(event.error, SESSION_COMMAND_ID)]


def _command(kind: str, command_id: str, **fields: Any) -> str:
    return msgspec.json.encode({"type": kind, "event_id": command_id, **fields}).decode()


def _item(command_id: str, item: dict[str, Any]) -> str:
    return _command("conversation.item.create", command_id, item=item)


def _response_body(action: CreateResponse) -> dict[str, Any]:
    body: dict[str, Any] = {"metadata": {KEY_FIELD: action.key}}
    if action.instructions is not None:
        body["instructions"] = action.instructions
    return body


def _text_item(action: AddText) -> dict[str, Any]:
    part = {"type": _PART_TYPE[action.role], "text": action.text}
    return {"type": "message", "role": action.role, "content": [part]}


def _truncate(action: TruncateItem) -> str:
    return _command(
        "conversation.item.truncate",
        action.command_id,
        item_id=action.item_id,
        content_index=action.content_index,
        audio_end_ms=action.audio_end_ms,
    )


def _calls(output: list[wire.OutputItem]) -> tuple[FunctionCall, ...]:
    return tuple(
        FunctionCall(item.call_id, item.name, item.arguments or "{}")
        for item in output
        if item.type == "function_call" and item.call_id and item.name
    )


def _detail(response: wire.ResponseBody) -> str:
    """The engine's reason or error code; for a status that nobody knows, that status."""
    details = response.status_details
    if details and details.error:
        return code_of(details.error)
    if details and details.reason:
        return details.reason
    return "" if response.status in _STATUS else f"status {response.status}"


def _usage(usage: dict[str, Any] | None) -> tuple[tuple[str, int], ...]:
    """Token counters by name, nested ones joined by a dot, in the engine's order."""
    counters: list[tuple[str, int]] = []
    for name, value in (usage or {}).items():
        if isinstance(value, dict):
            counters.extend((f"{name}.{inner}", count) for inner, count in _usage(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            counters.append((name, value))
    return tuple(counters)


_Entry = tuple[msgspec.json.Decoder[Any], Callable[[OpenAIRealtimeCodec, Any], list[EngineEvent]]]


def _entry(shape: type, handler: Callable[[OpenAIRealtimeCodec, Any], list[EngineEvent]]) -> _Entry:
    return msgspec.json.Decoder(shape), handler


_AUDIO = _entry(wire.AudioPiece, OpenAIRealtimeCodec._audio)
_AUDIO_END = _entry(wire.AudioEnd, OpenAIRealtimeCodec._audio_end)
_TEXT = _entry(wire.TextPiece, OpenAIRealtimeCodec._text)

# Every server event in use; any other type, known or not, is none of our business.
_EVENTS: dict[str, _Entry] = {
    "response.output_audio.delta": _AUDIO,
    "response.audio.delta": _AUDIO,  # older name
    "response.output_audio.done": _AUDIO_END,
    "response.audio.done": _AUDIO_END,  # older name
    "response.output_audio_transcript.delta": _TEXT,
    "response.audio_transcript.delta": _TEXT,  # older name
    "response.output_text.delta": _TEXT,
    "response.text.delta": _TEXT,  # older name
    "response.created": _entry(wire.ResponseEvent, OpenAIRealtimeCodec._created),
    "response.done": _entry(wire.ResponseEvent, OpenAIRealtimeCodec._done),
    "input_audio_buffer.speech_started": _entry(wire.Speech, OpenAIRealtimeCodec._speech_started),
    "input_audio_buffer.speech_stopped": _entry(wire.Speech, OpenAIRealtimeCodec._speech_stopped),
    "input_audio_buffer.committed": _entry(wire.ItemOnly, OpenAIRealtimeCodec._committed),
    "conversation.item.input_audio_transcription.completed": _entry(wire.Transcribed, OpenAIRealtimeCodec._transcribed),
    "conversation.item.input_audio_transcription.failed": _entry(wire.ItemOnly, OpenAIRealtimeCodec._not_transcribed),
    "session.updated": _entry(wire.SessionEvent, OpenAIRealtimeCodec._updated),
    "error": _entry(wire.ErrorEvent, OpenAIRealtimeCodec._error),
}
