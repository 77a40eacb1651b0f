"""Measure the core: CPU per 20 ms frame of a call, and how much faster than real time calls are simulated.

    python -m bench.core [--seconds 120] [--repeats 5] [--json]

A call of the given length runs in the core alone, without I/O: the listener hears a frame every 20 ms, the AI
speaks without end (a delta of 100 ms at a time, four times faster than real time, each answer 3 s), the caller
cuts in every 6 s, marks come back. The cost is divided by the caller's frames. `empty` is the same loop with the
core left out, so that the ratio speaks of the core.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable

from torim.core.abilities import CarrierCapabilities, EngineCapabilities
from torim.core.actions import Action, CancelResponse, CreateResponse, Purpose, SendMark
from torim.core.call import Call
from torim.core.events import (
    AudioDelta,
    AudioDone,
    EngineReady,
    Event,
    MarkReturned,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    StreamStarted,
    TextDelta,
    TurnCommitted,
    VoiceEnded,
    VoiceOnset,
    VoiceSure,
)
from torim.core.listening import Listener, Measure
from torim.core.settings import TurnSettings
from torim.lab.sim.run import simulate

FRAME_MS, DELTA_MS, ANSWER_MS, SPEED = 20, 100, 3_000, 4
QUIET = Measure(level_db=-62.0, floor_db=-62.0)
DELTA = b"\x2a" * (DELTA_MS * 8)


class Script:
    """What happens on the measured call, as (instant, event) pairs that the core's own actions extend."""

    def __init__(self, seconds: int) -> None:
        self.coming: dict[int, list[Event]] = {}
        self.responses = 0
        self.add(0, StreamStarted())
        self.add(0, EngineReady())
        for at_ms in range(6_000, seconds * 1000 - 2_000, 6_000):
            self.add(at_ms, VoiceOnset(at_ms))
            self.add(at_ms + 120, VoiceSure(at_ms + 120))
            self.add(at_ms + 1_200, VoiceEnded(at_ms + 1_200))
            self.add(at_ms + 1_300, TurnCommitted(f"U{at_ms}"))

    def add(self, at_ms: int, event: Event) -> None:
        self.coming.setdefault(at_ms // FRAME_MS * FRAME_MS, []).append(event)

    def follow(self, action: Action, now_ms: int) -> None:
        """What engine and carrier answer to the core."""
        if isinstance(action, CreateResponse):
            self._answer(action.key, now_ms)
        elif isinstance(action, SendMark):
            self.add(now_ms + 200, MarkReturned(action.token, action.epoch))
        elif isinstance(action, CancelResponse):
            self.add(now_ms + 40, ResponseDone(action.response_id, ResponseStatus.CANCELLED))

    def _answer(self, key: str, now_ms: int) -> None:
        self.responses += 1
        response, item = f"R{self.responses}", f"I{self.responses}"
        self.add(now_ms + 40, ResponseCreated(response, key))
        for n in range(ANSWER_MS // DELTA_MS):
            at_ms = now_ms + 60 + n * DELTA_MS // SPEED
            self.add(at_ms, TextDelta(response, item, 0, "word "))
            self.add(at_ms, AudioDelta(response, item, 0, DELTA))
        self.add(now_ms + 60 + ANSWER_MS // SPEED, AudioDone(response, item))
        self.add(now_ms + 100 + ANSWER_MS // SPEED, ResponseDone(response, ResponseStatus.COMPLETED))


def full(seconds: int) -> float:
    """CPU seconds of one call in the core."""
    script, listener = Script(seconds), Listener()
    call = Call(
        settings=TurnSettings(), carrier=CarrierCapabilities(), engine=EngineCapabilities(), barge_in_enabled=True,
        greeting_lock=False, prompts={Purpose.GREETING: "greet"},
    )  # fmt: skip
    due_ms: int | None = None
    began = time.process_time()
    for now_ms in range(0, seconds * 1000, FRAME_MS):
        listener.frame(QUIET, call.far_end(now_ms), now_ms)
        for event in script.coming.pop(now_ms, ()):
            for action in call.apply(event, now_ms):
                script.follow(action, now_ms)
            due_ms = call.next_deadline_ms()
        if due_ms is not None and due_ms <= now_ms:
            for action in call.wake(now_ms):
                script.follow(action, now_ms)
            due_ms = call.next_deadline_ms()
    return time.process_time() - began


def empty(seconds: int) -> float:
    """CPU seconds of the same loop without a core."""
    script = Script(seconds)
    began = time.process_time()
    for now_ms in range(0, seconds * 1000, FRAME_MS):
        for _ in script.coming.pop(now_ms, ()):
            pass
    return time.process_time() - began


def per_frame_us(run: Callable[[int], float], seconds: int, repeats: int) -> float:
    """The median over repeats, in microseconds per 20 ms frame."""
    frames = seconds * 1000 // FRAME_MS
    return statistics.median(run(seconds) for _ in range(repeats)) / frames * 1e6


def simulation_speed(calls: int) -> float:
    """Virtual seconds per CPU second over seeded calls."""
    began, virtual_ms = time.process_time(), 0
    for seed in range(calls):
        virtual_ms += simulate(seed, faults=seed % 2 == 1).virtual_ms
    return virtual_ms / 1000 / (time.process_time() - began)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    full(5)
    core_us = per_frame_us(full, args.seconds, args.repeats)
    empty_us = per_frame_us(empty, args.seconds, args.repeats)
    result = {
        "machine": f"{platform.machine()} Python {platform.python_version()}",
        "core_us_per_frame": round(core_us - empty_us, 2),
        "empty_loop_us_per_frame": round(empty_us, 2),
        "simulation_times_real_time": round(simulation_speed(200)),
    }
    if args.json:
        print(json.dumps(result))
        return 0
    print(f"{result['machine']}; medians of {args.repeats} calls of {args.seconds} s")
    print(f"core            {result['core_us_per_frame']:>8} us per 20 ms frame (goal 5)")
    print(f"empty loop      {result['empty_loop_us_per_frame']:>8} us")
    print(f"simulation      {result['simulation_times_real_time']:>8} x real time (goal 1,000)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
