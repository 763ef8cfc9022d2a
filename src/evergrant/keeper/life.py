"""How long an access token can be trusted, and when to renew it ahead of its end.

No lifetime is assumed: it is what the token itself says (a JWT), what introspection told once, or
what was seen when tokens were refused.  Where nothing is known a token is used until it is refused.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from random import Random

from evergrant.errors import Malformed, Refused, WireError
from evergrant.keeper.keeper import Keeper
from evergrant.model import Connection, Credential, Integration
from evergrant.oauth.introspect import introspect
from evergrant.store import Tx, lifetimes
from evergrant.vault import Kept

SHORTEST = {"opaque": timedelta(minutes=15), "jwt": timedelta(minutes=1)}
"""The shortest sessions that an org or an app can be set to (Session Settings; Manage JWT-based
access tokens): a token that is refused earlier was ended, it did not expire."""
ADVISORY, LONGEST_ADVISORY = 0.25, timedelta(minutes=15)
MANDATORY, LONGEST_MANDATORY = 0.05, timedelta(minutes=1)
"""Shares of a life, from its end, in which a renewal is due, and in which callers wait for it."""
JITTER = 0.2


class Need(Enum):
    """How much a credential needs a renewal."""

    NONE = auto()
    ADVISORY = auto()
    """Somebody should renew it, and nobody has to wait for that."""
    MANDATORY = auto()
    """It ends any moment, or has ended."""


def need(credential: Credential, life: timedelta | None, now: datetime, chance: Random) -> Need:
    """How much a credential needs a renewal; without a known end, not at all.

    The advisory window begins a little earlier or later for everybody, so that a fleet that was
    connected together does not renew together.
    """
    end = ends_at(credential, life)
    if end is None:
        return Need.NONE
    whole = end - (credential.issued_at or now)
    left, spread = end - now, 1 + JITTER * chance.uniform(-1, 1)
    if left <= min(MANDATORY * whole, LONGEST_MANDATORY):
        return Need.MANDATORY
    return Need.ADVISORY if left <= spread * min(ADVISORY * whole, LONGEST_ADVISORY) else Need.NONE


def ends_at(credential: Credential, life: timedelta | None) -> datetime | None:
    """When an access token is believed to end; None where nobody knows."""
    if (told := _jwt_end(credential)) is not None:
        return told
    if credential.issued_at is None or life is None:
        return None
    return credential.issued_at + life


def _jwt_end(credential: Credential) -> datetime | None:
    """`exp` of a JWT access token; it is believed as a hint only, so nothing is verified."""
    if credential.token_format != "jwt":
        return None
    try:
        claims = credential.access_token.reveal().split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return datetime.fromtimestamp(int(said["exp"]), UTC)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def saw_refused(tx: Tx, connection: Connection, kept: Kept, now: datetime) -> None:
    """Learn from the age at which Salesforce refused an access token."""
    issued, org = kept.credential.issued_at, connection.identity
    if issued is None or org is None or not org.org_id:
        return
    age = now - issued
    if age >= SHORTEST.get(kept.credential.token_format, SHORTEST["opaque"]):
        seconds = int(age.total_seconds())
        lifetimes.observed(tx, connection.integration, org.org_id, seconds, now)


def ask_once(keeper: Keeper, connection: Connection, integration: Integration, kept: Kept) -> None:
    """Ask introspection for the end of a token, once for each app and org.

    An app may lack the right to ask: then that is remembered, and refusals teach instead.
    """
    org = connection.identity.org_id if connection.identity else ""
    with keeper.reading() as tx:
        known = lifetimes.get(tx, connection.integration, org)
    if not org or known.told_by or kept.credential.token_format == "jwt":
        return
    seconds = _introspected(keeper, connection, integration, kept)
    if seconds is None:
        return
    by, at = ("introspection" if seconds else "not told"), keeper.clock.now()
    keeper.engine.group.do(
        lambda tx: lifetimes.told(tx, connection.integration, org, seconds, by, at)
    )


def _introspected(
    keeper: Keeper, connection: Connection, integration: Integration, kept: Kept
) -> int | None:
    """Seconds from a token's issue to its end; 0 when that is not told, None to ask again."""
    now, token = keeper.clock.now(), kept.credential.access_token
    try:
        told = keeper.say(introspect(integration.app, connection.login_host, token, now=now))
    except (Refused, Malformed):
        return 0
    except WireError:
        return None
    if not told.active or told.expires_at is None:
        return 0
    begun = kept.credential.issued_at or told.issued_at or now
    return max(0, int((told.expires_at - begun).total_seconds()))
