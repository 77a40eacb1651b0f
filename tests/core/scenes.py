"""Plays a scene: a `.call` file whose `torim` lines say what must happen, and whose head says in which call.

    # setup: greeting_lock=off can_clear=off until=9000    the call; any threshold by its name, too; its last instant
    # setup: own_words=on                                  with clips to be said without the engine
    # complete: create cancel                              of these there is nothing but what the scene shows
    # never: log WARNING, play 60ms                        this never happens
    # never 2050-3400: play, create                        nor this, between two instants (both included)
    # transcript: ai Good morning, | this is Torim.        the whole transcript, a turn a line; heard | not heard
    # finally: floor=open active=none                      how the call stands after the last event

A `torim` line states the beginning of what was done: its bare words in order, of its named words any. It holds at
its very instant; `torim ~20ms create` may be 20 ms off. Lines of one instant hold in their order. No scene may
log an ERROR that it does not show. Every scene is also watched for the rules that hold in every call.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypeVar

from torim.core.abilities import CarrierCapabilities, EngineCapabilities
from torim.core.actions import Action, CancelResponse, CreateResponse, DeleteItem, PlayAudio, Purpose, TruncateItem
from torim.core.call import Call
from torim.core.events import (
    AudioDelta,
    EngineFault,
    EngineLost,
    EngineUnreachable,
    Event,
    FaultKind,
    ResponseCreated,
    ResponseDone,
)
from torim.core.floor import Floor
from torim.core.own_words import Clip, Own
from torim.core.playout import Gate
from torim.core.reasons import Reason
from torim.core.settings import TurnSettings
from torim.core.timeline import Line, parse, run, words_of
from torim.core.transcript import Turn

TIMELINES = Path(__file__).with_name("timelines")

_DIRECTIVE = re.compile(r"^# *(setup|complete|never|transcript|finally)(?: +(\d+)-(\d+))?: *(.*?) *$", re.MULTILINE)
_RECORDED = re.compile(r"^# (greeting_lock|barge_in_enabled|engine_creates): (\w+)$", re.MULTILINE)
_TOLERANCE = re.compile(r"^~(\d+)ms +")
Group = TypeVar("Group", TurnSettings, CarrierCapabilities, EngineCapabilities)
CLIPS = {
    Own.MOMENT: Clip(b"\x2b" * 6400, "One moment, please."),
    Own.TONE: Clip(b"\x2c" * 1600),
    Own.RETRY: Clip(b"\x2d" * 8000, "Sorry, say it again."),
    Own.GOODBYE: Clip(b"\x2e" * 7200, "Goodbye!"),
    Own.HANDOVER: Clip(b"\x2f" * 7200, "I'm putting you through."),
}
_FLAGS = {"on": True, "true": True, "off": False, "false": False}


@dataclass(frozen=True)
class Expected:
    """A `torim` line of a scene."""

    line: Line
    what: str
    within_ms: int


@dataclass(frozen=True)
class Never:
    """Something that must not be done between two instants."""

    what: str
    from_ms: int = 0
    to_ms: int = 1 << 40


@dataclass
class Scene:
    """One `.call` file."""

    name: str
    lines: list[Line]
    setup: dict[str, str] = field(default_factory=dict)
    complete: list[str] = field(default_factory=list)
    never: list[Never] = field(default_factory=list)
    transcript: list[str] = field(default_factory=list)
    finally_: dict[str, str] = field(default_factory=dict)

    @property
    def expected(self) -> list[Expected]:
        return [_expected(line) for line in self.lines if line.who == "torim"]


def read(path: Path) -> Scene:
    """A scene from its file."""
    return scene(path.stem, path.read_text(encoding="utf-8"))


def scene(name: str, text: str) -> Scene:
    """A scene from its text."""
    lines = parse(text)
    assert all(a.at_ms <= b.at_ms for a, b in itertools.pairwise(lines)), f"{name}: time runs backwards"
    read = Scene(name, lines, dict(_RECORDED.findall(text)))
    for verb, from_ms, to_ms, rest in _DIRECTIVE.findall(text):
        if verb == "setup":
            read.setup.update(pair.split("=", 1) for pair in rest.split())
        elif verb == "complete":
            read.complete += rest.split()
        elif verb == "never":
            span = (int(from_ms), int(to_ms)) if from_ms else (0, 1 << 40)
            read.never += [Never(what.strip(), *span) for what in rest.split(",")]
        elif verb == "transcript":
            read.transcript.append(rest)
        else:
            read.finally_.update(pair.split("=", 1) for pair in rest.split())
    return read


# --- the call of a scene --------------------------------------------------------------------------------------


def call_of(setup: Mapping[str, str]) -> WatchedCall:
    """The call that a scene's head describes; what it leaves out is as by default."""
    left = dict(setup)
    left.pop("until", None)
    lock = _FLAGS[left.pop("greeting_lock", "on")]
    enabled = _FLAGS[left.pop("barge_in", left.pop("barge_in_enabled", "on"))]
    creates = _FLAGS[left.pop("engine_creates", "off")]
    clips = CLIPS if _FLAGS[left.pop("own_words", "off")] else {}
    if "keys" in left:
        left["single_keys"] = "on" if left.pop("keys") == "single" else "off"
    call = WatchedCall(
        settings=_from(TurnSettings, left),
        carrier=_from(CarrierCapabilities, left),
        engine=_from(EngineCapabilities, left),
        barge_in_enabled=enabled,
        greeting_lock=lock,
        prompts={purpose: purpose.value for purpose in Purpose},
        engine_creates=creates,
        clips=clips,
    )
    assert not left, f"unknown in setup: {left}"
    return call


