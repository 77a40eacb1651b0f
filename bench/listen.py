"""Measure the ears on a folder of labelled recordings: how soon, how surely, how often wrongly, at what cost.

    python -m bench.listen --corpus DIR [--conditions idle,over,echo15,only15] [--level -26]
                           [--only CLASS] [--set gate_margin_db=8] [--show]

The folder holds `manifest.csv` with the columns file, cls, onset_s, offset_s and active_dbfs, and 8 kHz mono
16-bit WAV files. Each clip is put on a line with comfort noise, at a random alignment to the 20 ms frames, passed
through mu-law, and heard by a `FrontEnd` and a `Listener` as in a call. An onset or a sure voice is timed at the
arrival of the frame that made it certain (server clock, no computing time), from the manifest's onset.

Conditions: `idle`: nothing sounds. `over`: the AI speaks until an onset holds it, no echo. `echoN`: as `over`, and
its voice comes back N dB lower, 150 ms later. `onlyN`: the AI's echo alone for 30 s, no caller.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import time
import wave
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torim  # noqa: F401  # isort: skip - before numpy: it asks for one thread
import numpy as np
from numpy.typing import NDArray

from torim.audio import g711
from torim.audio.front_end import FrontEnd
from torim.audio.vad import STATE_FLOATS, SileroVad
from torim.audio.verifier import Watch, installed, installed_over_echo
from torim.core.events import VoiceDropped, VoiceEnded, VoiceEvent, VoiceOnset, VoiceSure
from torim.core.listening import FarEnd, Listener
from torim.core.settings import ListenSettings

Samples = NDArray[np.float64]

FRAME = 160
LEAD_MS = 2_500  # the line before the clip: detectors settle, the AI speaks
TAIL_MS = 1_200
ALONE_MS = 30_000
ALONE_CALLS = 24
COLD_MS = 2_000  # the ears do not know the line yet
COMFORT_DB = -62.0
AGENT_DB = -20.0
ECHO_DELAY_MS = 150
EARLY_MS = 60  # soft beginnings lie this much before the manifest's mark
LATE_MS = 1_000
SPEECH = ("en_", "he_", "digits")
BATCH = 64


@dataclass
class Clip:
    cls: str
    name: str
    samples: Samples
    onset_ms: int
    offset_ms: int


@dataclass
class Condition:
    name: str
    agent: bool
    erl_db: float | None = None
    clip: bool = True


@dataclass
class Trial:
    """One call of the bench: a clip on a line, and what the listener said, by the frame's arrival."""

    clip: Clip
    onset_ms: int
    offset_ms: int
    events: list[tuple[int, VoiceEvent]] = field(default_factory=list)
    heard_ms: int = 0

    def first(self, kind: type) -> int | None:
        """Delay of the first such event from the true onset, if it came in time."""
        for at_ms, event in self.events:
            if isinstance(event, kind) and -EARLY_MS <= at_ms - self.onset_ms <= LATE_MS:
                return at_ms - self.onset_ms
        return None

    def covered(self, kind: type) -> bool:
        """Whether the word was inside an onset or a voice that began before it."""
        begun = [at for at, event in self.events if isinstance(event, kind) and at < self.onset_ms - EARLY_MS]
        ends = [at for at, event in self.events if isinstance(event, VoiceDropped | VoiceEnded)]
        return bool(begun) and not any(begun[-1] <= at <= self.onset_ms for at in ends)


