"""What hearing costs: the ears of many calls in one worker, on lines with and without our voice coming back.

    python -m bench.echo_cost --corpus DIR [--calls 100] [--seconds 30] [--repeats 3]

Each call is a conversation of recordings: the AI says something, the caller answers, and so on, at another offset in
every call. Lines are made beforehand; what is timed is the front end, the canceller where it runs, the neural VAD in
batches of `BATCH_FULL` and the listener with its verifier. CPU time of the process; 1 % of a core is 10 ms a second.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import torim.audio  # noqa: F401  # isort: skip - before numpy: it asks for one thread
from torim.audio import canceller, g711
from torim.audio.vad import SileroVad
from torim.core.listening import FarEnd
from torim.core.settings import ListenSettings
from torim.lab.bargein.corpus import Clip, Corpus, Kind, Samples, read_corpus
from torim.lab.bargein.lines import LINES
from torim.lab.echo_path import EchoPath
from torim.lab.line import CallerLine, LineSettings
from torim.live.ears import BATCH_FULL, Ears, Hearer, VadBatch

AGENT_DB, CALLER_DB = -20.0, -26.0
GAP_FRAMES = 35  # 700 ms between one side and the other
ANSWER_CLIPS = 2  # the AI sounds about half of the time
NOBODY = g711.SILENCE * g711.FRAME_SAMPLES

Frame = tuple[bytes, bytes]  # played and heard in the same 20 ms


class Gathered(VadBatch):
    """The worker's batch, run from outside."""

    def __init__(self) -> None:
        self.waiting: list[Hearer] = []

    def submit(self, hearer: Hearer) -> float | None:
        self.waiting.append(hearer)
        return None


def conversation(corpus: Corpus, line: LineSettings, seconds: int, seed: int) -> Iterator[Frame]:
    """Turn by turn, for so long."""
    chance = random.Random(seed)
    agents, callers = list(corpus.of(Kind.AGENT)), list(corpus.of(Kind.TURN))
    telephone = CallerLine(dataclasses.replace(line, seed=seed))
    left = seconds * 50
    for frames in _turns(agents, callers, chance):
        for played, said in frames:
            yield played, telephone.frame(said, played)
            left -= 1
            if not left:
                return


def _turns(agents: list[Clip], callers: list[Clip], chance: random.Random) -> Iterator[list[Frame]]:
    gap = [(NOBODY, NOBODY)] * GAP_FRAMES
    while True:
        yield [(frame, NOBODY) for frame in _frames(chance.choice(agents).at_level(AGENT_DB))] + gap
        for clip in chance.choices(callers, k=ANSWER_CLIPS):
            yield [(NOBODY, frame) for frame in _frames(clip.at_level(CALLER_DB))]
        yield gap


def _frames(samples: Samples) -> list[bytes]:
    payload = g711.encode((samples.clip(-1, 1) * 32767).astype("int16"))
    return [payload[at : at + 160] for at in range(0, len(payload) - 159, 160)]


def hear(calls: list[list[Frame]], settings: ListenSettings) -> tuple[float, float]:
    """CPU seconds a call and second, and the share of frames in which the canceller worked."""
    batch, vad = Gathered(), SileroVad()
    ears = [Ears(settings, batch, lambda probability: None) for _ in calls]
    sounding = [-1_000] * len(calls)
    cleaned = 0
    begun = time.process_time()
    for at in range(len(calls[0])):
        now_ms = at * 20 + 20
        for number, call in enumerate(calls):
            played, heard = call[at]
            if played is not NOBODY:
                ears[number].played(played, now_ms - 20)
                sounding[number] = now_ms
            far_end = FarEnd(sounding[number] == now_ms, now_ms - sounding[number])
            given = ears[number].cleaned(heard, now_ms)
            cleaned += ears[number].front_end.removing
            ears[number].frame(given, far_end, now_ms, now_ms)
        _run(batch, vad, dict(zip(map(id, ears), sounding, strict=True)), now_ms)
    spent_s = time.process_time() - begun
    frames = len(calls) * len(calls[0])
    return spent_s / (frames / 50), cleaned / frames


def _run(batch: Gathered, vad: SileroVad, sounding: dict[int, int], now_ms: int) -> None:
    waiting, batch.waiting = batch.waiting, []
    for start in range(0, len(waiting), BATCH_FULL):
        part = waiting[start : start + BATCH_FULL]
        for hearer, probability in zip(part, vad.run([h.front_end for h in part]), strict=True):
            hearer.heard(probability)
            last_ms = sounding[id(hearer)]
            assert isinstance(hearer, Ears)
            hearer.speech(probability, FarEnd(last_ms == now_ms, now_ms - last_ms), now_ms)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    corpus = read_corpus(options.corpus)
    echo = dataclasses.replace(LINES["clean"], echo=EchoPath(15, 150))
    uncancelled = ListenSettings(cancel_echo=False)
    for name, line, settings in (
        ("no echo, canceller installed", LINES["clean"], ListenSettings()),
        ("no echo, without canceller", LINES["clean"], uncancelled),
        ("echo (ERL 15 dB, 150 ms), cancelled", echo, ListenSettings()),
        ("echo, without canceller", echo, uncancelled),
    ):
        if settings.cancel_echo and not canceller.available():
            continue
        calls = [list(conversation(corpus, line, options.seconds, seed)) for seed in range(options.calls)]
        ours = sum(played is not NOBODY for call in calls for played, _ in call) / sum(map(len, calls))
        made = [hear(calls, settings) for _ in range(options.repeats)]
        costs = [100 * cost for cost, _ in made]
        told = f"{statistics.median(costs):.3f} % of a core a call ({min(costs):.3f} to {max(costs):.3f})"
        print(f"{name}: {told}; the AI sounds {ours:.0%}, the canceller works {made[0][1]:.0%} of the time")


if __name__ == "__main__":
    main()
