"""Mu-law by table equals the recommendation."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from torim.audio import g711

EVERY_CODE = bytes(range(256))
EVERY_SAMPLE = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)


def test_known_codes():
    """Full scale, smallest steps and both zeros, as G.711 tabulates them (14 bits, here shifted to 16)."""
    codes = bytes([0x00, 0x80, 0x7F, 0xFF, 0x7E, 0xFE, 0x8F, 0x90])
    assert g711.decode(codes).tolist() == [-32124, 32124, 0, 0, -8, 8, 16764, 15996]


def test_decoding_then_encoding_gives_every_code_back():
    again = g711.encode(g711.decode(EVERY_CODE))
    assert again == EVERY_CODE.replace(b"\x7f", b"\xff"), "negative zero becomes zero, all others stay"


def test_encoding_picks_the_nearest_level_within_half_a_step():
    size = np.abs(EVERY_SAMPLE.astype(int))
    error = np.abs(g711.decode(g711.encode(EVERY_SAMPLE)).astype(int) - EVERY_SAMPLE.astype(int))
    half_step = (size + 132) / 32
    assert (error <= half_step + 4)[size <= 32124].all(), "4: the two bits that mu-law does not see"


def test_every_sample_and_code_equal_the_standard_library():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        audioop = pytest.importorskip("audioop")
    assert g711.encode(EVERY_SAMPLE) == audioop.lin2ulaw(EVERY_SAMPLE.tobytes(), 2)
    assert g711.decode(EVERY_CODE).tobytes() == audioop.ulaw2lin(EVERY_CODE, 2)


def test_float_samples_are_the_same_over_full_scale():
    assert np.array_equal(g711.decode_float(EVERY_CODE) * 32768, g711.decode(EVERY_CODE).astype(np.float32))


def test_silence_is_zero():
    assert g711.decode(g711.SILENCE * 160).tolist() == [0] * 160


def test_ducking_lowers_by_the_asked_level_and_keeps_the_length():
    tone = g711.encode((np.sin(np.arange(800) * 0.3) * 20_000).astype(np.int16))
    ducked = g711.duck(tone, -15)
    ratio = np.std(g711.decode(ducked)) / np.std(g711.decode(tone))
    assert len(ducked) == len(tone)
    assert abs(20 * np.log10(ratio) + 15) < 0.2


def test_no_gain_is_no_change_and_a_loud_gain_clips():
    assert g711.duck(EVERY_CODE, 0) == EVERY_CODE
    assert np.abs(g711.decode(g711.duck(EVERY_CODE, 60))).max() == 32124
