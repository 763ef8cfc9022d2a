"""Faults: what is done to a refresh, and what is left of the credential afterwards.

`FAULTS` is played by the tests and by `benchmarks/faults.py`, which prints the table.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import event

import store_kit
from engine_kit import QUICK, Walk, fingerprint, refused, rows, sent, worker
from evergrant import keeper as verbs
from evergrant.errors import CouldNotLook, EvergrantError
from evergrant.health import State
from evergrant.keeper import Keeper
from evergrant.keeper.engine import Fresh, Want
from evergrant.keeper.engine.steps import Send
from evergrant.model import Connection, Secret
from evergrant.settings import load
from evergrant.store import Store, token_requests
from keeper_kit import BROWSER_APP, KEY, TOKEN, Ground

PATIENT = replace(QUICK, looks=4000, lease_s=0.6)
MOMENTS = (
    "before Claim", "after Claim", "before Send", "in flight", "answer came", "answer stored",
    "after Send", "before Commit", "after Commit", "before Publish", "after Publish",
)  # fmt: skip
"""Every moment of a refresh at which its process may be killed."""
WINDOW = frozenset({"in flight", "answer came"})
"""Between Salesforce's rotation and the stored answer."""
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["evergrant.keeper", "evergrant.wire.threads", "fault_kit"])


@dataclass(frozen=True, slots=True)
class Left:
    """What is left after a fault."""

    lost: bool
    """Salesforce takes none of the refresh tokens that we hold."""
    named: bool
    """Where it is lost: named as lost in that moment, and a reconnect is offered."""
    double_spends: int
    """Tokens sent again without an unknown outcome recorded in between."""
    false_dead: bool
    """Declared dead although it was alive."""
    requests: int


Fault = Callable[[Ground, Connection], None]


def played(ground: Ground, fault: Fault) -> Left:
    """Connect, break, let a survivor take over, and see what is left."""
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection = ground.connected()
    verbs.check(ground.keeper, connection.id, renew=True)
    fault(ground, connection)
    ground.control.ask("POST", "/faults", json=[])
    survive(ground, connection)
    return left(ground, connection)


def survive(ground: Ground, connection: Connection) -> None:
    """A worker finds that the access token has ended, and goes on from what the store holds."""
    ground.control.act("expire_sessions", app=BROWSER_APP)
    with worker(ground, PATIENT) as keeper:
        keeper.engine.renew(refused(ground, connection))  # what was left open is taken over here
    with worker(ground, PATIENT) as keeper:
        verbs.check(keeper, connection.id)


def left(ground: Ground, connection: Connection) -> Left:
    """Judge by the org's own tables."""
    token, now = ground.live(connection).credential.refresh_token, ground.now(connection.id)
    alive, dead = ground.is_live(token), now.state is State.NEEDS_REAUTHORIZATION
    told = [each.data.get("answer_lost") for each in ground.history(connection, "renewal sent")]
    return Left(
        lost=not alive,
        named=dead and any(told) and not alive,
        double_spends=unlicensed(ground, connection),
        false_dead=dead and alive,
        requests=len(sent(ground)),
    )


def unlicensed(ground: Ground, connection: Connection) -> int:
    """How often a refresh token was sent again although nothing allowed it."""
    spends: dict[str, int] = {}
    for token in sent(ground):
        key = Secret(token).fingerprint
        spends[key] = spends.get(key, 0) + 1
    allowed: dict[str, int] = {}
    for row in rows(ground, connection):
        if row.state in ("unknown", "not sent", "refused"):
            allowed[row.spent] = allowed.get(row.spent, 0) + 1
    return sum(max(0, n - 1 - allowed.get(key, 0)) for key, n in spends.items())


# --- processes -----------------------------------------------------------------------------------


def child(environ: dict[str, str], want: Want, moment: str, what: int) -> None:
    """In a process of its own: renew, and do something to oneself at a moment."""

    left = [moment]

    def at(now: str) -> None:
        if now in left:
            left.clear()
            os.kill(os.getpid(), what)

    os.environ.update(environ)
    with verbs.open_keeper(load()) as keeper:
        keeper.engine.hands = replace(keeper.engine.hands, trace=at)
        keeper.engine.renew(want)


@contextmanager
def process(ground: Ground, connection: Connection, moment: str, what: int) -> Iterator[Any]:
    """A child that meets its fate at a moment; it is gone at the end of the block."""
    folder = str(ground.keeper.settings.data_dir)
    environ = {
        **KEY,
        "EVERGRANT_DATA_DIR": folder,
        "EVERGRANT_DATABASE_URL": ground.keeper.settings.database_url,
        "EVERGRANT_LEASE_S": "0.6",
    }
    args = (environ, refused(ground, connection), moment, what)
    found = _PROCESSES.Process(target=child, args=args, daemon=True)
    found.start()
    try:
        yield found
    finally:
        found.kill()
        found.join()


