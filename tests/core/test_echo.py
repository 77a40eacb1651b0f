"""Verdicts: what a sound is, from the numbers gathered since its onset."""

from __future__ import annotations

import pytest

from torim.core.echo import FarEnd, Sound, echo_possible, judge, voice_needed_ms
from torim.core.events import Verdict
from torim.core.settings import ListenSettings

SETTINGS = ListenSettings()
SPEAKING = FarEnd(sounding=True, since_played_ms=0)
ASKED = FarEnd(sounding=True, since_played_ms=0, asked=True)
JUST_SPOKE = FarEnd(since_played_ms=100)
IDLE = FarEnd(asked=True)


@pytest.mark.parametrize(
    ("far_end", "possible"),
    [
        (SPEAKING, True),
        (FarEnd(since_played_ms=0), True),
        (FarEnd(since_played_ms=350), True),
        (FarEnd(since_played_ms=351), False),
        (FarEnd(), False),
    ],
)
def test_echo_is_possible_while_we_sound_and_350_ms_after_the_last_played_sample(far_end: FarEnd, possible: bool):
    assert echo_possible(far_end, SETTINGS) is possible


def test_the_more_a_wrong_stop_would_cost_the_more_voice_is_needed():
    needed = [voice_needed_ms(Sound(0, far_end), SETTINGS) for far_end in (IDLE, JUST_SPOKE, ASKED, SPEAKING)]
    assert needed == sorted(needed)
    assert needed[0] < needed[-1] <= 200


def test_a_pitch_saves_a_window_over_the_ai():
    plain, pitched = Sound(0, SPEAKING), Sound(0, SPEAKING, pitch_ms=100)
    assert voice_needed_ms(pitched, SETTINGS) < voice_needed_ms(plain, SETTINGS)


def verdict(sound: Sound, age_ms: int, stopped: bool = False) -> Verdict:
    return judge(sound, age_ms, stopped, SETTINGS)


def test_voice():
    assert verdict(Sound(0, SPEAKING, voice_ms=160, speech_peak=0.9), 200) is Verdict.VOICE


def test_voice_wins_over_a_line_that_echoes_too():
    double_talk = Sound(0, SPEAKING, voice_ms=160, frames=10, echo_frames=6, speech_peak=0.9)
    assert verdict(double_talk, 200) is Verdict.VOICE


def test_echo_is_known_after_160_ms():
    sound = Sound(0, SPEAKING, voice_ms=32, frames=8, echo_frames=6, speech_peak=0.9)
    assert verdict(sound, 140) is Verdict.UNDECIDED
    assert verdict(sound, 160) is Verdict.ECHO


def test_a_sound_without_speech_or_pitch_is_noise_after_300_ms():
    sound = Sound(0, SPEAKING, frames=15, speech_peak=0.3)
    assert verdict(sound, 280) is Verdict.UNDECIDED
    assert verdict(sound, 300) is Verdict.NOISE


def test_a_pitch_keeps_the_question_open():
    assert verdict(Sound(0, SPEAKING, pitch_ms=200, frames=15, speech_peak=0.3), 300) is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("voice_ms", "pitch_ms", "expected"),
    [
        (0, 0, Verdict.NOISE),
        (64, 0, Verdict.NOISE),
        (96, 0, Verdict.VOICE),
        (32, 80, Verdict.VOICE),
        (0, 200, Verdict.NOISE),
    ],
)
def test_a_sound_that_ended_early_is_a_word_if_it_had_voice_enough(voice_ms: int, pitch_ms: int, expected: Verdict):
    sound = Sound(0, SPEAKING, voice_ms=voice_ms, pitch_ms=pitch_ms, frames=8, speech_peak=0.6)
    assert verdict(sound, 160, stopped=True) is expected


@pytest.mark.parametrize("line", [{"known": True}, {"unknown": True}])
def test_a_pitch_makes_no_word_of_little_voice_where_our_own_may_be_in_it(line: dict[str, bool]):
    sound = Sound(0, SPEAKING, voice_ms=32, pitch_ms=80, frames=8, speech_peak=0.6, **line)
    assert verdict(sound, 160, stopped=True) is Verdict.NOISE
