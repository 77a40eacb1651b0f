"""The `.call` format: a call as lines of text that a person reads and a test runs.

    # second response; the caller speaks between audio.done and response.done
       0  engine  created R2 key=r1
    2050  caller  voice_sure
    2050  torim   cancel R2
    2050  torim   log INFO [BARGE-IN] detected: the caller has the floor

Every line is an instant in ms, who, and what. ``caller``, ``carrier``, ``engine`` and ``desk`` lines are events
that happened *to* Torim; ``torim`` lines are what it did. A timeline that Torim wrote of a real call parses into
the same events, so the report of a fault is a test. Names without blanks are written bare; other values are
JSON. This file reads and writes lines; it decides nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from torim.core.abilities import EngineCapabilities
from torim.core.actions import (
    Action,
    AddText,
    AddToolOutput,
    AppendKept,
    CancelResponse,
    ClearAudio,
    CommitAudio,
    ConnectEngine,
    CreateResponse,
    DeleteItem,
    EndStream,
    FallBackEngine,
    Note,
    PlayAudio,
    RunTool,
    SendMark,
    TruncateItem,
)
from torim.core.call import Call
from torim.core.events import (
    AudioDelta,
    AudioDone,
    CallerGone,
    CallerTranscript,
    EndReason,
    EngineFault,
    EngineLost,
    EngineReady,
    EngineUnreachable,
    Event,
    Evidence,
    FaultKind,
    FunctionCall,
    GoodbyeAsked,
    KeyPressed,
    MarkReturned,
    PauseAsked,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    StreamStarted,
    TextDelta,
    ToolFinished,
    TurnCommitted,
    Verdict,
    VoiceDropped,
    VoiceEnded,
    VoiceLeans,
    VoiceOnset,
    VoiceSure,
)
from torim.errors import CoreMisuse

_LINE = re.compile(r'^\s*(\d+)\s+(\S+)\s+((?:"(?:[^"\\]|\\.)*"|[^"])*?)\s*(?:\s<-\s.*)?$')
_TOKEN = re.compile(r'(?:(\w+)=)?("(?:[^"\\]|\\.)*"|[^\s"]+)')
_WORD = re.compile(r'(?!<-$)[^\s"=]+')
_LINE_ENDS = str.maketrans({end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"})  # JSON leaves them as they are


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline."""

    at_ms: int
    who: str
    what: str

    def __str__(self) -> str:
        return _line(self.at_ms, self.who, self.what)


def parse(text: str) -> list[Line]:
    """Read a timeline; comments and blank lines are skipped.

    Raises:
        CoreMisuse: A line is not `<ms> <who> <what>`.
    """
    lines = []
    for number, raw in enumerate(text.splitlines(), 1):
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        found = _LINE.match(raw)
        if not found:
            raise CoreMisuse(f"line {number} is not '<ms> <who> <what>': {raw!r}", "timeline.line")
        lines.append(Line(int(found[1]), found[2], found[3]))
    return lines


# --- writing --------------------------------------------------------------------------------------------------


def _line(at_ms: int, who: str, what: str) -> str:
    return f"{at_ms:>6}  {who:<8}{what}"


