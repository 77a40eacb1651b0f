"""Say recordings into calls and see whether, and how fast, the AI falls silent for the caller, and only for them.

    torim bench barge-in --corpus DIR [--fast [--curves]] [--calls 10] [--held-out 0.3] [--line clean] [--out DIR]

Through Twilio's protocol on real sockets, to a server in a process of its own; with `--fast` on a virtual clock: the
product's ears, core and engine codec between models of line and carrier, some hundred times faster than real time.
The report goes to `--out`: `report.html`, `report.json`, `report.md`, and the sound of wrong and slow trials.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
from bench._barge_in_fast import ProductHearing, again, outcomes
from bench._barge_in_real import run_real
from bench._barge_in_stages import stage_matrix
from torim.audio import canceller
from torim.core.settings import ListenSettings, TurnSettings
from torim.errors import ConfigError, TorimError
from torim.lab.bargein import curves, table
from torim.lab.bargein.beside import draw_beside
from torim.lab.bargein.corpus import Corpus, held_out, read_corpus
from torim.lab.bargein.evidence import Evidence
from torim.lab.bargein.fast import Bench
from torim.lab.bargein.goals import judged as judged_goals
from torim.lab.bargein.judge import Outcome, judge
from torim.lab.bargein.keep import Kept, keep, told
from torim.lab.bargein.lines import LINES
from torim.lab.bargein.page import page
from torim.lab.bargein.panel import panel
from torim.lab.bargein.report import Report, as_json, excluded, worth_keeping
from torim.lab.bargein.sound import Voices, voices_of
from torim.lab.bargein.trials import Choice, Group, Trial, draw


def main() -> int:
    options = _parser().parse_args()
    try:
        return _bench(options)
    except TorimError as error:
        print(f"{error} ({error.code})", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="torim bench barge-in", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True, help="a folder of recordings with manifest.csv")
    parser.add_argument("--fast", action="store_true", help="on a virtual clock")
    parser.add_argument("--calls", type=int, default=10, help="at a time, on real sockets")
    parser.add_argument(
        "--beside", type=int, default=0, metavar="N", help="calls that go on meanwhile, on real sockets"
    )
    parser.add_argument("--processes", type=int, default=1, help="with --fast")
    parser.add_argument("--line", default="clean", choices=sorted(LINES))
    parser.add_argument("--level", default="-26", help="active level of the caller in dBFS, or `own`")
    groups = ", ".join(group.name.lower() for group in Group)
    parser.add_argument("--only", default="", help=f"groups of trials, comma-separated: {groups}")
    parser.add_argument("--share", type=float, default=1.0, help="of the trials, drawn at random")
    parser.add_argument("--held-out", type=float, default=0.0, help="share of speakers and sources to keep apart")
    parser.add_argument("--part", default="held-out", choices=("held-out", "rest"), help="which side of the split")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a threshold, with --fast")
    parser.add_argument("--curves", action="store_true", help="with --fast: move the main thresholds")
    parser.add_argument("--sweep", action="append", default=[], metavar="NAME=V,V", help="with --fast: move this one")
    parser.add_argument("--stages", type=int, default=0, metavar="N", help="and the stage matrix, so many of each cell")
    parser.add_argument("--trial", type=int, help="with --fast: only this one, with its timeline")
    parser.add_argument("--details", action="store_true", help="every row on the terminal")
    parser.add_argument("--wrong", action="store_true", help="name every trial that went wrong")
    parser.add_argument("--out", type=Path, default=Path("out/barge-in"), metavar="DIR")
    return parser


def _bench(options: argparse.Namespace) -> int:
    corpus = _split(read_corpus(options.corpus), options.held_out, options.part)
    level_db = None if options.level == "own" else float(options.level)
    choice = Choice(LINES[options.line], level_db, options.seed, options.share, _groups(options.only))
    trials = draw(corpus, choice)
    voices = voices_of(corpus)
    if voices is None or not trials:
        raise ConfigError("The folder holds no voice for the AI, or nothing to say.", "bench.corpus")
    bench = Bench(ProductHearing, voices, *_settings(options.set))
    if options.trial is not None:
        evidence = again(trials[options.trial], bench)
        print("\n".join(told(evidence, judge(evidence))))
        return 0
    print(f"{corpus.name}: {len(corpus.clips)} recordings, {len(corpus.left_out)} left out; {len(trials)} trials")
    beside = draw_beside(corpus, choice, options.beside) if options.beside else []
    made = _fast(options, trials, bench) if options.fast else _real(options, trials, beside, voices)
    facts = _facts(options, corpus, trials) | made.facts
    left_out = [*corpus.left_out, *excluded(made.outcomes)]
    tables = panel(made.outcomes)
    if options.stages:
        tables.append(stage_matrix(options.stages, options.seed, _tell))
    report = Report(facts, tables, made.outcomes, made.curves, left_out, made.kept)
    _show(report, options)
    return 0


def _split(corpus: Corpus, fraction: float, part: str) -> Corpus:
    """One side of the corpus; the AI's voices are on both."""
    if not fraction:
        return corpus
    wanted = part == "held-out"
    kept = [c for c in corpus.clips if c.kind.value == "agent" or held_out(c, fraction) is wanted]
    return dataclasses.replace(corpus, clips=tuple(kept))


