"""Whatever happens to a connection, in whatever order: what must hold at every moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evergrant import keeper as verbs
from evergrant.errors import EvergrantError, Misuse
from evergrant.health import WATCHED, State
from evergrant.keeper.record import CHECK
from evergrant.model import Connection
from evergrant.store import due
from keeper_kit import (
    BROWSER_APP,
    RESOURCES,
    USERINFO,
    Ground,
    grounded,
    no_session,
    org_fixture,  # noqa: F401 (a fixture)
)

Act = Callable[[Ground, Connection], Any]


def release(ground: Ground, connection: Connection, *, switch: bool) -> None:
    if connection.state is State.ON_HOLD:
        verbs.release(ground.keeper, connection.id, switch=switch)
    else:
        with pytest.raises(Misuse):
            verbs.release(ground.keeper, connection.id, switch=switch)


def unverified(ground: Ground, connection: Connection) -> None:
    ground.fault(USERINFO, **no_session())
    ground.reauthorized(connection)
    ground.control.ask("POST", "/faults", json=[])


def troubled(ground: Ground, connection: Connection) -> None:
    ground.fault(RESOURCES, drop="before")
    verbs.check(ground.keeper, connection.id)
    ground.control.ask("POST", "/faults", json=[])


def in_org(act: str) -> Act:
    return lambda ground, _: ground.control.act(act, app=BROWSER_APP)


ACTS: dict[str, Act] = {
    "check": lambda g, c: verbs.check(g.keeper, c.id),
    "renew": lambda g, c: verbs.check(g.keeper, c.id, renew=True),
    "reauthorize": lambda g, c: g.reauthorized(c),
    "a stranger reauthorizes": lambda g, c: g.reauthorized(c, g.stage.person("sam")),
    "a reauthorization cannot be verified": unverified,
    "keep": lambda g, c: release(g, c, switch=False),
    "switch": lambda g, c: release(g, c, switch=True),
    "pause": lambda g, c: verbs.pause(g.keeper, c.id),
    "resume": lambda g, c: verbs.resume(g.keeper, c.id),
    "the network fails": troubled,
    "sessions end": in_org("expire_sessions"),
    "block": in_org("block_app"),
    "unblock": in_org("unblock_app"),
    "revoke": in_org("revoke_app"),
}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(st.sampled_from(sorted(ACTS)), min_size=1, max_size=8), rotates=st.booleans())
def test_whatever_happens_no_token_is_orphaned_and_every_state_is_kept_by_its_rules(
    shared_org: Any,
    tmp_path_factory: pytest.TempPathFactory,
    nothing_secret_is_left: Any,
    acts: list[str],
    rotates: bool,
) -> None:
    with grounded(shared_org, tmp_path_factory.mktemp("ground")) as ground:
        ground.control.act("set_app", app=BROWSER_APP, rotation=rotates)
        connection = ground.connected()
        for act in acts:
            ACTS[act](ground, connection)
            connection = ground.now(connection.id)
            no_token_is_orphaned(ground, connection)
            the_state_is_kept_by_its_rules(ground, connection)
    nothing_secret_is_left.note(shared_org)


def no_token_is_orphaned(ground: Ground, connection: Connection) -> None:
    """What the org still takes is what the vault holds; nothing else is alive there."""
    ours = [ground.live(connection), ground.held(connection)]
    tokens = [kept.credential.refresh_token for kept in ours if kept is not None]
    alive = sum(ground.is_live(each) for each in tokens)
    assert alive == ground.live_refresh_tokens()


def the_state_is_kept_by_its_rules(ground: Ground, connection: Connection) -> None:
    assert [row.status for row in ground.rows(connection)].count("live") == 1
    if connection.state is not State.PAUSED:
        assert (connection.state is State.ON_HOLD) == (ground.held(connection) is not None)
    with ground.keeper.reading() as tx:
        is_due = CHECK in due.times(tx, connection.id)
    assert is_due == (connection.state in WATCHED)
    seen = [each.data for each in ground.history(connection, "renewed") if each.data["rotated"]]
    spent = [each["spent"] for each in seen]
    assert len(spent) == len(set(spent)), "a refresh token was spent twice"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(state=st.text(max_size=60), code=st.text(max_size=60), cookie=st.text(max_size=60))
def test_no_made_up_callback_is_ever_taken_in(
    one_ground: Ground, state: str, code: str, cookie: str
) -> None:
    query = urlencode({"state": state, "code": code})
    url = f"{one_ground.keeper.settings.callback_url}?{query}"
    with pytest.raises(EvergrantError):
        verbs.finish(one_ground.keeper, url, cookie)


@pytest.fixture(name="one_ground", scope="module")
def one_ground_fixture(
    shared_org: Any, tmp_path_factory: pytest.TempPathFactory, nothing_secret_is_left: Any
) -> Any:
    """One ground for every example: nothing that they do may change it."""
    with grounded(shared_org, tmp_path_factory.mktemp("ground")) as ground:
        yield ground
    nothing_secret_is_left.note(shared_org)
