"""Parts of Evergrant inside a host application's pages: who may see what, for how long.

The host's backend, which knows its user, mints a short-lived session word for one connection and
one of its own origins; the browser has no other credential.  The word is signed and not stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from evergrant.errors import BadInput, Misuse
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.links import Made, make_link
from evergrant.model import Secret
from evergrant.store import connections

Reader = Literal["admin", "end user"]
"""Who reads: somebody who may sign in for the whole org, or somebody who only uses the product."""
READERS: tuple[Reader, ...] = get_args(Reader)
LIFE, LONGEST = timedelta(minutes=10), timedelta(minutes=15)
LINK_LIFE = timedelta(hours=1)
"""How long a reconnect link lives that is opened at once."""
MOST_WHO = 200
_PURPOSE = "embedded part"
_ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+")


class NoSession(Misuse):
    """A session word that is missing, forged, too old, or another origin's."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session word and when it ends."""

    word: Secret
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Guest:
    """Who reads a part of ours on a page of the host's."""

    connection: str
    reader: Reader
    who: str
    """Who can repair it, as the host named them; empty when it did not."""
    tenant: str

    @property
    def may_repair(self) -> bool:
        """Whether the reader is somebody who can sign in for the org."""
        return self.reader == "admin"


def mint(
    keeper: Keeper,
    connection_id: str,
    *,
    origin: str,
    reader: Reader = "end user",
    who: str = "",
    life: timedelta = LIFE,
) -> Session:
    """A session for one connection on pages of one origin.

    `who` names whom the reader may ask, as the host calls them.  Raises `NotFound`; `BadInput` for
    an origin that the operator did not register, or a life that is too long.
    """
    _refuse_origin(keeper, origin)
    if not timedelta() < life <= LONGEST:
        raise BadInput(
            f"a session cannot live {life}",
            next_step=f"give at most {LONGEST}; the host mints another when it ends",
        )
    if len(who) > MOST_WHO:
        raise BadInput(f"who can repair is told in at most {MOST_WHO} characters")
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
    ends = keeper.clock.now() + life
    claims = {
        "connection": connection.id,
        "reader": reader,
        "who": who,
        "origin": origin,
        "until": ends.timestamp(),
        "tenant": connection.tenant,
    }
    return Session(keeper.vault.sign(_PURPOSE, claims), ends)


def _refuse_origin(keeper: Keeper, origin: str) -> None:
    if not _ORIGIN.fullmatch(origin) or origin not in keeper.settings.embed_origins:
        raise BadInput(
            f"{origin!r} is no origin that the operator registered",
            why="Parts of Evergrant may stand only on pages that the operator named.",
            next_step="add it to EVERGRANT_EMBED_ORIGINS, such as https://app.example.com",
            whose="operator",
        )


def guest(keeper: Keeper, word: str, origin: str) -> Guest:
    """Who a session word speaks for, on a page of that origin.

    Raises `NoSession`; it tells nothing about why.
    """
    claims = keeper.vault.read_signed(_PURPOSE, word)
    if claims is None or not _is_good(keeper, claims, origin):
        raise NoSession(
            "the session is missing, over, or not this page's",
            next_step="let the host mint another",
            whose="the host",
        )
    return Guest(claims["connection"], claims["reader"], claims["who"], claims["tenant"])


def _is_good(keeper: Keeper, claims: Mapping[str, Any], origin: str) -> bool:
    is_mine = claims["origin"] == origin and origin in keeper.settings.embed_origins
    return (
        "tenant" in claims
        and is_mine
        and keeper.clock.now() < datetime.fromtimestamp(claims["until"], UTC)
    )


def link_for(keeper: Keeper, reader: Guest) -> Made:
    """A reconnect link for a guest who may repair; it lives an hour.

    Raises `Misuse` for one who may not, and like `make_link`.
    """
    if not reader.may_repair:
        raise Misuse("this reader cannot repair the connection", next_step="ask who can")
    return make_link(keeper, reader.connection, life=LINK_LIFE)
