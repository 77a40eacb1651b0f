"""Frames in, measures and events out: the whole ear on synthetic sound."""

from __future__ import annotations

import numpy as np
import pytest
from audio_sounds import frames, key, noise, syllables, vowel

from torim.audio import g711
from torim.audio.front_end import FrontEnd
from torim.audio.vad import SileroVad
from torim.core.events import VoiceEvent, VoiceOnset, VoiceSure
from torim.core.listening import FarEnd, Listener
from torim.core.settings import ListenSettings
from torim.errors import CoreMisuse

QUIET = noise(2_000, -62)


def listen(sound: np.ndarray, ours: np.ndarray | None = None) -> list[tuple[int, VoiceEvent]]:
    """What the ears say to a sound; ``ours`` is what the AI plays meanwhile, if it speaks."""
    ears, listener, vad, said = FrontEnd(), Listener(), SileroVad(), []
    played = list(frames(ours)) if ours is not None else []
    for at, payload in enumerate(frames(sound)):
        now_ms = at * 20 + 20
        sounding = at < len(played)
        if sounding:
            ears.played(played[at], at * 20)
        far_end = FarEnd(sounding, 0 if sounding else None, not sounding)
        events = listener.frame(ears.frame(payload, now_ms), far_end, now_ms)
        if ears.pending():
            events += listener.speech(vad.run([ears])[0], far_end, now_ms)
        said += [(now_ms, event) for event in events]
    return said


def test_a_frame_of_another_length_is_refused_with_advice():
    with pytest.raises(CoreMisuse, match="160-byte frames"):
        FrontEnd().frame(g711.SILENCE * 80, 0)


def test_a_frame_is_measured():
    ears = FrontEnd()
    for payload in frames(QUIET):
        measure = ears.frame(payload, 0)
    assert not measure.armed and not measure.active and -64 < measure.level_db < -60
    for payload in frames(vowel(100, -20)):
        measure = ears.frame(payload, 0)
    assert measure.armed and measure.active and measure.voicing > 0.65
    assert -23 < measure.level_db < -17 and not measure.tone and measure.echo == 0.0


def test_a_window_for_the_neural_vad_comes_with_every_second_frame_or_so():
    ears, vad, windows = FrontEnd(), SileroVad(), 0
    for payload in frames(QUIET[: 8 * 160 * 10]):
        ears.frame(payload, 0)
        if ears.pending():
            vad.run([ears])
            windows += 1
    assert windows == 50, "five windows of 256 samples in eight frames of 160"


def test_a_voice_on_a_quiet_line_is_an_onset_within_a_tenth_of_a_second():
    said = listen(np.concatenate([QUIET, syllables(5, -25), QUIET]))
    at_ms, onset = said[0]
    assert isinstance(onset, VoiceOnset)
    assert 2_000 < at_ms <= 2_110
    assert abs(onset.audio_ms - 2_000) <= 60


def test_a_quiet_line_and_steady_noise_say_nothing_sure():
    assert listen(noise(10_000, -60)) == []
    hiss = listen(np.concatenate([QUIET, noise(8_000, -35)]))
    assert not [event for _, event in hiss if isinstance(event, VoiceSure)]


def test_keys_are_never_a_voice():
    pressed = [np.concatenate([key(low, high, 120), noise(80, -62)]) for low in (697, 852) for high in (1209, 1477)]
    assert listen(np.concatenate([QUIET, *pressed, QUIET])) == []


def test_our_own_voice_coming_back_is_not_the_caller():
    ours = syllables(40, -20, seed=5)
    back = np.concatenate([np.zeros(160 * 8), ours])[: len(ours)] * 10 ** (-15 / 20)
    said = listen(back + noise(len(ours) // 8 + 1, -62)[: len(ours)], ours)
    assert not [event for _, event in said if isinstance(event, VoiceSure)]
    assert not [at for at, event in said if isinstance(event, VoiceOnset) and at > 2_000]


def test_a_caller_over_the_echo_is_heard():
    ours = syllables(40, -20, seed=5)
    line = np.concatenate([np.zeros(160 * 8), ours])[: len(ours)] * 10 ** (-20 / 20)
    line = line + noise(len(ours) // 8 + 1, -62)[: len(ours)]
    start = 4_000 * 8
    caller = syllables(4, -18, seed=11)
    line[start : start + len(caller)] += caller
    onsets = [at for at, event in listen(line, ours) if isinstance(event, VoiceOnset) and at > 2_000]
    assert onsets and 4_000 < onsets[0] <= 4_200


def first_words(seed: int) -> list[float]:
    """Likeness to our first words of a caller who speaks into them on a line that nobody has met yet."""
    ears, ours = FrontEnd(), list(frames(syllables(8, -20, seed=seed)))
    caller = np.concatenate([noise(260, -62), syllables(5, -24, seed=seed + 50)])
    alike = []
    for at, payload in enumerate(frames(caller)):
        ears.played(ours[at], at * 20)
        measure = ears.frame(payload, at * 20 + 20)
        if measure.active:
            alike.append(measure.echo)
    return alike


def test_a_caller_who_speaks_into_our_first_words_is_not_taken_for_our_echo():
    alike = np.array([likeness for seed in range(12) for likeness in first_words(seed)])
    assert np.mean(alike >= ListenSettings().echo_min) < 0.1
