"""The vault: integrations and credentials, sealed in the store and opened only here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from evergrant.clock import Clock, SystemClock
from evergrant.errors import Misuse, OurBug, VaultTrouble
from evergrant.model import App, Credential, Identity, Integration, Secret
from evergrant.oauth.answers import merge
from evergrant.settings import Settings
from evergrant.store import Tx, connections, credentials, integrations, parts, tenants
from evergrant.store.credentials import CredentialRow, Sealed, Status
from evergrant.store.integrations import IntegrationRow
from evergrant.store.parts import MAIN
from evergrant.store.rows import new_id
from evergrant.store.scope import FIRST
from evergrant.vault import contents, signing
from evergrant.vault.kept import (
    Kept,
    integration_of,
    kept_of,
    of_credential,
    renewal_of,
    row_identity,
    row_of,
    row_of_integration,
)
from evergrant.vault.keys import open_ring
from evergrant.vault.ring import KeyRing
from evergrant.vault.sealing import seal, try_cipher

_CANARY = b"evergrant canary"
_CANARY_ROW = row_identity("canary", FIRST)


class Vault:
    """Seals and opens; every method works inside the caller's transaction."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self.ring = ring
        self._clock = clock
        self._opened: dict[str, tuple[IntegrationRow, Integration]] = {}

    @classmethod
    def open(
        cls,
        settings: Settings,
        environ: Mapping[str, str] = os.environ,
        *,
        clock: Clock | None = None,
    ) -> Vault:
        """The vault with the master key of this service, which is made on the first run.

        Raises `VaultTrouble` when there is no usable key.
        """
        return cls(open_ring(settings, environ), clock or SystemClock())

    @property
    def key_id(self) -> str:
        """Sixteen hex digits of the master key in use; it may be shown."""
        return self.ring.current.id

    def check(self, tx: Tx) -> None:
        """Find a wrong master key at boot, before anything is sealed with it; needs `write()`.

        Raises `VaultTrouble`, and `OurBug` for a cipher that does not seal as it should.
        """
        try_cipher()
        sealed = tenants.canary(tx)
        if sealed is None:
            tenants.keep_canary(tx, self.ring.seal(_CANARY, _CANARY_ROW), self._clock.now())
        elif self.ring.unseal(sealed, _CANARY_ROW) != _CANARY:
            raise OurBug("the canary opened and says something else")
        else:
            self.ring.seal_as(sealed)

    def follow(self, tx: Tx) -> None:
        """Seal with the key that everybody seals with now.  Raises `VaultTrouble` without it."""
        if sealed := tenants.canary(tx):
            self.ring.seal_as(sealed)

    def turn(self, tx: Tx) -> None:
        """Let everybody seal with the wanted key from now on; whoever has it not can read no more.

        Hold the canary before (`tenants.hold_canary`).
        """
        if key := self.ring.next:
            sealed = seal(key, _CANARY, _CANARY_ROW)
            tenants.keep_canary(tx, sealed, self._clock.now())
            self.ring.seal_as(sealed)

    # --- integrations ----------------------------------------------------------------------------

    def save_integration(self, tx: Tx, integration: Integration) -> None:
        """Add an integration with its main part, or put it in place of the one with its id.

        A secret that is the same is as old as before, and a rotation of it goes on.  Raises
        `BadInput` when another one has its name, `Misuse` for a secret that is being rotated out.
        """
        self.put_integration(tx, self._aged(tx, integration))

    def put_integration(self, tx: Tx, integration: Integration) -> None:
        """Save an integration exactly as it is, its age and its second secret included.

        Raises `BadInput` when another one has its name.
        """
        identity = row_identity("integration", integration.tenant, integration.id)
        sealed = self.ring.seal(contents.of_integration(integration), identity)
        if integrations.save(tx, row_of_integration(integration, sealed)):
            parts.add(tx, parts.Part(new_id("prt"), integration.id, MAIN, "credential", 0))

    def _aged(self, tx: Tx, integration: Integration) -> Integration:
        app = integration.app
        row = integrations.find(tx, integration.id)
        old = self._integration(row).app if row else App("")
        if app.consumer_secret is not None:
            is_same = bool(row) and app.consumer_secret == old.consumer_secret
            since = old.secret_since if is_same else self._clock.now()
            app = replace(app, secret_since=since)
        if old.staged is not None and app.staged is None:
            if old.staged.role == "former" and app.consumer_key == old.staged.key:
                raise Misuse(
                    "that consumer key is being rotated out",
                    next_step="describe the integration with the new key and secret",
                )
            if app.consumer_key == old.consumer_key:
                app = replace(app, next_secret=old.next_secret, staged=old.staged)
        return replace(integration, app=app)

    def integration(self, tx: Tx, key: str) -> Integration:
        """The integration with that id or name, its secrets opened.  Raises `NotFound`."""
        return self._integration(integrations.get(tx, key))

    def integrations(self, tx: Tx) -> Sequence[Integration]:
        """All integrations by name, their secrets opened."""
        return [self._integration(row) for row in integrations.every(tx)]

    def open_integration(self, row: IntegrationRow) -> Integration:
        """An integration whose row is at hand; opened once for as long as the row stays the same.

        Raises `VaultTrouble`.
        """
        if (known := self._opened.get(row.id)) and known[0] == row:
            return known[1]
        found = self._integration(row)
        self._opened[row.id] = row, found
        return found

    def _integration(self, row: IntegrationRow) -> Integration:
        identity = row_identity("integration", row.tenant, row.id)
        return integration_of(row, self.ring.unseal(row.sealed, identity))

    # --- credentials -----------------------------------------------------------------------------

    def keep(
        self,
        tx: Tx,
        connection_id: str,
        credential: Credential,
        *,
        identity: Identity,
        epoch: int,
        generation: int = 0,
        part: str = MAIN,
        status: Status = "live",
    ) -> Kept:
        """Keep a credential as the live or the held one of its part.

        The one that had this place is retired and its secrets are wiped.  Raises `NotFound` for an
        unknown connection, `Misuse` for a part that holds no credential or for *retired*.
        """
        if status == "retired":
            raise Misuse("a credential is kept as live or as held")
        owner = connections.by_id(tx, connection_id)
        found = parts.of_connection(tx, connection_id, part)
        if found is None or found.kind != "credential":
            raise Misuse(f"the integration has no credential part {part!r}")
        kept = Kept(
            new_id("crd"), connection_id, part, epoch, generation, status, credential, identity
        )
        credentials.retire(tx, connection_id, part, status)
        credentials.add(tx, self._sealed(kept, tenant=owner.tenant, created_at=self._clock.now()))
        return kept

    def live(self, tx: Tx, connection_id: str, part: str = MAIN) -> Kept | None:
        """The credential in use, if the part has one.  Raises `VaultTrouble`."""
        return self._current(tx, connection_id, part, "live")

    def open_credential(self, row: Sealed) -> Kept:
        """A credential whose row is at hand.  Raises `VaultTrouble`."""
        return kept_of(row, self.ring.unseal(row.sealed, of_credential(row, row.tenant)))

    def held(self, tx: Tx, connection_id: str, part: str = MAIN) -> Kept | None:
        """The new credential that waits to be verified or chosen.  Raises `VaultTrouble`."""
        return self._current(tx, connection_id, part, "held")

    def readable(
        self, tx: Tx, connection_id: str, *, part: str = "", status: Status | None = None
    ) -> tuple[list[Kept], list[CredentialRow]]:
        """Every credential that is live or held, and the rows of those that are damaged.

        For whoever takes credentials out of use: what opens no more must not hold that up.  Of one
        part, or of one status, where it is given.  Raises `VaultTrouble` without the master key.
        """
        opened, lost = [], []
        for row in credentials.of(tx, connection_id):
            if row.status in ((status,) if status else ("live", "held")) and part in ("", row.part):
                try:
                    opened.append(self.open_credential(row))
                except VaultTrouble:
                    if not self.ring.knows(row.sealed):
                        raise
                    lost.append(row)
        return opened, lost

    def any_held(self, tx: Tx, connection_id: str) -> Kept | None:
        """The credential of whichever part that waits to be verified or chosen."""
        waiting, _ = self.readable(tx, connection_id, status="held")
        return next(iter(waiting), None)

    def replace_each(
        self, tx: Tx, renewed: Sequence[tuple[Kept, Credential, str]]
    ) -> list[Kept | None]:
        """Put refreshes' answers in the place of the credentials that were sent, a generation on.

        Each is given as what was sent, the answer to it, and the tenant.  What an answer does not
        repeat stays.  None when somebody was faster, when a newer authorization came meanwhile, or
        when the connection is gone: then read `live` again, and see to it that the answer is
        revoked.
        """
        afters, renewals = [], []
        for kept, answer, tenant in renewed:
            after = kept.renewed(merge(kept.credential, answer))
            afters.append(after)
            renewals.append(renewal_of(after, self._seal(after, tenant)))
        done = credentials.renew_each(tx, renewals)
        return [after if is_mine else None for after, is_mine in zip(afters, done, strict=True)]

    def identify(self, tx: Tx, kept: Kept, identity: Identity) -> Kept | None:
        """Write down whose credential it is, once that is verified; None like `replace_each`."""
        return self._swap(tx, kept, replace(kept, identity=identity))

    def promote(self, tx: Tx, kept: Kept) -> Kept | None:
        """Make the held credential the live one; the live one is retired and its secrets wiped.

        None when it is no longer held; then nothing has changed.  Read `live` before, if what it
        gives way to shall be revoked afterwards.
        """
        row = credentials.current(tx, kept.connection, kept.part, "held")
        if row is None or row.id != kept.id:
            return None
        credentials.retire(tx, kept.connection, kept.part, "live")
        credentials.promote(tx, kept.id)
        return replace(kept, status="live")

    def drop_held(self, tx: Tx, connection_id: str, part: str = MAIN) -> bool:
        """Retire the held credential and wipe its secrets; False when there was none."""
        return bool(credentials.retire(tx, connection_id, part, "held"))

    def wipe(self, tx: Tx, connection_id: str) -> int:
        """Retire every credential of a connection and wipe the secrets; returns how many."""
        return credentials.retire_all(tx, connection_id)

    # --- single texts ----------------------------------------------------------------------------

    def seal_text(self, text: Secret, identity: str) -> bytes:
        """Seal one text (a flow's PKCE verifier) for the row with that identity."""
        return self.ring.seal(text.reveal().encode(), row_identity("text", identity))

    def unseal_text(self, blob: bytes, identity: str) -> Secret:
        """Open one text that was sealed for the row with that identity.  Raises `VaultTrouble`."""
        return Secret(self.ring.unseal(blob, row_identity("text", identity)).decode())

    # --- signed words ----------------------------------------------------------------------------

    def sign(self, purpose: str, claims: Mapping[str, Any]) -> Secret:
        """A word that says these claims, readable and good for one purpose; see `signing`."""
        return Secret(signing.sign(self.ring.current, purpose, claims))

    def read_signed(self, purpose: str, word: str) -> dict[str, Any] | None:
        """The claims of a word that was signed for that purpose; None for any other word.

        A word that a former key signed is good for as long as that key is in the ring.
        """
        found = (signing.read_signed(key, purpose, word) for key in self.ring.keys)
        return next((each for each in found if each is not None), None)

    def _current(self, tx: Tx, connection_id: str, part: str, status: Status) -> Kept | None:
        row = credentials.current(tx, connection_id, part, status)
        return self.open_credential(row) if row else None

    def _swap(self, tx: Tx, kept: Kept, after: Kept) -> Kept | None:
        before = credentials.current(tx, kept.connection, kept.part, kept.status)
        if before is None or before.id != kept.id:
            return None
        known = replace(before, epoch=kept.epoch, generation=kept.generation)
        row = self._sealed(after, tenant=before.tenant, created_at=before.created_at)
        return after if credentials.swap(tx, known, row) else None

    def _sealed(self, kept: Kept, *, tenant: str, created_at: datetime) -> CredentialRow:
        return row_of(kept, self._seal(kept, tenant), tenant=tenant, created_at=created_at)

    def _seal(self, kept: Kept, tenant: str) -> bytes:
        content = contents.of_credential(kept.credential, kept.identity)
        return self.ring.seal(content, of_credential(kept, tenant))