class Agent:
    """The AI's voice: sounds until held, goes on after a drop, is gone after a cut."""

    def __init__(self, voice: Samples, start: int, condition: Condition, path: Samples) -> None:
        self.voice, self.at, self.condition, self.path = voice, start, condition, path
        self.state = "sounding" if condition.agent else "none"
        self.since_played_ms: int | None = None
        self.emitted = np.zeros(FRAME * 60)

    def follow(self, event: VoiceEvent) -> None:
        if self.state == "none":
            return
        if isinstance(event, VoiceOnset) and self.state == "sounding":
            self.state = "held"
        if isinstance(event, VoiceSure):
            self.state = "cut"
        if isinstance(event, VoiceDropped) and self.state == "held":
            self.state = "sounding"

    def far_end(self) -> FarEnd:
        return FarEnd(self.state == "sounding", self.since_played_ms, self.state in ("none", "cut"))

    def frame(self) -> bytes | None:
        """What plays in the next 20 ms."""
        sound = np.zeros(FRAME)
        payload = None
        if self.state == "sounding":
            sound = np.take(self.voice, np.arange(self.at, self.at + FRAME), mode="wrap")
            self.at += FRAME
            payload = g711.encode((sound * 32767).astype(np.int16))
            self.since_played_ms = 0
        elif self.since_played_ms is not None:
            self.since_played_ms += 20
        self.emitted = np.concatenate([self.emitted[FRAME:], sound])
        return payload

    def echo(self) -> Samples:
        """What comes back in the next 20 ms."""
        if self.condition.erl_db is None:
            return np.zeros(FRAME)
        end = len(self.emitted) - ECHO_DELAY_MS * 8
        heard = self.emitted[end - FRAME - len(self.path) + 1 : end]
        filtered = np.convolve(heard, self.path, "valid")
        return np.tanh(2 * filtered) / 2 * 10 ** (-self.condition.erl_db / 20)


class Call:
    """A line, an agent, and the ears."""

    def __init__(self, trial: Trial, line: Samples, agent: Agent, settings: ListenSettings) -> None:
        self.trial, self.line, self.agent = trial, line, agent
        self.ears, self.listener = FrontEnd(settings), Listener(settings)
        self.watch = Watch(installed(), installed_over_echo())
        self.frames = len(line) // FRAME
        self.at = 0

    def frame(self) -> None:
        now_ms = self.at * 20
        payload = self.agent.frame()
        if payload:
            self.ears.played(payload, now_ms)
        sound = self.line[self.at * FRAME : (self.at + 1) * FRAME] + self.agent.echo()
        self.at += 1
        mulaw = g711.encode((np.clip(sound, -1, 1) * 32767).astype(np.int16))
        measure = self.ears.frame(mulaw, now_ms + 20)
        self.take(self.listener.frame(measure, self.agent.far_end(), now_ms + 20))

    def speech(self, probability: float) -> None:
        odds = self.watch.hear(self.listener.question, self.ears.stream.state, self.listener.over_echo)
        self.take(self.listener.speech(probability, self.agent.far_end(), self.at * 20, odds))
        if self.listener.take_vad_reset():
            self.ears.reset_vad()

    def take(self, events: list[VoiceEvent]) -> None:
        for event in events:
            self.trial.events.append((self.at * 20, event))
            self.agent.follow(event)


