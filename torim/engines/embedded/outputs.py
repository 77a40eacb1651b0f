"""The output items of a response as they grow: the events that open, fill and close each kind.

It decides the order of the events of one item. When an item is opened, filled or closed is the response's
business.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from torim.engines.embedded.items import Content, Conversation, Item
from torim.engines.embedded.jobs import ToolCall, Word
from torim.engines.embedded.wire import Ids, Outbox

ARGUMENT_PIECE = 24  # characters of a function call's arguments in one delta


@dataclass(frozen=True, slots=True)
class Place:
    """Where the items of a response go; ``conversation`` None: nowhere but into the response itself."""

    out: Outbox
    ids: Ids
    conversation: Conversation | None
    response_id: str


class Output:
    """One item of a response, whatever its kind."""

    def __init__(self, place: Place, index: int, item: Item) -> None:
        self.item = item
        self._place = place
        self._where: dict[str, Any] = {
            "response_id": place.response_id,
            "item_id": item.id,
            "output_index": index,
        }

    def open(self) -> None:
        """Announce the item."""
        self._item_event("response.output_item.added")
        if self._place.conversation is not None:
            previous = self._place.conversation.add(self.item)
            event = "conversation.item.added"
            self._place.out.emit(event, previous_item_id=previous, item=self.item.wire())

    def close(self, status: str) -> None:
        """Finish the item: ``completed``, or ``incomplete`` if it was stopped."""
        self.item.status = status
        self._fill_up()
        if self._place.conversation is not None:
            previous = self._place.conversation.before(self.item.id)
            event = "conversation.item.done"
            self._place.out.emit(event, previous_item_id=previous, item=self.item.wire())
        self._item_event("response.output_item.done")

    def _fill_up(self) -> None:
        raise NotImplementedError

    def _emit(self, event: str, **fields: Any) -> None:
        self._place.out.emit(event, **self._where, **fields)

    def _item_event(self, event: str) -> None:
        self._place.out.emit(
            event,
            response_id=self._where["response_id"],
            output_index=self._where["output_index"],
            item=self.item.wire(),
        )


class MessageOutput(Output):
    """An assistant message, spoken with its transcript or written."""

    def __init__(self, place: Place, index: int, spoken: bool) -> None:
        content = Content("output_audio", transcript="") if spoken else Content("output_text", text="")
        item = Item(place.ids.new("item"), "message", "assistant", "in_progress")
        super().__init__(place, index, item)
        self._where["content_index"] = 0
        self._content = content

    @property
    def sent_ms(self) -> int:
        return self._content.audio_ms

    @property
    def empty(self) -> bool:
        return not self._content.words

    def open(self) -> None:
        super().open()
        self.item.content.append(self._content)
        self._emit("response.content_part.added", part=self._part())

    def words(self, words: list[Word]) -> None:
        """Add words; those of a voice carry when they sound, which the protocol allows and does not ask."""
        spoken = self._content.kind == "output_audio"
        event = "response.output_audio_transcript.delta" if spoken else "response.output_text.delta"
        for word in words:
            self._content.words.append(word)
            times = {"start_ms": word.start_ms, "end_ms": word.end_ms} if spoken else {}
            self._emit(event, delta=word.text, **times)

    def audio(self, payload: bytes, to_byte: int, encoded: bytes) -> None:
        """Add audio up to a byte of ``payload`` (mu-law); ``encoded`` is the new part in the session's format."""
        self._content.extend_audio(payload, to_byte)
        self._emit("response.output_audio.delta", delta=base64.b64encode(encoded).decode())

    def _fill_up(self) -> None:
        text = "".join(word.text for word in self._content.words)
        if self._content.kind == "output_text":
            self._content.text = text
            self._emit("response.output_text.done", text=text)
        else:
            if not self._content.truncated:
                self._content.transcript = text
            self._emit("response.output_audio.done")
            self._emit("response.output_audio_transcript.done", transcript=text)
        self._emit("response.content_part.done", part=self._part())

    def _part(self) -> dict[str, Any]:
        if self._content.kind == "output_text":
            return {"type": "text", "text": self._content.text}
        return {"type": "audio", "transcript": self._content.transcript}


class CallOutput(Output):
    """A function call."""

    def __init__(self, place: Place, index: int, call: ToolCall) -> None:
        item = Item(place.ids.new("item"), "function_call", status="in_progress")
        item.name, item.call_id = call.name, place.ids.new("call")
        super().__init__(place, index, item)
        self._arguments = call.arguments

    def write(self) -> None:
        """Add the arguments."""
        self.item.arguments = self._arguments
        for start in range(0, len(self._arguments), ARGUMENT_PIECE):
            piece = self._arguments[start : start + ARGUMENT_PIECE]
            self._emit("response.function_call_arguments.delta", call_id=self.item.call_id, delta=piece)

    def _fill_up(self) -> None:
        self._emit(
            "response.function_call_arguments.done",
            call_id=self.item.call_id,
            name=self.item.name,
            arguments=self.item.arguments,
        )
