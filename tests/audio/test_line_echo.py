"""What a line returns is learned from what is certain, and forgotten when it stays away."""

from __future__ import annotations

from torim.audio.line_echo import LineEcho, Match, Returns

DELAY = 600  # at half the rate: 150 ms


def hear(line: LineEcho, likeness: float, times: int, delay: int = DELAY, gain_db: float = -15.0) -> None:
    for _ in range(times):
        line.heard(Match(likeness, delay, gain_db))


def test_likenesses_at_one_delay_make_it_known():
    line = LineEcho()
    hear(line, 0.7, 4)
    assert line.returns is Returns.UNKNOWN and line.suspected
    hear(line, 0.7, 1)
    assert line.returns is Returns.ECHO and line.delay == DELAY and line.coupling_db == -15.0


def test_a_dip_between_them_does_not_begin_anew():
    line = LineEcho()
    for _ in range(4):
        hear(line, 0.7, 2)
        hear(line, 0.3, 1)
    assert line.returns is Returns.ECHO


def test_likenesses_at_any_delay_are_chance():
    line = LineEcho()
    for turn in range(60):
        hear(line, 0.7, 1, delay=100 + 211 * turn % 2_000)
        hear(line, 0.3, 3)
    assert line.returns is Returns.UNKNOWN


def test_what_is_certain_counts_twice():
    line = LineEcho()
    hear(line, 0.95, 3)
    assert line.returns is Returns.ECHO


def test_the_beginning_of_a_sound_is_alike_by_chance_and_teaches_nothing():
    line = LineEcho()
    for _ in range(20):
        line.heard(Match(0.7, DELAY, -15.0, filled_ms=40))
    assert line.returns is Returns.UNKNOWN and not line.suspected


def test_a_likeness_near_the_known_delay_does_not_move_it():
    line = LineEcho()
    hear(line, 0.9, 3)
    for step in range(30):
        line.heard(Match(0.7, DELAY + 2 * step, -15.0, searched=False))
    assert line.delay == DELAY
    hear(line, 0.9, 1, delay=DELAY + 20)
    assert line.delay == DELAY + 20


def test_our_voice_without_an_answer_makes_a_quiet_line():
    line = LineEcho()
    for _ in range(44):
        line.silent(-62.0, -20.0)
    line.broken()  # something else was heard: the silence begins anew
    for _ in range(44):
        line.silent(-62.0, -20.0)
    assert line.returns is Returns.UNKNOWN
    line.silent(-61.0, -20.0)
    assert line.returns is Returns.QUIET and line.coupling_db == -41.0


def test_the_pauses_of_our_voice_teach_nothing():
    line = LineEcho()
    for _ in range(500):
        line.silent(-62.0, -55.0)
    assert line.returns is Returns.UNKNOWN


def test_an_echo_that_stays_away_for_five_seconds_of_our_voice_is_outdated():
    line = LineEcho()
    hear(line, 0.9, 3)
    for _ in range(249):
        line.silent(-62.0, -20.0)
    assert not line.outdated
    hear(line, 0.9, 1)
    for _ in range(249):
        line.silent(-62.0, -20.0)
    assert not line.outdated  # it came back meanwhile
    line.silent(-62.0, -20.0)
    assert line.outdated


def test_its_level_rises_at_once_and_falls_slowly():
    line = LineEcho()
    hear(line, 0.9, 10, gain_db=-20.0)
    hear(line, 0.9, 3, gain_db=-10.0)
    assert line.coupling_db == -17.0
    hear(line, 0.9, 50, gain_db=-40.0)
    assert -18.1 < line.coupling_db < -17.9
