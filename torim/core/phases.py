"""The phases of a call, from ringing to ended.

The greeting lock is the GREETING phase of a call that has the lock on: it opens when the phase ends, at the
greeting's last heard sample, at its failure, when it was cut, or at its longest duration.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from torim.core.events import EndReason


class Phase(Enum):
    RINGING = "ringing"
    GREETING = "greeting"
    CONVERSING = "conversing"
    CLOSING = "closing"
    ENDED = "ended"


class Input(Enum):
    STARTED = "stream and engine are up"
    GREETED = "greeting heard, failed, cut or overdue"
    GOODBYE = "goodbye asked for"
    SPOKE = "verified speech or key"
    OVER = "hang-up, line lost, goodbye said, no engine"


PHASES: Mapping[tuple[Phase, Input], Phase] = {
    (Phase.RINGING, Input.STARTED): Phase.GREETING,
    (Phase.RINGING, Input.GOODBYE): Phase.CLOSING,
    (Phase.RINGING, Input.OVER): Phase.ENDED,
    (Phase.GREETING, Input.GREETED): Phase.CONVERSING,
    (Phase.GREETING, Input.GOODBYE): Phase.CLOSING,
    (Phase.GREETING, Input.OVER): Phase.ENDED,
    (Phase.CONVERSING, Input.GOODBYE): Phase.CLOSING,
    (Phase.CONVERSING, Input.OVER): Phase.ENDED,
    (Phase.CLOSING, Input.GOODBYE): Phase.CLOSING,
    (Phase.CLOSING, Input.SPOKE): Phase.CONVERSING,
    (Phase.CLOSING, Input.OVER): Phase.ENDED,
}

# A caller who speaks undoes a goodbye, but not the end of the longest call, an operator's end nor a shutdown.
FINAL = frozenset({EndReason.MAX_DURATION, EndReason.OPERATOR, EndReason.SHUTDOWN})
