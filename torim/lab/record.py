"""What a synthetic call leaves behind: everything said, pressed, heard and cleared, on one clock.

Decides nothing. The clock is the caller's: samples of 1/8000 s since the stream started, read on the caller's
side of the network; entries of the server's timeline are brought onto it by `ServerClock`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torim.core.actions import Action
from torim.core.events import Event
from torim.lab.ear import SAMPLES_PER_MS, Ear, Span
from torim.lab.webhook import Verb


@dataclass(slots=True)
class Utterance:
    """One thing the caller said, or one key pressed (then ``key`` is set and the text empty)."""

    text: str
    start_samples: int  # first sample of the audio
    onset_samples: int  # first sample of speech, as spoken
    end_samples: int  # one past the last sample of speech
    stage: str = ""
    key: str = ""
    arrived_samples: int | None = None  # onset as the server's socket could first have it, counted back to the sample


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """One line of the server's timeline; ``at_ms`` is the server's clock of the call."""

    at_ms: int
    subject: Event | Action
    line: str
    seen_samples: int  # when the lab learned of it: never before it happened


@dataclass(slots=True)
class ServerClock:
    """How the server's call clock relates to the caller's: the smallest difference ever seen."""

    offset_samples: int | None = None

    def learn(self, at_ms: int, seen_samples: int) -> None:
        offset = seen_samples - at_ms * SAMPLES_PER_MS
        self.offset_samples = offset if self.offset_samples is None else min(self.offset_samples, offset)

    def samples(self, at_ms: int) -> int:
        """A server instant on the caller's clock."""
        return at_ms * SAMPLES_PER_MS + (self.offset_samples or 0)


@dataclass(slots=True)
class CallRecord:
    """One call, as the caller and their carrier saw it, with the server's timeline where it could be had."""

    call_sid: str
    title: str = ""
    ear: Ear = field(default_factory=Ear)
    said: list[Utterance] = field(default_factory=list)
    mouth: list[bytes] = field(default_factory=list)  # frames as sent, one every 20 ms
    timeline: list[ServerEntry] = field(default_factory=list)
    head: Mapping[str, str] = field(default_factory=dict)  # of the server's timeline
    clock: ServerClock = field(default_factory=ServerClock)
    marks_returned: list[tuple[int, str]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    after: tuple[Verb, ...] = ()  # what the TwiML after the stream asked for
    ended_by: str = ""  # "caller" or "server"
    length_samples: int = 0
    worst_tick_ms: float = 0.0  # how late the caller's own 20 ms pacing was, at worst

    def heard(self) -> list[Span]:
        return list(self.ear.heard(self.length_samples))

    def ear_sounded(self, at_samples: int) -> bool:
        """Whether far-end audio was being heard at an instant; a break of a few ms before it is part of it."""
        slack = 30 * SAMPLES_PER_MS
        near = self.ear.heard(at_samples + 1)
        return any(span.start_samples <= at_samples < span.end_samples + slack for span in near)

    def enter(self, entry: ServerEntry) -> None:
        """Add a line of the server's timeline."""
        self.clock.learn(entry.at_ms, entry.seen_samples)
        self.timeline.append(entry)