def _from(kind: type[Group], left: dict[str, str]) -> Group:
    names = [item.name for item in fields(kind)]
    return kind(**{name: _scalar(left.pop(name)) for name in names if name in left})  # type: ignore[arg-type]


def _scalar(text: str) -> bool | int:
    return _FLAGS[text] if text in _FLAGS else int(text)


class WatchedCall(Call):
    """A call that notes every breach of the rules that hold in every call; it decides nothing."""

    def __init__(self, **parts: object) -> None:
        super().__init__(**parts)  # type: ignore[arg-type]
        self.breaches: list[str] = []
        self._running: set[str] = set()
        self._over: set[str] = set()
        self._cancelled: set[str] = set()
        self._received: dict[tuple[str, int], int] = {}
        self._owner: dict[str, str] = {}

    def apply(self, event: Event, now_ms: int) -> list[Action]:
        self._before(event)
        return self._watch(super().apply(event, now_ms), now_ms)

    def wake(self, now_ms: int) -> list[Action]:
        return self._watch(super().wake(now_ms), now_ms)

    def _before(self, event: Event) -> None:
        match event:
            case ResponseCreated():
                self._running.add(event.response_id)
            case ResponseDone():
                self._running.discard(event.response_id)
                self._over.add(event.response_id)
            case AudioDelta():
                key = (event.item_id, event.content_index)
                self._received[key] = self._received.get(key, 0) + len(event.payload)
                self._owner[event.item_id] = event.response_id
            case EngineLost() | EngineUnreachable():
                self._running.clear()
            case EngineFault(kind=FaultKind.LINK | FaultKind.FATAL | FaultKind.CONFIG):
                self._running.clear()

    def _watch(self, actions: list[Action], now_ms: int) -> list[Action]:
        for action in actions:
            if getattr(action, "reason", None) is Reason.RESPONSE_OVERDUE:
                self._running.clear()
            broken = self._broken(action)
            if broken:
                self.breaches.append(f"{now_ms:>6}  rule    {broken}")
        if self.ended and self.next_deadline_ms() is not None:
            self.breaches.append(f"{now_ms:>6}  rule    the call has ended and still waits for something")
        return actions

    def _broken(self, action: Action) -> str | None:
        match action:
            case PlayAudio() if len(action.payload) % 160:
                return f"{len(action.payload)} bytes are not whole frames"
            case PlayAudio() if self.floor is Floor.CALLER:
                return "audio left while the caller has the floor"
            case PlayAudio() if self.floor is Floor.VERIFYING and self.state.playout.gate is not Gate.DUCKED:
                return "audio left while a sound is being verified"
            case CreateResponse() if self.floor in (Floor.CALLER, Floor.VERIFYING):
                return f"create {action.key} while the floor is the caller's"
            case CreateResponse() if self._running:
                return f"create {action.key} while {', '.join(self._running)} is alive"
            case CancelResponse(response_id=name) if name in self._over or name in self._cancelled:
                return f"cancel {name}, which is over or was cancelled before"
            case CancelResponse(response_id=name):
                self._cancelled.add(name)
            case TruncateItem() if action.audio_end_ms * 8 > self._received.get(
                (action.item_id, action.content_index), 0
            ):
                return f"truncate {action.item_id} beyond what was received"
            case TruncateItem() if action.audio_end_ms <= 0:
                return f"truncate {action.item_id} at zero"
            case DeleteItem() if self._owner.get(action.item_id) in self._running:
                return f"delete {action.item_id} before its response is done"
        return None