def _groups(names: str) -> tuple[Group, ...]:
    wanted = [name.strip().upper().replace("-", "_") for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in Group.__members__]
    if unknown:
        known = ", ".join(group.name.lower() for group in Group)
        raise ConfigError(f"There is no group {unknown[0].lower()!r}; there are {known}.", "bench.group")
    return tuple(Group[name] for name in wanted) or tuple(Group)


def _settings(chosen: Sequence[str]) -> tuple[ListenSettings, TurnSettings]:
    """Thresholds by name, wherever they belong; `turn.` before a name chooses the core's where both have it."""
    listen, turn = ListenSettings(), TurnSettings()
    for text in chosen:
        name, _, value = text.partition("=")
        in_turn = name.startswith("turn.")
        name = name.removeprefix("turn.")
        owner: Any = turn if in_turn or not hasattr(listen, name) else listen
        if not hasattr(owner, name):
            raise ConfigError(f"There is no threshold {name!r}; see docs/thresholds.md.", "bench.threshold")
        changed = dataclasses.replace(owner, **{name: _read(value, getattr(owner, name))})
        listen, turn = (listen, changed) if owner is turn else (changed, turn)
    return listen, turn


def _read(text: str, default: Any) -> Any:
    """A threshold's value from text, of the kind of its default."""
    return text.lower() in ("1", "true", "on", "yes") if isinstance(default, bool) else type(default)(text)


# --- trying ---------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Made:
    """What a mode has made of the trials."""

    outcomes: list[Outcome]
    facts: dict[str, Any]
    kept: dict[int, Kept]
    curves: list[curves.Curve] = dataclasses.field(default_factory=list)


def _fast(options: argparse.Namespace, trials: Sequence[Trial], bench: Bench) -> Made:
    began_s = time.perf_counter()
    judged, heard_s = _try(trials, bench, options.processes, "")
    took_s = time.perf_counter() - began_s
    chosen = worth_keeping(judged)
    kept = {o.trial.number: _keep(again(o.trial, bench), o, options.out) for o in chosen}
    facts = {
        "mode": "virtual clock",
        "calls heard": f"{heard_s / 60:.0f} min",
        "took": f"{took_s:.0f} s, {heard_s / took_s:.0f} times real time",
        "engine": "200 ms to its first sound, deducted; hears by neural VAD",
    }
    return Made(judged, facts, kept, _curves(options, trials, bench))


def _try(trials: Sequence[Trial], bench: Bench, processes: int, what: str) -> tuple[list[Outcome], float]:
    judged: list[Outcome] = []
    began_s, heard_s = time.perf_counter(), 0.0
    for outcome, seconds in outcomes(trials, bench, processes):
        judged.append(outcome)
        heard_s += seconds
        if len(judged) % 16 == 0 or len(judged) == len(trials):
            speed = heard_s / (time.perf_counter() - began_s)
            wrong = sum(bool(o.faults) for o in judged)
            _tell(f"{what}{len(judged):>5} of {len(trials)} trials, {speed:4.0f} times real time, {wrong} wrong")
    print(file=sys.stderr)
    return judged, heard_s


