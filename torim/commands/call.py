"""`torim call`: place one synthetic call from a scenario file and report what the caller heard."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from torim.commands import SubParsers, config_of
from torim.errors import ConfigError

if TYPE_CHECKING:
    from torim.commands.placing import LocalServer, Placed
    from torim.config import Config
    from torim.lab.scenario import Scenario


def add_parser(subparsers: SubParsers) -> None:
    parser = subparsers.add_parser("call", help="place a call from a scenario file")
    parser.add_argument("--scenario", type=Path, required=True, metavar="FILE", help="what the caller does")
    parser.add_argument("--to", metavar="URL", help="server to call; without it one is started for this call")
    parser.add_argument("--language", help="the caller's language, instead of the scenario's (en, he)")
    parser.add_argument("--out", type=Path, default=Path("out/call"), metavar="DIR", help="where results are kept")
    parser.add_argument("--engine", help="speech engine of the server that is started (TORIM_ENGINE)")


def run(args: argparse.Namespace) -> int:
    """Place the call; 0 if everything that the scenario expects came true."""
    config = config_of(args, TORIM_ENGINE=args.engine)
    scenario = _scenario(args)
    from torim.commands.loops import run_quietly

    placed = run_quietly(config, _place(args, config, scenario))
    _show(placed, args.out)
    return 0 if placed.as_expected else 1


def _scenario(args: argparse.Namespace) -> Scenario:
    from torim.lab.scenario import parse_scenario

    try:
        text = args.scenario.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The scenario {args.scenario} cannot be read: {error}.", "scenario.file") from error
    scenario = parse_scenario(text, title=args.scenario.stem)
    return replace(scenario, language=args.language) if args.language else scenario


async def _place(args: argparse.Namespace, config: Config, scenario: Scenario) -> Placed:
    from torim.commands.placing import make_voices, place, refuse_inside_views
    from torim.lab.caller import Dialing

    if args.to:
        refuse_inside_views(scenario)
    voices = await make_voices(scenario, args.scenario.parent)
    async with _server(args, config, scenario) as local:
        url = args.to or (local.server.web_url if local else "")
        dialing = Dialing(url, auth_token=config.twilio_auth_token)
        return await place(scenario, voices, dialing, print, local)


@contextlib.asynccontextmanager
async def _server(args: argparse.Namespace, config: Config, scenario: Scenario) -> AsyncIterator[LocalServer | None]:
    if args.to:
        yield None
        return
    from torim.commands.placing import local_config, local_server
    from torim.lab.engine_line import EngineDelays

    own = local_config(config, args.out, scenario.language)
    async with local_server(own, EngineDelays()) as local:
        yield local


def _show(placed: Placed, folder: Path) -> None:
    from torim.lab import report
    from torim.lab.measure import Limits

    print()
    for line in (*report.lines(placed.rows, Limits()), *report.summary(placed.record)):
        print(line)
    for finding in placed.findings:
        print(finding)
    for path in report.save(placed.record, placed.rows, folder):
        print(f"wrote {path}")
