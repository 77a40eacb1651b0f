"""`torim replay`: run the events of a recorded timeline against this code and show where it decides otherwise.

It compares decisions in their order, not the pacing: when a frame left or a timer fired is the machine's doing.
"""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from torim.commands import SubParsers
from torim.config_values import BadValue, boolean
from torim.errors import ConfigError

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

    text = _read(args.file)
    recorded = timeline.parse(text)
    did = timeline.run(recorded, _call(dict(_HEAD.findall(text))), recorded[-1].at_ms if recorded else 0)
    events = [line for line in recorded if line.who != "torim"] if args.events else []
    for line in sorted([*events, *did], key=lambda line: line.at_ms):
        print(line)
    return _compare([line for line in recorded if line.who == "torim"], did)


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
    from torim.core.actions import Purpose
    from torim.core.call import Call
    from torim.core.settings import TurnSettings
    from torim.engines.registry import engine

    return Call(
        settings=TurnSettings(),
        carrier=carrier(head.get("carrier", "twilio")).capabilities,
        engine=engine(head.get("engine", "openai")).capabilities,
        barge_in_enabled=_flag(head, "barge_in_enabled", default=True),
        greeting_lock=_flag(head, "greeting_lock", default=True),
        prompts={purpose: purpose.value for purpose in Purpose},
        engine_creates=_flag(head, "engine_creates", default=False),
    )


def _flag(head: Mapping[str, str], name: str, default: bool) -> bool:
    try:
        return boolean(head[name]) if name in head else default
    except BadValue as error:
        raise ConfigError(f"The timeline's head says {name}: {head[name]}; it must be {error}.") from error
