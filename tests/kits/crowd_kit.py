"""Many connections at once, written straight into the store: what a large customer base looks like.

Everything is counted out, nothing is drawn: the same number of connections is the same crowd.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from evergrant.health import State
from evergrant.keeper import Keeper
from evergrant.model import Secret
from evergrant.store import tables

FIRST = (
    "Northwind", "Globex", "Initech", "Umbrella", "Soylent", "Hooli", "Stark", "Wayne", "Tyrell",
    "Wonka", "Acme", "Cyberdyne", "Gringotts", "Vandelay", "Oceanic", "Dunder Mifflin",
)  # fmt: skip
SECOND = ("Logistics", "Health", "Foods", "Energy", "Bank", "Retail", "Paper", "Motors", "Media")
WHERE = ("GmbH", "KK 東京", "S.A. de C.V.", "AS Ærø", "Ltd", "Inc.", "शर्मा एंड संस", "ООО Волга")
BLOCKED = "app-blocked-by-admin"
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\u202e"


@dataclass(frozen=True, slots=True)
class Crowd:
    """What was written."""

    ids: tuple[str, ...]
    blocked: tuple[str, ...]
    """Those that broke at one time by one cause."""
    broke_at: datetime


def crowd(keeper: Keeper, integration: str, number: int, *, blocked: int = 0) -> Crowd:
    """So many connections, made three days ago; of them the first `blocked` broke together, one a
    second, two hours ago."""
    now = keeper.clock.now()
    made, broke = now - timedelta(days=3), (now - timedelta(hours=2)).replace(microsecond=0)
    rows = [_row(integration, each, made, broke, each < blocked) for each in range(number)]
    with keeper.writing() as tx:
        tx.execute(sa.insert(tables.connection), rows)
        tx.execute(sa.insert(tables.event), list(_events(rows, made)))
        if blocked:
            tx.execute(sa.insert(tables.incident), list(_incidents(rows[:blocked])))
    ids = tuple(row["id"] for row in rows)
    return Crowd(ids, ids[:blocked], broke)


def name_of(number: int) -> str:
    """A name as customers have it; each number has its own."""
    first, rest = FIRST[number % len(FIRST)], number // len(FIRST)
    second, rest = SECOND[rest % len(SECOND)], rest // len(SECOND)
    where, rest = WHERE[(rest + number) % len(WHERE)], rest // len(WHERE)
    return f"{first} {second} {where}" + (f" {rest + 1}" if rest else "")


def _row(
    integration: str, number: int, made: datetime, broke: datetime, is_blocked: bool
) -> dict[str, Any]:
    state = State.BLOCKED_BY_ADMIN if is_blocked else State.CONNECTED
    return {
        "id": f"con_{number:016x}",
        "tenant": "default",
        "integration": integration,
        "name": name_of(number),
        "state": state.value,
        "login_host": "https://login.salesforce.com",
        "org_id": f"00D{number:012d}AAA",
        "user_id": f"005{number:012d}AAA",
        "username": f"integration@customer{number}.example",
        "instance_url": f"https://customer{number}.my.salesforce.com",
        "settings": {},
        "epoch": 1,
        "since": broke + timedelta(seconds=number) if is_blocked else made,
        "last_success": broke if is_blocked else made,
    }


def _events(rows: Sequence[dict[str, Any]], made: datetime) -> Iterator[dict[str, Any]]:
    for row in rows:
        said = {"connection": row["id"], "data": {}}
        yield {**said, "at": made, "kind": "connected", "text": "by a person"}
        yield {**said, "at": made, "kind": "state changed", "text": "degraded → connected"}
    for row in rows:
        if row["state"] == State.BLOCKED_BY_ADMIN.value:
            told = "connected → blocked by admin"
            yield {"connection": row["id"], "data": {}, "at": row["since"],
                   "kind": "state changed", "text": told}  # fmt: skip


def _incidents(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {
            "id": row["id"].replace("con_", "inc_"),
            "connection": row["id"],
            "opened_at": row["since"],
            "cause": BLOCKED,
            "error": "OAUTH_APP_BLOCKED",
            "description": "this app is blocked by admin",
            "closed_at": None,
            "proofs": [],
        }


def secrets_of(keeper: Keeper) -> list[str]:
    """Every secret that the vault holds, in the clear: none of them may stand on a page."""
    found: list[Secret | None] = []
    with keeper.reading() as tx:
        for integration in keeper.vault.integrations(tx):
            app = integration.app
            found += [app.consumer_secret, app.private_key, app.next_secret]
        for each in tx.execute(sa.select(tables.connection.c.id)).scalars():
            if kept := keeper.vault.live(tx, each):
                found += [kept.credential.access_token, kept.credential.refresh_token]
    return [each.reveal() for each in found if each]
