"""What the calls of one process count, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from torim.core.actions import Note
from torim.core.events import EndReason
from torim.core.reasons import Reason

_MS_BUCKETS = (1, 2, 5, 10, 20, 40, 60, 80, 100, 150, 200, 300, 500, 1000)


class CallMetrics:
    """Counters and histograms over calls, bound once so that counting costs next to nothing."""

    def __init__(self, registry: CollectorRegistry, live_calls: Callable[[], float] | None = None) -> None:
        self.calls = Counter("torim_calls", "Calls that ended, by reason.", ["reason"], registry=registry)
        self.refused = Counter("torim_streams_refused", "Media streams refused, by code.", ["code"], registry=registry)
        self.live = Gauge("torim_calls_live", "Calls that are live now.", registry=registry)
        if live_calls is not None:
            self.live.set_function(live_calls)
        self.notes = Counter("torim_decisions", "Decisions of the core, by reason.", ["reason"], registry=registry)
        self.onset_to_clear_ms = Histogram(
            "torim_onset_to_clear_ms",
            "From the caller's onset, on the clock of their audio, to the clear that was written.",
            buckets=_MS_BUCKETS,
            registry=registry,
        )
        self.loop_lag_ms = Histogram(
            "torim_loop_lag_ms", "How late the media loop was.", buckets=_MS_BUCKETS, registry=registry
        )
        self.faults = Counter("torim_bridge_faults", "Events that raised an exception.", registry=registry)
        self.lost_writes = Gauge("torim_lost_writes", "File writes given up by this process.", registry=registry)
        self._note = {reason: self.notes.labels(reason.name.lower()) for reason in Reason}
        self._ended = {reason: self.calls.labels(reason.value) for reason in EndReason}

    def note(self, note: Note) -> None:
        """Count a decision."""
        self._note[note.reason].inc()

    def ended(self, reason: EndReason) -> None:
        """Count a call that ended."""
        self._ended[reason].inc()
