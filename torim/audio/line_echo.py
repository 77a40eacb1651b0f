"""Does this line return our voice? Learned while the AI speaks: at which delay and how loud, or that it is quiet.

Decides what is known of the line, from likenesses and silences that were measured elsewhere; nothing here looks at
audio. What the line returned is forgotten slowly: a caller who changes to the handset has a new line.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from torim.audio.gate import QUIETEST_DB
from torim.audio.played import HALF_PER_MS

NEAR = 15 * HALF_PER_MS  # delays this close are the same
ALIKE = 0.45  # a caller alone reaches it in one check of a hundred
LOUD_DB = -40.0  # the pauses of our voice teach nothing

_CERTAIN, _CERTAIN_WEIGHT = 0.8, 2.0
_FILLED_MS = 80
_SURE = 5.0  # likenesses at one delay: certainly our own voice
_SURE_MAX = 8.0
_UNLIKE = 0.5  # what a check that is not alike takes away
_QUIET_FRAMES = 45  # our voice without an answer for the longest way out and back, soft beginnings included
_FORGET_FRAMES = 250  # 5 s of our voice without its echo
_FREE_LESSONS = 5  # the first echoes set the level, later ones correct it
_RISE_DB, _FORGET_DB = 1.0, 0.02  # per frame


class Match(NamedTuple):
    """Where in the played line a window of what is heard fits best."""

    likeness: float
    delay: int  # at half rate
    gain_db: float  # heard over played
    filled_ms: int = 300  # how much of the window holds sound: the less, the likelier is chance
    searched: bool = True  # among all delays, and not near the known one only


class Returns(Enum):
    """What is known of a line."""

    UNKNOWN = "unknown"
    QUIET = "quiet"
    ECHO = "echo"


class LineEcho:
    """What one line has taught about its echo."""

    def __init__(self) -> None:
        self.delay: int | None = None  # at half rate, from played to heard
        self.coupling_db = QUIETEST_DB  # heard over played
        self._lessons = 0
        self._quiet_run: list[tuple[float, float]] = []  # level heard and loudest played, per frame
        self._absent_frames = 0
        self._candidate = 0  # delay of the last likeness
        self._sure = 0.0

    @property
    def returns(self) -> Returns:
        if self.delay is not None:
            return Returns.ECHO
        return Returns.QUIET if self.coupling_db > QUIETEST_DB else Returns.UNKNOWN

    @property
    def outdated(self) -> bool:
        """Whether our voice has sounded for long without its echo."""
        return self._absent_frames >= _FORGET_FRAMES

    @property
    def suspected(self) -> bool:
        """Whether something alike was heard lately."""
        return self._sure > 0.0

    def heard(self, match: Match) -> None:
        """Learn from a window with energy."""
        self._quiet_run.clear()
        near = abs(match.delay - self._candidate) <= NEAR
        if match.filled_ms < _FILLED_MS and match.likeness < _CERTAIN:
            return  # a beginning: chance is alike
        if match.likeness < ALIKE:
            self._sure = max(0.0, self._sure - _UNLIKE)
            return
        weight = _CERTAIN_WEIGHT if match.likeness >= _CERTAIN else 1.0
        if near:
            self._sure = min(self._sure + weight, _SURE_MAX)
        elif self._sure <= weight:
            self._sure = weight
        else:
            self._sure -= weight
            return
        self._candidate = match.delay
        if self._sure >= _SURE:
            self._learn(match)

    def silent(self, level_db: float, played_db: float) -> None:
        """Learn from a frame without energy in which our voice could have been heard."""
        if played_db < LOUD_DB:
            return
        if self.delay is not None:
            self._absent_frames += 1
            return
        self._quiet_run.append((level_db, played_db))
        if len(self._quiet_run) == _QUIET_FRAMES:
            heard, played = zip(*self._quiet_run, strict=True)
            self.coupling_db = max(heard) - max(played)
            self._quiet_run.clear()

    def broken(self) -> None:
        """A frame with energy that says nothing: a silence must begin anew."""
        self._quiet_run.clear()

    def _learn(self, match: Match) -> None:
        """Take delay and level of what is certainly our own voice."""
        if match.searched:
            self.delay = match.delay
        self._absent_frames = 0
        change_db = match.gain_db - self.coupling_db
        if self._lessons == 0:
            self.coupling_db = match.gain_db
        elif self._lessons < _FREE_LESSONS:
            self.coupling_db += max(change_db, 0.0)
        else:
            self.coupling_db += min(max(change_db, -_FORGET_DB), _RISE_DB)
        self._lessons += 1
