"""`torim demo`: a server with the embedded engine, a caller who keeps cutting in, and what came of it, measured.

No key, account or server is needed and nothing leaves this machine. The greeting lock stays on, as it is by
default: the greeting is heard whole, and every later answer is cut into. The engine is placed so that a pause lies
between the end of its audio and `response.done`, because that is where calls used to be deaf.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from torim.commands import SubParsers

if TYPE_CHECKING:
    from torim.commands.placing import LocalServer, Placed
    from torim.config import Config
    from torim.desk.book import Appointment
    from torim.desk.business import Business
    from torim.lab.measure import Limits
    from torim.lab.scenario import Scenario

DONE_GAP_MS = 700  # between the engine's last sound and its response.done
SCENARIO = Path(__file__).parents[1] / "lab" / "demo.scn"
TITLE = "Torim demo: one call, interrupted at every stage of an answer"


def add_parser(subparsers: SubParsers) -> None:
    parser = subparsers.add_parser("demo", help="place a call that keeps cutting in, and show what happened")
    parser.add_argument("--out", type=Path, default=Path("out/demo"), metavar="DIR", help="where results are kept")
    parser.add_argument("--scenario", type=Path, metavar="FILE", help="another scenario than the demo's own")


def run(args: argparse.Namespace) -> int:
    """Place the call; 0 only if every barge-in was obeyed in time, cleanly and truthfully, and the booking stands."""
    from torim.lab.measure import Limits
    from torim.lab.scenario import parse_scenario

    file = args.scenario or SCENARIO
    scenario = parse_scenario(file.read_text(encoding="utf-8"), title=file.stem)
    placed, made = play(scenario, args.out)
    return judge(placed, made, Limits(), args.out)


def play(scenario: Scenario, out: Path) -> tuple[Placed, list[Appointment]]:
    """Place the call with a server of its own, whose data are kept in ``out``; the call and what it booked."""
    from torim.commands.loops import run_quietly
    from torim.config import Config

    shutil.rmtree(out / "data", ignore_errors=True)
    config = Config(engine="embedded", data_dir=out / "data", log_level="WARNING")
    _tell(TITLE)
    return run_quietly(config, _place(out, config, scenario))


def judge(placed: Placed, made: list[Appointment], limits: Limits, out: Path) -> int:
    """Show and keep what came of the call; 1 if a barge-in missed the limits or anything else went wrong."""
    problems = list(_problems(placed, made, limits))
    _show(placed, problems, limits, out)
    return 1 if problems else 0


def _tell(line: str) -> None:
    print(line, flush=True)


async def _place(out: Path, config: Config, scenario: Scenario) -> tuple[Placed, list[Appointment]]:
    from torim.commands.placing import local_config, local_server, make_voices, place
    from torim.lab.caller import Dialing
    from torim.lab.engine_line import EngineDelays

    _tell("making the caller's voice ...")
    voices = await make_voices(scenario, Path())
    _tell("starting the server, with the embedded engine ...")
    own = local_config(config, out, scenario.language)
    async with local_server(own, EngineDelays(done_gap_ms=DONE_GAP_MS)) as local:
        _tell(f"calling {local.server.web_url} ...")
        placed = await place(scenario, voices, Dialing(local.server.web_url), _tell, local)
        made = await local.appointments(placed.record.call_sid)
        for line in _appointment(made, local):
            _tell(line)
    return placed, made


def _appointment(made: list[Appointment], local: LocalServer) -> Iterator[str]:
    yield ""
    for item in made:
        yield f"stored appointment: {_described(item, local.business)}"
        for line in (item.call_summary or "").splitlines():
            yield f"    {line}"
        yield "  what was said, as far as it was heard:"
        for line in (item.call_transcript or "(no transcript)").splitlines():
            yield f"    {line}"


def _described(item: Appointment, business: Business) -> str:
    local = item.starts_at.astimezone(business.zone)
    service = business.service_name(item.service_id, "en")
    name = item.contact_name or (f"name in voice note {item.name_note}" if item.name_note else "no name")
    return f"{service}, {local:%a %Y-%m-%d %H:%M}, {name}, {item.contact_phone or 'number withheld'} ({item.status})"


def _problems(placed: Placed, made: list[Appointment], limits: Limits) -> Iterator[str]:
    """Everything that makes the demo fail, in words."""
    for row in placed.rows:
        for problem in row.problems(limits):
            yield f"{row.stage}: {problem}"
    for finding in placed.findings:
        if not finding.good:
            yield str(finding)
    for violation in sorted(set(placed.record.violations)):
        yield f"the server broke the carrier's protocol: {violation}"
    if not made:
        yield "no appointment was stored"


def _show(placed: Placed, problems: list[str], limits: Limits, out: Path) -> None:
    from torim.lab import report

    _tell("")
    for line in report.lines(placed.rows, limits):
        _tell(line)
    _tell(report.LEGEND)
    _tell("")
    for line in report.summary(placed.record):
        _tell(line)
    for path in report.save(placed.record, placed.rows, out):
        _tell(f"wrote {path}")
    for problem in problems:
        print(f"FAILED: {problem}", file=sys.stderr)
    if not problems:
        _tell("Every barge-in was obeyed in time; nothing stale was heard; the engine knows what was heard.")
