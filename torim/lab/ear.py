"""The carrier's playback buffer and the caller's ear, modelled sample by sample.

Decides which sample is heard when, when a mark comes back, and what a clear throws away. It never waits and
reads no clock: every instant is an argument, in samples of 1/8000 s since the stream started. Facts: media is
queued and played in order in real time; a mark comes back when everything before it was played; a clear drops
what is queued and sends every waiting mark back (PROTOCOLS, B1).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

SAMPLES_PER_MS = 8
FRAME_SAMPLES = 160
SILENCE = 0xFF  # mu-law zero


@dataclass(frozen=True, slots=True)
class Span:
    """Audio heard without a break: its first sample's instant and its mu-law bytes."""

    start_samples: int
    payload: bytes

    @property
    def end_samples(self) -> int:
        return self.start_samples + len(self.payload)


@dataclass(frozen=True, slots=True)
class Cleared:
    """A clear that reached the carrier: when, and the audio that will therefore never be heard."""

    at_samples: int
    dropped: bytes
    was_sounding: bool


@dataclass(slots=True)
class _Waiting:
    name: str
    due_samples: int


@dataclass(slots=True)
class Ear:
    """One stream's playback buffer; what it played is what the caller heard."""

    clears: list[Cleared] = field(default_factory=list)
    _spans: list[Span] = field(default_factory=list)
    _marks: deque[_Waiting] = field(default_factory=deque)
    _end_samples: int = 0  # where the audio queued so far ends

    def media(self, payload: bytes, now_samples: int) -> None:
        """Queue audio: it plays after what is queued already, or at once."""
        if not payload:
            return
        start = max(now_samples, self._end_samples)
        self._spans.append(Span(start, payload))
        self._end_samples = start + len(payload)

    def mark(self, name: str, now_samples: int) -> None:
        """Remember a mark; `due_marks` gives it back once everything before it was played."""
        self._marks.append(_Waiting(name, max(now_samples, self._end_samples)))

    def clear(self, now_samples: int) -> list[str]:
        """Drop what has not been played; return the names of all waiting marks, which come back at once."""
        sounding = self.sounding(now_samples)
        dropped = self._drop_after(now_samples)
        self.clears.append(Cleared(now_samples, dropped, sounding))
        names = [waiting.name for waiting in self._marks]
        self._marks.clear()
        return names

    def _drop_after(self, now_samples: int) -> bytes:
        dropped: list[bytes] = []
        while self._spans and self._spans[-1].end_samples > now_samples:
            span = self._spans.pop()
            kept = max(0, now_samples - span.start_samples)
            dropped.append(span.payload[kept:])
            if kept:
                self._spans.append(Span(span.start_samples, span.payload[:kept]))
                break
        self._end_samples = min(self._end_samples, now_samples)
        return b"".join(reversed(dropped))

    def due_marks(self, now_samples: int) -> list[str]:
        """Take the names of the marks whose audio has been played by now, in order."""
        names = []
        while self._marks and self._marks[0].due_samples <= now_samples:
            names.append(self._marks.popleft().name)
        return names

    def next_mark_samples(self) -> int | None:
        """When the next mark is due, if one waits."""
        return self._marks[0].due_samples if self._marks else None

    def sounding(self, now_samples: int) -> bool:
        """Whether a queued sample is being played at this instant."""
        return now_samples < self._end_samples

    @property
    def end_samples(self) -> int:
        """Where everything queued so far ends; past: nothing is queued."""
        return self._end_samples

    def began(self, since_samples: int) -> int | None:
        """When far-end audio first began to be heard at or after an instant, out of silence; None: not yet."""
        begins = None
        for index in range(len(self._spans) - 1, -1, -1):
            span = self._spans[index]
            if span.start_samples < since_samples:
                break
            if index == 0 or self._spans[index - 1].end_samples < span.start_samples:
                begins = span.start_samples
        return begins

    def sounds_until(self, at_samples: int, bridge_ms: int = 60) -> int:
        """Until when the audio that is heard at an instant goes on; the instant itself if none is.

        Gaps shorter than ``bridge_ms`` are the network's, not silence, unless a clear made them.
        """
        end = at_samples
        for span in self._spans:
            if span.end_samples <= at_samples:
                continue
            gap = span.start_samples - end
            if gap > 0 and (end == at_samples or not self._bridged(end, gap, bridge_ms)):
                break
            end = span.end_samples
        return end

    def _bridged(self, end_samples: int, gap_samples: int, bridge_ms: int) -> bool:
        short = gap_samples < bridge_ms * SAMPLES_PER_MS
        return short and not self._cleared_within(end_samples, end_samples + gap_samples)

    def _cleared_within(self, from_samples: int, to_samples: int) -> bool:
        return any(from_samples <= clear.at_samples <= to_samples for clear in self.clears)

    def heard(self, until_samples: int) -> Iterator[Span]:
        """Yield what was heard up to an instant, one span per unbroken piece, in order."""
        joined: list[bytes] = []
        start = 0
        end = -1
        for span in self._clipped(until_samples):
            if span.start_samples != end and joined:
                yield Span(start, b"".join(joined))
                joined = []
            if not joined:
                start = span.start_samples
            joined.append(span.payload)
            end = span.end_samples
        if joined:
            yield Span(start, b"".join(joined))

    def _clipped(self, until_samples: int) -> Iterator[Span]:
        for span in self._spans:
            if span.start_samples >= until_samples:
                return
            yield Span(span.start_samples, span.payload[: until_samples - span.start_samples])

    def recent(self, from_samples: int, to_samples: int) -> bytes:
        """The audio at the ear in [from, to) as mu-law bytes, silence where nothing played."""
        out = bytearray([SILENCE]) * (to_samples - from_samples)
        for span in reversed(self._spans):
            if span.end_samples <= from_samples:
                break
            first = max(span.start_samples, from_samples)
            last = min(span.end_samples, to_samples)
            if first < last:
                piece = span.payload[first - span.start_samples : last - span.start_samples]
                out[first - from_samples : last - from_samples] = piece
        return bytes(out)


@dataclass(frozen=True, slots=True)
class Spurt:
    """A stretch of far-end audio at the ear, short gaps bridged."""

    start_samples: int
    end_samples: int
    gap_samples: int  # silence inside it: the buffer ran dry while more was to come


def spurts(spans: list[Span], bridge_ms: int = 300) -> list[Spurt]:
    """Join spans that are less than ``bridge_ms`` apart into spurts of speech."""
    found: list[Spurt] = []
    for span in spans:
        gap = span.start_samples - found[-1].end_samples if found else 0
        if found and gap < bridge_ms * SAMPLES_PER_MS:
            last = found[-1]
            found[-1] = Spurt(last.start_samples, span.end_samples, last.gap_samples + gap)
        else:
            found.append(Spurt(span.start_samples, span.end_samples, 0))
    return found


def heard_between(spans: list[Span], from_samples: int, to_samples: int) -> int:
    """How many far-end samples reached the ear in [from, to)."""
    return sum(max(0, min(span.end_samples, to_samples) - max(span.start_samples, from_samples)) for span in spans)
