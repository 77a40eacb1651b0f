"""The caller's line: levels, echo, order on the way through the network."""

import numpy as np
import pytest

from torim.audio import g711
from torim.lab.line import CallerLine, EchoPath, LineSettings, Route, last_voice_samples, onset_samples

SILENT = b"\xff" * 160


def tone(level_db: float, length: int = 160) -> bytes:
    wave = np.sin(2 * np.pi * 440 * np.arange(length) / 8000) * 32768 * 2**0.5 * 10 ** (level_db / 20)
    return g711.encode(wave.astype(np.int16))


def level_db(frames: list[bytes]) -> float:
    samples = g711.decode(b"".join(frames)).astype(np.float64)
    return float(20 * np.log10(np.sqrt(np.mean(samples**2)) / 32768))


def test_a_quiet_line_has_comfort_noise_at_its_level() -> None:
    line = CallerLine(LineSettings())
    assert level_db([line.frame(SILENT, SILENT) for _ in range(100)]) == pytest.approx(-62, abs=1.5)


def test_the_same_seed_gives_the_same_line() -> None:
    one, two = (CallerLine(LineSettings(seed=5)) for _ in range(2))
    assert [one.frame(SILENT, SILENT) for _ in range(5)] == [two.frame(SILENT, SILENT) for _ in range(5)]


@pytest.mark.parametrize(("erl_db", "delay_ms"), [(6, 60), (20, 200)])
def test_echo_comes_back_later_and_weaker(erl_db: int, delay_ms: int) -> None:
    line = CallerLine(LineSettings(noise_db=-90, echo=EchoPath(erl_db, delay_ms)))
    rng = np.random.default_rng(3)
    far = [g711.encode(rng.normal(0, 2000, 160).astype(np.int16)) for _ in range(100)]
    back = [line.frame(SILENT, frame) for frame in far]
    quiet = delay_ms // 20
    assert level_db(back[:quiet]) < -70
    assert level_db(back[quiet + 5 :]) - level_db(far) == pytest.approx(-erl_db, abs=1.5)


def test_onset_and_end_of_speech_are_found_in_an_utterance() -> None:
    utterance = SILENT * 3 + tone(-20, 1600) + SILENT * 4
    assert onset_samples(utterance) == 480
    assert last_voice_samples(utterance) == 480 + 1600


def test_silence_has_no_onset() -> None:
    assert onset_samples(SILENT) == 160
    assert last_voice_samples(SILENT) == 0


def test_jitter_never_reorders() -> None:
    route = Route(50, 40, seed=1)
    arrivals = [route.arrives_samples(160 * n) for n in range(200)]
    assert arrivals == sorted(arrivals)
    delays = [arrival - 160 * n for n, arrival in enumerate(arrivals)]
    assert min(delays) >= 400
    assert max(delays) <= 400 + 320 + 1
