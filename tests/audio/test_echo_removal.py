"""Our own voice is taken out of a line that returns it; every other line is heard as it came."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from audio_sounds import Samples, frames, noise, syllables, vowel

from torim.audio import canceller, g711
from torim.audio.canceller import DELAY_SAMPLES, Canceller
from torim.audio.echo_removal import Cancels, EchoRemoval, FrameClock
from torim.audio.far_end import EchoMeter
from torim.audio.front_end import FrontEnd
from torim.audio.line_echo import Returns

real = pytest.mark.skipif(not canceller.available(), reason=f"needs {canceller.EXTRA}")

SECONDS = 8
OURS = syllables(60, -20, seed=3)[: SECONDS * 8_000]
CALLER = syllables(60, -20, seed=7)[: SECONDS * 8_000]
CALM = noise(SECONDS * 1_000, -62)
DELAY_MS = 150


class Subtracts:
    """A canceller that knows the echo: attenuates what it hears and keeps what it was given."""

    def __init__(self) -> None:
        self.far: list[np.ndarray] = []

    def cancel(self, near: np.ndarray, far: np.ndarray) -> np.ndarray:
        self.far.append(far.copy())
        return near // 64


class Line:
    """One line, frame by frame: our voice out, what is heard of the caller's side back."""

    def __init__(self, make: Callable[[], Cancels] = Canceller) -> None:
        self.made: list[Cancels] = []
        self.ears = FrontEnd()
        meter = self.ears._echo
        self.ears._removal = self.removal = EchoRemoval(meter, lambda: self.made.append(make()) or self.made[-1])
        self.meter: EchoMeter = meter
        self.now_ms = 0

    def run(self, played: Samples, heard: Samples) -> Samples:
        """Play and hear side by side; returns what ears and engine are given."""
        given = []
        for ours, theirs in zip(frames(played), frames(heard), strict=True):
            if any(ours.strip(b"\xff\x7f")):
                self.ears.played(ours, self.now_ms)
            self.now_ms += 20
            cleaned = self.ears.cleaned(theirs, self.now_ms)
            self.ears.frame(cleaned, self.now_ms)
            given.append(cleaned)
        return g711.decode_float(b"".join(given)).astype(float)


def echo(sound: Samples, erl_db: float = 12.0, delay_ms: int = DELAY_MS) -> Samples:
    late = np.concatenate([np.zeros(delay_ms * 8), sound])[: len(sound)]
    return late * 10 ** (-erl_db / 20)


def level_db(sound: Samples) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1e-12))


def second(sound: Samples, number: float, length: float = 1.0) -> Samples:
    return sound[int(number * 8_000) : int((number + length) * 8_000)]


# --- without a real canceller -------------------------------------------------------------------------------------


def test_a_quiet_line_is_heard_as_it_came_and_keeps_no_canceller():
    line = Line(Subtracts)
    heard = CALM + np.where(np.arange(len(CALM)) > 3 * 8_000, CALLER, 0.0)
    given = line.run(OURS, heard)
    assert np.array_equal(given, g711.decode_float(b"".join(frames(heard))))
    assert line.meter.line.returns is Returns.QUIET and line.removal._canceller is None
    assert 0 < len(line.made[0].far) < 75  # it ran unheard until the line was known


def test_a_line_over_which_somebody_always_speaks_is_left_alone_and_keeps_no_canceller():
    line = Line(Subtracts)
    line.run(np.tile(OURS, 2), np.tile(CALLER, 2))
    assert line.meter.line.returns is Returns.UNKNOWN
    assert len(line.made) == 1 and line.removal._canceller is None


def test_nothing_runs_while_our_voice_does_not_sound():
    line = Line(Subtracts)
    line.run(np.zeros_like(OURS), CALM + CALLER)
    assert not line.made


def test_a_line_that_returns_our_voice_is_cancelled_once_it_is_known():
    line = Line(Subtracts)
    given = line.run(OURS, CALM + echo(OURS))
    assert line.meter.line.returns is Returns.ECHO and line.removal.working
    assert level_db(second(given, 4)) < level_db(second(echo(OURS), 4)) - 25


def test_the_canceller_hears_what_played_in_the_same_frame():
    line = Line(Subtracts)
    line.run(OURS, CALM + echo(OURS))
    far = np.concatenate(line.made[0].far[-50:])
    played = g711.decode(b"".join(frames(OURS)))
    assert np.array_equal(far, played[-len(far) :])