def killed(moment: str) -> Fault:
    """kill -9 at a moment."""

    def fault(ground: Ground, connection: Connection) -> None:
        asked = len(sent(ground))
        if moment == "in flight":
            ground.fault(TOKEN, drop="", delay_s=0.5)
        with process(ground, connection, moment, signal.SIGKILL) as one:
            if moment == "in flight":
                until(lambda: ground.control.ask("GET", "/faults")[0]["times"] == 0)
                one.kill()
                until(lambda: len(sent(ground)) > asked)
            one.join(60)
            assert one.exitcode == -signal.SIGKILL, one.exitcode

    return fault


def stopped(moment: str) -> Fault:
    """SIGSTOP at a moment, past the end of the lease, while another worker goes on."""

    def fault(ground: Ground, connection: Connection) -> None:
        ground.fault(TOKEN, delay_s=0.3)
        with process(ground, connection, moment, signal.SIGSTOP) as one:
            until(lambda: is_stopped(one.pid))
            with worker(ground, PATIENT) as other:
                # It is told of no refusal: it may use the access token up, and need not gamble.
                wants = Want(connection.id, fingerprint(ground, connection), urgent=True)
                other.engine.renew(wants)
            os.kill(one.pid, signal.SIGCONT)
            one.join(60)
            assert one.exitcode == 0, one.exitcode

    return fault


def is_stopped(pid: int) -> bool:
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123
        return file.read().rpartition(")")[2].split()[0] == "T"


