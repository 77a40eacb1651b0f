"""The scripted double's ear: the input buffer, where speech starts and stops, commits and transcripts.

It never creates or ends a response; whoever owns it is told when a turn was committed by turn detection.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from collections import deque
from dataclasses import dataclass
from typing import Any

from torim.engines.agenda import Agenda
from torim.engines.energy_turns import EnergyTurns, Found
from torim.engines.protocol_faults import ProtocolFault
from torim.engines.script import Behaviour
from torim.engines.scripted_events import EventWriter
from torim.engines.scripted_items import BYTES_PER_MS, Conversation, Item
from torim.engines.scripted_session import Session

SHORTEST_COMMIT_MS = 100


@dataclass(frozen=True, slots=True)
class Transcribed:
    """The transcription of one committed turn is ready."""

    item_id: str
    seconds: float


class CallerInput:
    """The caller's side of one session."""

    def __init__(
        self,
        behaviour: Behaviour,
        session: Session,
        conversation: Conversation,
        writer: EventWriter,
        agenda: Agenda,
    ) -> None:
        self._behaviour = behaviour
        self._session = session
        self._conversation = conversation
        self._event = writer.event
        self._agenda = agenda
        self._turns = EnergyTurns(behaviour.onset_db)
        self._speech_item: str | None = None  # announced by speech_started, not yet committed
        self._buffer_bytes = 0  # appended since the last commit
        self.appended_bytes = 0
        self.texts: deque[str] = deque()  # transcripts of the next turns

    def append(self, audio: str) -> list[Found]:
        """Take the base64 audio of an append, and say where speech started or stopped in it."""
        try:
            payload = a2b_base64(audio, strict_mode=True)
        except Base64Error:
            raise ProtocolFault("invalid_value", "Invalid 'audio': not base64.", "audio") from None
        self.appended_bytes += len(payload)
        self._buffer_bytes += len(payload)
        detection = self._session.turn_detection
        return self._turns.hear(payload, detection.get("silence_duration_ms", 500)) if detection else []

    def speech_started(self, found: Found) -> list[str]:
        detection = self._session.turn_detection or {}
        self._speech_item = self._conversation.new_id()
        start_ms = max(0, found.audio_ms - detection.get("prefix_padding_ms", 0))
        fields = {"audio_start_ms": start_ms, "item_id": self._speech_item}
        return [self._event("input_audio_buffer.speech_started", **fields)]

    def speech_stopped(self, found: Found, now_ms: int) -> list[str]:
        """The stop and the commit of a turn; nothing if the client has committed it meanwhile."""
        if self._speech_item is None:
            return []
        fields = {"audio_end_ms": found.audio_ms, "item_id": self._speech_item}
        return [self._event("input_audio_buffer.speech_stopped", **fields), *self._commit(now_ms)]

    def commit_by_client(self, now_ms: int) -> list[str]:
        """A commit that the client asked for; raises the fault of a server where there is too little."""
        if self._buffer_bytes < SHORTEST_COMMIT_MS * BYTES_PER_MS:
            raise ProtocolFault(
                "input_audio_buffer_commit_empty",
                f"Error committing input audio buffer: buffer too small. Expected at least "
                f"{SHORTEST_COMMIT_MS}ms of audio, but buffer only has {self._buffer_bytes / BYTES_PER_MS}ms.",
            )
        self._turns.forget()
        return self._commit(now_ms)

    def clear(self) -> list[str]:
        self._buffer_bytes = 0
        return [self._event("input_audio_buffer.cleared")]

    def transcribed(self, done: Transcribed) -> list[str]:
        text = self.texts.popleft() if self.texts else self._behaviour.caller_says
        where = {"item_id": done.item_id, "content_index": 0}
        if text is None:
            error = {"type": "transcription_error", "code": "audio_unintelligible", "message": "No words in it."}
            return [self._event("conversation.item.input_audio_transcription.failed", **where, error=error)]
        kind = "conversation.item.input_audio_transcription.completed"
        usage = {"type": "duration", "seconds": done.seconds}
        return [self._event(kind, **where, transcript=text, usage=usage)]

    def added(self, item: Item, previous: str | None) -> list[str]:
        """The two events of an item that is complete as it comes."""
        fields = {"item": item.object("completed"), "previous_item_id": previous}
        return [self._event(kind, **fields) for kind in ("conversation.item.added", "conversation.item.done")]

    def _commit(self, now_ms: int) -> list[str]:
        item_id = self._speech_item or self._conversation.new_id()
        seconds = self._buffer_bytes / BYTES_PER_MS / 1000
        self._speech_item, self._buffer_bytes = None, 0
        previous = self._conversation.last_id
        item = self._conversation.add(_spoken_item(item_id))
        if self._session.transcribes:
            due_ms = now_ms + self._behaviour.transcription_delay_ms
            self._agenda.add(due_ms, Transcribed(item_id, seconds))
        fields = {"item_id": item_id, "previous_item_id": previous}
        return [self._event("input_audio_buffer.committed", **fields), *self.added(item, previous)]


def _spoken_item(item_id: str) -> dict[str, Any]:
    part = {"type": "input_audio", "transcript": None}
    return {"id": item_id, "type": "message", "role": "user", "content": [part]}
