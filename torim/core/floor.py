"""The floor: who holds the right to speak, and the one rule that says whether the caller may take it.

OPEN       nobody speaks, nothing is owed
WAITING    a reply is owed to the caller
AI         the AI's voice is sounding (or its next sample is due)
VERIFYING  a sound is being verified; the gate is closed or ducked
CALLER     the caller speaks; a reply will be owed
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from torim.errors import CoreMisuse


class Floor(Enum):
    OPEN = "open"
    WAITING = "waiting"
    AI = "ai"
    VERIFYING = "verifying"
    CALLER = "caller"


class Input(Enum):
    OWED = "a reply is owed"
    RELEASED = "first sample released"
    HEARD = "last sample heard"
    HEARD_OWING = "last sample heard, a reply is owed"
    ONSET = "onset, unsure"
    TAKEN = "sure voice | key"
    DROPPED_AI = "echo, noise or deadline; audio is left"
    DROPPED_OWING = "echo, noise or deadline; a reply is owed"
    DROPPED = "echo, noise or deadline; nothing is left"
    SETTLED = "caller's turn committed"
    GIVEN_UP = "reply ended with nothing audible, retries spent"


TRANSITIONS: Mapping[tuple[Floor, Input], Floor] = {
    (Floor.OPEN, Input.OWED): Floor.WAITING,
    (Floor.OPEN, Input.RELEASED): Floor.AI,
    (Floor.OPEN, Input.ONSET): Floor.VERIFYING,
    (Floor.OPEN, Input.TAKEN): Floor.CALLER,
    (Floor.WAITING, Input.OWED): Floor.WAITING,
    (Floor.WAITING, Input.RELEASED): Floor.AI,
    (Floor.WAITING, Input.ONSET): Floor.VERIFYING,
    (Floor.WAITING, Input.TAKEN): Floor.CALLER,
    (Floor.WAITING, Input.GIVEN_UP): Floor.OPEN,
    (Floor.AI, Input.HEARD): Floor.OPEN,
    (Floor.AI, Input.HEARD_OWING): Floor.WAITING,
    (Floor.AI, Input.ONSET): Floor.VERIFYING,
    (Floor.AI, Input.TAKEN): Floor.CALLER,
    (Floor.VERIFYING, Input.TAKEN): Floor.CALLER,
    (Floor.VERIFYING, Input.DROPPED_AI): Floor.AI,
    (Floor.VERIFYING, Input.DROPPED_OWING): Floor.WAITING,
    (Floor.VERIFYING, Input.DROPPED): Floor.OPEN,
    (Floor.CALLER, Input.SETTLED): Floor.WAITING,
}


def step(floor: Floor, given: Input) -> Floor:
    """The floor after an input; `CoreMisuse` where the table has no such step."""
    following = TRANSITIONS.get((floor, given))
    if following is None:
        raise CoreMisuse(f"the floor is {floor.name}; '{given.value}' cannot happen there", "core.floor")
    return following


def barge_in_allowed(greeting_locked: bool, barge_in_enabled: bool) -> bool:
    """Whether the caller may stop sounding audio. Nothing else in the product may decide this."""
    return barge_in_enabled and not greeting_locked
