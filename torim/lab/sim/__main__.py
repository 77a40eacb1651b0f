"""`python -m torim.lab.sim`: many seeded calls, every promise checked in each; the first broken ones are shown."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from multiprocessing import get_context

from torim.lab.sim.run import Outcome, simulate

BATCH = 250


def _batch(task: tuple[int, int, bool]) -> tuple[int, int, int, list[tuple[int, str]]]:
    """Run consecutive seeds: (calls, virtual ms, cancels, [(seed, violation)])."""
    first, count, faults = task
    outcomes = [simulate(seed, faults=faults) for seed in range(first, first + count)]
    broken = [(outcome.plan.seed, text) for outcome in outcomes for text in outcome.violations[:3]]
    return count, sum(o.virtual_ms for o in outcomes), sum(o.cuts for o in outcomes), broken


def _tasks(calls: int, first: int) -> Iterator[tuple[int, int, bool]]:
    """Half of the calls without faults, half with."""
    for start in range(0, calls, BATCH):
        yield first + start, min(BATCH, calls - start), (start // BATCH) % 2 == 1


def show(outcome: Outcome) -> None:
    """Print one call's timeline and what it broke."""
    print(f"# {outcome.plan}")
    print("\n".join(outcome.trace))
    print(f"# digest {outcome.digest}")
    print("\n".join(f"# VIOLATION {text}" for text in outcome.violations) or "# every promise held")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="torim sim", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seed", type=int, help="show the timeline of this one call")
    parser.add_argument("--faults", action="store_true", help="with --seed: let the engine misbehave")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args(argv)
    if args.seed is not None:
        outcome = simulate(args.seed, faults=args.faults, keep_trace=True)
        show(outcome)
        return 1 if outcome.violations else 0
    return _many(args.calls, args.first_seed, args.processes)


def _many(calls: int, first: int, processes: int) -> int:
    began, done, virtual_ms, cuts, broken = time.monotonic(), 0, 0, 0, list[tuple[int, str]]()
    with get_context("spawn").Pool(processes) as pool:
        for count, batch_ms, batch_cuts, batch_broken in pool.imap_unordered(_batch, _tasks(calls, first)):
            done, virtual_ms, cuts = done + count, virtual_ms + batch_ms, cuts + batch_cuts
            broken += batch_broken
            took_s = time.monotonic() - began
            print(
                f"\r{done:>7} of {calls} calls  {virtual_ms / 3.6e6:7.1f} h of talk  {cuts} cancels  "
                f"{virtual_ms / 1000 / took_s:7.0f}x real time  {len(broken)} violations ",
                end="",
                file=sys.stderr,
                flush=True,
            )
    print(file=sys.stderr)
    for seed, text in broken[:20]:
        print(f"seed {seed}: {text}")
    print(f"{calls} calls, {len(broken)} violations, {time.monotonic() - began:.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    # Under its own name, by which the processes of the pool find `_batch`; a `__main__` they would not import.
    from torim.lab.sim.__main__ import main as by_name

    raise SystemExit(by_name())
