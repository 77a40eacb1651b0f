"""What a carrier and an engine can do; the core has a fallback for everything they cannot.

no clear: stop feeding. no marks: heard = paced clock minus the assumed path delay. no cancel: drop until done.
no truncate: replace the item by its heard text. no turn detection: commit at the local endpoint. no transcription:
what only the engine heard is a turn.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CarrierCapabilities:
    """What a telephone carrier can do."""

    encoding: str = "audio/pcmu"
    rate_hz: int = 8000
    frame_bytes: int = 160  # 20 ms
    can_clear: bool = True
    can_mark: bool = True
    path_delay_ms: int = 0  # assumed one-way delay to the ear where there are no marks to measure it


@dataclass(frozen=True, slots=True)
class EngineCapabilities:
    """What a speech engine can do."""

    cancels: bool = True
    truncates: bool = True
    detects_turns: bool = True
    transcribes: bool = True  # each turn of the caller, soon after its commit
    deletes: bool = True
    single_keys: bool = False  # a menu: each key is a turn of its own
    times_words: bool = False  # each text delta leaves just before the audio of its words
    max_session_ms: int | None = 60 * 60 * 1000