def test_what_is_heard_later_is_late_by_the_canceller_whether_it_runs_or_not():
    line = Line(Subtracts)
    line.run(OURS, CALM + echo(OURS))
    given = line.run(np.zeros_like(OURS), CALLER)
    assert not line.removal.working
    caller = g711.decode_float(b"".join(frames(CALLER)))
    assert np.array_equal(given[16_000:], caller[16_000 - DELAY_SAMPLES : -DELAY_SAMPLES])


def test_a_canceller_that_takes_out_what_is_not_our_voice_is_not_believed():
    line = Line(Subtracts)
    line.run(OURS, CALM + echo(OURS))
    assert line.removal.working
    given = line.run(OURS, CALM + CALLER)  # the line has changed: no echo, and a caller talks
    assert level_db(second(given, 4)) > -25


def test_it_does_not_begin_over_a_caller_who_is_speaking():
    """Our voice begins again into theirs: what it would take out first is the caller."""
    line = Line(Subtracts)
    line.run(OURS, CALM + echo(OURS))
    line.run(np.zeros_like(OURS), CALM)
    played = np.concatenate([np.zeros(8_000), OURS[:16_000]])
    caller = vowel(len(played) // 8, -20, seed=4)
    given = line.run(played, CALM[: len(played)] + caller + echo(played, 24))
    assert min(level_db(second(given, 1.0 + part / 10, 0.1)) for part in range(10)) > -24


def test_a_canceller_that_refuses_costs_no_frame():
    class Refuses:
        def cancel(self, near: np.ndarray, far: np.ndarray) -> np.ndarray:
            raise RuntimeError("no")

    line = Line(Refuses)
    given = line.run(OURS, CALM + echo(OURS))
    assert np.array_equal(given, g711.decode_float(b"".join(frames(CALM + echo(OURS)))))
    assert len(line.made) == 1


def test_a_long_way_is_met_half_way():
    line = Line(Subtracts)
    line.run(OURS, CALM + echo(OURS, delay_ms=450))
    far = np.concatenate(line.made[-1].far[-50:])
    played = g711.decode(b"".join(frames(OURS)))
    assert np.array_equal(far, played[-len(far) - 2_000 : -2_000])


# --- the clock of frames ------------------------------------------------------------------------------------------


def test_jitter_does_not_move_frames():
    clock = FrameClock()
    clock.tick(20)
    ends = [clock.tick(20 * number + (number * 7) % 40) for number in range(2, 200)]
    assert ends == [20 * number for number in range(2, 200)]


def test_a_line_that_has_become_slower_moves_them_once():
    clock = FrameClock()
    ends = [clock.tick(20 * number + (60 if number > 50 else 0)) for number in range(1, 300)]
    assert ends[49] == 1_000 and ends[-1] == 20 * 299 + 60


def test_no_frame_ends_after_it_came():
    clock = FrameClock()
    clock.tick(100)
    assert clock.tick(100) == 100 and clock.tick(120) == 120


# --- with the real one --------------------------------------------------------------------------------------------


@real
def test_the_echo_goes_and_the_caller_stays():
    line = Line()
    talks = (np.arange(len(CALM)) >= 5 * 8_000) & (np.arange(len(CALM)) < 7 * 8_000)
    given = line.run(OURS, CALM + echo(OURS) + np.where(talks, CALLER, 0.0))
    assert level_db(second(given, 3.5)) < -52 < -40 < level_db(second(echo(OURS), 3.5))
    assert abs(level_db(second(given, 5.5)) - level_db(second(CALLER, 5.5))) < 4


@real
def test_it_stays_good_over_a_pause_in_which_it_does_not_run():
    line = Line()
    line.run(OURS, CALM + echo(OURS))
    line.run(np.zeros_like(OURS), CALM)
    given = line.run(OURS, CALM + echo(OURS))
    assert level_db(second(given, 0.2, 0.5)) < -52


@real
def test_a_caller_on_a_line_without_echo_is_never_silenced():
    line = Line()
    given = line.run(OURS, CALM + np.where(np.arange(len(CALM)) > 8_000, CALLER, 0.0))
    assert abs(level_db(second(given, 2, 5)) - level_db(second(CALLER, 2, 5))) < 1


@real
def test_it_delays_what_it_lets_through():
    cancels, silent = Canceller(), np.zeros(160, np.int16)
    near = (noise(400, -30) * 32_767).astype(np.int16)
    given = np.concatenate([cancels.cancel(piece, silent) for piece in near.reshape(-1, 160)])
    likeness = np.correlate(given[1_600:].astype(float), near[1_600:-200].astype(float), "valid")
    assert abs(int(np.argmax(likeness)) - DELAY_SAMPLES) <= 2
