"""A recorded call once more: the call that a timeline's head describes, and its events at their recorded instants.

In a real call a timer fires late when the machine is busy, and what is heard depends on it. A record shows when: a
line of Torim's own that no event explains is a deadline that was served then. This file decides nothing about calls.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from torim.core.abilities import CarrierCapabilities, EngineCapabilities
from torim.core.actions import Purpose
from torim.core.call import Call
from torim.core.own_words import Clip, Own
from torim.core.playout import SILENCE
from torim.core.settings import TurnSettings
from torim.core.timeline import Line, event_of, lines_of
from torim.errors import CoreMisuse

FLAGS = ("barge_in_enabled", "greeting_lock", "engine_creates")
_WORDS = {"true": True, "on": True, "false": False, "off": False}
_Group = TypeVar("_Group", TurnSettings, CarrierCapabilities, EngineCapabilities)


# --- the head ---------------------------------------------------------------------------------------------------


def head(
    *,
    settings: TurnSettings,
    carrier: CarrierCapabilities,
    engine: EngineCapabilities,
    barge_in_enabled: bool,
    greeting_lock: bool,
    engine_creates: bool,
    clips: Mapping[Own, Clip] | None = None,
) -> Iterator[tuple[str, str]]:
    """The facts of a call that its decisions depend on, as `# name: value` lines of its timeline."""
    for name, value in zip(FLAGS, (barge_in_enabled, greeting_lock, engine_creates), strict=True):
        yield name, str(value).lower()
    for name, group in (("carrier_abilities", carrier), ("engine_abilities", engine), ("settings", settings)):
        yield name, json.dumps(_changed(group))
    if clips:
        yield "own_words", json.dumps({own.value: [len(clip.payload), clip.text] for own, clip in clips.items()})


def call_of(given: Mapping[str, str], carrier: CarrierCapabilities, engine: EngineCapabilities) -> Call:
    """The call that a head describes; what it leaves out is as by default, or as the arguments say.

    Raises:
        CoreMisuse: A value of the head cannot be.
    """
    return Call(
        settings=_group(given, "settings", TurnSettings()),
        carrier=_group(given, "carrier_abilities", carrier),
        engine=_group(given, "engine_abilities", engine),
        barge_in_enabled=_flag(given, "barge_in_enabled", default=True),
        greeting_lock=_flag(given, "greeting_lock", default=True),
        prompts={purpose: purpose.value for purpose in Purpose},
        engine_creates=_flag(given, "engine_creates", default=False),
        clips=_clips(given),
    )


def _clips(given: Mapping[str, str]) -> dict[Own, Clip]:
    """Clips as long as those of the record; their sound is not kept."""
    try:
        told = json.loads(given.get("own_words", "{}"))
        return {Own(name): Clip(SILENCE * int(length), str(text)) for name, (length, text) in told.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise CoreMisuse(f"The timeline's head says own_words: {given['own_words']}.") from error


def _changed(group: Any) -> dict[str, Any]:
    plain = type(group)()
    return {name: value for name, value in asdict(group).items() if value != getattr(plain, name)}


def _group(given: Mapping[str, str], name: str, otherwise: _Group) -> _Group:
    if name not in given:
        return otherwise
    try:
        values = json.loads(given[name])
        unknown = values.keys() - {item.name for item in fields(otherwise)}
    except (ValueError, AttributeError) as error:
        raise CoreMisuse(f"The timeline's head says {name}: {given[name]}; it must be a JSON object.") from error
    if unknown:
        raise CoreMisuse(f"The timeline's head names {', '.join(sorted(unknown))} in {name}; this code has no such.")
    return type(otherwise)(**values)


def _flag(given: Mapping[str, str], name: str, *, default: bool) -> bool:
    word = given.get(name)
    if word is None:
        return default
    if word not in _WORDS:
        raise CoreMisuse(f"The timeline's head says {name}: {word}; it must be true or false.")
    return _WORDS[word]


# --- the events -------------------------------------------------------------------------------------------------


def follow(recorded: list[Line], call: Call) -> list[Line]:
    """Feed a record's events to a call and wake it when it was woken; returns what Torim does now, in order."""
    did: list[Line] = []
    step_ms, untold = -1, 0  # the last step, and how many of its lines the record has not shown yet
    for line in recorded:
        event = event_of(line)
        if event is None and line.at_ms == step_ms and untold:
            untold -= 1
            continue
        if event is not None:
            call = _served_quietly(call, line.at_ms)
            made = lines_of(line.at_ms, call.apply(event, line.at_ms))
            untold = len(made)
        else:
            made = _woken(call, line.at_ms)
            untold = max(0, len(made) - 1)
        step_ms = line.at_ms
        did += made
    return did


def _woken(call: Call, at_ms: int) -> list[Line]:
    due_ms = call.next_deadline_ms()
    return lines_of(at_ms, call.wake(at_ms)) if due_ms is not None and due_ms <= at_ms else []


def _served_quietly(call: Call, at_ms: int) -> Call:
    """The call after those deadlines before an instant that gave the record nothing to show."""
    due_ms = call.next_deadline_ms()
    while due_ms is not None and due_ms < at_ms:
        trial = copy.deepcopy(call)
        if trial.wake(due_ms):
            break  # this one was late, and the record will show it
        call, before_ms = trial, due_ms
        due_ms = call.next_deadline_ms()
        if due_ms is not None and due_ms <= before_ms:
            break
    return call
