"""What one call counts while it goes on: times to silence and to an answer, false alarms, tokens, and their price.

It costs the media loop an addition here and there; percentiles are made when the call is over. It decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from torim.core.actions import Note
from torim.core.events import CallerTranscript, Event, ResponseDone, TurnCommitted
from torim.core.reasons import Reason
from torim.storage.records import CallMeasures

_TURNS = frozenset({TurnCommitted, CallerTranscript, ResponseDone})  # what a transcript has grown by
_FALSE_ALARMS = frozenset({Reason.RESUMED, Reason.RESUMED_AT_DEADLINE})
# US dollars for a million tokens of a speech-to-speech model, by the beginning of its name, as its maker lists them.
_PRICES: Mapping[str, Mapping[str, float]] = {
    "gpt-realtime-mini": {"text_in": 0.6, "audio_in": 10.0, "cached_in": 0.3, "text_out": 2.4, "audio_out": 20.0},
    "gpt-realtime": {"text_in": 4.0, "audio_in": 32.0, "cached_in": 0.4, "text_out": 16.0, "audio_out": 64.0},
}
_PLAIN = {
    "text_in": "input_token_details.text_tokens",
    "audio_in": "input_token_details.audio_tokens",
    "text_out": "output_token_details.text_tokens",
    "audio_out": "output_token_details.audio_tokens",
}
_CACHED = "input_token_details.cached_tokens"
_CACHED_OF = {
    "text_in": "input_token_details.cached_tokens_details.text_tokens",
    "audio_in": "input_token_details.cached_tokens_details.audio_tokens",
}


class Tally:
    """The counters of one call."""

    __slots__ = (
        "_blocked_ms",
        "_false_alarms",
        "_followed",
        "_grown",
        "_response_ms",
        "_stop_ms",
        "_turn_ended_ms",
        "_usage",
    )

    def __init__(self) -> None:
        self._stop_ms: list[int] = []
        self._blocked_ms: list[int] = []
        self._response_ms: list[int] = []
        self._false_alarms = 0
        self._turn_ended_ms: int | None = None  # of the turn that has had no answer yet
        self._usage: Counter[str] = Counter()
        self._grown = 0  # how often the transcript has grown by a turn, and how often that was when it was last asked
        self._followed = 0

    def note(self, note: Note) -> None:
        """A decision of the core."""
        self._false_alarms += note.reason in _FALSE_ALARMS
        self._grown += note.reason is Reason.AI_HEARD

    def happened(self, event: Event) -> None:
        """Something happened to the call."""
        self._grown += type(event) in _TURNS

    def take_growth(self) -> bool:
        """Whether the transcript has grown by a turn since this was last asked."""
        grown, self._followed = self._grown != self._followed, self._grown
        return grown

    def stopped(self, ms: int) -> None:
        """The line fell silent so long after the caller's onset."""
        self._stop_ms.append(ms)

    @property
    def stop_ms(self) -> tuple[int, ...]:
        """Each time from an onset to the line's silence."""
        return tuple(self._stop_ms)

    def blocked(self, at_ms: int) -> None:
        """A sound or key was allowed to stop nothing."""
        self._blocked_ms.append(at_ms)

    @property
    def blocked_ms(self) -> tuple[int, ...]:
        """When sounds or keys were allowed to stop nothing."""
        return tuple(self._blocked_ms)

    def turn_ended(self, at_ms: int) -> None:
        """The caller fell silent."""
        self._turn_ended_ms = at_ms

    def sounded(self, at_ms: int) -> None:
        """Audio of the AI left for the caller."""
        if self._turn_ended_ms is not None:
            self._response_ms.append(max(0, at_ms - self._turn_ended_ms))
            self._turn_ended_ms = None

    def responded(self, done: ResponseDone) -> None:
        """A response of the engine is over; it says what it used."""
        self._usage.update(dict(done.usage))

    def measures(self, barge_ins: int, model: str | None, recording_path: str | None = None) -> CallMeasures:
        """The numbers of the whole call.

        Args:
            model: The speech-to-speech model that is paid for by token; None: nobody is paid.
            recording_path: Of its recording, below the data directory.
        """
        usage = {name: count for name, count in self._usage.items() if count}
        return CallMeasures(
            barge_in_count=barge_ins,
            false_alarm_count=self._false_alarms,
            stop_ms_p50=percentile(self._stop_ms, 50),
            stop_ms_p95=percentile(self._stop_ms, 95),
            stop_ms_max=max(self._stop_ms, default=None),
            response_ms_p50=percentile(self._response_ms, 50),
            response_ms_p95=percentile(self._response_ms, 95),
            cost_estimate=cost(usage, model),
            usage=usage,
            recording_path=recording_path,
        )


def percentile(values: Sequence[int], percent: int) -> int | None:
    """The smallest value that so many percent do not exceed; None if there is none."""
    if not values:
        return None
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def cost(usage: Mapping[str, int], model: str | None) -> float | None:
    """The estimated price of tokens in US dollars; None where the model's price is not known."""
    if model is None:
        return None
    known = sorted((name for name in _PRICES if model.startswith(name)), key=len)
    if not known:
        return None
    prices, total = _PRICES[known[-1]], 0.0
    for kind, name in _PLAIN.items():
        cached = usage.get(_CACHED_OF.get(kind, ""), 0)
        total += (usage.get(name, 0) - cached) * prices[kind]
    total += usage.get(_CACHED, 0) * prices["cached_in"]
    return round(total / 1_000_000, 6)
