"""Server events as the scripted double writes them, and the error event for scripts that need one.

It only spells; when an event is sent is decided by the double.
"""

from __future__ import annotations

import json
from typing import Any

from torim.engines.protocol_faults import ProtocolFault


class EventWriter:
    """Numbers and writes the events of one session."""

    def __init__(self) -> None:
        self._count = 0

    def event(self, kind: str, **fields: Any) -> str:
        """One server event as text."""
        self._count += 1
        return json.dumps({"type": kind, "event_id": f"event_{self._count}", **fields})

    def error(self, fault: ProtocolFault, command_id: str | None) -> str:
        """The error event for a client event; ``command_id`` is that event's id."""
        return self.event("error", error=fault.wire(command_id))


def error_event(code: str | None, message: str = "", kind: str = "invalid_request_error") -> str:
    """An error event out of the blue, for `ScriptedPeer.at` and `ScriptedPeer.when`."""
    return EventWriter().error(ProtocolFault(code, message or f"Scripted error {code}.", kind=kind), None)


def nothing_to_cancel() -> ProtocolFault:
    """What a server says when a cancel finds no response."""
    return ProtocolFault("response_cancel_not_active", "Cancellation failed: no active response found")


def not_implemented(command: str) -> ProtocolFault:
    """What a server says that lacks a part of the protocol."""
    return ProtocolFault("not_implemented", f"{command} is not implemented by this engine.")
