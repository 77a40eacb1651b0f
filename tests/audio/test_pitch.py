"""Keys are recognised by their two tones, voices by their period."""

from __future__ import annotations

import numpy as np
import pytest
from audio_sounds import key, noise, vowel

from torim.audio import g711, pitch

LOW = (697, 770, 852, 941)
HIGH = (1209, 1336, 1477, 1633)


def heard(sound: np.ndarray, count: int) -> np.ndarray:
    """The first samples as they come out of a telephone."""
    return g711.decode_float(g711.encode((sound[:count] * 32767).astype(np.int16)))


@pytest.mark.parametrize("low_hz", LOW)
@pytest.mark.parametrize("high_hz", HIGH)
def test_every_key_is_a_key_even_a_little_out_of_tune(low_hz: int, high_hz: int):
    for detune in (0.985, 1.0, 1.015):
        tones = key(low_hz * detune, high_hz * detune, 20) + noise(20, -50)
        assert pitch.key_share(heard(tones, 160)) > 0.9


def test_voices_noise_and_silence_are_no_key():
    for seed in range(50):
        assert pitch.key_share(heard(vowel(20, -20, 90 + 4 * seed, seed), 160)) < 0.9
        assert pitch.key_share(heard(noise(20, -20, seed), 160)) < 0.9
    assert pitch.key_share(np.zeros(160, np.float32)) == 0.0


def test_two_tones_that_are_not_a_keys_do_not_count():
    assert pitch.key_share(heard(key(620, 1100, 20), 160)) < 0.9
    assert pitch.key_share(heard(key(730, 1280, 20), 160)) == 0.0


def test_a_voice_is_periodic_and_noise_is_not():
    for pitch_hz in (80, 130, 250, 380):
        assert pitch.voicing(heard(vowel(40, -25, pitch_hz), 320)) > 0.7
    for seed in range(20):
        assert pitch.voicing(heard(noise(40, -25, seed), 320)) < 0.45
    assert pitch.voicing(np.zeros(320, np.float32)) == 0.0
