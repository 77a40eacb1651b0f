"""Echo evidence: how like is what we hear to what was really played in the last 600 ms?

Measures likeness and the loudest echo to expect; whether a sound is dismissed as echo is decided in
`torim.core.echo`. Works on half the rate, since most of a voice lies below 2 kHz. A line that was heard to return
our voice at one delay is searched near that delay only, now and then everywhere: chance is less alike there.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torim.audio.gate import QUIETEST_DB
from torim.audio.line_echo import ALIKE, NEAR, LineEcho, Match, Returns
from torim.audio.played import HALF_PER_MS, PlayedLine, halve
from torim.audio.vad import Floats

WINDOW_SAMPLES = 800  # 100 ms: shorter ones match by chance, longer ones come late
PATH_MAX_MS = 600  # longest way out and back: a mobile with loudspeaker
TAIL_MS = 120  # a room goes on sounding

_HEARD = WINDOW_SAMPLES // 2
_REFERENCE = (PATH_MAX_MS + 100) * HALF_PER_MS
_FFT = 2880  # at least _REFERENCE: the delays that wrap around are not looked at
_FAINT = 1e-6 * 4 * _HEARD  # energy of a window at -60 dBFS (halving doubles amplitudes)
_SEARCH_EVERY = 4  # checks, on a line with a known delay
_QUIET_EVERY = 2  # checks, on a line that was quiet so far
_VAD_LAG_MS = 200  # the neural VAD goes on for a while after a voice


class EchoMeter:
    """Likeness of what is heard to a `PlayedLine`, and what this line has taught about its echo."""

    def __init__(self) -> None:
        self.played = PlayedLine()
        self.line = LineEcho()
        self._checks = 0
        self._likeness = 0.0
        self._loudest = (-1, QUIETEST_DB)  # at which instant, dBFS: asked for more than once a frame

    @property
    def delay_ms(self) -> int | None:
        """From played to heard, on a line that returns our voice."""
        return None if self.line.delay is None else self.line.delay // HALF_PER_MS

    def expected_db(self, now_ms: int) -> float:
        """Loudest echo to expect now: full scale while the line is unknown, `QUIETEST_DB` if nothing played."""
        played_db = self._played_db(now_ms)
        if played_db <= QUIETEST_DB or self.line.returns is not Returns.UNKNOWN:
            return max(played_db + self.line.coupling_db, QUIETEST_DB)
        return 0.0

    def returning(self, now_ms: int) -> bool:
        """Whether our voice, or what it leaves in the neural VAD, can be in what is heard now."""
        if self.line.returns is Returns.QUIET:
            return False
        delay_ms = self.delay_ms
        path_ms = PATH_MAX_MS if delay_ms is None else delay_ms
        return now_ms - self.played.until_ms <= path_ms + TAIL_MS + _VAD_LAG_MS

    def forget(self) -> None:
        """The line is new again."""
        self.line = LineEcho()

    def hear_quiet(self, level_db: float, now_ms: int) -> None:
        """Learn from a frame without energy while our voice plays: for long enough, and the line is quiet."""
        self.line.silent(level_db, self._played_db(now_ms))
        if self.line.outdated:
            self.forget()

    def check(self, heard: Floats, now_ms: int) -> float:
        """Likeness of the last `WINDOW_SAMPLES` to what was played, 0..1; learns delay and level of an echo."""
        self._checks += 1
        if self.line.returns is Returns.QUIET and self._checks % _QUIET_EVERY:
            self.line.broken()
            return self._likeness
        window = halve(heard)
        energy = float(window.dot(window))
        self._likeness = 0.0
        if energy > _FAINT:
            match = self._match(window, energy, now_ms)
            self._likeness = match.likeness
            self.line.heard(match)
        else:
            self.line.broken()
        return self._likeness

    def likeness(self, heard: Floats, now_ms: int) -> float:
        """Likeness at the known delay, 0..1; teaches nothing, for what the canceller left over."""
        window = halve(heard)
        energy = float(window.dot(window))
        return self._near(window, energy, now_ms).likeness if energy > _FAINT else 0.0

    def _match(self, window: Floats, energy: float, now_ms: int) -> Match:
        match = self._near(window, energy, now_ms)
        new = self.line.delay is None
        if match.likeness < ALIKE and (new or self.line.suspected or self._checks % _SEARCH_EVERY == 0):
            found = self._everywhere(window, energy, now_ms)
            if found.likeness >= ALIKE or new:
                return found
        return match

    def _played_db(self, now_ms: int) -> float:
        """Loudest of our voice whose echo could be heard now."""
        if self._loudest[0] != now_ms:
            self._loudest = (now_ms, self._find_loudest_db(now_ms))
        return self._loudest[1]

    def _find_loudest_db(self, now_ms: int) -> float:
        if self.line.delay is None:
            return self.played.loudest_db(now_ms - PATH_MAX_MS, now_ms)
        played_ms = now_ms - self.line.delay // HALF_PER_MS
        return self.played.loudest_db(played_ms - TAIL_MS, played_ms + NEAR // HALF_PER_MS)

    def _near(self, window: Floats, energy: float, now_ms: int) -> Match:
        if self.line.delay is None:
            return Match(0.0, 0, 0.0)
        first_delay = max(self.line.delay - NEAR, 0)
        reference = self.played.read(now_ms * HALF_PER_MS - first_delay, _HEARD + 2 * NEAR)
        return _best(np.correlate(reference, window), reference, energy, first_delay)

    def _everywhere(self, window: Floats, energy: float, now_ms: int) -> Match:
        reference = self.played.read(now_ms * HALF_PER_MS, _REFERENCE)
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