def _value(value: object) -> str:
    return _word(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


@lru_cache(maxsize=1024)  # ids come again and again
def _word(text: str) -> str:
    return text if _WORD.fullmatch(text) else json.dumps(text, ensure_ascii=False).translate(_LINE_ENDS)


def _pairs(**values: object) -> str:
    return "".join(f" {name}={_value(value)}" for name, value in values.items() if value not in (None, ""))


def _evidence(evidence: Evidence) -> str:
    if evidence == Evidence():
        return ""
    return _pairs(
        speech=round(evidence.speech, 2),
        level_db=round(evidence.level_db, 1),
        echo=round(evidence.echo, 2),
        voiced_ms=evidence.voiced_ms,
        odds=None if evidence.odds is None else round(evidence.odds, 1),
    )


def _voice(name: str) -> Callable[[Any], str]:
    return lambda e: f"{name} audio_ms={e.audio_ms}{_evidence(e.evidence)}"


def _done(event: ResponseDone) -> str:
    calls = "".join(
        f" call={_value(json.dumps([call.call_id, call.name, call.arguments], ensure_ascii=False))}"
        for call in event.calls
    )
    return f"done {event.response_id} {event.status.value}{_pairs(detail=event.detail)}{calls}"


def _item_of(event: AudioDelta | AudioDone | TextDelta) -> str:
    item = f" item={_word(event.item_id)}" if event.item_id else ""
    return f"{item} part={event.content_index}" if event.content_index else item


def _audio(event: AudioDelta) -> str:
    return f"audio {event.response_id} {len(event.payload)}samples{_item_of(event)}"


def _ready(event: EngineReady) -> str:
    abilities = asdict(event.capabilities) if event.capabilities else {}
    able = "".join(f" {name}={json.dumps(value)}" for name, value in abilities.items())
    return f"ready{_pairs(audio_ms=event.audio_ms or None)}{able}"


_EVENTS: Mapping[type, tuple[str, Callable[[Any], str]]] = {
    StreamStarted: ("carrier", lambda e: "started"),
    MarkReturned: ("carrier", lambda e: f"mark {e.token} epoch={e.epoch}"),
    KeyPressed: ("caller", lambda e: f"key {e.digit}"),
    CallerGone: ("carrier", lambda e: f"gone {e.reason.value}"),
    VoiceOnset: ("caller", _voice("voice_onset")),
    VoiceSure: ("caller", _voice("voice_sure")),
    VoiceDropped: ("caller", lambda e: f"voice_dropped {e.verdict.value} audio_ms={e.audio_ms}{_evidence(e.evidence)}"),
    VoiceLeans: ("caller", lambda e: f"voice_leans {'likely' if e.likely else 'unlikely'} audio_ms={e.audio_ms}"),
    VoiceEnded: ("caller", lambda e: f"voice_ended audio_ms={e.audio_ms}"),
    EngineReady: ("engine", _ready),
    ResponseCreated: ("engine", lambda e: f"created {e.response_id}{_pairs(key=e.key)}"),
    AudioDelta: ("engine", _audio),
    AudioDone: ("engine", lambda e: f"audio_done {e.response_id}{_item_of(e)}"),
    TextDelta: ("engine", lambda e: f"text {e.response_id} {_value(e.text)}{_item_of(e)}"),
    ResponseDone: ("engine", _done),
    SpeechStarted: ("engine", lambda e: f"speech_started {e.item_id} audio_ms={e.audio_ms}"),
    SpeechStopped: ("engine", lambda e: f"speech_stopped {e.item_id} audio_ms={e.audio_ms}"),
    TurnCommitted: ("engine", lambda e: f"committed {e.item_id}"),
    CallerTranscript: ("engine", lambda e: f"heard {e.item_id}" + (f" {_value(e.text)}" if e.text is not None else "")),
    EngineFault: (
        "engine",
        lambda e: f"fault {e.kind.value} {_value(e.code)}{_pairs(command=e.command_id, message=e.message)}",
    ),
    EngineLost: ("engine", lambda e: f"lost {_value(e.reason)}"),
    EngineUnreachable: ("engine", lambda e: f"unreachable {_value(e.reason)}"),
    ToolFinished: ("desk", lambda e: f"tool_finished {e.call_id} {_value(e.output)}"),
    GoodbyeAsked: ("desk", lambda e: f"goodbye {e.reason.value}"),
    PauseAsked: ("desk", lambda e: "pause" if e.paused else "go_on"),
}


def _note(note: Note) -> str:
    return f"log {note.level.name} {note.reason.tag} {note.reason.sentence}{_pairs(**note.evidence)}"


_ACTIONS: Mapping[type, Callable[[Any], str]] = {
    PlayAudio: lambda a: f"play {len(a.payload) // 8}ms" + (f" gain_db={a.gain_db}" if a.gain_db else ""),
    SendMark: lambda a: f"mark {a.token} epoch={a.epoch}",
    ClearAudio: lambda a: f"clear epoch={a.epoch}",
    EndStream: lambda a: f"end {a.reason.value}",
    CreateResponse: lambda a: f"create {a.key} {a.purpose.value} command={a.command_id}",
    CancelResponse: lambda a: f"cancel {a.response_id}",
    TruncateItem: lambda a: f"truncate {a.item_id} {a.audio_end_ms}ms{_pairs(part=a.content_index or None)}",
    DeleteItem: lambda a: f"delete {a.item_id}",
    AddText: lambda a: f"add_text {a.role} {_value(a.text)}",
    AddToolOutput: lambda a: f"tool_output {a.call_id} {_value(a.output)}",
    CommitAudio: lambda a: f"commit command={a.command_id}",
    ConnectEngine: lambda a: f"connect {a.delay_ms}ms",
    FallBackEngine: lambda a: f"fall_back {_value(a.detail)}",
    AppendKept: lambda a: "append_kept",
    RunTool: lambda a: f"run_tool {a.call_id} {a.name} {_value(a.arguments)}",
    Note: _note,
}


def render(at_ms: int, entry: Event | Action) -> str:
    """One event or action as a line of a timeline."""
    event = _EVENTS.get(type(entry))
    if event is not None:
        return _line(at_ms, event[0], event[1](entry))
    return _line(at_ms, "torim", _ACTIONS[type(entry)](entry))


# --- reading --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a line: positional ones, named ones, and repeated `call=` ones."""

    verb: str
    rest: tuple[str, ...]
    named: Mapping[str, str]
    calls: tuple[str, ...]

    def number(self, name: str, default: int = 0) -> int:
        return int(self.named.get(name, default))

    def at(self, index: int, default: str = "") -> str:
        return self.rest[index] if index < len(self.rest) else default


def words_of(what: str) -> _Words:
    """Split what a line says into its verb, positional and named words."""
    bare: list[str] = []
    named: list[tuple[str, str]] = []
    for found in _TOKEN.finditer(what):
        value = json.loads(found[2]) if found[2].startswith('"') else found[2]
        if found[1]:
            named.append((found[1], value))
        else:
            bare.append(value)
    calls = tuple(value for name, value in named if name == "call")
    return _Words(bare[0] if bare else "", tuple(bare[1:]), dict(named), calls)


def _samples(text: str) -> int:
    return int(text.removesuffix("samples")) if text.endswith("samples") else int(text.removesuffix("ms")) * 8


def _item(words: _Words) -> str:
    """The item of a response's audio; a hand-written line may leave it out."""
    return words.named.get("item", f"{words.at(0)}.item")


def _read_evidence(words: _Words) -> Evidence:
    named = words.named
    return Evidence(
        float(named.get("speech", 0)), float(named.get("level_db", -96)), float(named.get("echo", 0)),
        int(named.get("voiced_ms", 0)), float(named["odds"]) if "odds" in named else None,
    )  # fmt: skip


def _read_ready(words: _Words) -> EngineReady:
    abilities = {name: json.loads(value) for name, value in words.named.items() if name != "audio_ms"}
    return EngineReady(EngineCapabilities(**abilities) if abilities else None, words.number("audio_ms"))


def _read_calls(words: _Words) -> tuple[FunctionCall, ...]:
    return tuple(FunctionCall(*json.loads(call)) for call in words.calls)


_READERS: Mapping[tuple[str, str], Callable[[_Words, int], Event]] = {
    ("carrier", "started"): lambda w, at: StreamStarted(),
    ("carrier", "mark"): lambda w, at: MarkReturned(int(w.at(0)), w.number("epoch")),
    ("carrier", "gone"): lambda w, at: CallerGone(EndReason(w.at(0, "caller_hung_up"))),
    ("caller", "key"): lambda w, at: KeyPressed(w.at(0)),
    ("caller", "hangs_up"): lambda w, at: CallerGone(),
    ("caller", "voice_onset"): lambda w, at: VoiceOnset(w.number("audio_ms", at), _read_evidence(w)),
    ("caller", "voice_sure"): lambda w, at: VoiceSure(w.number("audio_ms", at), _read_evidence(w)),
    ("caller", "voice_dropped"): lambda w, at: VoiceDropped(
        w.number("audio_ms", at), Verdict(w.at(0, "noise")), _read_evidence(w)
    ),
    ("caller", "voice_leans"): lambda w, at: VoiceLeans(w.number("audio_ms", at), w.at(0) == "likely"),
    ("caller", "voice_ended"): lambda w, at: VoiceEnded(w.number("audio_ms", at)),
    ("engine", "ready"): lambda w, at: _read_ready(w),
    ("engine", "created"): lambda w, at: ResponseCreated(w.at(0), w.named.get("key")),
    ("engine", "audio"): lambda w, at: AudioDelta(
        w.at(0), _item(w), w.number("part"), b"\x2a" * _samples(w.at(1, "0ms"))
    ),
    ("engine", "audio_done"): lambda w, at: AudioDone(w.at(0), _item(w), w.number("part")),
    ("engine", "text"): lambda w, at: TextDelta(w.at(0), _item(w), w.number("part"), w.at(1)),
    ("engine", "done"): lambda w, at: ResponseDone(
        w.at(0), ResponseStatus(w.at(1, "completed")), w.named.get("detail", ""), _read_calls(w)
    ),
    ("engine", "speech_started"): lambda w, at: SpeechStarted(w.at(0), w.number("audio_ms", at)),
    ("engine", "speech_stopped"): lambda w, at: SpeechStopped(w.at(0), w.number("audio_ms", at)),
    ("engine", "committed"): lambda w, at: TurnCommitted(w.at(0)),
    ("engine", "heard"): lambda w, at: CallerTranscript(w.at(0), w.at(1) if len(w.rest) > 1 else None),
    ("engine", "cancel_not_active"): lambda w, at: EngineFault(FaultKind.BENIGN, "response_cancel_not_active"),
    ("engine", "fault"): lambda w, at: EngineFault(
        FaultKind(w.at(0)), w.at(1), w.named.get("message", ""), w.named.get("command")
    ),
    ("engine", "lost"): lambda w, at: EngineLost(w.at(0)),
    ("engine", "unreachable"): lambda w, at: EngineUnreachable(w.at(0)),
    ("desk", "tool_finished"): lambda w, at: ToolFinished(w.at(0), w.at(1, "{}")),
    ("desk", "pause"): lambda w, at: PauseAsked(True),
    ("desk", "go_on"): lambda w, at: PauseAsked(False),
    ("desk", "goodbye"): lambda w, at: GoodbyeAsked(EndReason(w.at(0, "goodbye"))),
}


def event_of(line: Line) -> Event | None:
    """The event that a line tells of; None for what Torim itself did.

    Raises:
        CoreMisuse: The line names an event that does not exist, or not what belongs to it.
    """
    if line.who == "torim":
        return None
    words = words_of(line.what)
    reader = _READERS.get((line.who, words.verb))
    if reader is None:
        known = ", ".join(f"{who} {verb}" for who, verb in _READERS)
        raise CoreMisuse(f"no event '{line.who} {words.verb}'; known are: {known}", "timeline.event")
    try:
        return reader(words, line.at_ms)
    except (TypeError, ValueError) as error:
        raise CoreMisuse(f"'{line}' does not tell what it must: {error}", "timeline.event") from error


def run(lines: list[Line], call: Call, until_ms: int | None = None) -> list[Line]:
    """Feed a timeline's events to a call, waking it when it asks; returns what Torim did, in order.

    Deadlines that fall between two lines are served at their own instant.
    """
    did: list[Line] = []
    for line in lines:
        event = event_of(line)
        if event is None:
            continue
        did += _serve_until(call, line.at_ms)
        did += lines_of(line.at_ms, call.apply(event, line.at_ms))
    if until_ms is not None:
        did += _serve_until(call, until_ms + 1)
    return did


def _serve_until(call: Call, at_ms: int) -> list[Line]:
    did: list[Line] = []
    due_ms, last_ms = call.next_deadline_ms(), -1
    while due_ms is not None and due_ms < at_ms:
        last_ms = max(due_ms, last_ms)
        did += lines_of(last_ms, call.wake(last_ms))
        due_ms = call.next_deadline_ms()
    return did


def lines_of(at_ms: int, actions: list[Action]) -> list[Line]:
    """What was done at one instant, as lines."""
    return [Line(at_ms, "torim", _ACTIONS[type(action)](action)) for action in actions]
