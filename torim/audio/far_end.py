"""Echo evidence: how like is what we hear to what was really played in the last 600 ms?

Measures likeness and the loudest echo to expect; whether a sound is dismissed as echo is decided in
`torim.core.echo`. Works on half the rate, since most of a voice lies below 2 kHz. The best delay is looked for over
300 ms, since two voices are alike by chance for 100 ms; what counts is how alike the last 100 ms are at that delay,
since a caller who begins must not be taken for the echo before. A line that was heard to return our voice at one
delay is searched near that delay only, now and then everywhere: chance is less alike there, and 100 ms are enough.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from torim.audio import g711
from torim.audio.gate import QUIETEST_DB
from torim.audio.line_echo import ALIKE, NEAR, LineEcho, Match, Returns
from torim.audio.played import HALF_PER_MS, PlayedLine, halve
from torim.audio.vad import Floats

WINDOW_SAMPLES = 2400  # 300 ms
NEWEST_SAMPLES = 800  # 100 ms
PATH_MAX_MS = 600  # longest way out and back: a mobile with loudspeaker
TAIL_MS = 120  # a room goes on sounding

_HEARD = WINDOW_SAMPLES // 2
_NEWEST = NEWEST_SAMPLES // 2
_REFERENCE = PATH_MAX_MS * HALF_PER_MS + _HEARD
_FFT = 3600  # at least _REFERENCE: the delays that wrap around are not looked at
_FAINT = 4e-6  # power of a window at -60 dBFS (halving doubles amplitudes)
_LAG = 10  # of the newest part against the whole: rooms smear
_SEARCH_EVERY = 4  # checks, on a line with a known delay
_QUIET_EVERY = 2  # checks, on a line that was quiet so far
_VAD_LAG_MS = 200  # the neural VAD goes on for a while after a voice


class Tail:
    """The last `WINDOW_SAMPLES` of a line, as they came."""

    __slots__ = ("_codes",)

    def __init__(self) -> None:
        self._codes = bytearray(g711.SILENCE * WINDOW_SAMPLES)

    def push(self, payload: bytes) -> None:
        """Append mu-law audio."""
        self._codes += payload
        if len(self._codes) > 2 * WINDOW_SAMPLES:
            del self._codes[:-WINDOW_SAMPLES]

    def halved(self) -> Floats:
        """At half the rate."""
        return halve(g711.decode_float(self._codes[-WINDOW_SAMPLES:]))


class EchoMeter:
    """Likeness of what is heard to a `PlayedLine`, and what this line has taught about its echo."""

    def __init__(self) -> None:
        self.played = PlayedLine()
        self.line = LineEcho()
        self._checks = 0
        self._checked_ms = -1_000
        self._likeness = 0.0
        self._loudest = (-1, QUIETEST_DB)  # at which instant, dBFS: asked for more than once a frame

    def newest(self, now_ms: int) -> float:
        """The likeness that was found in this frame or the one before, 0 if none was looked for."""
        return self._likeness if now_ms - self._checked_ms <= 2 * g711.FRAME_MS else 0.0

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

    def check(self, heard: Tail, now_ms: int) -> float:
        """Likeness of the newest of what is heard to what was played, 0..1; learns delay and level of an echo."""
        self._checks += 1
        self._checked_ms = now_ms
        if self.line.returns is Returns.QUIET and self._checks % _QUIET_EVERY:
            self.line.broken()
            return self._likeness
        window = heard.halved()
        self._likeness = 0.0
        if _power(window) > _FAINT:
            match = self._match(window, now_ms)
            self._likeness = match.likeness
            self.line.heard(match._replace(filled_ms=_filled_ms(window)))
        else:
            self.line.broken()
        return self._likeness

    def likeness(self, heard: Tail, now_ms: int) -> float:
        """Likeness at the known delay, 0..1; teaches nothing, for what the canceller left over."""
        window = heard.halved()
        return self._near(window, now_ms).likeness if _power(window) > _FAINT else 0.0

    def _match(self, window: Floats, now_ms: int) -> Match:
        match = self._near(window, now_ms)
        new = self.line.delay is None
        if match.likeness < ALIKE and (new or self.line.suspected or self._checks % _SEARCH_EVERY == 0):
            found = self._everywhere(window, now_ms)
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

    def _near(self, window: Floats, now_ms: int) -> Match:
        if self.line.delay is None:
            return Match(0.0, 0, 0.0)
        return self._newest(window, self.line.delay, NEAR, now_ms)._replace(searched=False)

    def _everywhere(self, window: Floats, now_ms: int) -> Match:
        reference = self.played.read(now_ms * HALF_PER_MS, _REFERENCE)
        spectrum = np.fft.rfft(reference, _FFT) * np.fft.rfft(window, _FFT).conj()
        correlation = np.fft.irfft(spectrum, _FFT)[: _REFERENCE - _HEARD + 1]
        found = _best(correlation, reference, window, 0)
        newest = self._newest(window, found.delay, _LAG, now_ms)
        return found._replace(likeness=min(found.likeness, newest.likeness))

    def _newest(self, window: Floats, delay: int, around: int, now_ms: int) -> Match:
        """The best match of a window's newest part around one delay."""
        newest = window[-_NEWEST:]
        if _power(newest) <= _FAINT:
            return Match(0.0, delay, 0.0)
        first_delay = max(delay - around, 0)
        reference = self.played.read(now_ms * HALF_PER_MS - first_delay, _NEWEST + 2 * around)
        return _best(np.correlate(reference, newest), reference, newest, first_delay)


def _power(window: Floats) -> float:
    return float(window.dot(window)) / len(window)


def _filled_ms(window: Floats) -> int:
    """How long a sound of one level with as much energy would have to be."""
    energies = np.square(window).reshape(-1, g711.FRAME_SAMPLES // 2).sum(axis=1)
    return int(g711.FRAME_MS * float(energies.sum()) ** 2 / float(energies.dot(energies)))


def _best(correlation: NDArray[np.floating[Any]], reference: Floats, window: Floats, first_delay: int) -> Match:
    """Largest normalised correlation of a window; the reference ends at ``first_delay``."""
    count = len(window)
    power = np.cumsum(reference * reference)
    energies = power[count - 1 :].copy()
    energies[1:] -= power[:-count]
    energy, faint = float(window.dot(window)), _FAINT * count
    squared = correlation * correlation / np.maximum(energies, faint)
    at = int(squared.argmax())
    likeness = math.sqrt(min(float(squared[at]) / energy, 1.0))
    gain_db = 10.0 * math.log10(energy / max(float(energies[at]), faint))
    return Match(likeness, first_delay + len(correlation) - 1 - at, gain_db)
