"""The written form of what the caller said, as it comes from a transcription endpoint.

It decides whether an item is transcribed and what the client hears of it. Without an endpoint it says so for
every item, once: a transcription that was asked for never just stays away.
"""

from __future__ import annotations

from typing import Protocol

from torim.engines.embedded.errands import Errands
from torim.engines.embedded.items import Item
from torim.engines.embedded.jobs import Failed, Transcribe
from torim.engines.embedded.wire import Ids, Outbox
from torim.engines.protocol import SessionSettings, Transcription

_EVENT = "conversation.item.input_audio_transcription"
_NO_ENDPOINT = "No transcription endpoint is configured. Set TORIM_STT_URL to the address of an OpenAI-compatible one."


class Abilities(Protocol):
    """What a session can do with words."""

    @property
    def transcribes(self) -> bool: ...
    @property
    def chats(self) -> bool: ...


class Transcripts:
    """Transcriptions of the user items of one session."""

    def __init__(self, out: Outbox, ids: Ids, errands: Errands, abilities: Abilities) -> None:
        self._out, self._ids = out, ids
        self._errands = errands
        self._abilities = abilities
        self.under_way: set[str] = set()  # item ids

    def begin(self, item: Item, settings: SessionSettings) -> None:
        """Have a committed item written down, for the client or for the chat model."""
        wanted = settings.audio.input.transcription
        payload = item.content[0].audio()
        if not self._abilities.transcribes:
            if wanted is not None:
                self._fail(item.id, "transcription_unavailable", _NO_ENDPOINT)
        elif (wanted is not None or self._abilities.chats) and payload:
            hints = wanted or Transcription()
            language = hints.language or ""
            job = Transcribe(self._ids.new("job"), payload, language, hints.prompt or "")
            self.under_way.add(item.id)
            self._errands.ask(job, item.id)

    def forget(self, item_id: str) -> None:
        """The item was deleted: nobody needs its words."""
        self.under_way.discard(item_id)
        self._errands.drop(item_id)

    def completed(self, item: Item | None, item_id: str, text: str, settings: SessionSettings) -> None:
        """The words of an item have come; the item may have been deleted meanwhile."""
        self.under_way.discard(item_id)
        if item is None:
            return
        item.content[0].transcript = text
        if settings.audio.input.transcription is None:
            return
        if text:
            self._out.emit(f"{_EVENT}.delta", item_id=item_id, content_index=0, delta=text)
        seconds = round(item.content[0].audio_ms / 1000, 2)
        self._out.emit(
            f"{_EVENT}.completed",
            item_id=item_id,
            content_index=0,
            transcript=text,
            usage={"type": "duration", "seconds": seconds},
        )

    def failed(self, item_id: str, result: Failed, settings: SessionSettings) -> None:
        """The endpoint has no words for an item."""
        self.under_way.discard(item_id)
        if settings.audio.input.transcription is not None:
            self._fail(item_id, result.code, result.message)

    def _fail(self, item_id: str, code: str, message: str) -> None:
        error = {"type": "transcription_error", "code": code, "message": message, "param": None}
        self._out.emit(f"{_EVENT}.failed", item_id=item_id, content_index=0, error=error)
