"""Echo evidence: how like is what we hear to what was really played in the last 600 ms?

Measures likeness and the loudest echo to expect; whether a sound is dismissed as echo is decided in
`torim.core.echo`. Works on half the rate: the voice's energy lies below 2 kHz.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from torim.audio import g711
from torim.audio.gate import QUIETEST_DB, power_db
from torim.audio.vad import Floats

WINDOW_SAMPLES = 800  # 100 ms: shorter ones match by chance, longer ones come late
PATH_MAX_MS = 600  # longest way out and back: a mobile with speakerphone
_HEARD = WINDOW_SAMPLES // 2
_REFERENCE_MS = PATH_MAX_MS + 100
_REFERENCE_SAMPLES = _REFERENCE_MS * 8
_LAGS = _REFERENCE_SAMPLES // 2 - _HEARD + 1
_FFT = 4096
_KEEP_MS = 2_000
_FAINT = 1e-6  # mean square; below -60 dBFS nothing played makes an echo worth the name
_LEARN_FRAMES = 20  # 400 ms of our voice tell how much of it comes back
_FORGET_DB = 0.02  # per frame, 1 dB a second
_LOUD_DB = -40.0  # the pauses of our voice teach nothing


class FarEndMemory:
    """What was played lately, and how much of it this line returns."""

    def __init__(self) -> None:
        self._played: deque[tuple[int, bytes, float]] = deque()
        self._frames = 0
        self._coupling_db = QUIETEST_DB

    def played(self, payload: bytes, play_at_ms: int) -> None:
        """Note mu-law audio and the instant at which it begins to play; instants rise."""
        samples = g711.decode_float(payload)
        level_db = power_db(float(samples.dot(samples)) / max(len(samples), 1))
        self._played.append((play_at_ms, payload, level_db))
        while self._played[0][0] < play_at_ms - _KEEP_MS:
            self._played.popleft()

    def cleared(self, now_ms: int) -> None:
        """Forget what was to play later: the carrier dropped it."""
        while self._played and self._played[-1][0] >= now_ms:
            self._played.pop()

    def level_db(self, now_ms: int) -> float:
        """Loudest piece whose echo could be heard now, `QUIETEST_DB` if there is none."""
        oldest_ms = now_ms - PATH_MAX_MS
        loudest = QUIETEST_DB
        for play_at_ms, _, level_db in reversed(self._played):
            if play_at_ms < oldest_ms:
                break
            if play_at_ms <= now_ms and level_db > loudest:
                loudest = level_db
        return loudest

    def expected_db(self, played_db: float) -> float:
        """Loudest echo to expect of sound played at this level; full scale while the line is unknown."""
        return played_db + self._coupling_db if self._frames >= _LEARN_FRAMES else 0.0

    def learn(self, heard_db: float, played_db: float) -> None:
        """Take in one frame that holds no caller's voice: its level over that of what was played."""
        if played_db < _LOUD_DB:
            return
        self._frames += 1
        self._coupling_db = max(heard_db - played_db, self._coupling_db - _FORGET_DB)

    def likeness(self, heard: Floats, now_ms: int) -> float:
        """Largest normalised cross-correlation of the last `WINDOW_SAMPLES` with what was played, 0..1."""
        reference = _halve(self._reference(now_ms))
        window = _halve(heard)
        energy = float(window.dot(window))
        if energy <= _FAINT * _HEARD:
            return 0.0
        spectrum = np.fft.rfft(reference, _FFT) * np.fft.rfft(window, _FFT).conj()
        correlation = np.fft.irfft(spectrum)[:_LAGS]
        power = np.cumsum(np.concatenate(([0.0], reference * reference)))
        energies = np.maximum(power[_HEARD:] - power[:-_HEARD], _FAINT * _HEARD)
        best = float((correlation * correlation / energies).max()) / energy
        return math.sqrt(min(best, 1.0))

    def _reference(self, now_ms: int) -> Floats:
        """The last 700 ms as played, silence where nothing was."""
        line = bytearray(g711.SILENCE * _REFERENCE_SAMPLES)
        begin_ms = now_ms - _REFERENCE_MS
        for play_at_ms, payload, _ in self._played:
            start = (play_at_ms - begin_ms) * 8
            if -len(payload) < start < _REFERENCE_SAMPLES:
                cut = payload[max(0, -start) : _REFERENCE_SAMPLES - start]
                line[max(0, start) : max(0, start) + len(cut)] = cut
        return g711.decode_float(bytes(line))


def _halve(samples: Floats) -> Floats:
    return samples[0::2] + samples[1::2]
