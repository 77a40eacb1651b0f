"""What the web side counts; the calls themselves are counted by `live`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class WebMetrics:
    """Counters of one web application, in the registry that `/metrics` shows."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.webhooks = Counter(
            "torim_webhooks",
            "Webhooks of the carrier, by which one and what came of it.",
            ["webhook", "outcome"],
            registry=registry,
        )
        self.refused = Counter(
            "torim_requests_refused",
            "Requests refused before anything was done, by the code of the refusal.",
            ["code"],
            registry=registry,
        )
