"""How long a query of Login History by user and day takes, against SQLite over the same rows.

    python benchmarks/history.py [ROWS]

One org with 100,000 rows of 200 users over 100 days; each query names a user and a day.  Measured
in turn in one run: the same SELECT by hand on the same database, with the index that the org has;
the SOQL runner (parse, compile, run, shape the records); and the whole REST call in process
(session, permissions, JSON).  Printed: the medians, and each one's ratio to plain SQLite.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import httpx2
from starlette.applications import Starlette

from evergrant.emulator import connected, soql, world
from evergrant.emulator.accounts import user_row
from evergrant.emulator.data import data_routes
from evergrant.emulator.objects import parse_stamp, stamp
from evergrant.emulator.org import Org
from evergrant.emulator.soql.scope import Caller

USERS, DAYS = 200, 100
QUERIES = 200
FIELDS = ("Id", "UserId", "LoginTime", "LoginType", "Status", "Application", "SourceIp")
BASE = "/services/data/v67.0"
PLAIN = (
    f"SELECT {', '.join(FIELDS)} FROM LoginHistory"
    " WHERE UserId = ? AND LoginTime >= ? AND LoginTime < ? ORDER BY Id"
)


def main(arguments: list[str]) -> None:
    """Fill the org, ask in turn, print the figures."""
    rows = int(arguments[0]) if arguments else 100_000
    org = Org()
    world.build(org)
    users = fill(org, rows)
    now = org.clock.now()
    days = [stamp(now - timedelta(days=1 + number % (DAYS - 2)))[:10] for number in range(QUERIES)]
    asked = [(users[number * 7 % USERS], day) for number, day in enumerate(days)]
    ways = {"plain SQLite": plain(org), "SOQL runner": runner(org), "REST call": rest(org)}
    counts = {name: {ask(*each) for each in asked[:5]} for name, ask in ways.items()}
    if len(set(map(frozenset, counts.values()))) != 1:
        raise SystemExit(f"the three disagree on how many rows there are: {counts}")
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for each in asked:
        for name, ask in ways.items():
            began = time.perf_counter()
            ask(*each)
            taken[name].append(time.perf_counter() - began)
    base = statistics.median(taken["plain SQLite"])
    print(f"{rows:,} rows, {QUERIES} queries by user and day")
    for name, times in taken.items():
        median = statistics.median(times)
        print(f"{name:13} {median * 1e6:8.0f} us  ratio {median / base:5.1f}")
    org.close()


def fill(org: Org, rows: int) -> list[str]:
    """Login History as two hundred users would leave it; their ids."""
    users, now = [org.ids.new("005") for _ in range(USERS)], org.clock.now()
    step = timedelta(days=DAYS) / rows
    org.db.executemany(
        'INSERT INTO "LoginHistory" ("Id", "UserId", "LoginTime", "LoginType", "Status",'
        ' "Application", "SourceIp") VALUES (?, ?, ?, ?, ?, ?, ?)',
        (
            (
                org.ids.new("0Ya"), users[number % USERS], stamp(now - step * number),
                "Remote Access 2.0", "Success" if number % 9 else "Restricted IP", "Orbit Sync",
                "198.51.100.10",
            )
            for number in range(rows)
        ),
    )  # fmt: skip
    return users


def plain(org: Org) -> Callable[[str, str], int]:
    """By hand."""

    def ask(user: str, day: str) -> int:
        first = parse_stamp(f"{day}T00:00:00.000+0000")
        window = (user, stamp(first), stamp(first + timedelta(days=1)))
        return len([dict(row) for row in org.db.execute(PLAIN, window)])

    return ask


def _soql(user: str, day: str) -> str:
    after = parse_stamp(f"{day}T00:00:00.000+0000") + timedelta(days=1)
    return (
        f"SELECT {', '.join(FIELDS)} FROM LoginHistory WHERE UserId = '{user}'"
        f" AND LoginTime >= {day}T00:00:00Z AND LoginTime < {after:%Y-%m-%d}T00:00:00Z"
    )


def runner(org: Org) -> Callable[[str, str], int]:
    """Through parser and compiler."""
    admin = user_row(org.db, "admin")
    if admin is None:
        raise SystemExit("the world has no admin")
    now = org.clock.now()
    caller = Caller(admin["Id"], org.permissions_of(admin["Id"]), now)
    return lambda user, day: soql.run(org.db, _soql(user, day), caller, BASE).total


def rest(org: Org) -> Callable[[str, str], int]:
    """As a client does, without a network between."""
    transport = httpx2.ASGITransport(Starlette(routes=data_routes(org)))
    token = connected.sign_in(org, "admin")["access_token"]
    client = httpx2.AsyncClient(
        transport=transport, base_url=org.base_url, headers={"Authorization": f"Bearer {token}"}
    )
    loop = asyncio.new_event_loop()

    def ask(user: str, day: str) -> int:
        found = loop.run_until_complete(client.get(f"{BASE}/query", params={"q": _soql(user, day)}))
        return int(found.json()["totalSize"])

    return ask


if __name__ == "__main__":
    main(sys.argv[1:])
