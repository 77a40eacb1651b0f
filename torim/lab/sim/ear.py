"""The carrier and the ear: what was played, when, down to the millisecond.

Audio of the simulation carries its own position: every millisecond is 8 samples that hold the item's number and
its offset, so what the ear heard can be read off the samples themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random

from torim.lab.sim.world import World

BASE = 250  # digits of an offset; 0xFF stays silence


LONGEST_MS = 4_000


@cache
def _stamps(item: int) -> bytes:
    return b"".join(bytes((item, ms % BASE, ms // BASE, 0, 0, 0, 0, 0)) for ms in range(LONGEST_MS))


def stamp(item: int, start_ms: int, length_ms: int) -> bytes:
    """Mu-law bytes of one item that say which milliseconds they are."""
    return _stamps(item)[start_ms * 8 : (start_ms + length_ms) * 8]


@dataclass(slots=True)
class Run:
    """Consecutive milliseconds of one item heard from ``at_ms`` on."""

    at_ms: int
    item: int
    start_ms: int
    length_ms: int

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.length_ms


class Ear:
    """Plays what arrives, in order and in real time; returns marks when played, and all of them on a clear."""

    def __init__(self, world: World, delay_ms: int, jitter_ms: int, chance: Random, mark: Callable[[int, int], None]):
        self._world = world
        self._delay_ms = delay_ms
        self._jitter_ms = jitter_ms
        self._chance = chance
        self._mark = mark
        self._last_arrival_ms = 0
        self._line_end_ms = 0
        self._buffer: list[tuple[int, bytes]] = []  # (plays at, payload)
        self._marks: list[tuple[int, int, int]] = []  # (due at, token, epoch)
        self._gone = False
        self.runs: list[Run] = []

    def send(self, thing: Callable[[], None]) -> None:
        """Put something on the way to the carrier; the order is kept, the delay wanders."""
        wander = self._chance.randrange(self._jitter_ms + 1) if self._jitter_ms else 0
        at_ms = max(self._last_arrival_ms, self._world.now_ms + self._delay_ms + wander)
        self._last_arrival_ms = at_ms
        self._world.at(at_ms, thing)

    def play(self, payload: bytes) -> None:
        now_ms = self._world.now_ms
        if self._gone:
            return
        self._hear(now_ms)
        self._line_end_ms = max(self._line_end_ms, now_ms)
        self._buffer.append((self._line_end_ms, payload))
        self._line_end_ms += len(payload) // 8

    def mark(self, token: int, epoch: int) -> None:
        due_ms = max(self._line_end_ms, self._world.now_ms)
        self._marks.append((due_ms, token, epoch))
        self._world.at(due_ms, self._return_marks)

    def clear(self) -> None:
        self._hear(self._world.now_ms)
        self._buffer.clear()
        self._line_end_ms = self._world.now_ms
        self._marks = [(self._world.now_ms, token, epoch) for _, token, epoch in self._marks]
        self._return_marks()

    def finish(self) -> None:
        """The line is gone: what was not played by now never is."""
        self._hear(self._world.now_ms)
        self._buffer.clear()
        self._gone = True

    def heard_ms(self, item: int) -> int:
        """How far into an item the ear has come."""
        return max((run.end_ms for run in self.runs if run.item == item), default=0)

    def _return_marks(self) -> None:
        now_ms = self._world.now_ms
        due = [mark for mark in self._marks if mark[0] <= now_ms]
        self._marks = [mark for mark in self._marks if mark[0] > now_ms]
        for _, token, epoch in due:
            self._mark(token, epoch)

    def _hear(self, now_ms: int) -> None:
        while self._buffer and self._buffer[0][0] < now_ms:
            at_ms, payload = self._buffer[0]
            played_ms = min(len(payload) // 8, now_ms - at_ms)
            self._note(at_ms, payload[: played_ms * 8])
            if played_ms * 8 < len(payload):
                self._buffer[0] = (at_ms + played_ms, payload[played_ms * 8 :])
                return
            self._buffer.pop(0)

    def _note(self, at_ms: int, payload: bytes) -> None:
        index = 0
        while index < len(payload):
            item = payload[index]
            if item == 0xFF:
                index += 8
                continue
            start_ms = payload[index + 1] + payload[index + 2] * BASE
            length = self._consecutive(payload[index:], item, start_ms)
            self.runs.append(Run(at_ms + index // 8, item, start_ms, length))
            index += length * 8

    @staticmethod
    def _consecutive(payload: bytes, item: int, start_ms: int) -> int:
        """How many milliseconds from the beginning of ``payload`` follow each other."""
        length = len(payload) // 8
        while length > 1 and payload[: length * 8] != stamp(item, start_ms, length):
            length -= 1
        return length
