"""The scripted double's session object: what a server starts with, and how an update changes it."""

from __future__ import annotations

import copy
from typing import Any

_DEFAULTS: dict[str, Any] = {
    "type": "realtime",
    "object": "realtime.session",
    "output_modalities": ["audio"],
    "instructions": "",
    "tools": [],
    "tool_choice": "auto",
    "max_output_tokens": "inf",
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24000},
            "noise_reduction": None,
            "transcription": None,
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": 500,
                "create_response": True,
                "interrupt_response": True,
            },
        },
        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin", "speed": 1.0},
    },
}


class Session:
    """The effective configuration of one session."""

    def __init__(self, session_id: str, detects_turns: bool) -> None:
        self._detects_turns = detects_turns
        self.body = copy.deepcopy(_DEFAULTS) | {"id": f"sess_{session_id}", "model": "scripted"}
        self.update({})

    def update(self, change: dict[str, Any]) -> None:
        """Merge a partial session; null clears a field."""
        self.body = _merged(self.body, change)
        if not self._detects_turns:
            self.body["audio"]["input"]["turn_detection"] = None

    @property
    def turn_detection(self) -> dict[str, Any] | None:
        turns: dict[str, Any] | None = self.body["audio"]["input"]["turn_detection"]
        return turns

    @property
    def transcribes(self) -> bool:
        return self.body["audio"]["input"]["transcription"] is not None

    @property
    def tools(self) -> tuple[str, ...]:
        return tuple(tool["name"] for tool in self.body["tools"])


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict) or _is_other_kind(old, new):
        return new
    return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}


def _is_other_kind(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Objects with another `type` replace: a mu-law format keeps no PCM rate."""
    return "type" in new and old.get("type") != new["type"]
