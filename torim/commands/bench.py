"""`torim bench`: run the measurements of `bench/`, each a script that stands by itself.

The scripts belong to a checkout, not to the installed package. Nothing is measured here.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from pathlib import Path

from torim.commands import SubParsers
from torim.errors import ConfigError

USAGE = 2  # the exit code of argparse
BENCH = Path(__file__).resolve().parents[2] / "bench"


def add_parser(subparsers: SubParsers) -> None:
    parser = subparsers.add_parser("bench", help="run a measurement")
    parser.add_argument("name", help="which one; `list` names them, `all` runs every one")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="handed to the measurement")


def run(args: argparse.Namespace) -> int:
    """Run one measurement or all; 1 if any failed."""
    scripts = _scripts()
    if args.name == "list":
        for name, summary in scripts.items():
            print(f"{name:<16}{summary}")
        return 0
    if args.name != "all" and args.name not in scripts:
        raise ConfigError(f"There is no measurement {args.name!r}. `torim bench list` names them.", "bench.unknown")
    among_all = args.name == "all"
    chosen = list(scripts) if among_all else [args.name]
    return max([_measure(name, args.options, among_all) for name in chosen], default=0)


def _scripts() -> dict[str, str]:
    """The name of each script, and of each folder that can be run, with the first line of its docstring."""
    if not BENCH.is_dir():
        raise ConfigError("The measurements come with a checkout of Torim: run this in one.", "bench.missing")
    files = sorted(file for file in BENCH.glob("*.py") if not file.name.startswith("_"))
    found = {file.stem.replace("_", "-"): _summary(file) for file in files}
    return found | {file.parent.name: _summary(file) for file in sorted(BENCH.glob("*/__main__.py"))}


def _summary(file: Path) -> str:
    words = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return words.partition("\n")[0]


def _measure(name: str, options: list[str], among_all: bool) -> int:
    print(f"== {name}", flush=True)
    module = f"bench.{name.replace('-', '_')}"
    done = subprocess.run([sys.executable, "-m", module, *options], cwd=BENCH.parent, check=False)
    if among_all and done.returncode == USAGE:
        # A measurement that cannot run without options of its own is for those who call it by name.
        print(f"-- {name} needs options; left out")
        return 0
    return 1 if done.returncode else 0
