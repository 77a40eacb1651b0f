"""Trials of `bench.barge_in` on the virtual clock: the product's own ears, and several processes if asked for."""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections.abc import Callable, Iterator, Sequence

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
from torim.audio.vad import VadStream
from torim.core.events import VoiceEvent
from torim.core.listening import FarEnd
from torim.core.settings import ListenSettings
from torim.lab.bargein.evidence import Evidence
from torim.lab.bargein.fast import BATCH, Bench, run
from torim.lab.bargein.judge import Outcome, judge
from torim.lab.bargein.trials import Trial
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
        self._ears = Ears(settings, self._batch, lambda probability: None)
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


def outcomes(trials: Sequence[Trial], bench: Bench, processes: int) -> Iterator[tuple[Outcome, float]]:
    """Every trial judged, with the seconds of its call; the number of processes changes nothing but the time."""
    starts = range(0, len(trials), BATCH)
    if processes <= 1:
        for evidence in run(trials, bench):
            yield judge(evidence), evidence.length_samples / 8000
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _set_up, (list(trials), bench)) as pool:
        for start, judged in zip(starts, pool.imap(_one_batch, starts), strict=True):
            for place, (outcome, seconds) in enumerate(judged):
                yield dataclasses.replace(outcome, trial=trials[start + place]), seconds


def again(trial: Trial, bench: Bench) -> Evidence:
    """One trial once more, for its sound and timeline."""
    return next(run([trial], bench))


_TRIALS: list[Trial] = []
_BENCH: list[Bench] = []


def _set_up(trials: list[Trial], bench: Bench) -> None:
    _TRIALS.extend(trials)
    _BENCH.append(bench)


def _one_batch(start: int) -> list[tuple[Outcome, float]]:
    """A batch in a process of the pool; recordings do not travel back."""
    judged = []
    for evidence in run(_TRIALS[start : start + BATCH], _BENCH[0]):
        outcome = judge(evidence)
        bare = dataclasses.replace(outcome.trial, pieces=())
        judged.append((dataclasses.replace(outcome, trial=bare), evidence.length_samples / 8000))
    return judged
