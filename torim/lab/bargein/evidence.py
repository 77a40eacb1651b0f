"""What a trial leaves behind, from the virtual clock or from real sockets alike.

Decides nothing. Definitions that every figure rests on:

onset      the first sample of the manifest's onset (10 ms frames, see the corpus's rule), placed to the sample
server     when our socket was read and written. A sample arrives with its 20 ms frame, at the frame's arrival counted
           back within the frame; a delay on this clock is therefore never shorter than what the frame still took. An
           action is timed when it was handed to the socket (on the virtual clock: when it was decided).
ear        the caller's clock; the far end is heard when the model of the carrier's buffer plays it
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from torim.core.actions import Action
from torim.core.events import Event
from torim.lab.bargein.trials import Trial
from torim.lab.ear import Ear

Subject = TypeVar("Subject")
Entry = tuple[float, Event | Action]  # ms of the server's clock


@dataclass(slots=True)
class Evidence:
    """One trial as it went."""

    trial: Trial
    statement: bytes  # what the AI was to say, mu-law
    ear: Ear = field(default_factory=Ear)
    entries: list[Entry] = field(default_factory=list)
    mouth: list[bytes] = field(default_factory=list)  # the caller's frames as sent
    began_samples: int | None = None  # when the ear began to hear the statement
    onset_samples: int = 0  # as spoken, on the caller's clock
    arrived_ms: float = 0.0  # the onset at our socket, on the server's clock
    server_samples: int = 0  # the server's zero on the caller's clock
    length_samples: int = 0
    failure: str = ""  # why the trial could not be made
    late_ms: float = 0.0  # how late the caller's own 20 ms were at worst: the bench's fault, not the server's

    def of(self, kind: type[Subject]) -> Iterator[tuple[float, Subject]]:
        """Entries of a kind, with their instants in ms from the onset on the server's clock."""
        for at_ms, subject in self.entries:
            if isinstance(subject, kind):
                yield at_ms - self.arrived_ms, subject

    @property
    def offset_samples(self) -> int:
        """The end of the last sound, on the caller's clock."""
        return self.onset_samples + self.trial.offset_samples

    def ear_samples(self, since_onset_ms: float) -> int:
        """An instant of the server's clock, counted from the onset, on the caller's."""
        return round((since_onset_ms + self.arrived_ms) * 8) + self.server_samples
