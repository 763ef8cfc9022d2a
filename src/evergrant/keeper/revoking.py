"""Tokens out of use: queued with the change that retires them, revoked until Salesforce confirms.

The queue is written in the transaction that wipes the credential: no crash leaves a token that
counts against the approvals limit and that nobody knows of any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from evergrant.errors import EvergrantError
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import note
from evergrant.log import logger
from evergrant.model import Connection, Credential
from evergrant.oauth.revoke import revoke
from evergrant.store import Tx, revocations
from evergrant.store.credentials import CredentialRow
from evergrant.store.revocations import Revocation
from evergrant.store.rows import new_id
from evergrant.vault.identities import of_revocation

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=30), timedelta(days=1)
NOT_REVOKED, REVOKED = "not revoked", "revoked"
BATCH = 10


def retire(
    keeper: Keeper,
    tx: Tx,
    connection: Connection,
    old: Credential,
    *,
    unlike: Credential | None = None,
) -> str:
    """Queue the revocation of a credential that is no longer used; returns its id, or ''.

    `unlike` is the credential in use: Salesforce may give the same token twice.
    """
    token = old.refresh_token or old.access_token
    if unlike is not None and token in (unlike.refresh_token, unlike.access_token):
        return ""
    key, now = new_id("rev"), keeper.clock.now()
    sealed = keeper.vault.seal_text(token, of_revocation(key))
    host, print_ = connection.login_host, token.fingerprint
    revocations.put(tx, Revocation(key, connection.id, host, print_, sealed, 0, now, now))
    return key


def give_up(keeper: Keeper, tx: Tx, damaged: Iterable[CredentialRow]) -> None:
    """Write down whose tokens nobody can revoke from here, since no key opens them any more."""
    for row in damaged:
        text = (
            "a token out of use: its credential is damaged, and no master key opens it; revoke the "
            f"app for {row.username or 'its user'} in the org's Setup"
        )
        note(keeper, tx, row.connection, NOT_REVOKED, text, token=row.refresh_fingerprint)


def revoke_now(keeper: Keeper, revocation_id: str) -> None:
    """Try at once what was queued just now; what fails is tried again by the watch."""
    if revocation_id:
        revoke_waiting(keeper, only=revocation_id)


def hasten(keeper: Keeper, revocation_id: str) -> None:
    """Try at once what waits for its time."""
    with keeper.writing() as tx:
        revocations.hasten(tx, revocation_id, keeper.clock.now())
    revoke_now(keeper, revocation_id)


def revoke_waiting(keeper: Keeper, *, only: str = "") -> int:
    """Try what is queued and due; returns how many Salesforce confirmed."""
    now = keeper.clock.now()
    with keeper.writing() as tx:
        claimed = revocations.claim(tx, now, only=only, limit=BATCH)
    return sum(_revoked(keeper, each) for each in claimed)


def is_any_due(keeper: Keeper) -> bool:
    """Whether something waits to be revoked now."""
    now = keeper.clock.now()
    with keeper.reading() as tx:
        return revocations.is_any_due(tx, now)


def _revoked(keeper: Keeper, row: Revocation) -> bool:
    trouble = _said(keeper, row)
    with keeper.writing() as tx:
        now = keeper.clock.now()
        if not trouble:
            revocations.done(tx, row.id, now)
            if row.error:
                note(keeper, tx, row.connection, REVOKED, "a token out of use", tries=row.attempts)
            return True
        if trouble != row.error:
            text = f"a token out of use: {trouble}"
            note(keeper, tx, row.connection, NOT_REVOKED, text, token=row.fingerprint)
        wait = min(FIRST_RETRY * 2 ** min(row.attempts - 1, 20), LONGEST_RETRY)
        revocations.failed(tx, row.id, trouble, retry_at=now + wait)
        return False


def _said(keeper: Keeper, row: Revocation) -> str:
    """Why the token may still be alive; '' when Salesforce has confirmed that it is not."""
    try:
        token = keeper.vault.unseal_text(row.sealed, of_revocation(row.id))
        keeper.say(revoke(row.host, token))
    except EvergrantError as failure:
        logger("keeper").warning("a token out of use was not revoked: %s", failure.what)
        return failure.what
    return ""
