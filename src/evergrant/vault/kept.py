"""A credential that the vault keeps, and how it and an integration lie in their rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring_ascii as quoted

from evergrant.model import App, Credential, Identity, Integration
from evergrant.store.credentials import CredentialRow, Renewal, Sealed, Status
from evergrant.store.integrations import IntegrationRow
from evergrant.vault import contents


@dataclass(frozen=True, slots=True)
class Kept:
    """A credential that the vault keeps, opened."""

    id: str
    connection: str
    part: str
    epoch: int
    """Which authorization of the connection it came from."""
    generation: int
    """Counts the refreshes within the epoch, from 0."""
    status: Status
    credential: Credential
    identity: Identity

    def renewed(self, credential: Credential) -> Kept:
        """The same, a generation on, with the tokens of that credential."""
        where = self.id, self.connection, self.part, self.epoch
        return Kept(*where, self.generation + 1, self.status, credential, self.identity)


def row_identity(*words: str | int) -> str:
    """The identity that a seal is bound to: words that cannot run into one another."""
    # NOTE: the JSON array of them, written without an encoder: it is asked for with every seal.
    told = [quoted(word) if isinstance(word, str) else str(word) for word in words]
    return f"[{','.join(told)}]"


def of_credential(which: Kept | Sealed, tenant: str) -> str:
    """The identity of a credential's row; another generation is another identity."""
    return row_identity(
        "credential", tenant, which.connection, which.part, which.id, which.epoch, which.generation
    )


def row_of(kept: Kept, sealed: bytes, *, tenant: str, created_at: datetime) -> CredentialRow:
    """The row of a credential around its seal."""
    tokens, who = kept.credential, kept.identity
    return CredentialRow(
        id=kept.id,
        tenant=tenant,
        connection=kept.connection,
        part=kept.part,
        epoch=kept.epoch,
        generation=kept.generation,
        status=kept.status,
        sealed=sealed,
        refresh_fingerprint=tokens.refresh_token.fingerprint if tokens.refresh_token else "",
        access_fingerprint=tokens.access_token.fingerprint,
        scopes=tokens.scopes,
        org_id=who.org_id,
        user_id=who.user_id,
        username=who.username,
        instance_url=tokens.instance_url,
        issued_at=tokens.issued_at,
        created_at=created_at,
    )


def renewal_of(after: Kept, sealed: bytes) -> Renewal:
    """What a refresh writes: the seal of the new generation, and its columns for looking."""
    tokens = after.credential
    return Renewal(
        after.id,
        after.epoch,
        after.generation - 1,
        after.status,
        sealed,
        tokens.refresh_token.fingerprint if tokens.refresh_token else "",
        tokens.access_token.fingerprint,
        tokens.scopes,
        tokens.instance_url,
        tokens.issued_at,
    )


def kept_of(row: Sealed, content: bytes) -> Kept:
    """The credential from its row and its opened seal.

    NOTE: instance, scopes and identity are taken from the seal, not from their columns: whoever
    can write to the database still cannot send a token to another host.
    """
    credential, identity = contents.credential_of(content)
    where = row.id, row.connection, row.part
    return Kept(*where, row.epoch, row.generation, row.status, credential, identity)


def row_of_integration(integration: Integration, sealed: bytes) -> IntegrationRow:
    """The row of an integration around the seal of its secrets."""
    app = integration.app
    return IntegrationRow(
        id=integration.id,
        tenant=integration.tenant,
        name=integration.name,
        app_label=integration.app_label,
        app_owner=integration.app_owner,
        consumer_key=app.consumer_key,
        redirect_uri=app.redirect_uri,
        scopes=app.scopes,
        flow=integration.flow,
        login_host=integration.login_host,
        subject=integration.subject,
        support_contact=integration.support_contact,
        sealed=sealed,
    )


def integration_of(row: IntegrationRow, content: bytes) -> Integration:
    """The integration from its row and the opened seal of its secrets."""
    app = App(row.consumer_key, redirect_uri=row.redirect_uri, scopes=row.scopes)
    return Integration(
        id=row.id,
        name=row.name,
        app_label=row.app_label,
        app_owner=row.app_owner,
        app=contents.with_secrets(app, content),
        flow=row.flow,
        login_host=row.login_host,
        subject=row.subject,
        means=contents.means_of(content),
        support_contact=row.support_contact,
        tenant=row.tenant,
    )
