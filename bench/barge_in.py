"""Say recordings into calls and see whether, and how fast, the AI falls silent for the caller, and only for them.

    torim bench barge-in --corpus DIR [--fast | --calls 20] [--only sound,echo] [--share 0.2] [--out DIR]

Through Twilio's protocol on real sockets, to a server in a process of its own; with `--fast` on a virtual clock: the
product's ears, core and engine codec between models of line and carrier, some hundred times faster than real time.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
from bench._barge_in_real import run_real
from torim.audio.front_end import FrontEnd
from torim.audio.vad import VadStream
from torim.core import timeline
from torim.core.actions import PlayAudio, SendMark
from torim.core.events import MarkReturned, VoiceEvent
from torim.core.listening import FarEnd, Listener
from torim.core.settings import ListenSettings, TurnSettings
from torim.errors import ConfigError, TorimError
from torim.lab.bargein import table
from torim.lab.bargein.corpus import Corpus, held_out, read_corpus
from torim.lab.bargein.fast import Bench, run
from torim.lab.bargein.judge import Outcome, judge
from torim.lab.bargein.lines import LINES
from torim.lab.bargein.lines import words as line_words
from torim.lab.bargein.panel import panel
from torim.lab.bargein.sound import Voices, voices_of
from torim.lab.bargein.trials import Choice, Group, Trial, draw
from torim.live.ears import Ears, Hearer, VadBatch
from torim.live.far_side import FarSide
from torim.live.near_side import NearSide


class OneAtATime(VadBatch):
    """Lets whoever owns the calls run the neural VAD over all of them."""

    def __init__(self) -> None:
        self.waits = False

    def submit(self, hearer: Hearer) -> float | None:
        self.waits = True
        return None


class ProductHearing:
    """The product's own ears and sides of one call, with the neural VAD run from outside."""

    def __init__(self, settings: ListenSettings, append: Callable[[bytes], None]) -> None:
        self._batch = OneAtATime()
        self._ears = Ears(Listener(settings), self._batch, lambda probability: None)
        self._ears.front_end = FrontEnd(settings)
        self._near = NearSide(append, self._ears, None)
        self._far = FarSide(self._ears, None)
        self.sent = self._far.sent
        self.cleared = self._far.cleared
        self.hear = self._near.hear
        self.link_up = self._near.uplink.link_up

    @property
    def stream(self) -> VadStream:
        return self._ears.front_end.stream

    @property
    def waits(self) -> bool:
        return self._batch.waits

    def speech(self, probability: float, far_end: FarEnd) -> list[VoiceEvent]:
        self._batch.waits = False
        self._ears.heard(probability)
        return self._near.speech(probability, far_end)


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
    parser.add_argument("--line", default="clean", choices=sorted(LINES))
    parser.add_argument("--level", type=float, default=-26.0, help="active level of the caller, dBFS")
    parser.add_argument(
        "--only", default="", help="groups of trials, comma-separated: " + ", ".join(g.name for g in Group)
    )
    parser.add_argument("--share", type=float, default=1.0, help="of the trials, drawn at random")
    parser.add_argument("--held-out", type=float, default=0.0, help="share of speakers and sources to keep apart")
    parser.add_argument("--part", default="held-out", choices=("held-out", "rest"), help="which side of the split")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a threshold")
    parser.add_argument("--details", action="store_true", help="every row on the terminal")
    parser.add_argument("--trial", type=int, help="only this one, with its timeline")
    parser.add_argument("--wrong", action="store_true", help="name every trial that went wrong")
    return parser


def _bench(options: argparse.Namespace) -> int:
    corpus = _split(read_corpus(options.corpus), options.held_out, options.part)
    choice = Choice(LINES[options.line], options.level, options.seed, options.share, _groups(options.only))
    trials = draw(corpus, choice)
    voices = voices_of(corpus)
    if voices is None or not trials:
        raise ConfigError("The folder holds no voice for the AI, or nothing to say.", "bench.corpus")
    listen, turn = _settings(options.set)
    if options.trial is not None:
        return _show(trials[options.trial], Bench(ProductHearing, voices, listen, turn))
    print(f"{corpus.name}: {len(corpus.clips)} recordings, {len(corpus.left_out)} left out; {len(trials)} trials")
    if options.fast:
        outcomes = _try(trials, Bench(ProductHearing, voices, listen, turn))
    else:
        outcomes = _place(trials, voices, options.calls)
    print("\n".join(table.lines(panel(outcomes), options.details)))
    _say_wrong(outcomes, options.wrong)
    return 0


