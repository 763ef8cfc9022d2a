"""Prometheus metrics: what this process does, and how the connections stand in the store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from evergrant.errors import EvergrantError
from evergrant.health import State
from evergrant.keeper import Keeper
from evergrant.keeper.record import CHECK
from evergrant.store import figures
from evergrant.telemetry import End, Span, listening

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)
_KINDS = {
    "token request": ("evergrant_token_requests", "Requests at Salesforce's token endpoint"),
    "check": ("evergrant_checks", "Checks of connections"),
    "audit": ("evergrant_audits", "Audits of connections' orgs"),
    "delivery": ("evergrant_deliveries", "Deliveries of notices"),
    "http": ("evergrant_http_requests", "Requests to this service"),
}
"""Name of a span → name of its metrics, and what they are.  One more row is one more metric."""


class Metrics:
    """The metrics of one process, while it listens."""

    def __init__(self, keeper: Keeper) -> None:
        self._registry = registry = CollectorRegistry()
        registry.register(_Store(keeper))
        self._counts, self._times = {}, {}
        for kind, (name, text) in _KINDS.items():
            labels = ["outcome"]
            self._counts[kind] = Counter(name, text, labels, registry=registry)
            name = f"{name}_seconds"
            self._times[kind] = Histogram(name, text, buckets=_SECONDS, registry=registry)

    def listening(self) -> AbstractContextManager[None]:
        """Count for the length of the block."""
        return listening(self._began)

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def _began(self, span: Span) -> End:
        if span.name not in _KINDS:
            return _nothing
        began = time.perf_counter()

        def end() -> None:
            self._counts[span.name].labels(span.labels.get("outcome", "done")).inc()
            self._times[span.name].observe(time.perf_counter() - began)

        return end


class _Store(Collector):
    """How things stand, read anew for each scrape."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def collect(self) -> Iterator[Metric]:
        """What the store says now; of a store in trouble only that it is."""
        try:
            with self._keeper.reading() as tx:
                known = figures.of(tx, self._keeper.clock.now(), CHECK)
        except EvergrantError:
            yield _gauge("evergrant_store_up", "Whether the store can be read", 0)
            return
        yield _gauge("evergrant_store_up", "Whether the store can be read", 1)
        states = GaugeMetricFamily(
            "evergrant_connections", "Connections by state", labels=["state"]
        )
        for state in State:
            states.add_metric([state.value], known.connections.get(state.value, 0))
        yield states
        yield _gauge("evergrant_incidents_open", "Open incidents", known.incidents)
        yield _gauge("evergrant_checks_due", "Checks that are due now", known.due)
        text = "How long the longest overdue check has been due"
        yield _gauge("evergrant_checks_late_seconds", text, known.late_s)
        yield _gauge("evergrant_notices_waiting", "Notices on their way", known.notices)
        text = "Token requests whose outcome nobody knows yet"
        yield _gauge("evergrant_token_requests_open", text, known.requests)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _nothing() -> None:
    """A span that no metric is drawn from."""
