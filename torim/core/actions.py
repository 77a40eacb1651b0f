"""Everything the core may ask for, one small value each; the bridge performs them in order.

An engine action carries a ``command_id``, unique in the call: it travels as the command's ``event_id`` and
comes back in the error it may cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from torim.core.events import EndReason
from torim.core.reasons import Level, Reason


class Purpose(Enum):
    """What a response is for; it selects the instructions that go with it."""

    GREETING = "greeting"
    REPLY = "reply"
    PROMPT = "prompt"  # after mutual silence
    GOODBYE = "goodbye"
    HANDOVER = "handover"  # the caller is put through to a person
    RETRY = "retry"  # an answer failed or had no sound
    WAY_OUT = "way_out"  # the reply to a caller who is not understood again and again
    CONTINUE = "continue"  # an answer was lost or stopped in mid-sentence, or a tool's output is in


# --- to the carrier ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlayAudio:
    """Send mu-law audio, a whole number of 160-byte frames, ``gain_db`` lower or higher than given."""

    payload: bytes
    gain_db: int = 0


@dataclass(frozen=True, slots=True)
class SendMark:
    """Ask the carrier to say when everything sent so far was played."""

    token: int
    epoch: int


@dataclass(frozen=True, slots=True)
class ClearAudio:
    """Make the carrier drop what it has not played; ``epoch`` is the one that begins now."""

    epoch: int


@dataclass(frozen=True, slots=True)
class EndStream:
    """Close the media stream; what follows for the caller depends on the reason (`/twilio/after`)."""

    reason: EndReason


# --- to the engine ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreateResponse:
    """Ask for a response; ``key`` travels as metadata and is echoed in its `response.created`."""

    command_id: str
    key: str
    purpose: Purpose
    instructions: str | None = None


@dataclass(frozen=True, slots=True)
class CancelResponse:
    command_id: str
    response_id: str


@dataclass(frozen=True, slots=True)
class TruncateItem:
    """Tell the engine how much of an item's audio the caller heard."""

    command_id: str
    item_id: str
    content_index: int
    audio_end_ms: int


@dataclass(frozen=True, slots=True)
class DeleteItem:
    command_id: str
    item_id: str


@dataclass(frozen=True, slots=True)
class AddText:
    """Put a text item into the conversation: keys of the caller, or words heard before a replay."""

    command_id: str
    role: str  # "user", "assistant" or "system"
    text: str


@dataclass(frozen=True, slots=True)
class AddToolOutput:
    command_id: str
    call_id: str
    output: str


@dataclass(frozen=True, slots=True)
class CommitAudio:
    """Make the caller's buffered audio a user item now."""

    command_id: str


@dataclass(frozen=True, slots=True)
class ConnectEngine:
    """Open a new engine link after ``delay_ms``; the conversation so far is then replayed by the core."""

    delay_ms: int


@dataclass(frozen=True, slots=True)
class FallBackEngine:
    """Give this engine up for this call and go on with the embedded one."""

    detail: str


@dataclass(frozen=True, slots=True)
class AppendKept:
    """Append the caller's audio kept while the link was down, now that the replay is sent."""


# --- to the desk and the record ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunTool:
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Note:
    """A decision and the numbers behind it, for the log and the timeline."""

    reason: Reason
    level: Level
    evidence: Mapping[str, object] = field(default_factory=dict)


CarrierAction = PlayAudio | SendMark | ClearAudio | EndStream
EngineAction = CreateResponse | CancelResponse | TruncateItem | DeleteItem | AddText | AddToolOutput | CommitAudio
LinkAction = ConnectEngine | FallBackEngine | AppendKept
Action = CarrierAction | EngineAction | LinkAction | RunTool | Note
