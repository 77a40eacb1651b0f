"""Run the bench's calls through Torim, a bare neural VAD and pipecat by turns, and set their figures side by side.

    sh bench/peers/install.sh [FOLDER]                       once: pipecat in an environment of its own
    torim bench peers --corpus DIR [--share 0.1] [--calls 4] [--rounds 3] [--env FOLDER] [--out out/peers]

All three speak Twilio's protocol on real sockets from a process of their own, get the same trials, and are judged by
the same judge on the same clocks. They take turns in rounds, so that a busy machine is busy for all of them. Without
the environment pipecat is left out, and the report says so.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
from bench._barge_in_real import run_real
from bench.peers.placing import Peer, run_peer
from torim.errors import TorimError
from torim.lab.bargein import table
from torim.lab.bargein.corpus import read_corpus
from torim.lab.bargein.evidence import Evidence
from torim.lab.bargein.goals import judged
from torim.lab.bargein.judge import Outcome, judge
from torim.lab.bargein.lines import LINES
from torim.lab.bargein.panel import panel
from torim.lab.bargein.report import Report, as_json, excluded
from torim.lab.bargein.sound import Voices, voices_of
from torim.lab.bargein.stats import Figure, percentile
from torim.lab.bargein.trials import Choice, Group, Trial, draw

TORIM, BARE, PIPECAT = "Torim", "bare VAD", "pipecat"
GROUPS = (Group.SOUND, Group.ASIDE, Group.PAUSE, Group.ECHO, Group.DOUBLE_TALK)
QUIET = "onset to quiet at the ear, {}, ms"
SILENCE = "onset to silence at the ear (the last old sample, lowered or not), {}, ms"


def main() -> int:
    args = _arguments()
    corpus = read_corpus(args.corpus)
    voices = voices_of(corpus)
    trials = draw(corpus, Choice(LINES["clean"], -26.0, args.seed, args.share, GROUPS))
    if voices is None or not trials:
        print("The folder holds no voice for the AI, or nothing to say.", file=sys.stderr)
        return 2
    agents, left_out = _agents(args.env)
    print(f"{len(trials)} trials each for {', '.join(agents)}; {args.calls} calls at a time", flush=True)
    outcomes: dict[str, list[Outcome]] = {name: [] for name in agents}
    facts: dict[str, list[dict[str, Any]]] = {name: [] for name in agents}
    for number in range(args.rounds):
        part = trials[number :: args.rounds]
        for name, peer in agents.items():
            evidence, told = _run(name, peer, part, voices, args.calls)
            outcomes[name] += [judge(item) for item in evidence]
            facts[name].append(told)
    _save(args.out, outcomes, facts, left_out)
    print("\n".join([*_comparison(outcomes), "", *_facts(facts), *left_out]))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="torim bench peers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="a folder of recordings with manifest.csv")
    parser.add_argument("--share", type=float, default=0.1, help="of the trials, drawn at random")
    parser.add_argument("--calls", type=int, default=4, help="at a time")
    parser.add_argument("--rounds", type=int, default=3, help="in which the agents take turns")
    parser.add_argument("--env", type=Path, default=Path(__file__).with_name(".venv"), help="as install.sh made it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/peers"), metavar="DIR")
    return parser.parse_args()


def _agents(env: Path) -> tuple[dict[str, Peer | None], list[str]]:
    """Who takes part; None is Torim itself. And who cannot, with the reason."""
    agents: dict[str, Peer | None] = {TORIM: None, BARE: Peer(BARE, "bench.peers.bare_vad", sys.executable)}
    python = env / "bin" / "python"
    if not python.exists():
        return agents, [f"{PIPECAT} left out: no environment in {env}; see bench/peers/install.sh"]
    return agents | {PIPECAT: Peer(PIPECAT, "bench.peers.pipecat_bot", str(python.absolute()))}, []


def _run(
    name: str, peer: Peer | None, trials: Sequence[Trial], voices: Voices, calls: int
) -> tuple[list[Evidence], dict[str, Any]]:
    def tell(done: int, of: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{name}: {done:>4} of {of} calls ", end="", file=sys.stderr, flush=True)

    made = run_real(trials, voices, calls, tell) if peer is None else run_peer(peer, trials, voices, calls, tell)
    return made.evidence, dict(made.facts)


# --- side by side -------------------------------------------------------------------------------------------------


def _comparison(outcomes: dict[str, list[Outcome]]) -> Iterator[str]:
    """A table in Markdown: a figure a row, an agent a column, each with its interval and number of trials."""
    yield f"| | {' | '.join(outcomes)} |"
    yield f"|---|{'---:|' * len(outcomes)}"
    for words, cells in _rows(outcomes).items():
        yield f"| {words} | {' | '.join(cells)} |"


def _rows(outcomes: dict[str, list[Outcome]]) -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {}
    for items in outcomes.values():
        for words, column, figure in _figures(items):
            rows.setdefault(words, []).append(_cell(column, figure))
    return {words: cells for words, cells in rows.items() if any(cell != "-" for cell in cells)}


def _figures(items: Sequence[Outcome]) -> Iterator[tuple[str, str, Figure]]:
    """The project's own goals, and two figures that those who hold nothing back are better seen by."""
    for goal, figure, _ in judged(panel([item for item in items if not item.failure])):
        yield goal.words, table.goal_column(goal), figure
    turns = [o for o in items if not o.failure and o.trial.group is Group.SOUND and o.trial.is_turn]
    silences = [o.silence_ms for o in turns if o.silence_ms is not None and o.sounding]
    quiets = [o.quiet_ms for o in turns if o.quiet_ms is not None]
    for words, part in (("p50", 0.5), ("p90", 0.9)):
        yield QUIET.format(words), "ms", percentile(quiets, part)
        yield SILENCE.format(words), "ms", percentile(silences, part)
    stale = [o.stale_ms for o in turns if o.cut_ms is not None]
    yield "old audio after a cut, at most, ms", "ms", percentile(stale, 1.0)


def _cell(column: str, figure: Figure) -> str:
    if figure.value is None:
        return "-"
    interval = table.interval(column, figure)
    return f"{table.shown(column, figure)}{f' ({interval})' if interval else ''}, n={figure.n}"


def _facts(facts: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    for name, rounds in facts.items():
        names = ("server cpu share", "server_cpu_share", "load average", "load_average", "caller worst tick ms")
        kept = [", ".join(f"{key.replace('_', ' ')} {told[key]}" for key in names if key in told) for told in rounds]
        yield f"{name}: {'; '.join(kept)}"


def _save(
    out: Path, outcomes: dict[str, list[Outcome]], facts: dict[str, list[dict[str, Any]]], left_out: list[str]
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, items in outcomes.items():
        told = {"agent": name, "load average": os.getloadavg()[0], "rounds": facts[name]}
        report = Report(told, panel(items), items, left_out=excluded(items))
        (out / f"{name.replace(' ', '-').lower()}.json").write_text(as_json(report), encoding="utf-8")
    lines = [*_comparison(outcomes), "", *_facts(facts), *left_out]
    (out / "comparison.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except TorimError as error:
        print(f"{error} ({error.code})", file=sys.stderr)
        raise SystemExit(2) from error
