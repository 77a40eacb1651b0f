"""`torim doctor`: look at this set-up and say, line by line, what is good, doubtful or missing."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator

from torim.commands import SubParsers, config_of
from torim.commands.checks import CHECKS, Finding, Grade, examine, names
from torim.config import Config
from torim.errors import ConfigError


def add_parser(subparsers: SubParsers) -> None:
    parser = subparsers.add_parser("doctor", help="check this set-up and say what is missing")
    parser.add_argument("--online", action="store_true", help="also try the engine, the public address, the endpoints")


def run(args: argparse.Namespace) -> int:
    """Print what was found; 1 if calls will not work as it is."""
    grades = []
    for found in _findings(args):
        print(f"{found.grade.value:<5} {found.part:<10} {found.words}", flush=True)
        grades.append(found.grade)
    print(_verdict(grades))
    return 1 if Grade.FAIL in grades else 0


def _findings(args: argparse.Namespace) -> Iterator[Finding]:
    yield from names(os.environ)
    try:
        config = config_of(args)
    except ConfigError as error:
        # The other checks would examine a set-up that nobody meant.
        yield from (Finding(Grade.FAIL, "settings", line) for line in str(error).splitlines())
        return
    yield Finding(Grade.OK, "settings", "all understood")
    yield from examine(config, CHECKS)
    yield from _jobs(config)
    if args.online:
        yield from _online(config)


def _jobs(config: Config) -> Iterator[Finding]:
    from torim.commands.checks_jobs import channels, jobs

    yield from examine(config, {"messages": channels, "jobs": jobs})


def _online(config: Config) -> Iterator[Finding]:
    from torim.commands.checks_online import ONLINE_CHECKS

    yield from examine(config, ONLINE_CHECKS)


def _verdict(grades: list[Grade]) -> str:
    fails, warns = grades.count(Grade.FAIL), grades.count(Grade.WARN)
    if fails:
        return f"\nNot ready: {fails} to mend, {warns} to look at."
    return f"\nReady, {warns} to look at." if warns else "\nReady."
