"""The windows of tau-voice: what an agent did in ticks of 200 ms after a caller's sound.

Decides nothing but what its definitions say. The agent has yielded at the first tick without any agent audio; a
sound was wrongly obeyed if the agent yielded within 1.0 s, or, where it was silent, answered within 2.0 s of the
sound's end. An agent that was heard in the tick before the onset's was speaking: it may have stopped already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torim.lab.ear import Span

TICK_SAMPLES = 1_600
YIELD_MS, IGNORE_MS, ANSWER_MS = 2_000, 1_000, 2_000


@dataclass(frozen=True, slots=True)
class Ticks:
    """One sound on the 200 ms clock."""

    speaking: bool  # the agent was, in the tick of the onset
    yield_ms: int | None  # from the tick of the onset to the first tick without agent audio
    answer_ms: int | None  # where the agent was silent: from the sound's end to its first audio

    @property
    def yielded(self) -> bool:
        """In time for a real interruption."""
        return self.yield_ms is not None and self.yield_ms <= YIELD_MS

    @property
    def ignored(self) -> bool:
        """As a sound that is no interruption should be."""
        if self.speaking:
            return self.yield_ms is None or self.yield_ms > IGNORE_MS
        return self.answer_ms is None or self.answer_ms > ANSWER_MS


def ticks_of(spans: Sequence[Span], onset: int, offset: int, length: int) -> Ticks:
    """The ticks of one sound, all instants in samples of the caller's clock."""
    first = onset // TICK_SAMPLES
    speaking = any(_sounds(spans, tick) for tick in (first - 1, first))
    sounding = [_sounds(spans, tick) for tick in range(first, max(first + 1, length // TICK_SAMPLES))]
    quiet = next((number for number, sounds in enumerate(sounding) if not sounds), None)
    yield_ms = None if quiet is None or not speaking else quiet * 200
    answers = [span.start_samples for span in spans if span.start_samples >= onset]
    answer_ms = None if speaking or not answers else (answers[0] - offset) // 8
    return Ticks(speaking, yield_ms, answer_ms)


def _sounds(spans: Sequence[Span], tick: int) -> bool:
    begin, end = tick * TICK_SAMPLES, (tick + 1) * TICK_SAMPLES
    return any(span.start_samples < end and span.end_samples > begin for span in spans)
