"""What every verb needs: settings, the store, the vault, the catalog, a clock and the wire."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from evergrant import wire
from evergrant.catalog import Catalog, load
from evergrant.clock import Clock, SystemClock
from evergrant.keeper.engine import Engine, Rules
from evergrant.settings import Settings
from evergrant.store import Store, Tx
from evergrant.vault import Vault
from evergrant.wire import Conversation, Seen

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Keeper:
    """The resources of the verbs; open one per process and close it."""

    settings: Settings
    store: Store
    vault: Vault
    catalog: Catalog
    clock: Clock
    perform: Callable[..., object]
    """The driver: `wire.run` with a pool of connections."""
    engine: Engine
    """Renews credentials; every other way to a token request goes through it."""

    def say(self, conversation: Conversation[T], *, seen: Seen | None = None) -> T:
        """Perform a conversation with Salesforce; raises what it raises."""
        return self.perform(conversation, clock=self.clock, seen=seen)  # type: ignore[return-value]

    @contextmanager
    def writing(self) -> Iterator[Tx]:
        """One transaction: a state, its event, its due rows and its notices come together."""
        with self.store.write() as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """A view that changes nothing."""
        with self.store.read() as tx:
            yield tx


@contextmanager
def open_keeper(
    settings: Settings, *, clock: Clock | None = None, environ: Mapping[str, str] = os.environ
) -> Iterator[Keeper]:
    """Open store and vault, check the master key against them, and give the keeper.

    Raises `StoreTrouble` or `VaultTrouble`; nothing is changed then.
    """
    with wire.client() as pool:

        def perform(conversation: Conversation[T], **how: object) -> T:
            return wire.run(conversation, via=pool, **how)  # type: ignore[arg-type]

        store = Store.open(settings.database)
        try:
            vault = Vault.open(settings, environ, clock=clock)
            with store.write() as tx:
                vault.check(tx)
            time = clock or SystemClock()
            engine = _engine(settings, store, vault, time, partial(perform, clock=time))
            try:
                yield Keeper(settings, store, vault, load(), time, perform, engine)
            finally:
                engine.close()
        finally:
            store.close()


def _engine(
    settings: Settings, store: Store, vault: Vault, clock: Clock, say: Callable[..., object]
) -> Engine:
    rules = Rules(lease_s=settings.lease_s, patience_s=max(60.0, 2 * settings.lease_s))
    spill, worker = settings.data_dir / "spill", f"{socket.gethostname()[:40]}:{os.getpid()}"
    return Engine(store, vault, clock, say, spill, rules=rules, worker=worker)
