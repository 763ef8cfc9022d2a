"""What every verb needs: settings, the store, the vault, the catalog, a clock and the wire."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from evergrant import wire
from evergrant.catalog import Catalog, load
from evergrant.clock import Clock, SystemClock
from evergrant.errors import OurBug
from evergrant.keeper.engine import Engine, Rules
from evergrant.settings import Settings
from evergrant.store import Store, Tx, tenants
from evergrant.store.scope import FIRST, All, Only, Scope
from evergrant.vault import Vault
from evergrant.wire import Conversation, Seen

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Keeper:
    """The resources of the verbs, and for whom; open one per process and close it.

    Whatever a verb reads or changes goes through `reading` and `writing`, and belongs to the
    keeper's tenant: of another one's nothing is there.
    """

    settings: Settings
    store: Store
    vault: Vault
    catalog: Catalog
    clock: Clock
    perform: Callable[..., object]
    """The driver: `wire.run` with a pool of connections."""
    engine: Engine
    """Renews credentials; every other way to a token request goes through it."""
    scope: Scope
    """Whose keeper it is."""

    @property
    def tenant(self) -> str:
        """To whom belongs what it makes; the first tenant, where it is nobody's own keeper."""
        return self.scope.tenant if isinstance(self.scope, Only) else FIRST

    def is_own(self, tenant: str) -> bool:
        """Whether that tenant's is told by this keeper."""
        return isinstance(self.scope, All) or self.scope.tenant == tenant

    def of(self, tenant: str) -> Keeper:
        """The same for one tenant alone; whether there is one of that name is not asked.

        Raises `OurBug` for another tenant than the one whose keeper it is already.
        """
        if isinstance(self.scope, Only) and self.scope.tenant != tenant:
            raise OurBug(f"the keeper of {self.scope.tenant!r} was asked for another tenant's")
        return replace(self, scope=Only(tenant))

    def require_all(self) -> None:
        """Raises `OurBug` where the house's own work would leave out other tenants' rows."""
        if not isinstance(self.scope, All):
            raise OurBug(f"this is done for every tenant, and not for {self.tenant!r} alone")

    def say(self, conversation: Conversation[T], *, seen: Seen | None = None) -> T:
        """Perform a conversation with Salesforce; raises what it raises."""
        return self.perform(conversation, clock=self.clock, seen=seen)  # type: ignore[return-value]

    @contextmanager
    def writing(self) -> Iterator[Tx]:
        """One transaction: a state, its event, its due rows and its notices come together."""
        with self.store.write(self.scope) as tx:
            yield tx

    @contextmanager
    def reading_beyond(self) -> Iterator[Tx]:
        """A view of every tenant's rows, so that what is another one's is left alone; what is seen
        in it is told to nobody."""
        with self.store.read() as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """A view that changes nothing."""
        with self.store.read(self.scope) as tx:
            yield tx


@contextmanager
def open_keeper(
    settings: Settings, *, clock: Clock | None = None, environ: Mapping[str, str] = os.environ
) -> Iterator[Keeper]:
    """Open store and vault, check the master key against them, and give the keeper of a tenant.

    Raises `StoreTrouble` or `VaultTrouble`, and `NotFound` for a tenant that is not there; nothing
    is changed then.
    """
    with open_for_all(settings, clock=clock, environ=environ) as keeper:
        with keeper.reading() as tx:
            tenants.require(tx, settings.tenant)
        yield keeper.of(settings.tenant)


@contextmanager
def open_for_all(
    settings: Settings, *, clock: Clock | None = None, environ: Mapping[str, str] = os.environ
) -> Iterator[Keeper]:
    """The keeper of every tenant at once, for the house's own work: watching, keys, backups.

    A face narrows it with `of` before it serves anybody.  Raises `StoreTrouble` or `VaultTrouble`;
    nothing is changed then.
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
                yield Keeper(settings, store, vault, load(), time, perform, engine, All())
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
