"""Reconnect links: what a vendor sends to its customer's admin, who has no account here.

    make_link    a signed word that names one connection and ends by itself
    open_link    the word is exchanged at once for a cookie, and stands in no address any more
    in_link      whether a browser's cookie is good for a link, now

A link is good for one connection and one recovery: it may be opened again, also in another
browser, until the connection is proven through it, it is revoked, or its time is over.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from evergrant.errors import BadInput, LinkRefused, Misuse
from evergrant.health import State
from evergrant.keeper.admit import refuse_removed
from evergrant.keeper.flows import SPOKEN
from evergrant.keeper.journey import journey
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import note
from evergrant.model import Connection, Secret
from evergrant.store import Tx, connections, flows, links
from evergrant.store.flows import Flow
from evergrant.store.links import Link
from evergrant.store.rows import new_id

LIFE = timedelta(days=7)
LONGEST = timedelta(days=30)
LINK, COOKIE = "reconnect link", "reconnect cookie"
"""What the two signed words are good for."""

Status = Literal["active", "used", "expired", "revoked", "ended"]


@dataclass(frozen=True, slots=True)
class Made:
    """A link and its address, which is shown once and never stored."""

    link: Link
    address: Secret


@dataclass(frozen=True, slots=True)
class Opened:
    """A browser that came with a link: which, and what its cookie shall hold until when."""

    link: str
    cookie: Secret | None
    """None for a link that is used: the browser keeps the cookie that it has."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A link in a list."""

    link: Link
    connection: str
    """The connection's name."""
    status: Status


@dataclass(frozen=True, slots=True)
class Held:
    """What a browser that holds a link's cookie may see."""

    link: Link
    connection: Connection
    flow: Flow | None
    """The flow that is walked through it; None before one is."""
    is_used: bool = False
    """The connection was proven through it: it shows that, and does nothing more."""


def make_link(keeper: Keeper, connection_id: str, *, life: timedelta = LIFE) -> Made:
    """Make a link for one connection; its address is shown once.

    Raises `NotFound`; `BadInput` for a life that is none or longer than thirty days; `Misuse` for
    a connection that is removed or whose flow calls nobody back.
    """
    if not timedelta() < life <= LONGEST:
        raise BadInput(
            f"a reconnect link cannot live {life}", next_step="give at most 30 days, such as 7d"
        )
    now = keeper.clock.now()
    with keeper.writing() as tx:
        connection = connections.get(tx, connection_id)
        refuse_removed(connection)
        _refuse_silent(keeper, tx, connection)
        link = Link(new_id("link"), connection.id, now, now + life)
        links.add(tx, link)
        note(keeper, tx, connection.id, "reconnect link made", f"good until {_day(link)}")
    return Made(link, _address(keeper, link))


def _refuse_silent(keeper: Keeper, tx: Tx, connection: Connection) -> None:
    integration = keeper.vault.integration(tx, connection.integration)
    if integration.flow != SPOKEN:
        raise Misuse(
            f"{integration.name} uses {integration.flow}, in which nobody signs in at a browser",
            next_step="use `evergrant reauthorize`",
        )


def _day(link: Link) -> str:
    return f"{link.expires_at:%Y-%m-%d %H:%M} UTC"


def _address(keeper: Keeper, link: Link) -> Secret:
    claims = {"link": link.id, "until": int(link.expires_at.timestamp())}
    word = keeper.vault.sign(LINK, claims).reveal()
    return Secret(f"{keeper.settings.public_url.rstrip('/')}/r/{word}")


def open_link(keeper: Keeper, word: str, *, holding: Sequence[str] = ()) -> Opened:
    """Exchange the word of a link for what a cookie holds; `holding` are the cookies of links that
    the browser has already.

    Raises `LinkRefused`.  Opening is no use of it: programs that look into mail open links, too.
    """
    claims = keeper.vault.read_signed(LINK, word)
    if claims is None:
        raise LinkRefused("unknown")
    now = keeper.clock.now()
    with keeper.writing() as tx:
        link = links.find(tx, claims["link"])
        if link is None:
            raise LinkRefused("unknown")
        status = _status(tx, link, now)
        if status == "used" and any(_names(keeper, each, link.id) for each in holding):
            return Opened(link.id, None, link.expires_at)
        if status != "active":
            raise LinkRefused(status)
        if links.opened(tx, link.id, now):
            note(keeper, tx, link.connection, "reconnect link opened", "for the first time")
    return Opened(link.id, _cookie(keeper, link), link.expires_at)


