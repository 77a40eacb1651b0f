"""What the scripted double keeps of a conversation: its items, and what truncating and deleting do to them.

It knows nothing of time, responses or the wire's framing; refusals are raised as the fault a server would report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torim.engines.protocol_faults import ProtocolFault
from torim.engines.script import CallTool, Say

BYTES_PER_MS = 8


@dataclass(slots=True)
class Item:
    """One item; ``wire`` is its object on the wire without what is still growing."""

    wire: dict[str, Any]
    text: str = ""  # transcript generated so far
    audio_bytes: int = 0  # audio generated so far, or left by a truncation
    output_index: int = 0

    @property
    def item_id(self) -> str:
        return str(self.wire["id"])

    @property
    def is_call(self) -> bool:
        return bool(self.wire["type"] == "function_call")

    def object(self, status: str) -> dict[str, Any]:
        """The item as an event shows it, without its audio."""
        if self.wire.get("role") != "assistant":
            return {**self.wire, "status": status}
        part = {"type": "output_audio", "transcript": self.text}
        return {**self.wire, "status": status, "content": [part] if self.text else []}


class Conversation:
    """The items of one session, in order."""

    def __init__(self, session_id: str) -> None:
        self._session_id = session_id
        self._count = 0
        self._items: dict[str, Item] = {}

    @property
    def last_id(self) -> str | None:
        return next(reversed(self._items), None)

    @property
    def last(self) -> dict[str, Any]:
        """The newest item as it was written; empty while there is none."""
        return next(reversed(self._items.values())).wire if self._items else {}

    def new_id(self, kind: str = "item") -> str:
        """An id that no other session shares."""
        self._count += 1
        return f"{kind}_{self._session_id}_{self._count}"

    def add(self, wire: dict[str, Any]) -> Item:
        """A complete item, from the client or from the caller's audio."""
        item_id = wire.get("id") or self.new_id()
        if item_id in self._items:
            raise ProtocolFault("item_create_duplicate_item_id", f"Item with id '{item_id}' already exists.")
        self._check_call(wire)
        item = self._items[item_id] = Item({**wire, "id": item_id, "object": "realtime.item"})
        return item

    def open(self, part: Say | CallTool) -> Item:
        """An output item that begins."""
        if isinstance(part, Say):
            return self.add({"type": "message", "role": "assistant", "content": []})
        call = {"name": part.name, "arguments": part.arguments, "call_id": self.new_id("call")}
        return self.add({"type": "function_call", **call})

    def find(self, item_id: str, doing: str) -> Item:
        """The item of that id; ``doing`` names the command in the fault when there is none."""
        if item_id not in self._items:
            message = f"Error with item '{item_id}': the item does not exist."
            raise ProtocolFault(f"item_{doing}_invalid_item_id", message, "item_id")
        return self._items[item_id]

    def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """Cut an item's audio; its transcript goes with it, as on the real server."""
        item = self.find(item_id, "truncate")
        has_ms = item.audio_bytes // BYTES_PER_MS
        if audio_end_ms > has_ms:
            message = f"Audio content of {has_ms}ms is already shorter than {audio_end_ms}ms"
            raise ProtocolFault(None, message, "audio_end_ms")
        item.audio_bytes, item.text = audio_end_ms * BYTES_PER_MS, ""

    def delete(self, item_id: str) -> None:
        self.find(item_id, "delete")
        del self._items[item_id]

    def audio_ms(self, item_id: str) -> int | None:
        """Audio that the conversation holds of an item; None if the item is gone."""
        item = self._items.get(item_id)
        return None if item is None else item.audio_bytes // BYTES_PER_MS

    def _check_call(self, wire: dict[str, Any]) -> None:
        if wire["type"] != "function_call_output":
            return
        calls = {item.wire.get("call_id") for item in self._items.values() if item.is_call}
        if wire["call_id"] not in calls:
            message = f"Tool call ID '{wire['call_id']}' not found in conversation."
            raise ProtocolFault("invalid_tool_call_id", message, "item.call_id")