def _curves(options: argparse.Namespace, trials: Sequence[Trial], bench: Bench) -> list[curves.Curve]:
    if not (options.curves or options.sweep):
        return []
    wanted = curves.of_interest(trials)
    made = []
    for name, values in curves.sweeps(options.sweep).items():
        points = []
        for value in values:
            judged, _ = _try(wanted, _moved(bench, name, value, options.set), options.processes, f"{name} {value}: ")
            points.append(curves.point(value, judged))
        made.append(curves.Curve(name, curves.standing(name, bench.listen), points))
    return made


def _moved(bench: Bench, name: str, value: str, chosen: Sequence[str]) -> Bench:
    """The bench with one threshold, or the whole policy, at another value."""
    if name == curves.POLICY:
        return dataclasses.replace(bench, listen=curves.preset(value))
    listen, turn = _settings([*chosen, f"{name}={value}"])
    return dataclasses.replace(bench, listen=listen, turn=turn)


def _real(options: argparse.Namespace, trials: Sequence[Trial], beside: Sequence[Trial], voices: Voices) -> Made:
    made = run_real(trials, voices, options.calls, lambda done, of: _tell(f"{done:>5} of {of} calls"), beside)
    print(file=sys.stderr)
    judged = [judge(evidence) for evidence in made.evidence]
    by_number: dict[int, Evidence] = {evidence.trial.number: evidence for evidence in made.evidence}
    kept = {o.trial.number: _keep(by_number[o.trial.number], o, options.out) for o in worth_keeping(judged)}
    facts = {
        "mode": "real sockets, one server process",
        "calls at a time": options.calls,
        "calls that went on meanwhile": options.beside,
        "engine": "200 ms to its first sound, deducted; hears by level",
        **{name.replace("_", " "): value for name, value in made.facts.items()},
    }
    return Made(judged, facts, kept)


def _keep(evidence: Evidence, outcome: Outcome, out: Path) -> Kept:
    return keep(evidence, outcome, out / "trials")


def _tell(text: str) -> None:
    print(f"\r{text} ", end="", file=sys.stderr, flush=True)


# --- telling --------------------------------------------------------------------------------------------------


def _facts(options: argparse.Namespace, corpus: Corpus, trials: Sequence[Trial]) -> dict[str, Any]:
    counts = Counter(trial.group.value for trial in trials)
    facts = {
        "what": f"{len(trials)} trials: " + ", ".join(f"{count} {name}" for name, count in counts.items()),
        "recordings": f"{corpus.name}, {len(corpus.clips)} used",
        "line": options.line,
        "caller's level": f"{options.level} dBFS (active), the AI's -20 dBFS",
        "seed": options.seed,
        "canceller": "installed" if canceller.available() else "not installed",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
    }
    if options.share < 1:
        facts["share of the trials"] = options.share
    if options.held_out:
        facts["part"] = f"{options.part}, {options.held_out:g} of speakers and sources held out"
    if options.set:
        facts["thresholds moved"] = ", ".join(options.set)
    return facts


def _show(report: Report, options: argparse.Namespace) -> None:
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "report.json").write_text(as_json(report), encoding="utf-8")
    told_md = "\n".join(table.markdown(report.tables, judged_goals(report.tables)))
    (options.out / "report.md").write_text(told_md + "\n", encoding="utf-8")
    (options.out / "report.html").write_text(page(report), encoding="utf-8")
    print("\n".join(table.lines(report.tables, options.details)))
    counts = Counter(fault.value for o in report.outcomes for fault in o.faults)
    print("\nWrong: " + (", ".join(f"{count} x {name}" for name, count in counts.most_common()) or "nothing"))
    for outcome in report.outcomes if options.wrong else []:
        for fault in outcome.faults:
            trial = outcome.trial
            names = " + ".join(piece.clip.name for piece in trial.pieces) or trial.cls
            cut = "-" if outcome.cut_ms is None else f"{outcome.cut_ms:.0f}"
            print(f"  {trial.number:5d} {fault.value}: {trial.group.value}, {trial.place.value}, {names}, cut {cut}")
    print(f"\n{options.out / 'report.html'}, {options.out / 'report.json'}, {len(report.kept)} trials with their sound")


if __name__ == "__main__":
    raise SystemExit(main())
