"""A Realtime (GA) session as a pure state machine: client events in, server events and jobs out.

It decides the order of everything a client sees. It never reads a clock, waits, or performs a job: time comes
in as whole milliseconds since the session opened, waiting goes out as a deadline, and speech, transcripts and
chat answers are asked of its edge (`jobs`) and come back through `finish`. A bad client event is answered by
an `error` event and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torim.audio.vad import SileroVad
from torim.engines.embedded.configuration import Configuration
from torim.engines.embedded.errands import Errands
from torim.engines.embedded.items import Conversation, Item, Span
from torim.engines.embedded.jobs import Failed, Job, Result, Said, Spoken, Transcribed
from torim.engines.embedded.listening import Listening, Started, Stopped
from torim.engines.embedded.making import new_item
from torim.engines.embedded.mind import Mind
from torim.engines.embedded.replies import Replies
from torim.engines.embedded.response import Pace
from torim.engines.embedded.transcripts import Transcripts
from torim.engines.embedded.wire import Ids, Outbox
from torim.engines.link_closed import LinkClosed
from torim.engines.protocol import (
    Append,
    Clear,
    Command,
    Commit,
    ItemCreate,
    ItemDelete,
    ItemRetrieve,
    ItemTruncate,
    OutputClear,
    ResponseCancel,
    ResponseCreate,
    ResponseParams,
    ServerVad,
    SessionUpdate,
    decode_client_event,
    session_patch,
)
from torim.engines.protocol_faults import ProtocolFault

MAX_SESSION_MS = 60 * 60 * 1000
GOING_AWAY = 1001


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """What a session can do and how fast; ``prefix`` makes its ids unlike those of other sessions."""

    model: str = "torim-embedded"
    prefix: str = ""
    language: str = "en"  # of the menu, where a client gives no hint
    pace: Pace = field(default_factory=Pace)
    max_session_ms: int = MAX_SESSION_MS
    opened_at_s: int = 0  # of the epoch, for `expires_at`
    transcribes: bool = False  # an endpoint writes down what callers say
    chats: bool = False  # an endpoint thinks


class Session:
    """One session; fulfils `torim.engines.peer.RealtimePeer`."""

    def __init__(self, options: SessionOptions, vad: SileroVad) -> None:
        self._options = options
        self._ids = Ids(options.prefix)
        self._out = Outbox(self._ids)
        self._errands = Errands()
        self._conversation = Conversation()
        self._listening = Listening(vad, self._ids)
        expires_at_s = options.opened_at_s + options.max_session_ms // 1000
        self._configuration = Configuration(self._ids.new("sess"), options.model, expires_at_s)
        self._transcripts = Transcripts(self._out, self._ids, self._errands, options)
        mind = Mind(options.language, chats=options.chats)
        self._replies = Replies(
            self._out,
            self._ids,
            self._conversation,
            self._errands,
            mind,
            options.pace,
            lambda: self._configuration.settings,
        )
        self.closed: LinkClosed | None = None

    # --- the peer -----------------------------------------------------------------------------------------

    def open(self, now_ms: int) -> list[str]:
        """The server events that greet a new connection."""
        self._out.emit("session.created", session=self._configuration.wire())
        return self._out.take()

    def receive(self, message: str | bytes, now_ms: int) -> list[str]:
        """Take one client event and give the server events that follow at once."""
        if self.closed is not None:
            return []
        event_id: str | None = None
        try:
            event = decode_client_event(message)
            event_id = event.event_id
            if isinstance(event, SessionUpdate):
                self._update(session_patch(message))
            else:
                self._perform(event, now_ms)
        except ProtocolFault as fault:
            self._out.fault(fault, event_id)
        return self._out.take()

    def wake(self, now_ms: int) -> list[str]:
        """A deadline has come: give the server events that are due."""
        if self.closed is not None:
            return []
        if now_ms >= self._options.max_session_ms:
            self._expire()
        else:
            self._replies.wake(now_ms)
            self._time_out(now_ms)
        return self._out.take()

    def next_deadline_ms(self) -> int | None:
        """When to call `wake` next; None once the session is over."""
        if self.closed is not None:
            return None
        due = (self._replies.next_at_ms(), self._idle_at_ms(), self._options.max_session_ms)
        return min(at_ms for at_ms in due if at_ms is not None)

    # --- the edge -----------------------------------------------------------------------------------------

    def jobs(self) -> list[Job]:
        """What the edge is to do, each given once."""
        return self._errands.take()

    def waiting_jobs(self) -> frozenset[str]:
        """The ids of jobs whose results are still wanted; the others may be abandoned."""
        return self._errands.waiting()

    def finish(self, result: Result, now_ms: int) -> list[str]:
        """Take the result of a job; one that nobody waits for changes nothing."""
        owner = self._errands.answered(result.job_id)
        if owner is None or self.closed is not None:
            return []
        match result:
            case Spoken():
                self._replies.spoken(owner, result, now_ms)
            case Said():
                self._replies.said(owner, result, now_ms)
            case Transcribed(_, text):
                self._transcripts.completed(self._conversation.find(owner), owner, text, self._settings)
            case Failed() if owner in self._transcripts.under_way:
                self._transcripts.failed(owner, result, self._settings)
            case Failed():
                self._replies.failed(owner, result, now_ms)
        self._replies.go_on(now_ms)
        return self._out.take()

    # --- client events ------------------------------------------------------------------------------------

    @property
    def _settings(self) -> Any:
        return self._configuration.settings

    def _perform(self, event: Command, now_ms: int) -> None:
        match event:
            case Append():
                self._append(event, now_ms)
            case Commit():
                self._commit(self._listening.commit(), now_ms)
            case Clear():
                self._listening.clear()
                self._out.emit("input_audio_buffer.cleared")
            case ResponseCreate():
                params = event.response if isinstance(event.response, ResponseParams) else None
                self._replies.create(params, now_ms)
            case ResponseCancel():
                self._replies.cancel(event.response_id, "client_cancelled", now_ms)
            case OutputClear():
                message = "output_audio_buffer.clear needs WebRTC or SIP: on a WebSocket the client owns playback."
                raise ProtocolFault("invalid_value", message, "type")
            case _:
                self._edit(event, now_ms)

    def _edit(self, event: Command, now_ms: int) -> None:
        """Perform an event that concerns the conversation."""
        match event:
            case ItemCreate():
                self._create_item(event)
            case ItemRetrieve(item_id=item_id):
                item = self._conversation.get(item_id, "retrieve")
                wire = item.wire(self._audio_format_of(item))
                self._out.emit("conversation.item.retrieved", item=wire)
            case ItemTruncate(item_id=item_id, content_index=index, audio_end_ms=end_ms):
                self._conversation.truncate(item_id, index, end_ms)
                event_type = "conversation.item.truncated"
                self._out.emit(event_type, item_id=item_id, content_index=index, audio_end_ms=end_ms)
            case ItemDelete(item_id=item_id):
                self._conversation.delete(item_id)
                self._out.emit("conversation.item.deleted", item_id=item_id)
                self._transcripts.forget(item_id)
                self._replies.go_on(now_ms)  # an answer may have waited for its words

    def _audio_format_of(self, item: Item) -> Any:
        audio = self._settings.audio
        return audio.output.format if item.role == "assistant" else audio.input.format

    def _update(self, patch: dict[str, Any]) -> None:
        self._configuration.update(patch, speaking=self._replies.any_live, has_spoken=self._replies.has_spoken)
        self._out.emit("session.updated", session=self._configuration.wire())

    def _create_item(self, event: ItemCreate) -> None:
        item = new_item(event.item, self._ids, self._settings.audio.input.format)
        if item.kind == "function_call_output":
            self._check_call(item.call_id)
        item.span = Span(self._listening.speech_start_ms, self._listening.clock_ms)
        previous = self._conversation.add(item, event.previous_item_id)
        for name in ("conversation.item.added", "conversation.item.done"):
            self._out.emit(name, previous_item_id=previous, item=item.wire())

    def _check_call(self, call_id: str) -> None:
        calls = (item.call_id for item in self._conversation if item.kind == "function_call")
        if call_id not in calls:
            message = f"Tool call ID '{call_id}' not found in conversation."
            raise ProtocolFault("invalid_tool_call_id", message, "item.call_id")

    # --- the caller's audio -------------------------------------------------------------------------------

    def _append(self, event: Append, now_ms: int) -> None:
        for found in self._listening.append(event.audio, self._settings.audio.input):
            match found:
                case Started():
                    self._speech_started(found, now_ms)
                case Stopped(item, audio_end_ms):
                    event_type = "input_audio_buffer.speech_stopped"
                    self._out.emit(event_type, item_id=item.id, audio_end_ms=audio_end_ms)
                    self._commit(item, now_ms)
                    self._answer_turn(now_ms)

    def _speech_started(self, found: Started, now_ms: int) -> None:
        self._replies.caller_speaks()
        event_type = "input_audio_buffer.speech_started"
        self._out.emit(event_type, item_id=found.item_id, audio_start_ms=found.audio_start_ms)
        detection = self._settings.audio.input.turn_detection
        if detection.interrupt_response and self._replies.active is not None:
            self._replies.cancel(None, "turn_detected", now_ms)

    def _commit(self, item: Item, now_ms: int) -> None:
        previous = self._conversation.add(item)
        self._out.emit("input_audio_buffer.committed", item_id=item.id, previous_item_id=previous)
        for name in ("conversation.item.added", "conversation.item.done"):
            self._out.emit(name, previous_item_id=previous, item=item.wire())
        self._transcripts.begin(item, self._settings)

    def _answer_turn(self, now_ms: int) -> None:
        """In the mode where the server creates responses, answer the turn that has just ended."""
        if not self._settings.audio.input.turn_detection.create_response:
            return
        try:
            self._replies.create(None, now_ms)
        except ProtocolFault as fault:  # without interruption a response may still be running
            self._out.fault(fault)

    # --- the clock ----------------------------------------------------------------------------------------

    def _idle_at_ms(self) -> int | None:
        """When a caller who says nothing is prompted, counted from the end of the last answer."""
        detection = self._settings.audio.input.turn_detection
        timeout_ms = detection.idle_timeout_ms if isinstance(detection, ServerVad) else None
        waiting = self._listening.speech_start_ms is None and not self._replies.any_live
        if timeout_ms is None or not waiting or self._replies.last_done_ms is None:
            return None
        return self._replies.last_done_ms + timeout_ms

    def _time_out(self, now_ms: int) -> None:
        due_ms = self._idle_at_ms()
        if due_ms is None or now_ms < due_ms:
            return
        item = self._listening.empty_item()
        clock_ms = self._listening.clock_ms
        event_type = "input_audio_buffer.timeout_triggered"
        self._out.emit(event_type, item_id=item.id, audio_start_ms=clock_ms, audio_end_ms=clock_ms)
        self._commit(item, now_ms)
        self._replies.create(None, now_ms)

    def _expire(self) -> None:
        minutes = self._options.max_session_ms // 60_000
        message = f"Your session hit the maximum duration of {minutes} minutes."
        self._out.fault(ProtocolFault("session_expired", message, kind="invalid_request_error"))
        self.closed = LinkClosed(GOING_AWAY, "session expired")
