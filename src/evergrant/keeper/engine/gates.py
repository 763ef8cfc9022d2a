"""How much may be asked of a login host and of an org, and of a host that fails.

Every number lives in this process: each worker has budgets and circuits of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from evergrant.keeper.engine.rules import Rules


@dataclass(slots=True)
class Bucket:
    """So many requests at once, and so many a second lasting."""

    rate: float
    burst: float
    left: float
    at: float

    def wait_s(self, now: float) -> float:
        """How long until the next request may go; 0 now."""
        self.left = min(self.burst, self.left + (now - self.at) * self.rate)
        self.at = now
        return 0.0 if self.left >= 1 else (1 - self.left) / self.rate


@dataclass(slots=True)
class Circuit:
    """A login host that fails is left alone for a while; then one request tries it."""

    failures: int = 0
    opened: int = 0
    closed_until: float = field(default=0.0)

    def wait_s(self, now: float) -> float:
        """How long the host is left alone; 0 when it may be asked."""
        return max(0.0, self.closed_until - now)


class Gates:
    """The budgets of hosts and orgs, and the circuits of hosts; thread-safe."""

    def __init__(self, rules: Rules, ticks: Callable[[], float]) -> None:
        self._rules, self._ticks = rules, ticks
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._circuits: dict[str, Circuit] = {}

    def enter(self, host: str, org: str) -> tuple[float, str]:
        """Take one request out of both budgets: (0, '') or how long to wait, and why."""
        with self._lock:
            now, rules = self._ticks(), self._rules
            circuit = self._circuits.get(host)
            if circuit and (wait_s := circuit.wait_s(now)):
                return wait_s, f"{host} failed {circuit.failures} times in a row"
            buckets = [self._bucket(("host", host), rules.host_rate, rules.host_burst, now)]
            if org:
                buckets.append(self._bucket(("org", org), rules.org_rate, rules.org_burst, now))
            if wait_s := max(each.wait_s(now) for each in buckets):
                return wait_s, f"the budget of {host} or of the org is used up"
            for each in buckets:
                each.left -= 1
            if circuit and circuit.opened:
                # One request tries the host; who comes meanwhile waits for what it learns.
                circuit.closed_until = now + self._open_s(circuit)
            return 0.0, ""

    def answered(self, host: str) -> None:
        """The host answered as it should, yes or no."""
        with self._lock:
            self._circuits.pop(host, None)

    def failed(self, host: str) -> None:
        """The host did not answer, or with a page."""
        with self._lock:
            circuit = self._circuits.setdefault(host, Circuit())
            circuit.failures += 1
            if circuit.failures >= self._rules.trips:
                circuit.closed_until = self._ticks() + self._open_s(circuit)
                circuit.opened += 1

    def _open_s(self, circuit: Circuit) -> float:
        longest = self._rules.longest_open_s
        return float(min(longest, self._rules.open_s * 2 ** min(circuit.opened, 10)))

    def _bucket(self, key: tuple[str, str], rate: float, burst: float, now: float) -> Bucket:
        if len(self._buckets) > _MOST:
            self._buckets.clear()  # all of them full again: generous, and bounded
        return self._buckets.setdefault(key, Bucket(rate, burst, burst, now))


_MOST = 50_000
