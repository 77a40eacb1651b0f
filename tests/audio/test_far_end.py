"""Our own voice is recognised when it comes back, and a caller is not taken for it."""

from __future__ import annotations

import numpy as np
from audio_sounds import frames, noise, syllables

from torim.audio import g711
from torim.audio.far_end import EchoMeter, Tail
from torim.audio.gate import QUIETEST_DB
from torim.audio.played import PlayedLine

OURS = syllables(24, -20, seed=3)
CALLER = syllables(24, -20, seed=7)


def converse(meter: EchoMeter, heard: np.ndarray, ms: int, from_ms: int = 0) -> list[float]:
    """Play our voice, check what is heard every 20 ms; returns the likenesses."""
    likenesses = []
    played, theirs, tail = list(frames(OURS)), list(frames(heard)), Tail()
    for at_ms in range(from_ms, from_ms + ms, 20):
        meter.played.write(played[at_ms // 20], at_ms)
        tail.push(theirs[at_ms // 20])
        likenesses.append(meter.check(tail, at_ms + 20))
    return likenesses


def echo(delay_ms: int, erl_db: float) -> np.ndarray:
    late = np.concatenate([np.zeros(delay_ms * 8), OURS])[: len(OURS)]
    return late * 10 ** (-erl_db / 20) + noise(len(OURS) // 8 + 1, -65)[: len(OURS)]


def test_an_echo_is_found_at_its_delay_and_level():
    for delay_ms in (20, 150, 400):
        meter = EchoMeter()
        likenesses = converse(meter, echo(delay_ms, 15), 3_000)
        assert np.median(likenesses[40:]) > 0.9
        assert meter.delay_ms is not None and abs(meter.delay_ms - delay_ms) < 3
        assert abs(meter.expected_db(3_000) - (-20 - 15)) < 8


def test_a_caller_over_a_silent_line_is_not_alike():
    likenesses = converse(EchoMeter(), CALLER, 3_000)
    assert np.percentile(likenesses[10:], 90) < 0.32


def test_a_caller_who_begins_over_an_echo_is_soon_unlike():
    caller = np.where(np.arange(len(CALLER)) >= 2_000 * 8, CALLER, 0.0)[: len(OURS)]
    both = echo(150, 15)[: len(caller)] + 10 ** (-3 / 20) * caller
    likenesses = converse(EchoMeter(), both, 2_400)
    assert np.median(likenesses[80:100]) > 0.8
    assert max(likenesses[106:112]) < 0.32


def test_what_an_unknown_line_returns_is_alike_through_a_bad_telephone():
    """A coarse codec, a room, and our voice only now and then."""
    rng = np.random.default_rng(5)
    room = np.convolve(echo(200, 15), rng.normal(0, 1, 400) * np.exp(-np.arange(400) / 100), "full")[: len(OURS)]
    room *= np.sqrt(np.mean(echo(200, 15) ** 2) / np.mean(room**2))
    likenesses = converse(EchoMeter(), room + noise(len(OURS) // 8 + 1, -50, seed=2)[: len(OURS)], 3_000)
    assert np.median(likenesses[40:]) > 0.32


def test_nothing_is_expected_while_nothing_plays():
    meter = EchoMeter()
    assert meter.expected_db(1_000) == QUIETEST_DB
    tail = Tail()
    tail.push(next(frames(CALLER)))
    assert meter.check(tail, 1_000) == 0.0


def test_anything_is_possible_on_a_line_not_yet_known():
    meter = EchoMeter()
    meter.played.write(next(frames(OURS)), 0)
    meter.played.write(g711.encode(np.full(160, 9_000, np.int16)), 20)
    assert meter.expected_db(60) == 0.0


def test_a_line_that_never_answers_is_known_to_be_quiet():
    meter = EchoMeter()
    loud = list(frames(OURS + noise(len(OURS) // 8 + 1, -25)[: len(OURS)]))
    for at in range(60):
        meter.played.write(loud[at], at * 20)
        meter.hear_quiet(-62.0, at * 20 + 20)
    assert meter.expected_db(1_200) < -50


def test_what_was_cleared_was_never_played():
    line = PlayedLine()
    for at, frame in enumerate(frames(OURS[:3200])):
        line.write(frame, at * 20)
    line.cut(200)
    assert line.read(4 * 400, 4 * 400).any() and not line.read(4 * 400, 4 * 200).any()
    assert line.loudest_db(200, 400) == QUIETEST_DB


def test_gaps_read_as_silence_however_long():
    line = PlayedLine()
    piece = g711.encode(np.full(160, 8_000, np.int16))
    line.write(piece, 0)
    line.write(piece, 2_040)
    heard = line.read(2_060 * 4, 100 * 4)
    assert np.count_nonzero(heard) == 80 and heard[-80:].all()
    assert not line.read(6_000 * 4, 700 * 4).any()


def test_the_played_line_keeps_what_an_echo_may_need_and_no_more():
    line = PlayedLine()
    for at, frame in enumerate(frames(noise(10_000, -30))):
        line.write(frame, at * 20)
    assert len(line.mulaw(10_000, 8 * 700).strip(g711.SILENCE)) > 8 * 690
    assert not line.mulaw(7_900, 8 * 100).strip(g711.SILENCE)
    assert line.loudest_db(0, 7_900) == QUIETEST_DB


def test_what_is_put_anew_replaces_what_was_to_play():
    line = PlayedLine()
    for at, frame in enumerate(frames(OURS[:3200])):
        line.write(frame, at * 20)
    line.write(g711.SILENCE * 160, 200)
    assert line.until_ms == 220
    assert line.mulaw(400, 8 * 200) == g711.SILENCE * 1600
