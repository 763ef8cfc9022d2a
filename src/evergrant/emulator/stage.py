"""The org with everything around it that tests and demos move: faults, snapshots, scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evergrant.emulator import acts, scenario, state, state_file, world
from evergrant.emulator.clock import Clock
from evergrant.emulator.database import MEMORY
from evergrant.emulator.homes import Home
from evergrant.emulator.org import Org, Snapshot
from evergrant.emulator.worlds import ACME

if TYPE_CHECKING:
    from evergrant.emulator.scenario import Phase
    from evergrant.emulator.worlds import World


class NoSnapshot(KeyError):
    """No snapshot was saved under that name."""


class Stage:
    """One org on a stage; every method holds the org's lock."""

    def __init__(
        self, seed: int = 7, path: str = MEMORY, home: Home | None = None,
        clock: Clock | None = None, begins: World | Org = ACME,
    ) -> None:  # fmt: skip
        """A clock that is given is shared: no reset of this org moves it.

        An org that is given stands on the stage as it is, which is its beginning.
        Raises state_file.BadState, sqlite3.Error.
        """
        self._saved: dict[str, Snapshot] = {}
        if isinstance(begins, Org):
            self.org, self._fresh = begins, begins.snapshot()
            return
        home, time = home or Home(), clock or Clock()
        self.org = Org(seed, path, home=home, clock=time, has_own_time=clock is None)
        state_file.expect(self.org)
        self._fresh = _fresh(seed, home, begins)
        if not _is_built(self.org):
            self.org.restore(self._fresh)

    def fork(self) -> Stage:
        """Another stage whose org was the same until now; snapshots stay behind."""
        return Stage(begins=self.org.fork())

    def reset(self) -> None:
        """Back to the beginning: world, clock, address; faults are lifted."""
        with self.org.lock:
            self.org.restore(self._fresh)
            self.org.faults.laid.clear()
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
            return self.org.attempts.newest(limit)

    def history(self, limit: int = 1000) -> list[dict[str, Any]]:
        """The newest requests seen, newest last, secrets masked."""
        with self.org.lock:
            return self.org.requests.newest(limit)

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


def _fresh(seed: int, home: Home, begins: World) -> Snapshot:
    org = Org(seed, home=home)
    world.build(org, begins)
    snapshot = org.snapshot()
    org.close()
    return snapshot


def _is_built(org: Org) -> bool:
    return state.one(org.db, "SELECT 1 FROM x_meta WHERE key = 'org_id'") is not None
