"""Which credential is the live one: promoted when verified, held when it is another's, given back
when nobody needs it."""

from __future__ import annotations

from evergrant.errors import Malformed, Misuse, Refused, WireError
from evergrant.health import Signal
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import learn, note
from evergrant.model import Connection, Credential, Identity
from evergrant.oauth.revoke import revoke
from evergrant.store import connections
from evergrant.vault import Kept


def make_live(keeper: Keeper, connection: Connection, kept: Kept, identity: Identity) -> Connection:
    """Replace the old credential by a verified one; settings stay as they are."""
    with keeper.writing() as tx:
        old = keeper.vault.live(tx, connection.id)
        verified = keeper.vault.identify(tx, kept, identity)
        if verified is None or keeper.vault.promote(tx, verified) is None:
            raise Misuse(
                "another authorization of this connection came meanwhile",
                next_step="see `evergrant status`; the newest one counts",
            )
        connection = connections.update(
            tx,
            connection.id,
            identity=identity,
            instance_url=kept.credential.instance_url,
            login_host=connection.login_host,
            epoch=kept.epoch,
        )
        kind = "reauthorized" if old else "connected"
        note(keeper, tx, connection.id, kind, f"org {identity.org_id}", **_whose(identity, kept))
        connection = learn(keeper, tx, connection, Signal.PROVED, why=f"{kind} and verified")
    if old is not None:
        give_back(keeper, connection, old.credential, unlike=kept.credential)
    return connection


def hold(keeper: Keeper, connection: Connection, kept: Kept, identity: Identity) -> Connection:
    """Keep both: the old credential live, the new one on hold until a person chooses."""
    with keeper.writing() as tx:
        keeper.vault.identify(tx, kept, identity)
        note(keeper, tx, connection.id, "held", "another org or user", **_whose(identity, kept))
        return learn(
            keeper, tx, connection, Signal.IDENTITY_DIFFERS, why="another org or user came back"
        )


def undo(keeper: Keeper, connection: Connection, kept: Kept) -> None:
    """Let go of a new credential that could not be verified; the old one stays as it is."""
    with keeper.writing() as tx:
        keeper.vault.drop_held(tx, connection.id)
        if connection.epoch == 0:
            learn(keeper, tx, connection, Signal.REMOVE, why="the first authorization failed")
    give_back(keeper, connection, kept.credential)


def give_back(
    keeper: Keeper, connection: Connection, old: Credential, *, unlike: Credential | None = None
) -> None:
    """Revoke what is no longer used, so that it does not count against the approvals limit.

    `unlike` is the credential in use: Salesforce may give the same token twice.
    """
    token = old.refresh_token or old.access_token
    if unlike is not None and token in (unlike.refresh_token, unlike.access_token):
        return
    try:
        keeper.say(revoke(connection.login_host, token))
    except (Refused, Malformed, WireError) as failure:
        with keeper.writing() as tx:
            note(keeper, tx, connection.id, "not revoked", f"the old token: {failure.what}")


def _whose(identity: Identity, kept: Kept) -> dict[str, str]:
    token = kept.credential.refresh_token
    return {
        "org": identity.org_id,
        "user": identity.user_id,
        "refresh_token": token.fingerprint if token else "",
    }
