"""The org with everything around it that tests and demos move: faults, snapshots, scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evergrant.emulator import acts, records, scenario, state, world
from evergrant.emulator.faults import Faults
from evergrant.emulator.org import Org, Snapshot

if TYPE_CHECKING:
    from evergrant.emulator.scenario import Phase


class NoSnapshot(KeyError):
    """No snapshot was saved under that name."""


class Stage:
    """One org on a stage; every method holds the org's lock."""

    def __init__(self, seed: int = 7, path: str = ":memory:") -> None:
        self.org = Org(seed, path)
        self.faults = Faults()
        self._saved: dict[str, Snapshot] = {}
        self._fresh = _fresh(seed)
        if not _is_built(self.org):
            self.org.restore(self._fresh)

    def reset(self) -> None:
        """Back to the beginning: world, clock, address; faults are lifted."""
        with self.org.lock:
            self.org.restore(self._fresh)
            self.faults.laid.clear()
            for name in self.org.keys:
                world.keep_certificate(self.org, name)

    def play(self, id_: str, phase: Phase | None) -> dict[str, Any]:
        """Play a scenario; without a phase, up to the break, with the client connected.

        Raises scenario.BadScenario for an unknown id.
        """
        found = scenario.find(id_)
        played: dict[str, Any] = {"scenario": id_, "phase": phase or "all", "app": found.app}
        with self.org.lock:
            if phase in (None, "setup"):
                self.reset()
            if phase is None:
                return {**played, "credential": scenario.stage(self.org, found)}
            scenario.play(self.org, found, phase)
            return played

    def act(self, name: str, /, **words: Any) -> dict[str, object]:
        """Do one act of the table; raises acts.BadAct."""
        return acts.do(self.org, name, **words)

    def save(self, name: str) -> None:
        """Keep the org as it is now under a name."""
        self._saved[name] = self.org.snapshot()

    def restore(self, name: str) -> None:
        """Bring back what was kept under a name; raises NoSnapshot."""
        if name not in self._saved:
            raise NoSnapshot(f"no snapshot is named {name}")
        self.org.restore(self._saved[name])

    def saved(self) -> list[str]:
        """The names of the snapshots."""
        return sorted(self._saved)

    def trace(self, limit: int = 100) -> list[dict[str, Any]]:
        """The newest attempts with their steps, newest last."""
        with self.org.lock:
            return records.kept(self.org, "x_trace", limit)

    def history(self, limit: int = 1000) -> list[dict[str, Any]]:
        """The newest requests seen, newest last, secrets masked."""
        with self.org.lock:
            return records.kept(self.org, "x_request", limit)

    def secrets(self) -> dict[str, list[str]]:
        """Every secret ever given out, by kind, across resets of this run."""
        with self.org.lock:
            rows = state.every(self.org.db, "SELECT kind, secret FROM x_issued ORDER BY rowid")
        kinds: dict[str, list[str]] = {}
        for row in rows:
            kinds.setdefault(row["kind"], []).append(row["secret"])
        return kinds

    def close(self) -> None:
        """Give everything back."""
        for snapshot in (self._fresh, *self._saved.values()):
            snapshot.db.close()
        self.org.close()


def _fresh(seed: int) -> Snapshot:
    org = Org(seed)
    world.build(org)
    snapshot = org.snapshot()
    org.close()
    return snapshot


def _is_built(org: Org) -> bool:
    return state.one(org.db, "SELECT 1 FROM x_meta WHERE key = 'org_id'") is not None
