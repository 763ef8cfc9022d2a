"""Which credential is the live one: promoted when verified, held when it is another's, given back
when nobody needs it."""

from __future__ import annotations

from evergrant.errors import Malformed, Refused, WireError
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
        keeper.vault.promote(tx, kept)
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
        give_back(keeper, connection, old.credential)
    return connection


def hold(keeper: Keeper, connection: Connection, kept: Kept, identity: Identity) -> Connection:
    """Keep both: the old credential live, the new one on hold until a person chooses."""
    with keeper.writing() as tx:
        note(keeper, tx, connection.id, "held", "another org or user", **_whose(identity, kept))
        return learn(
            keeper, tx, connection, Signal.IDENTITY_DIFFERS, why="another org or user came back"
        )


def undo(keeper: Keeper, connection: Connection, kept: Kept) -> None:
    with keeper.writing() as tx:
        keeper.vault.drop_held(tx, connection.id)
        if connection.epoch == 0:
            learn(keeper, tx, connection, Signal.REMOVE, why="the first authorization failed")
    give_back(keeper, connection, kept.credential)


def give_back(keeper: Keeper, connection: Connection, old: Credential) -> None:
    """Give back what is no longer used, so that it does not count against the approvals limit."""
    token = old.refresh_token or old.access_token
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
