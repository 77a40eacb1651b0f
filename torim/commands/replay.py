"""`torim replay`: run the events of a recorded timeline against this code and show where it decides otherwise.

It compares decisions in their order, not the pacing. A timeline without decisions, written by hand, is run with every
deadline at its own instant; a recorded one with the delays that its machine had.
"""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from torim.commands import SubParsers
from torim.errors import ConfigError, CoreMisuse

if TYPE_CHECKING:
    from torim.core.call import Call
    from torim.core.timeline import Line

_HEAD = re.compile(r"^# (\w+): (.*)$", re.MULTILINE)
# Pacing and its bookkeeping: they follow the clock, not a decision.
_PACING = ("play ", "mark ", "log DEBUG ")


def add_parser(subparsers: SubParsers) -> None:
    parser = subparsers.add_parser("replay", help="run a recorded timeline against this code")
    parser.add_argument("file", type=Path, metavar="FILE.call", help="a timeline, recorded or written by hand")
    parser.add_argument("--events", action="store_true", help="show the events between the decisions too")


def run(args: argparse.Namespace) -> int:
    """Show the call as this code runs it; 1 if it decides otherwise than the record."""
    from torim.core import timeline
    from torim.core.replay import follow

    text = _read(args.file)
    recorded = timeline.parse(text)
    call, decided = _call(dict(_HEAD.findall(text))), [line for line in recorded if line.who == "torim"]
    did = follow(recorded, call) if decided else timeline.run(recorded, call, recorded[-1].at_ms if recorded else 0)
    events = [line for line in recorded if line.who != "torim"] if args.events else []
    for line in sorted([*events, *did], key=lambda line: line.at_ms):
        print(line)
    return _compare(decided, did)


def _compare(recorded: Iterable[Line], did: Iterable[Line]) -> int:
    before, after = _decisions(recorded), _decisions(did)
    if not before:
        return 0
    if before == after:
        print(f"\nThe same {len(after)} decisions as in the record.")
        return 0
    print("\nThis code decides otherwise (- the record, + this code):")
    print("\n".join(difflib.unified_diff(before, after, n=1, lineterm="")))
    return 1


def _decisions(lines: Iterable[Line]) -> list[str]:
    return [line.what for line in lines if not line.what.startswith(_PACING)]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read {file}: {error}.", "replay.file") from error


def _call(head: Mapping[str, str]) -> Call:
    """The call that a timeline's head describes; what it leaves out is as by default."""
    from torim.carriers.registry import carrier
    from torim.core.abilities import CarrierCapabilities, EngineCapabilities
    from torim.core.replay import call_of
    from torim.engines.registry import engine

    try:
        return call_of(
            head,
            carrier(head["carrier"]).capabilities if "carrier" in head else CarrierCapabilities(),
            engine(head["engine"]).capabilities if _named_only(head) else EngineCapabilities(),
        )
    except CoreMisuse as error:
        raise ConfigError(str(error), "replay.head") from error


def _named_only(head: Mapping[str, str]) -> bool:
    """Whether the head names an engine without saying what it can do."""
    return "engine" in head and "engine_abilities" not in head