def _cookie(keeper: Keeper, link: Link) -> Secret:
    # The nonce makes it this browser's own: the word against forgery is made of it.
    return keeper.vault.sign(COOKIE, {"link": link.id, "nonce": secrets.token_hex(16)})


def _names(keeper: Keeper, cookie: str, link_id: str) -> bool:
    claims = keeper.vault.read_signed(COOKIE, cookie)
    return claims is not None and claims["link"] == link_id


def holds_link(keeper: Keeper, link_id: str, cookie: str) -> bool:
    """Whether a cookie's word is of that link, good or over."""
    return _names(keeper, cookie, link_id)


def _status(tx: Tx, link: Link, now: datetime) -> Status:
    if link.revoked_at is not None:
        return "revoked"
    if now >= link.expires_at:
        return "expired"
    if link.flow and flows.get(tx, link.flow).status == "done":
        return "used"
    is_over = connections.by_id(tx, link.connection).state in (State.REMOVED, State.PAUSED)
    return "ended" if is_over else "active"


def in_link(keeper: Keeper, link_id: str, cookie: str) -> Held:
    """What a browser may see of a link.

    Raises `LinkRefused`: a link that is used still shows its proof in a browser that holds it.
    """
    if not _names(keeper, cookie, link_id):
        raise LinkRefused("unknown")
    with keeper.reading() as tx:
        link = links.find(tx, link_id)
        if link is None:
            raise LinkRefused("unknown")
        status = _status(tx, link, keeper.clock.now())
        if status not in ("active", "used"):
            raise LinkRefused(status)
        flow = flows.get(tx, link.flow) if link.flow else None
        return Held(link, connections.by_id(tx, link.connection), flow, status == "used")


def walk_link(keeper: Keeper, held: Held) -> Flow:
    """The flow that is walked through a link: the connection's own that is under way, or a new
    one.  Raises `LinkRefused` for a link that is used, and `Misuse` like `journey`."""
    if held.is_used:
        raise LinkRefused("used")
    flow = journey(keeper, held.connection.id)
    if flow.id != held.link.flow:
        with keeper.writing() as tx:
            links.walk(tx, held.link.id, flow.id)
    return flow


def link_of_flow(keeper: Keeper, flow_id: str, cookies: Sequence[tuple[str, str]]) -> str:
    """The link through which a browser walks a flow: of those whose cookies it holds, as pairs of
    link and word; '' when it walks it in another way."""
    with keeper.reading() as tx:
        known = {each.id for each in links.of_flow(tx, flow_id)}
    return next(
        (link for link, word in cookies if link in known and _names(keeper, word, link)), ""
    )


def revoke_link(keeper: Keeper, link_id: str) -> Link:
    """Make a link worth nothing from now on; done twice is done once.  Raises `NotFound`."""
    with keeper.writing() as tx:
        link = links.get(tx, link_id)
        if links.revoke(tx, link.id, keeper.clock.now()):
            note(keeper, tx, link.connection, "reconnect link revoked", f"made {link.made_at:%F}")
        return links.get(tx, link_id)


def links_of(keeper: Keeper, connection_id: str = "") -> list[Standing]:
    """The links of a connection, or all of them, newest first.  Raises `NotFound`."""
    now = keeper.clock.now()
    with keeper.reading() as tx:
        if connection_id:
            named = [connections.get(tx, connection_id)]
            found = links.of_connection(tx, named[0].id)
        else:
            named, found = list(connections.every(tx)), links.every(tx)
        names = {each.id: each.name for each in named}
        return [Standing(each, names[each.connection], _status(tx, each, now)) for each in found]
