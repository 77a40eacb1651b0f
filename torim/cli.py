"""The command line: picks the command, hands it its arguments, and turns errors into advice and an exit code.

It imports only the module of the command that was asked for; the list of commands is a table so that
``torim --help`` stays cheap.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from torim import __version__
from torim.errors import ConfigError, TorimError

# name: (module, one line of help)
COMMANDS = {
    "serve": ("torim.commands.serve", "answer calls"),
    "demo": ("torim.commands.demo", "place a call that keeps cutting in, and show what happened"),
    "call": ("torim.commands.call", "place a call from a scenario file"),
    "replay": ("torim.commands.replay", "run a recorded timeline against this code"),
    "bench": ("torim.commands.bench", "run a measurement"),
    "appointments": ("torim.commands.appointments", "list the appointments"),
    "accounts": ("torim.commands.accounts", "list and manage who may log in"),
    "caller": ("torim.commands.caller", "export or erase what is kept of a caller"),
    "jobs": ("torim.commands.jobs", "show the jobs that were given up, and try them again"),
    "db": ("torim.commands.db", "migrate or back up the database"),
    "engine": ("torim.commands.engine", "serve the embedded speech engine to other programs"),
    "doctor": ("torim.commands.doctor", "check this set-up and say what is missing"),
}

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        argv: Arguments without the program's name; those of the process by default.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = _command_in(arguments)
    parser = parser_for(command)
    args = parser.parse_args(arguments)
    if command is None:
        parser.print_help()
        return USAGE
    return _run(command, args)


def _run(command: str, args: argparse.Namespace) -> int:
    try:
        return int(importlib.import_module(COMMANDS[command][0]).run(args))
    except TorimError as error:
        print(advice(error), file=sys.stderr)
        return USAGE if isinstance(error, ConfigError) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has gone; keep the interpreter from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def advice(error: TorimError) -> str:
    """An error as the lines that the operator reads: what is wrong, what to do, and the code."""
    lines = str(error).splitlines() or [error.code]
    if len(lines) == 1:
        return f"torim: {lines[0]} [{error.code}]"
    return "\n".join([f"torim: {len(lines)} problems [{error.code}]", *(f"  - {line}" for line in lines)])


def _command_in(arguments: Sequence[str]) -> str | None:
    """The command named in the arguments, found without knowing any command's own options."""
    probe = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    _add_global_options(probe)
    probe.add_argument("command", nargs="?")
    try:
        found = probe.parse_known_args(arguments)[0].command
    except argparse.ArgumentError:
        return None
    return found if found in COMMANDS else None


def _add_global_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: torim.toml)")


def parser_for(command: str | None) -> argparse.ArgumentParser:
    """The whole parser, with the options of one command; the others are only named."""
    parser = argparse.ArgumentParser(
        prog="torim", description="An AI phone receptionist that a caller can always interrupt."
    )
    parser.add_argument("--version", action="version", version=f"torim {__version__}")
    _add_global_options(parser)
    subparsers = parser.add_subparsers(dest="command", metavar="command", title="commands")
    for name, (module, summary) in COMMANDS.items():
        if name == command:
            importlib.import_module(module).add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=summary)
    return parser
