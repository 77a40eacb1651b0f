"""The conversation: items in order, and what may be done to one by id.

It decides which ids exist, where an item goes, and how much of an item's audio is left. It emits nothing and
never looks at a clock. Audio is kept as mu-law at 8 kHz (8 bytes a millisecond); when there is too much of
it the oldest is dropped, of which only the length remains.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torim.engines.embedded.formats import BYTES_PER_MS, encode_audio
from torim.engines.embedded.jobs import Word
from torim.engines.protocol import AudioFormat
from torim.engines.protocol_faults import ProtocolFault

AUDIO_BUDGET_BYTES = 2 * 1024 * 1024  # about four minutes


@dataclass(slots=True)
class Clip:
    """The first ``length_bytes`` of some audio; the bytes are shared with whoever made them, never copied."""

    payload: bytes
    length_bytes: int


@dataclass(slots=True)
class Content:
    """One content part; its audio is joined only when somebody asks."""

    kind: str  # input_text, input_audio, input_image, output_text, output_audio
    text: str | None = None
    transcript: str | None = None
    clips: list[Clip] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    truncated: bool = False
    image_url: str | None = None

    @property
    def audio_ms(self) -> int:
        return sum(clip.length_bytes for clip in self.clips) // BYTES_PER_MS

    def audio(self) -> bytes:
        """All audio that is still kept."""
        return b"".join(clip.payload[: clip.length_bytes] for clip in self.clips)

    def set_audio(self, payload: bytes) -> None:
        """Replace the audio."""
        self.clips = [Clip(payload, len(payload))]

    def extend_audio(self, payload: bytes, to_byte: int) -> None:
        """Go on to a byte of ``payload``, which is the clip in progress or a new one (perhaps the same again)."""
        last = self.clips[-1] if self.clips else None
        if last is not None and last.payload is payload and last.length_bytes < to_byte:
            last.length_bytes = to_byte
        else:
            self.clips.append(Clip(payload, to_byte))

    def heard_text(self) -> str:
        """The words whose sound is still there, for whoever must know what the caller heard."""
        if self.kind != "output_audio":
            return self.text or self.transcript or ""
        if not self.truncated:
            return self.transcript or ""
        left_ms = self.audio_ms
        return "".join(word.text for word in self.words if word.end_ms <= left_ms).strip()

    def wire(self, audio_format: AudioFormat | None = None) -> dict[str, Any]:
        """The part as the protocol writes it; with its audio if a format is given."""
        if self.kind in ("input_text", "output_text"):
            return {"type": self.kind, "text": self.text or ""}
        if self.kind == "input_image":
            return {"type": self.kind, "image_url": self.image_url}
        part: dict[str, Any] = {"type": self.kind, "transcript": self.transcript}
        if audio_format is not None:
            part["audio"] = base64.b64encode(encode_audio(self.audio(), audio_format)).decode()
        return part


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the caller's audio on the clock of appended audio; ``start_ms`` None: no speech yet."""

    start_ms: int | None
    end_ms: int


@dataclass(slots=True)
class Item:
    """A message, a function call or its output."""

    id: str
    kind: str  # message, function_call, function_call_output
    role: str = ""
    status: str = "completed"
    content: list[Content] = field(default_factory=list)
    name: str = ""
    call_id: str = ""
    arguments: str = ""
    output: str = ""
    span: Span | None = None

    def wire(self, audio_format: AudioFormat | None = None) -> dict[str, Any]:
        """The item as the protocol writes it; with its audio if a format is given."""
        item: dict[str, Any] = {"id": self.id, "object": "realtime.item", "type": self.kind}
        item["status"] = self.status
        if self.kind == "message":
            item |= {"role": self.role, "content": [part.wire(audio_format) for part in self.content]}
        elif self.kind == "function_call":
            item |= {"name": self.name, "call_id": self.call_id, "arguments": self.arguments}
        else:
            item |= {"call_id": self.call_id, "output": self.output}
        return item


class Conversation:
    """The items of one session, in order."""

    def __init__(self) -> None:
        self._items: list[Item] = []

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def find(self, item_id: str) -> Item | None:
        """The item with this id, if it is there."""
        return next((item for item in self._items if item.id == item_id), None)

    def before(self, item_id: str) -> str | None:
        """The id of an item's predecessor."""
        ids = [item.id for item in self._items]
        index = ids.index(item_id) if item_id in ids else 0
        return ids[index - 1] if index else None

    def add(self, item: Item, after: str | None = None) -> str | None:
        """Put an item after another (``root``: first; None: last) and give its predecessor's id.

        Raises:
            ProtocolFault: the id is taken, or the item to follow is not there.
        """
        if self.find(item.id) is not None:
            message = f"Error adding item: an item with the id '{item.id}' already exists."
            raise ProtocolFault("item_create_duplicate_item_id", message, "item.id")
        index = self._index_after(after)
        previous = self._items[index - 1].id if index else None
        self._items.insert(index, item)
        self._forget_old_audio()
        return previous

    def _index_after(self, after: str | None) -> int:
        if after is None:
            return len(self._items)
        if after == "root":
            return 0
        for index, item in enumerate(self._items):
            if item.id == after:
                return index + 1
        message = f"Error adding item: the previous item with id '{after}' does not exist."
        raise ProtocolFault("item_create_invalid_previous_item_id", message, "previous_item_id")

    def get(self, item_id: str, verb: str) -> Item:
        """The item with this id, for a command that fails without it (``verb``: retrieve, delete, truncate)."""
        item = self.find(item_id)
        if item is None:
            gerund = verb.removesuffix("e") + "ing"
            message = f"Error {gerund} item: the item with id '{item_id}' does not exist."
            raise ProtocolFault(f"item_{verb}_invalid_item_id", message, "item_id")
        return item

    def delete(self, item_id: str) -> None:
        """Remove an item."""
        self._items.remove(self.get(item_id, "delete"))

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> None:
        """Shorten an assistant's audio; its transcript goes, as it may hold words nobody heard.

        Raises:
            ProtocolFault: no such item or part, or there is less audio than that.
        """
        item = self.get(item_id, "truncate")
        if item.role != "assistant" or not item.content or item.content[0].kind != "output_audio":
            message = "Only audio messages of the assistant can be truncated."
            raise ProtocolFault("invalid_value", message, "item_id")
        if content_index >= len(item.content):
            message = f"Invalid value for 'content_index': the item has {len(item.content)} content part(s)."
            raise ProtocolFault("invalid_value", message, "content_index")
        part = item.content[content_index]
        if audio_end_ms > part.audio_ms:
            message = f"Audio content of {part.audio_ms}ms is already shorter than {audio_end_ms}ms"
            raise ProtocolFault(None, message)
        part.clips = _shortened(part.clips, audio_end_ms * BYTES_PER_MS)
        part.truncated, part.transcript = True, None

    def _forget_old_audio(self) -> None:
        """Drop the oldest audio beyond the budget; its length stays, for truncation."""
        total_bytes = 0
        for item in reversed(self._items):
            for clip in (clip for part in item.content for clip in reversed(part.clips)):
                total_bytes += len(clip.payload)
                if total_bytes > AUDIO_BUDGET_BYTES:
                    clip.payload = b""


def _shortened(clips: list[Clip], length_bytes: int) -> list[Clip]:
    """The beginning of some clips."""
    kept: list[Clip] = []
    for clip in clips:
        if length_bytes <= 0:
            break
        kept.append(Clip(clip.payload, min(clip.length_bytes, length_bytes)))
        length_bytes -= clip.length_bytes
    return kept
