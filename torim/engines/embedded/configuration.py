"""The configuration of a session: defaults, partial updates, and the effective whole on the wire.

It decides what an update changes: objects merge, lists and formats are replaced, null clears. A turn detection
of another type starts from that type's defaults.
"""

from __future__ import annotations

from typing import Any

import msgspec

from torim.engines.protocol import SessionSettings
from torim.engines.protocol_faults import ProtocolFault

_REPLACED = {"format", "voice", "tool_choice", "truncation", "tracing", "prompt", "reasoning"}


class Configuration:
    """The effective configuration of one session."""

    def __init__(self, session_id: str, model: str, expires_at_s: int) -> None:
        self.settings = SessionSettings(type="realtime", model=model)
        self._constant = {"id": session_id, "object": "realtime.session", "expires_at": expires_at_s}

    def wire(self) -> dict[str, Any]:
        """The whole configuration as `session.created` and `session.updated` show it."""
        return {**msgspec.to_builtins(self.settings), **self._constant}

    def update(self, patch: dict[str, Any], *, speaking: bool, has_spoken: bool) -> None:
        """Merge a part into the configuration; the model of a session never changes.

        Raises:
            ProtocolFault: the voice or the speed cannot change at this moment.
        """
        current = msgspec.to_builtins(self.settings)
        wanted = {name: value for name, value in patch.items() if name != "model"}
        merged = msgspec.convert(_merged(current, wanted), SessionSettings)
        old, new = self.settings.audio.output, merged.audio.output
        if has_spoken and new.voice != old.voice:
            message = "Cannot update a conversation's voice if assistant audio is present."
            raise ProtocolFault("cannot_update_voice", message, "session.audio.output.voice")
        if speaking and new.speed != old.speed:
            message = "Cannot update the speed while a response is in progress."
            raise ProtocolFault("cannot_update_speed", message, "session.audio.output.speed")
        self.settings = merged


def _merged(current: Any, patch: Any) -> Any:
    if not isinstance(current, dict) or not isinstance(patch, dict):
        return patch
    if "type" in patch and patch["type"] != current.get("type"):
        return patch
    merged = dict(current)
    for name, value in patch.items():
        merged[name] = value if name in _REPLACED else _merged(current.get(name), value)
    return merged
