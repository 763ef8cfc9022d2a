"""What the tests of connections with several parts begin with: two credentials of one app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evergrant import keeper as verbs
from evergrant.errors import Refused
from evergrant.health import State
from evergrant.keeper.parts import health_of
from evergrant.model import Connection, Integration
from evergrant.oauth.revoke import revoke
from evergrant.store import parts
from evergrant.store.flows import Flow
from evergrant.store.parts import MAIN, Part
from evergrant.testing.robot import Person, browser, walk
from keeper_kit import Ground, ticket_of

WRITER = "writer"


def declared(ground: Ground, *, waits_for: str = MAIN) -> Integration:
    """The integration of the browser app, with a second credential of fewer scopes."""
    integration = ground.integration()
    second = Part(
        "prt_writer", integration.id, WRITER, "credential", 1,
        label="Writing orders", scopes=("api", "refresh_token"), waits_for=waits_for,
    )  # fmt: skip
    first = Part("prt_main", integration.id, MAIN, "credential", 0)
    verbs.declare_parts(ground.keeper, integration.id, [first, second])
    return integration


def connected(ground: Ground, *, waits_for: str = MAIN) -> Connection:
    """A connection both parts of which work."""
    flow, _ = ground.browsed(declared(ground, waits_for=waits_for), name="Acme")
    done = walked(ground, flow)
    assert done.status == "done", done.outcome
    return ground.now(done.connection)


def walked(ground: Ground, flow: Flow, person: Person | None = None) -> Flow:
    """The part that a flow is at, authorized in the browser."""
    started = verbs.start(ground.keeper, ticket_of(verbs.again(ground.keeper, flow.id)))
    callback, who = ground.keeper.settings.callback_url, person or ground.stage.person()
    with browser() as profile:
        sight = walk(started.authorize_url, who, callback, browser=profile, follow=False)
    assert sight.called_back
    came = verbs.finish(ground.keeper, sight.url, started.cookie.reveal())
    return verbs.prove_flow(ground.keeper, came) if came.status == "returned" else came


def broken(ground: Ground, connection: Connection, part: str) -> str:
    """The refresh token of one part, which a person has revoked; the keeper has noticed."""
    token = ground.live(connection, part).credential.refresh_token
    assert token is not None
    ground.keeper.say(revoke(connection.login_host, token))
    checked = verbs.check(ground.keeper, connection.id, renew=True)
    assert isinstance(checked.failure, Refused), checked
    assert checked.part == part
    return token.reveal()


def states(ground: Ground, connection: Connection) -> Mapping[str, State]:
    """Part → how it stands."""
    with ground.keeper.reading() as tx:
        return {each.part.name: each.state for each in health_of(tx, ground.now(connection.id))}


def parts_of(ground: Ground, connection: Connection) -> Sequence[Part]:
    with ground.keeper.reading() as tx:
        return parts.of(tx, connection.integration)
