"""Every threshold of the core and the detector: name, unit (in the name), default, and where it comes from.

Nothing in the core compares with a bare number. `describe()` lists all of them for the documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any


def setting(default: Any, why: str) -> Any:
    """A dataclass field with the sentence that justifies its default."""
    return field(default=default, metadata={"why": why})


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """Thresholds of the call core."""

    playout_lead_ms: int = setting(200, "jitter reserve where the carrier can clear; peers without one stutter")
    playout_lead_unclearable_ms: int = setting(40, "what cannot be cleared is heard: keep it short")
    playout_chunk_ms: int = setting(60, "three frames a message: a third of the wake-ups, still a fine clear")
    mark_every_ms: int = setting(240, "fine enough to correct the clock, cheap enough to send")
    echo_window_ms: int = setting(350, "speech this soon after the last played sample is verified")
    verify_max_ms: int = setting(600, "an undecided hold resumes by then at the latest")
    hold_silence_max_ms: int = setting(350, "longer silence sounds like a dropped call: go on ducked")
    duck_db: int = setting(-15, "clearly lower, still intelligible")
    greeting_lock_max_ms: int = setting(15_000, "a greeting that never ends must not lock the caller out")
    commit_wait_ms: int = setting(300, "the engine's own commit usually follows the local endpoint within this")
    max_turn_ms: int = setting(20_000, "a turn longer than this is committed; background must not hold it open")
    created_overdue_ms: int = setting(5_000, "an engine that has not begun by then has lost the request")
    cancel_overdue_ms: int = setting(2_000, "response.done follows a cancel within a round trip")
    progress_overdue_ms: int = setting(8_000, "a live response that says nothing for this long is lost")
    retries_max: int = setting(2, "two more tries; a third failure is an outage")
    retry_delay_ms: int = setting(500, "long enough for a rate limit's first step, short for a caller")
    voice_before_create_ms: int = setting(200, "a response the engine made over a caller heard this recently is unwanted")
    false_item_wait_ms: int = setting(2_000, "a transcript that has not come by then will hardly matter")
    digits_gap_ms: int = setting(2_000, "a number is over when no key follows for this long")
    idle_prompt_ms: int = setting(10_000, "mutual silence after which a person would ask")
    hang_up_after_ms: int = setting(500, "a breath after the last word before the line closes")
    max_call_ms: int = setting(30 * 60 * 1000, "a receptionist's call is over by then")
    reconnects_max: int = setting(3, "each with a longer pause; then the fall-back")
    reconnect_delay_ms: int = setting(250, "first pause before connecting again; doubled each time")


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Thresholds of the local detector (`core/listening.py`)."""


def describe(group: type[TurnSettings] | type[ListenSettings]) -> Iterator[tuple[str, Any, str]]:
    """Yield (name, default, why) of every threshold in a group, in order."""
    for item in fields(group):
        yield item.name, item.default, item.metadata["why"]
