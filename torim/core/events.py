"""Everything that can happen to a call, one small value each.

Events are facts, in the past tense, normalised by the codec or detector that saw them; nothing here decides.
Instants are whole milliseconds since the call's stream started. ``audio_ms`` is the clock of caller audio
appended to the engine's input buffer (it restarts at 0 with every engine link).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from torim.core.abilities import EngineCapabilities


class EndReason(Enum):
    """Why a call ended: a closed list, stored with the call."""

    CALLER_HUNG_UP = "caller_hung_up"
    GOODBYE = "goodbye"
    TRANSFERRED = "transferred"  # the caller is being put through to a person
    CALLER_SILENT = "caller_silent"
    MAX_DURATION = "max_duration"
    LINE_LOST = "line_lost"
    ENGINE_FAILED = "engine_failed"
    OPERATOR = "operator"  # somebody who watches the call ended it
    SHUTDOWN = "shutdown"
    INTERNAL_ERROR = "internal_error"


class ResponseStatus(Enum):
    """How a response ended; all but LOST are the engine's own words, LOST is our verdict."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    REJECTED = "rejected"
    LOST = "lost"


class FaultKind(Enum):
    """What an engine's error means for the call (PROTOCOLS, table of section A3)."""

    BENIGN = "benign"  # a race that was already decided: DEBUG, counted, nothing else changes
    BUSY = "busy"  # a response was alive: ask again after its response.done
    RETRY = "retry"  # rate limit or server error: ask again after a pause
    LINK = "link"  # the session is over (60 minutes, close 1001/1006/1011): connect again and replay
    FATAL = "fatal"  # key, quota, account: never retry, fall back
    CONFIG = "config"  # the session was not configured as asked: fall back before any sound


class Verdict(Enum):
    """What a sound that was held for verification turned out to be."""

    VOICE = "voice"
    ECHO = "echo"
    NOISE = "noise"
    SHORT = "short"  # a voice, too short to stop the AI in the middle of a statement
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers behind a detector's word, kept for the log and the timeline."""

    speech: float = 0.0  # neural VAD probability, 0..1
    level_db: float = -96.0  # dBFS of the frame
    echo: float = 0.0  # likeness to what was played in the last 600 ms, 0..1
    voiced_ms: int = 0  # voice heard since the onset
    odds: float | None = None  # of the verifier: log-odds of a turn; None where it said nothing


# --- from the carrier -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """The carrier's media stream is up; audio may flow both ways."""


@dataclass(frozen=True, slots=True)
class MarkReturned:
    """The carrier returned a mark: everything before it was played or, after a clear, discarded."""

    token: int
    epoch: int


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key of the telephone."""

    digit: str  # one of 0-9 * # A-D


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller hung up or the line was lost; nothing can be played any more."""

    reason: EndReason = EndReason.CALLER_HUNG_UP


# --- from the local detector ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VoiceOnset:
    """A sound began that may be the caller's voice; not yet verified."""

    audio_ms: int
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True)
class VoiceSure:
    """The sound is the caller's voice. Comes after an onset, or alone when sure at once."""

    audio_ms: int
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True)
class VoiceDropped:
    """The sound since the last onset was not the caller's voice (or stayed undecided to its deadline)."""

    audio_ms: int
    verdict: Verdict
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True)
class VoiceLeans:
    """While the sound since the last onset is being verified: whether it is likely a turn now."""

    audio_ms: int
    likely: bool


@dataclass(frozen=True, slots=True)
class VoiceEnded:
    """The local endpoint: the caller's verified voice has been silent for the hangover time."""

    audio_ms: int


# --- from the engine --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EngineReady:
    """The link is up and the session's effective configuration is the one that was asked for.

    ``capabilities`` is given when the engine is another one than before (a fall-back). ``audio_ms`` is what the
    clock of appended audio shows once the caller's audio that was kept for this link is appended.
    """

    capabilities: EngineCapabilities | None = None
    audio_ms: int = 0


@dataclass(frozen=True, slots=True)
class ResponseCreated:
    """The engine began a response. ``key`` echoes our request; None if the engine made it by itself."""

    response_id: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """A piece of the response's voice: mu-law bytes at 8 kHz, any length."""

    response_id: str
    item_id: str
    content_index: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class AudioDone:
    """The engine has sent all audio of one item. It ends nothing."""

    response_id: str
    item_id: str
    content_index: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the words that belong to an item's voice."""

    response_id: str
    item_id: str
    content_index: int
    text: str


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A complete function call, as listed in a finished response's output."""

    call_id: str
    name: str
    arguments: str  # JSON text, unparsed


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """The engine ended a response; the only event that ends one."""

    response_id: str
    status: ResponseStatus
    detail: str = ""  # the engine's reason or error code
    calls: tuple[FunctionCall, ...] = ()
    usage: tuple[tuple[str, int], ...] = ()  # token counters by name


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The engine heard speech begin. ``audio_ms`` includes its prefix padding: not the true onset."""

    item_id: str
    audio_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The engine heard speech end."""

    item_id: str
    audio_ms: int


@dataclass(frozen=True, slots=True)
class TurnCommitted:
    """The engine made the caller's buffered audio a user item."""

    item_id: str


@dataclass(frozen=True, slots=True)
class CallerTranscript:
    """What the caller said in one item. ``text`` None: the transcription failed."""

    item_id: str
    text: str | None


@dataclass(frozen=True, slots=True)
class EngineFault:
    """The engine reported an error; ``command_id`` names the command of ours that caused it, if any."""

    kind: FaultKind
    code: str
    message: str = ""
    command_id: str | None = None


@dataclass(frozen=True, slots=True)
class EngineLost:
    """The link to the engine is down."""

    reason: str


@dataclass(frozen=True, slots=True)
class EngineUnreachable:
    """Connecting or reconnecting was given up; only a fall-back can go on."""

    reason: str


# --- from the desk and the operator -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool ended, well or badly; ``output`` is the JSON text for the engine either way."""

    call_id: str
    output: str


@dataclass(frozen=True, slots=True)
class GoodbyeAsked:
    """The conversation is over in someone's judgement: say goodbye, then hang up."""

    reason: EndReason = EndReason.GOODBYE


@dataclass(frozen=True, slots=True)
class PauseAsked:
    """Somebody who watches the call wants the AI to be silent, or to go on."""

    paused: bool


VoiceEvent = VoiceOnset | VoiceLeans | VoiceSure | VoiceDropped | VoiceEnded
CarrierEvent = StreamStarted | MarkReturned | KeyPressed | CallerGone
EngineEvent = (
    EngineReady
    | ResponseCreated
    | AudioDelta
    | AudioDone
    | TextDelta
    | ResponseDone
    | SpeechStarted
    | SpeechStopped
    | TurnCommitted
    | CallerTranscript
    | EngineFault
    | EngineLost
    | EngineUnreachable
)
DeskEvent = ToolFinished | GoodbyeAsked | PauseAsked
Event = CarrierEvent | VoiceEvent | EngineEvent | DeskEvent