def until(is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < give_up, "it never came to that"
        time.sleep(0.01)


# --- network and provider ------------------------------------------------------------------------


def cut(drop: str) -> Fault:
    def fault(ground: Ground, connection: Connection) -> None:
        ground.fault(TOKEN, drop=drop)
        with worker(ground) as one:
            one.engine.renew(refused(ground, connection))

    return fault


def slow(ground: Ground, connection: Connection) -> None:
    """The provider takes three leases to answer, and two workers want the token."""
    ground.fault(TOKEN, delay_s=1.8)
    want = refused(ground, connection)
    with worker(ground, PATIENT) as one, worker(ground, PATIENT) as two, ThreadPoolExecutor(2) as p:
        found = list(p.map(lambda each: each.engine.renew(want), [one, two]))
    assert all(isinstance(each, Fresh) for each in found)


def pages(ground: Ground, connection: Connection) -> None:
    """503 with HTML for an hour, while the access token has ended."""
    ground.control.act("expire_sessions", app=BROWSER_APP)
    page = "<html><body>Data Not Available</body></html>"
    ground.fault(TOKEN, status=503, content_type="text/html", body=page, times=999)
    for _ in range(12):
        with suppress(CouldNotLook):  # the circuit of the host is open
            verbs.check(ground.keeper, connection.id)
        ground.control.advance(timedelta(minutes=5))


def limits(ground: Ground, connection: Connection) -> None:
    ground.control.act("expire_sessions", app=BROWSER_APP)
    said = {"error": "rate_limit_exceeded", "error_description": "logins exceeded"}
    ground.fault(TOKEN, status=400, body=json.dumps(said), times=999)
    for _ in range(4):
        verbs.check(ground.keeper, connection.id)
        ground.control.advance(timedelta(minutes=15))


# --- the store -----------------------------------------------------------------------------------


FULL, READ_ONLY = "full", "read-only"
_BREAKS = {
    "sqlite": {FULL: "PRAGMA max_page_count=1", READ_ONLY: "PRAGMA query_only=ON"},
    "postgresql": {
        FULL: "DO $$ BEGIN RAISE 'no space left on device' USING ERRCODE = '53100'; END $$",
        READ_ONLY: "SET TRANSACTION READ ONLY",
    },
}


def in_store(how: str, moment: str) -> Fault:
    """From a moment on, the store takes nothing: it is full, or read-only; later it does again."""

    def fault(ground: Ground, connection: Connection) -> None:
        broken: list[str] = []

        def trace(now: str) -> None:
            if now == moment:
                broken.append(now)

        with worker(ground, replace(QUICK, commit_tries=2), trace=trace) as one:
            writer = one.store.database.writer
            event.listen(writer, "begin", lambda tx: _break(tx, how, broken))
            trouble(one, refused(ground, connection))

    return fault


def _break(tx: Any, how: str, broken: list[str]) -> None:
    if broken:
        tx.exec_driver_sql(_BREAKS[tx.dialect.name][how])
    elif tx.dialect.name == "sqlite":
        tx.exec_driver_sql("PRAGMA query_only=OFF")


def gone(moment: str) -> Fault:
    """The database is taken away at a moment, and put back later."""

    def fault(ground: Ground, connection: Connection) -> None:
        with ExitStack() as away:

            def trace(now: str) -> None:
                if now == moment and not taken:
                    taken.append(now)
                    away.enter_context(store_kit.taken_away(ground.keeper.store))

            taken: list[str] = []
            with worker(ground, replace(QUICK, commit_tries=2), trace=trace) as one:
                want = refused(ground, connection)
                trouble(one, want)
                away.close()

    return fault


def broken_off(commits: bool) -> Fault:
    """The database goes away in the middle of each of three commits: before it, or just after."""

    def fault(ground: Ground, connection: Connection) -> None:
        want, left = refused(ground, connection), list(range(3))
        with worker(ground, QUICK) as one:

            def go_away(tx: Any) -> None:
                if left and tx.get_execution_options().get("writes"):
                    left.pop()
                    raw = tx.connection.driver_connection
                    if commits:
                        raw.commit()
                    store_kit.cut(raw)

            event.listen(one.store.database.writer, "commit", go_away)
            trouble(one, want)
            trouble(one, want)

    return fault


def at_moment(moment: str, do: Callable[[], None]) -> Fault:
    """Something is done at a moment of a refresh, once; the worker goes on and tries again."""

    def fault(ground: Ground, connection: Connection) -> None:
        left = [moment]

        def trace(now: str) -> None:
            if now in left:
                left.clear()
                do()

        want = refused(ground, connection)
        with worker(ground, PATIENT, trace=trace) as one:
            trouble(one, want)
            trouble(one, want)
        assert not left, "the moment came"

    return fault


def trouble(keeper: Keeper, want: Want) -> None:
    try:
        keeper.engine.renew(want)
    except EvergrantError:
        return


def restored(ground: Ground, connection: Connection) -> None:
    """Yesterday's backup is put in place of today's database, and marked as what it is."""
    with store_kit.backed_up(ground.keeper.store):
        verbs.check(ground.keeper, connection.id, renew=True)
    with Store.open(ground.keeper.settings.database) as again, again.write() as tx:
        token_requests.doubt(tx, "restore", ground.keeper.clock.now())


# --- clocks, names, people -----------------------------------------------------------------------


def jumps(by: timedelta) -> Fault:
    """The clock jumps while a request is on its way, and another worker wants the token."""

    def fault(ground: Ground, connection: Connection) -> None:
        ground.fault(TOKEN, delay_s=0.8)
        want = refused(ground, connection)
        pool = ThreadPoolExecutor(2)
        with worker(ground, PATIENT) as one, worker(ground, PATIENT) as two, pool:
            first = pool.submit(one.engine.renew, want)
            until(lambda: ground.control.ask("GET", "/faults")[0]["times"] == 0)
            ground.control.advance(by)
            second = pool.submit(two.engine.renew, want)
            assert isinstance(first.result(), Fresh)
            assert isinstance(second.result(), Fresh)

    return fault


def same_name(ground: Ground, connection: Connection) -> None:
    want = refused(ground, connection)
    ground.fault(TOKEN, delay_s=0.3)
    pool, name = ThreadPoolExecutor(6), "w1"
    with worker(ground, PATIENT, name=name) as one, worker(ground, PATIENT, name=name) as two, pool:
        list(pool.map(lambda each: each.engine.renew(want), [one, two] * 3))


def reauthorized(ground: Ground, connection: Connection) -> None:
    with worker(ground) as one:
        late = Walk(one, refused(ground, connection)).to(Send)
        late.step()
        assert ground.reauthorized(connection).status == "done"
        late.end()


FAULTS: dict[str, Fault] = {
    **{f"kill -9: {moment}": killed(moment) for moment in MOMENTS},
    "SIGSTOP before the request is sent, SIGCONT": stopped("before Send"),
    "SIGSTOP when the answer came, SIGCONT": stopped("answer came"),
    "provider slower than the lease": slow,
    "reset before rotation": cut("before"),
    "reset after rotation": cut("after"),
    "answer breaks off": cut("midway"),
    "503 with HTML for an hour": pages,
    "rate limits for an hour": limits,
    "store full before": in_store(FULL, "before Claim"),
    "store full when the answer came": in_store(FULL, "answer came"),
    "store read-only before": in_store(READ_ONLY, "before Claim"),
    "store read-only when the answer came": in_store(READ_ONLY, "answer came"),
    "store gone before": gone("before Claim"),
    "store gone when the answer came": gone("answer came"),
    "clock jumps forward an hour": jumps(timedelta(hours=1)),
    "clock jumps back an hour": jumps(timedelta(hours=-1)),
    "two workers of one name": same_name,
    "reauthorization during a refresh": reauthorized,
    "yesterday's backup restored": restored,
}
"""Every fault by name."""
ON_POSTGRESQL: dict[str, Fault] = {
    "PostgreSQL goes away before commits": broken_off(commits=False),
    "PostgreSQL goes away after commits, unheard": broken_off(commits=True),
}
"""Faults that only a database at the end of a wire has."""
INSIDE = frozenset(
    {f"kill -9: {moment}" for moment in WINDOW}
    | {"reset after rotation", "answer breaks off", "yesterday's backup restored"}
)
"""Faults that lie between Salesforce's rotation and the stored answer."""