def read_wav(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768.0


def read_clips(corpus: Path, level_db: float | None, only: str | None) -> list[Clip]:
    """The clips worth a latency: dialogs and echo pairs are left out, the agent's voices are the far end."""
    clips = []
    with (corpus / "manifest.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            folder = row["file"].split("/")[0]
            if folder in ("agent", "dialog", "echo", "synthetic") or (only and row["cls"] != only):
                continue
            gain_db = 0.0 if level_db is None else level_db - float(row["active_dbfs"])
            samples = read_wav(corpus / row["file"]) * 10 ** (gain_db / 20)
            onset_ms, offset_ms = (round(float(row[key]) * 1000) for key in ("onset_s", "offset_s"))
            clips.append(Clip(row["cls"], row["file"], samples, onset_ms, offset_ms))
    return clips


def agent_voice(corpus: Path) -> Samples:
    voices = [read_wav(path) for path in sorted((corpus / "agent").glob("*.wav"))]
    parts = [v * 10 ** (AGENT_DB / 20) / np.sqrt(np.mean(v[np.abs(v) > 0.01] ** 2)) for v in voices]
    return np.concatenate(parts)


def echo_path(rng: np.random.Generator) -> Samples:
    """A dispersive response of 30 ms with unit gain."""
    taps = rng.standard_normal(240) * np.exp(-np.arange(240) / 60)
    unit: Samples = taps / np.sqrt(np.sum(taps**2))
    return unit


def make_call(
    clip: Clip, condition: Condition, voice: Samples, rng: np.random.Generator, settings: ListenSettings
) -> Call:
    lead = LEAD_MS * 8 + int(rng.integers(0, FRAME))
    length = lead + len(clip.samples) + TAIL_MS * 8 if condition.clip else ALONE_MS * 8
    line = rng.standard_normal(length) * 10 ** (COMFORT_DB / 20)
    if condition.clip:
        line[lead : lead + len(clip.samples)] += clip.samples
    start_ms = lead // 8
    trial = Trial(clip, start_ms + clip.onset_ms, start_ms + clip.offset_ms, heard_ms=length // 8)
    agent = Agent(voice, int(rng.integers(0, len(voice))), condition, echo_path(rng))
    return Call(trial, line, agent, settings)


def run(calls: list[Call]) -> None:
    """Let all calls go on together, the neural VAD batched over them."""
    vad = SileroVad()
    live = calls
    while live:
        for call in live:
            call.frame()
        waiting = [call for call in live if call.ears.pending() and not call.listener.rests(call.agent.far_end())]
        for call, probability in zip(waiting, vad.run([call.ears for call in waiting]), strict=True):
            call.speech(probability)
        live = [call for call in live if call.at < call.frames]


def quantiles(values: list[int]) -> str:
    if not values:
        return "-".rjust(14)
    return "/".join(f"{np.percentile(values, q):.0f}" for q in (50, 90, 99)).rjust(14)


def report_class(name: str, trials: list[Trial]) -> str:
    onsets = [ms for t in trials if (ms := t.first(VoiceOnset)) is not None]
    sures = [ms for t in trials if (ms := t.first(VoiceSure)) is not None]
    covered = sum(t.covered(VoiceOnset) and t.first(VoiceOnset) is None for t in trials)
    never = sum(not any(isinstance(e, VoiceSure) for _, e in t.events) for t in trials)
    sounds = sum(isinstance(e, VoiceOnset) for t in trials for _, e in t.events)
    drops = sum(isinstance(e, VoiceDropped) for t in trials for _, e in t.events)
    ends = [
        at - t.offset_ms for t in trials for at, e in t.events[-1:] if isinstance(e, VoiceEnded) and at > t.offset_ms
    ]
    n = len(trials)
    return (
        f"{name:18} {n:4d} {quantiles(onsets)} {n - len(onsets) - covered:4d} {covered:4d}"
        f" {quantiles(sures)} {never:4d} {n - never:4d} {sounds:4d} {drops:4d} {quantiles(ends)}"
    )


HEAD = (
    f"{'class':18} {'n':>4} {'onset p50/90/99':>14} {'miss':>4} {'early':>4}"
    f" {'sure p50/90/99':>14} {'none':>4} {'sure':>4} {'onst':>4} {'drop':>4} {'end-offset':>14}"
)


def report(condition: Condition, trials: list[Trial], spent_s: float) -> None:
    heard_s = sum(t.heard_ms for t in trials) / 1000
    print(f"\n{condition.name}: {heard_s / 60:.1f} min heard at {heard_s / spent_s:.0f} times real time")
    print(HEAD)
    groups: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial.clip.cls].append(trial)
    for name, group in sorted(groups.items()):
        print(report_class(name, group))
    speech = [t for t in trials if t.clip.cls.startswith(SPEECH)]
    other = [t for t in trials if not t.clip.cls.startswith(SPEECH)]
    print(report_class("ALL SPEECH", speech) if speech else "")
    print(report_class("ALL OTHER", other) if other else "")


def report_alone(condition: Condition, trials: list[Trial]) -> None:
    cold, warm = {}, {}
    for kind in (VoiceOnset, VoiceSure):
        instants = [at for t in trials for at, e in t.events if isinstance(e, kind)]
        cold[kind.__name__] = sum(at <= COLD_MS for at in instants) / len(trials)
        warm[kind.__name__] = sum(at > COLD_MS for at in instants) / (len(trials) * (ALONE_MS - COLD_MS) / 60_000)
    print(f"\n{condition.name}: n={len(trials)} calls of {ALONE_MS / 1000:.0f} s; ", end="")
    print("first 2 s, per call:", *(f"{name} {rate:.2f}" for name, rate in cold.items()), end="; ")
    print("later, per minute:", *(f"{name} {rate:.2f}" for name, rate in warm.items()))


def parse_condition(name: str) -> Condition:
    if name == "idle":
        return Condition(name, agent=False)
    if name == "over":
        return Condition(name, agent=True)
    kind = "echo" if name.startswith("echo") else "only"
    return Condition(name, agent=True, erl_db=float(name.removeprefix(kind)), clip=kind == "echo")


def parse_setting(text: str) -> tuple[str, float]:
    name, value = text.split("=")
    return name, float(value) if "." in value or "_db" in name else int(value)


def measure_cost() -> None:
    """Cost per frame of the front end and per window of the neural VAD, alone and batched."""
    rng = np.random.default_rng(1)
    quiet = g711.encode((rng.standard_normal(FRAME) * 20).astype(np.int16))
    loud = g711.encode((np.sin(np.arange(FRAME) * 0.12) * 9000 + rng.standard_normal(FRAME) * 900).astype(np.int16))
    for label, voice, played in (("quiet", quiet, None), ("voice", loud, None), ("voice over AI", loud, loud)):
        ears, listener, spent = FrontEnd(), Listener(), 0
        for at in range(3_000):
            if played:
                ears.played(played, at * 20)
            payload = voice if at % 40 < 25 else quiet
            begun = time.process_time_ns()
            measure = ears.frame(payload, at * 20)
            listener.frame(measure, FarEnd(played is not None, 0 if played else None), at * 20)
            spent += time.process_time_ns() - begun
        print(f"front end and listener, {label}: {spent / 3_000_000:.1f} us a frame")
    vad, window = SileroVad(), g711.encode((rng.standard_normal(256) * 300).astype(np.int16))
    for count in (1, 4, 16, 100):
        ends, spent = [FrontEnd() for _ in range(count)], 0
        for _ in range(rounds := 2_000 // count):
            for end in ends:
                end.stream.push(window)
            begun = time.process_time_ns()
            vad.run(ends)
            spent += time.process_time_ns() - begun
        print(f"neural VAD, batch of {count}: {spent / 1000 / rounds / count:.1f} us a window")
    watch, state = Watch(installed()), np.full(STATE_FLOATS, 0.1, np.float32)
    begun = time.process_time_ns()
    for _ in range(3_000):
        watch.hear(1, state)
    print(f"verifier, while a question is open: {(time.process_time_ns() - begun) / 3_000_000:.1f} us a window")


def show(trials: list[Trial]) -> None:
    for trial in trials:
        said = " ".join(f"{type(e).__name__[5:]}@{at - trial.onset_ms}" for at, e in trial.events)
        print(f"  {trial.clip.name}: {said}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path, help="folder with manifest.csv; without it the cost is measured")
    parser.add_argument("--conditions", default="idle,over,echo15,only15", help="comma-separated, see above")
    parser.add_argument("--level", type=float, help="bring every clip to this active level, dBFS")
    parser.add_argument("--only", help="a single class")
    parser.add_argument("--set", action="append", default=[], help="a threshold, as name=value")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print every trial's events")
    arguments = parser.parse_args()
    if arguments.corpus is None:
        measure_cost()
        return
    chosen: dict[str, Any] = dict(map(parse_setting, arguments.set))
    settings = dataclasses.replace(ListenSettings(), **chosen)
    clips = read_clips(arguments.corpus, arguments.level, arguments.only)
    voice = agent_voice(arguments.corpus)
    for condition in map(parse_condition, arguments.conditions.split(",")):
        rng = np.random.default_rng(arguments.seed)
        heard = clips if condition.clip else clips[:ALONE_CALLS]
        calls = [make_call(clip, condition, voice, rng, settings) for clip in heard]
        begun = time.perf_counter()
        for start in range(0, len(calls), BATCH):
            run(calls[start : start + BATCH])
        trials = [call.trial for call in calls]
        if not condition.clip:
            report_alone(condition, trials)
        else:
            report(condition, trials, time.perf_counter() - begun)
        if arguments.show:
            show(trials)


if __name__ == "__main__":
    main()
