"""Echo evidence: how like is what we hear to what was really played in the last 600 ms?

Measures likeness and the loudest echo to expect; whether a sound is dismissed as echo is decided in
`torim.core.echo`. Works on half the rate, since most of a voice lies below 2 kHz. A line that was heard to return
our voice at one delay is searched near that delay only, now and then everywhere: chance is less alike there.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from torim.audio import g711
from torim.audio.gate import QUIETEST_DB, power_db
from torim.audio.vad import Floats

WINDOW_SAMPLES = 800  # 100 ms: shorter ones match by chance, longer ones come late
PATH_MAX_MS = 600  # longest way out and back: a mobile with loudspeaker

_PER_MS = 4  # samples at half the rate
_HEARD = WINDOW_SAMPLES // 2
_REFERENCE = (PATH_MAX_MS + 100) * _PER_MS
_FFT = 2880  # at least _REFERENCE: the delays that wrap around are not looked at
_RING = 8192  # two seconds, played and still to be played
_FAINT = 1e-6 * 4 * _HEARD  # energy of a window at -60 dBFS (halving doubles amplitudes)

_ALIKE = 0.65  # a caller alone reaches it in one check of a hundred
_ALIKE_CHECKS = 5  # in a row at one delay: certainly our own voice
_NEAR = 60  # samples searched on either side of the known delay: 15 ms
_SEARCH_EVERY = 4  # checks, on a line with a known delay
_QUIET_EVERY = 2  # checks, on a line that was quiet so far
_LOUD_DB = -40.0  # the pauses of our voice teach nothing
_QUIET_FRAMES = 30  # our voice without an answer for the longest way out and back: a quiet line
_FREE_LESSONS = 5  # the first echoes set the level, later ones correct it
_RISE_DB, _FORGET_DB = 1.0, 0.02  # per frame
_TAIL_MS = 120  # a room goes on sounding


class PlayedLine:
    """What the caller's telephone played, on the call's clock, with gaps as silence."""

    def __init__(self) -> None:
        self._ring = np.zeros(_RING, np.float32)
        self._until = 0  # first sample not yet known
        self._levels: deque[tuple[int, float]] = deque()  # per 20 ms: when, dBFS

    def write(self, payload: bytes, play_at_ms: int) -> None:
        """Put mu-law audio at the instant at which it begins to play."""
        samples = g711.decode_float(payload)
        for start in range(0, len(samples), g711.FRAME_SAMPLES):
            piece = samples[start : start + g711.FRAME_SAMPLES]
            self._levels.append((play_at_ms + start // 8, power_db(float(piece.dot(piece)) / len(piece))))
        while self._levels[0][0] < play_at_ms - 1_000:
            self._levels.popleft()
        halved = _halve(samples[: len(samples) // 2 * 2])[:_RING]
        self._fill(play_at_ms * _PER_MS)
        self._put(play_at_ms * _PER_MS, halved)
        self._until = max(self._until, play_at_ms * _PER_MS + len(halved))

    def cut(self, now_ms: int) -> None:
        """Forget what was to play from now on."""
        while self._levels and self._levels[-1][0] >= now_ms:
            self._levels.pop()
        start = now_ms * _PER_MS
        if self._until > start:
            self._put(start, np.zeros(min(self._until - start, _RING), np.float32))
            self._until = start

    def read(self, end: int, count: int) -> Floats:
        """``count`` samples up to ``end`` (both at half rate), silence where nothing was played."""
        self._fill(end)
        start = (end - count) % _RING
        if start + count <= _RING:
            return self._ring[start : start + count]
        return np.concatenate((self._ring[start:], self._ring[: start + count - _RING]))

    def loudest_db(self, from_ms: int, to_ms: int) -> float:
        """Loudest 20 ms that began to play in an interval, `QUIETEST_DB` if none did."""
        loudest = QUIETEST_DB
        for at_ms, level_db in reversed(self._levels):
            if at_ms < from_ms:
                break
            if at_ms <= to_ms and level_db > loudest:
                loudest = level_db
        return loudest

    def _fill(self, until: int) -> None:
        """Silence from the last known sample on."""
        gap = until - self._until
        if gap > 0:
            self._put(max(self._until, until - _RING), np.zeros(min(gap, _RING), np.float32))
            self._until = until

    def _put(self, start: int, samples: Floats) -> None:
        at = start % _RING
        first = min(len(samples), _RING - at)
        self._ring[at : at + first] = samples[:first]
        self._ring[: len(samples) - first] = samples[first:]


class Match(NamedTuple):
    """Where in the played line a window fits best."""

    likeness: float
    delay: int  # at half rate
    gain_db: float  # heard over played


class EchoMeter:
    """Likeness of what is heard to a `PlayedLine`, and what this line has taught about its echo."""

    def __init__(self) -> None:
        self.line = PlayedLine()
        self.delay: int | None = None  # at half rate, from played to heard
        self._coupling_db = QUIETEST_DB  # heard over played
        self._lessons = 0
        self._quiet_run: list[tuple[float, float]] = []  # level heard and loudest played, per frame
        self._candidate = 0  # delay of the last likeness
        self._alike = 0  # checks in a row near it
        self._checks = 0
        self._likeness = 0.0

    def expected_db(self, now_ms: int) -> float:
        """Loudest echo to expect now: full scale while the line is unknown, `QUIETEST_DB` if nothing played."""
        played_db = self._played_db(now_ms)
        known = self._coupling_db > QUIETEST_DB
        if played_db <= QUIETEST_DB or known:
            return max(played_db + self._coupling_db, QUIETEST_DB)
        return 0.0

    def hear_quiet(self, level_db: float, now_ms: int) -> None:
        """Learn from a frame without energy while our voice plays: for long enough, and the line is quiet."""
        played_db = self._played_db(now_ms)
        if played_db < _LOUD_DB or self.delay is not None:
            return
        self._quiet_run.append((level_db, played_db))
        if len(self._quiet_run) == _QUIET_FRAMES:
            heard, played = zip(*self._quiet_run, strict=True)
            self._coupling_db = max(heard) - max(played)
            self._quiet_run.clear()

    def check(self, heard: Floats, now_ms: int) -> float:
        """Likeness of the last `WINDOW_SAMPLES` to what was played, 0..1; learns delay and level of an echo."""
        self._checks += 1
        self._quiet_run.clear()
        quiet_line = self.delay is None and self._coupling_db > QUIETEST_DB
        if quiet_line and self._checks % _QUIET_EVERY:
            return self._likeness
        window = _halve(heard)
        energy = float(window.dot(window))
        self._likeness = self._match(window, energy, now_ms) if energy > _FAINT else 0.0
        return self._likeness

    def _match(self, window: Floats, energy: float, now_ms: int) -> float:
        match = self._near(window, energy, now_ms)
        if match.likeness < _ALIKE and (self.delay is None or self._alike or self._checks % _SEARCH_EVERY == 0):
            found = self._everywhere(window, energy, now_ms)
            if found.likeness >= _ALIKE or self.delay is None:
                match = found
        if self._confirm(match):
            self._learn(match)
        return match.likeness

    def _confirm(self, match: Match) -> bool:
        """Whether the same delay was found often enough in a row to be that of the line."""
        same = abs(match.delay - self._candidate) <= _NEAR
        self._candidate = match.delay
        if match.likeness < _ALIKE:
            self._alike = 0
        else:
            self._alike = self._alike + 1 if same else 1
        return self._alike >= _ALIKE_CHECKS

    def _learn(self, match: Match) -> None:
        """Take delay and level of what is certainly our own voice."""
        self.delay = match.delay
        change_db = match.gain_db - self._coupling_db
        if self._lessons == 0:
            self._coupling_db = match.gain_db
        elif self._lessons < _FREE_LESSONS:
            self._coupling_db += max(change_db, 0.0)
        else:
            self._coupling_db += min(max(change_db, -_FORGET_DB), _RISE_DB)
        self._lessons += 1

    def _played_db(self, now_ms: int) -> float:
        """Loudest of our voice whose echo could be heard now."""
        if self.delay is None:
            return self.line.loudest_db(now_ms - PATH_MAX_MS, now_ms)
        played_ms = now_ms - self.delay // _PER_MS
        return self.line.loudest_db(played_ms - _TAIL_MS, played_ms + _NEAR // _PER_MS)

    def _near(self, window: Floats, energy: float, now_ms: int) -> Match:
        if self.delay is None:
            return Match(0.0, 0, 0.0)
        first_delay = max(self.delay - _NEAR, 0)
        reference = self.line.read(now_ms * _PER_MS - first_delay, _HEARD + 2 * _NEAR)
        return _best(np.correlate(reference, window), reference, energy, first_delay)

    def _everywhere(self, window: Floats, energy: float, now_ms: int) -> Match:
        reference = self.line.read(now_ms * _PER_MS, _REFERENCE)
        spectrum = np.fft.rfft(reference, _FFT) * np.fft.rfft(window, _FFT).conj()
        correlation = np.fft.irfft(spectrum, _FFT)[: _REFERENCE - _HEARD + 1]
        return _best(correlation, reference, energy, 0)


def _best(correlation: NDArray[np.floating[Any]], reference: Floats, energy: float, first_delay: int) -> Match:
    """Largest normalised correlation of a window of this energy; the reference ends at ``first_delay``."""
    power = np.cumsum(reference * reference)
    energies = power[_HEARD - 1 :].copy()
    energies[1:] -= power[:-_HEARD]
    squared = correlation * correlation / np.maximum(energies, _FAINT)
    at = int(squared.argmax())
    likeness = math.sqrt(min(float(squared[at]) / energy, 1.0))
    gain_db = 10.0 * math.log10(energy / max(float(energies[at]), _FAINT))
    return Match(likeness, first_delay + len(correlation) - 1 - at, gain_db)


def _halve(samples: Floats) -> Floats:
    return samples[0::2] + samples[1::2]
