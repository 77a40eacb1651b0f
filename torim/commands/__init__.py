"""The subcommands of `torim`, one module each, with two functions.

``add_parser(subparsers)`` declares the command and its options; ``run(args)`` does it and returns the exit
code: 0 good, 1 bad news of the command itself, 2 a usage or configuration mistake. A module is imported only
when its command was asked for, so heavy imports cost nothing elsewhere. Nothing here decides about calls.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from torim.config import Config, load_config

if TYPE_CHECKING:
    # The class is generic for type checkers and private at run time.
    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    SubParsers = object


def config_of(args: argparse.Namespace, **overrides: object) -> Config:
    """Load the configuration for a command: environment, file, and options given on the command line.

    Args:
        args: Parsed arguments; ``args.config`` is the TOML file or None.
        overrides: Values by environment name; None means "not given". They win over everything.

    Raises:
        ConfigError: With every problem found.
    """
    given = {name: str(value) for name, value in overrides.items() if value is not None}
    file: Path | None = getattr(args, "config", None)
    return load_config({**os.environ, **given}, file)
