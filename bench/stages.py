"""Measure the stage matrix: barge-ins at every stage of an answer, by speech and by key, over real sockets.

    python -m bench.stages [--trials 2] [--delays 0,50,150] [--speeds 1,4,20] [--stages middle,...] [--seed 1]
                           [--embedded 0] [--at-once 8] [--words FILE] [--network 0] [--jitter 0] [--echo DB]
                           [--out out/stages]

A synthetic caller speaks Twilio's protocol to a server in this process and cuts in with a synthetic voice, at a random
instant of each stage, in answers 1, 2 and 3; the scripted engine answers, so far away and so fast as asked. `--trials`
is per cell and per way to the engine, that is, for each delay and speed. `--embedded` adds calls to the embedded
engine. What fails is kept: its timeline, recording and picture.

A trial is obeyed if the AI fell silent within 150 ms of the caller's voice, nothing stale was heard, the engine was
told what was heard to 40 ms, what was alive was cancelled once, and the caller was answered exactly once, not before
the end of the turn; under the greeting lock, if the greeting was heard whole and one reply followed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from torim.commands.staging import Outcome, run_calls, speak
from torim.lab import matrix_table, report
from torim.lab.line import EchoPath, LineSettings
from torim.lab.matrix import ANSWERS, SPOKEN, WORDS, CallPlan, EngineWay, Stage, sample, whole
from torim.lab.matrix_call import Played
from torim.lab.matrix_judge import Judged, call_problems, judge
from torim.lab.measure import measure

ECHO_DELAY_MS = 180


def main() -> int:
    args = _arguments()
    plans = _plans(args)
    trials = sum(len(plan.trials) for plan in plans)
    print(f"{len(plans)} calls with {trials} barge-ins, {args.at_once} calls at once", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcome = runner.run(_run(args, plans, Path(folder)))
    took_s = time.monotonic() - began
    judged = {played.plan.number: judge(played) for played in outcome.played}
    return _report(args, outcome, judged, took_s)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2, help="of each cell, for each delay and speed")
    parser.add_argument("--delays", default="0,50,150", help="ms to the engine, one way")
    parser.add_argument("--speeds", default="1,4,20", help="of generation, times real time")
    parser.add_argument(
        "--stages", type=_stages, default=[], help=f"only these, of {', '.join(stage.name.lower() for stage in Stage)}"
    )
    parser.add_argument("--embedded", type=int, default=0, metavar="CALLS", help="to the embedded engine, besides")
    parser.add_argument("--at-once", type=int, default=8, metavar="CALLS")
    parser.add_argument("--words", type=Path, help="a text file with a sentence a line for the caller to say")
    parser.add_argument(
        "--network", type=int, default=0, metavar="MS", help="between the caller's carrier and us, one way"
    )
    parser.add_argument("--jitter", type=int, default=0, metavar="MS", help="at most, on top of --network")
    parser.add_argument("--echo", type=float, metavar="DB", help="the AI comes back this much lower, 180 ms later")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/stages"), metavar="DIR")
    return parser.parse_args()


def _stages(text: str) -> list[Stage]:
    """Stages by their names with commas between, as `middle,after_done`."""
    names = [name.strip().upper() for name in text.split(",") if name.strip()]
    if unknown := [name.lower() for name in names if name not in Stage.__members__]:
        raise argparse.ArgumentTypeError(f"there is no stage {unknown[0]!r}")
    return [Stage[name] for name in names]


def _plans(args: argparse.Namespace) -> list[CallPlan]:
    stages = args.stages or list(ANSWERS)
    ways = [EngineWay(int(delay), float(speed)) for delay in args.delays.split(",") for speed in args.speeds.split(",")]
    plans = whole(ways, args.trials, args.seed, stages, _words(args)) if args.trials else []
    embedded = [EngineWay(int(delay), engine="embedded") for delay in args.delays.split(",")]
    more = sample(embedded, args.embedded, args.seed, [stage for stage in stages if stage in SPOKEN])
    return [replace(plan, number=number, line=_line(args, number)) for number, plan in enumerate([*plans, *more], 1)]


def _line(args: argparse.Namespace, seed: int) -> LineSettings:
    echo = None if args.echo is None else EchoPath(args.echo, ECHO_DELAY_MS)
    return LineSettings(echo=echo, delay_ms=args.network, jitter_ms=args.jitter, seed=seed)


def _words(args: argparse.Namespace) -> Sequence[str]:
    if args.words is None:
        return WORDS
    return [line for line in args.words.read_text(encoding="utf-8").splitlines() if line.strip()]


async def _run(args: argparse.Namespace, plans: list[CallPlan], folder: Path) -> Outcome:
    voices = await speak(sorted({*_words(args), *WORDS}))
    return await run_calls(plans, voices, folder, args.at_once, _progress)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}", end="", file=sys.stderr, flush=True)


# --- what came of it ----------------------------------------------------------------------------------------


def _report(args: argparse.Namespace, outcome: Outcome, judged: dict[int, list[Judged]], took_s: float) -> int:
    everything = [item for items in judged.values() for item in items]
    for line in matrix_table.lines(matrix_table.table(everything, matrix_table.by_cell), ("stage", "answer", "by")):
        print(line)
    print()
    for line in matrix_table.lines(_ways(outcome, judged), ("engine", "by")):
        print(line)
    print(matrix_table.LEGEND)
    print()
    problems = _problems(args.out, outcome, judged)
    total = _totals(outcome, everything, problems, took_s)
    for key, value in total.items():
        print(f"{key}: {value}")
    for problem in problems:
        print(f"FAILED {problem}")
    _save(args.out, outcome, judged, total)
    return 1 if problems else 0


def _ways(outcome: Outcome, judged: dict[int, list[Judged]]) -> list[matrix_table.Row]:
    groups: dict[matrix_table.Group, list[Judged]] = {}
    for played in outcome.played:
        for item in judged[played.plan.number]:
            groups.setdefault((str(played.plan.way), item.trial.cell.by.value), []).append(item)
    rows = [matrix_table.row(name, [item for item in items if item.in_stage]) for name, items in groups.items()]
    return [item for item in rows if item.trials]


def _problems(out: Path, outcome: Outcome, judged: dict[int, list[Judged]]) -> list[str]:
    found = [f"log: {line}" for line in outcome.errors]
    for played in outcome.played:
        items = judged[played.plan.number]
        of_call = [f"{played.plan}: {text}" for text in call_problems(played)]
        of_call += [f"{played.plan}, {item.trial.cell}: {text}" for item in items for text in item.problems]
        if of_call:
            _keep(played, out)
        found += of_call
    return found


def _keep(played: Played, out: Path) -> None:
    report.save(played.record, measure(played.record), out / "failed", f"call-{played.plan.number}")


def _totals(outcome: Outcome, items: list[Judged], problems: list[str], took_s: float) -> dict[str, Any]:
    obeyed = sum(item.obeyed for item in items)
    low, high = matrix_table.interval(obeyed, len(items))
    stopped = [item for item in items if item.hold_ms is not None]
    return {
        "machine": f"{platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "calls": len(outcome.played),
        "trials": len(items),
        "obeyed": f"{obeyed} of {len(items)} (95 % interval {low:.1f} to {high:.1f} %)",
        "missed their stage": sum(not item.in_stage for item in items),
        "stopped while sounding": len(stopped),
        "stopped over 150 ms by the wall clock": sum((item.hold_ms or 0) > 150 for item in stopped),
        "problems": len(problems),
        "took": f"{took_s:.0f} s",
    }


def _save(out: Path, outcome: Outcome, judged: dict[int, list[Judged]], total: dict[str, Any]) -> None:
    trials = [
        matrix_table.as_data(str(played.plan.way), played.plan.number, item)
        for played in outcome.played
        for item in judged[played.plan.number]
    ]
    out.mkdir(parents=True, exist_ok=True)
    path = out / "stages.json"
    path.write_text(json.dumps({"total": total, "trials": trials}, indent=1), encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    sys.exit(main())
