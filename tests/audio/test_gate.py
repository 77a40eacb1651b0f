"""The energy gate arms on anything that lasts, and on nothing that does not."""

from __future__ import annotations

import numpy as np
from audio_sounds import noise, vowel

from torim.audio import g711
from torim.audio.gate import Gate, power_db
from torim.core.settings import ListenSettings


def hear(gate: Gate, sound: np.ndarray) -> list[bool]:
    armed = []
    codes = g711.encode((np.clip(sound, -1, 1) * 32767).astype(np.int16))
    for start in range(0, len(codes) - 159, 160):
        gate.hear(codes[start : start + 160])
        armed.append(gate.armed)
    return armed


def settled(level_db: float) -> Gate:
    gate = Gate(ListenSettings())
    hear(gate, noise(3_000, level_db))
    return gate


def test_a_voice_arms_it_within_two_frames():
    assert hear(settled(-62), vowel(100, -30))[:2] == [False, True] or hear(settled(-62), vowel(100, -30))[1]


def test_comfort_noise_never_arms_it():
    assert not any(hear(Gate(ListenSettings()), noise(20_000, -58)))


def test_a_click_does_not_arm_it():
    click = np.zeros(1600)
    click[485:500] = 0.8
    assert not any(hear(settled(-62), click + noise(200, -62)))


def test_steady_noise_arms_it_once_and_is_then_the_floor():
    gate = settled(-62)
    armed = hear(gate, noise(6_000, -35))
    assert any(armed[:5])
    assert not any(armed[150:])
    assert -40 < gate.floor_db < -34


def test_a_voice_is_heard_over_noise_that_has_become_the_floor():
    assert any(hear(settled(-45), vowel(100, -25) + noise(100, -45))[:3])


def test_it_stays_armed_over_the_closure_of_a_stop_and_lets_go_afterwards():
    gate = settled(-62)
    hear(gate, vowel(200, -30))
    armed = hear(gate, noise(400, -62))
    assert all(armed[:9])
    assert not any(armed[11:])


def test_levels_are_dbfs_with_a_bottom():
    assert power_db(1.0) == 0.0
    assert round(power_db(0.001)) == -30
    assert power_db(0.0) == -96.0
