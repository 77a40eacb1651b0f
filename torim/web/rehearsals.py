"""Rehearsals as the web side sees them: a port, and the values that pass through it.

A rehearsal is one synthetic call to this installation's own engine, by a script of the lab. It decides nothing; the
command line puts the lab and the server together and implements the port, because the two do not know each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """How far a rehearsal is."""

    PREPARING = "preparing"  # the caller's voice is being made
    CALLING = "calling"
    OVER = "over"
    STOPPED = "stopped"
    FAILED = "failed"  # the call could not be placed


@dataclass(frozen=True, slots=True)
class Script:
    """A scenario that can be rehearsed."""

    id: str
    language: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """Something that the caller did or began to wait for."""

    at_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one expectation or wait of the script."""

    line: int
    source: str
    good: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Cut:
    """One time that the caller cut in, measured; milliseconds from the first sample of speech; None: not measured."""

    stage: str
    words: str  # what was said, or the key
    at_ms: int
    sounding: bool  # the AI was being heard
    hold_ms: float | None  # until the first `clear` was written
    first_silence_ms: float | None  # until the line was silent, while the sound was still being judged
    silence_ms: float | None  # until the caller heard nothing more of the answer
    stale_ms: float  # old audio that was heard after the cut
    heard_ms: float | None  # of the answer that was cut
    resumes: int  # how often the AI went on before the voice was recognised
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One rehearsal, as far as it is."""

    id: str
    business_id: str
    script: Script
    stage: Stage
    started_at: datetime
    call_id: str | None = None  # None: no call yet
    steps: tuple[Step, ...] = ()
    findings: tuple[Judged, ...] = ()
    cuts: tuple[Cut, ...] = ()
    late_ms: float = 0.0  # how late the caller's own 20 ms pacing was, at worst: more than a frame spoils the figures
    problem: str = ""  # why it failed, as advice

    @property
    def going_on(self) -> bool:
        return self.stage in (Stage.PREPARING, Stage.CALLING)

    @property
    def good(self) -> bool:
        """It is over, and everything that the script expects came true."""
        return self.stage is Stage.OVER and all(found.good for found in self.findings)


class Rehearsals(Protocol):
    """The rehearsals of one installation; used on the web process's loop only."""

    def scripts(self) -> Sequence[Script]:
        """What can be rehearsed. Blocking."""

    def of_business(self, business_id: str) -> Sequence[Rehearsal]:
        """The last ones of a business, newest first."""

    def start(self, business_id: str, script: Script) -> Rehearsal:
        """Begin one.

        Raises:
            AccessError: ``rehearsal.running``: one goes on.
        """

    def stop(self, business_id: str, rehearsal_id: str) -> bool:
        """Have the caller hang up; False: it does not go on."""

    def open_at(self, web_url: str) -> None:
        """The web port listens at this address of this machine."""

    async def close(self) -> None:
        """The server stops."""