# --- comparing ------------------------------------------------------------------------------------------------


def _expected(line: Line) -> Expected:
    found = _TOLERANCE.match(line.what)
    what = line.what[found.end() :] if found else line.what
    return Expected(line, what, int(found[1]) if found else 0)


def says(wanted: str, did: str) -> bool:
    """Whether ``did`` begins with the bare words of ``wanted`` and has all its named ones."""
    want, have = words_of(wanted), words_of(did)
    bare_want = [word.rstrip(":;,") for word in (want.verb, *want.rest)]
    bare_have = [word.rstrip(":;,") for word in (have.verb, *have.rest)]
    return bare_have[: len(bare_want)] == bare_want and want.named.items() <= have.named.items()


def match(expected: Iterable[Expected], did: list[Line]) -> dict[int, Expected]:
    """Which done line (by index) fulfils which expectation; those of one instant in their order."""
    used: dict[int, Expected] = {}
    last: dict[int, int] = {}  # instant -> index of the last line fulfilled there
    for wish in expected:
        for index, line in enumerate(did):
            in_order = wish.within_ms or index > last.get(line.at_ms, -1)
            near = abs(line.at_ms - wish.line.at_ms) <= wish.within_ms
            if near and in_order and index not in used and says(wish.what, line.what):
                used[index] = wish
                last[line.at_ms] = index
                break
    return used


def perform(scene: Scene) -> str:
    """Play a scene; returns what is wrong with what happened, as a diff of two timelines, or nothing."""
    call = call_of(scene.setup)
    until = int(scene.setup.get("until", scene.lines[-1].at_ms))
    did = run(scene.lines, call, until)
    faults = _difference(scene, did) + call.breaches + _states(scene, call) + _words(scene, call.transcript())
    return "\n".join(faults)


def _difference(scene: Scene, did: list[Line]) -> list[str]:
    used = match(scene.expected, did)
    missing = [wish for wish in scene.expected if wish not in used.values()]
    shown = [line for line in scene.lines if line.who != "torim" or line not in [wish.line for wish in missing]]
    unwanted = [line for index, line in enumerate(did) if index not in used and _unwanted(scene, line)]
    if not missing and not unwanted:
        return []
    alike = {_kind(wish.what) for wish in missing}
    spare = [line for index, line in enumerate(did) if index not in used and _kind(line.what) in alike]
    happened = shown + [line for line in did if line in unwanted or line in spare]
    return [
        *difflib.unified_diff(_column(scene.lines), _column(happened), "the scene", "what happened", n=4, lineterm=""),
        *(f"missing: {wish.line}" for wish in missing),
        *(f"never:   {line}" for line in unwanted),
    ]


def _unwanted(scene: Scene, line: Line) -> bool:
    if line.what.startswith("log ERROR") or line.what.split()[0] in scene.complete:
        return True
    return any(no.from_ms <= line.at_ms <= no.to_ms and says(no.what, line.what) for no in scene.never)


def _kind(what: str) -> str:
    words = what.split()
    return " ".join(words[: 3 if words[0] == "log" else 1])


def _column(lines: Iterable[Line]) -> list[str]:
    return [str(line) for line in sorted(lines, key=lambda line: (line.at_ms, line.who == "torim"))]


def _states(scene: Scene, call: Call) -> list[str]:
    deadline = call.next_deadline_ms()
    are = {
        "floor": call.floor.value,
        "phase": call.phase.value,
        "active": call.active_response_id or "none",
        "ended": call.end_reason.value if call.end_reason else "no",
        "deadline": "none" if deadline is None else str(deadline),
        "unplayed": str(call.state.playout.waiting_samples // 8),
    }
    return [
        f"finally {name} is {are[name]}, not {wanted}" for name, wanted in scene.finally_.items() if are[name] != wanted
    ]


def _words(scene: Scene, turns: list[Turn]) -> list[str]:
    if not scene.transcript:
        return []
    are = [said(turn) for turn in turns]
    return list(difflib.unified_diff(scene.transcript, are, "transcript", "what was said", n=9, lineterm=""))


def said(turn: Turn) -> str:
    """A turn as a scene's head writes it: who, what was heard, and after a bar what was not."""
    unheard = f"| {turn.unheard_text}" if turn.unheard_text else ""
    return " ".join(filter(None, (turn.speaker.value, turn.heard_text, unheard)))
