"""Server events on their way out: numbered, in order, as JSON text."""

from __future__ import annotations

from typing import Any

import msgspec

from torim.engines.protocol_faults import ProtocolFault

_encode = msgspec.json.Encoder().encode


class Ids:
    """Names for everything a session makes, unique in it: a counter behind the prefix its edge gave."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._made = 0

    def new(self, kind: str) -> str:
        """A fresh id such as ``item_4f2a00017``."""
        self._made += 1
        return f"{kind}_{self._prefix}{self._made:05d}"


class Outbox:
    """The server events of the step under way."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._events: list[str] = []

    def emit(self, event_type: str, **fields: Any) -> None:
        """Add one server event."""
        event = {"type": event_type, "event_id": self._ids.new("event"), **fields}
        self._events.append(_encode(event).decode())

    def fault(self, fault: ProtocolFault, event_id: str | None = None) -> None:
        """Add an `error` event about the client event named ``event_id``."""
        self.emit("error", error=fault.wire(event_id))

    def take(self) -> list[str]:
        """Hand over what was collected and start anew."""
        events, self._events = self._events, []
        return events