def _split(corpus: Corpus, fraction: float, part: str) -> Corpus:
    """One side of the corpus; the AI's voices are on both."""
    if not fraction:
        return corpus
    wanted = part == "held-out"
    kept = [c for c in corpus.clips if c.kind.value == "agent" or held_out(c, fraction) is wanted]
    return dataclasses.replace(corpus, clips=tuple(kept))


def _groups(names: str) -> tuple[Group, ...]:
    return tuple(Group[name.strip().upper().replace("-", "_")] for name in names.split(",") if name) or tuple(Group)


def _settings(chosen: Sequence[str]) -> tuple[ListenSettings, TurnSettings]:
    """Thresholds by name, wherever they belong; `turn.` before a name chooses the core's where both have it."""
    listen, turn = ListenSettings(), TurnSettings()
    for text in chosen:
        name, _, value = text.partition("=")
        in_turn = name.startswith("turn.")
        name = name.removeprefix("turn.")
        owner: Any = turn if in_turn or not hasattr(listen, name) else listen
        changed = dataclasses.replace(owner, **{name: type(getattr(owner, name))(value)})
        listen, turn = (listen, changed) if owner is turn else (changed, turn)
    return listen, turn


def _try(trials: Sequence[Trial], bench: Bench) -> list[Outcome]:
    outcomes: list[Outcome] = []
    began, heard_s = time.perf_counter(), 0.0
    for evidence in run(trials, bench):
        outcomes.append(judge(evidence))
        heard_s += evidence.length_samples / 8000
        took_s = time.perf_counter() - began
        if len(outcomes) % 16 == 0 or len(outcomes) == len(trials):
            print(
                f"\r{len(outcomes):>5} of {len(trials)} trials, {heard_s / 60:5.1f} min of calls,"
                f" {heard_s / took_s:4.0f} times real time, {sum(bool(o.faults) for o in outcomes)} wrong ",
                end="",
                file=sys.stderr,
                flush=True,
            )
    print(file=sys.stderr)
    return outcomes


def _place(trials: Sequence[Trial], voices: Voices, calls: int) -> list[Outcome]:
    made = run_real(trials, voices, calls, _tell)
    print(file=sys.stderr)
    print(made.facts)
    return [judge(evidence) for evidence in made.evidence]


def _tell(done: int, of: int) -> None:
    print(f"\r{done:>5} of {of} calls ", end="", file=sys.stderr, flush=True)


def _show(trial: Trial, bench: Bench) -> int:
    """One trial's timeline, in ms from the onset on the server's clock, and what it came to."""
    evidence = next(run([trial], bench))
    names = " + ".join(piece.clip.name for piece in trial.pieces) or trial.cls
    print(f"{trial.group.value}, {trial.place.value}: {names}; line: {line_words(trial.line)}")
    for at_ms, subject in evidence.entries:
        if not isinstance(subject, MarkReturned | SendMark | PlayAudio):
            since_ms = at_ms - evidence.arrived_ms
            print(f"{since_ms:+8.0f} {timeline.render(round(at_ms), subject)}")
    print(dataclasses.replace(judge(evidence), trial=None))  # type: ignore[arg-type]
    return 0


def _say_wrong(outcomes: Sequence[Outcome], each: bool) -> None:
    counts = Counter(fault.value for o in outcomes for fault in o.faults)
    print("\nWrong: " + (", ".join(f"{count} x {name}" for name, count in counts.most_common()) or "nothing"))
    for outcome in outcomes if each else []:
        for fault in outcome.faults:
            trial = outcome.trial
            names = " + ".join(piece.clip.name for piece in trial.pieces) or trial.cls
            cut = "-" if outcome.cut_ms is None else f"{outcome.cut_ms:.0f}"
            print(f"  {trial.number:5d} {fault.value}: {trial.group.value}, {trial.place.value}, {names}, cut {cut}")


if __name__ == "__main__":
    raise SystemExit(main())
