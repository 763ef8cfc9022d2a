"""What the client of a scenario does, step by step, and what somebody would report of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from evergrant import keeper as verbs
from evergrant.drills.client import BY_HAND, STEPS, Broken, Trail, pasted
from evergrant.drills.stage import Stage, through_browser
from evergrant.emulator.scenario import ClientStep
from evergrant.errors import EvergrantError, OurBug
from evergrant.evidence.gathered import Wanted
from evergrant.evidence.requests import sent
from evergrant.model import Connection, Fact, FlowId, Integration, Session
from evergrant.org.resources import good_call
from evergrant.wire import host_of


@dataclass(frozen=True, slots=True)
class Report:
    """A failure as a person reports it: the flow, and the text that was seen."""

    flow: FlowId
    text: str


def act(
    ground: Stage, integration: Integration, connection: Connection, steps: tuple[ClientStep, ...]
) -> Report | None:
    """Let the client act; the last failure is what a person would report."""
    failure = None
    for step in steps:
        if step.mutation or step.do in BY_HAND:
            failure = _broken_step(ground, integration, connection, step) or failure
        else:
            failure = _sound_step(ground, integration, connection, step) or failure
    return failure


def _broken_step(
    ground: Stage, integration: Integration, connection: Connection, step: ClientStep
) -> Report | None:
    flow, converse = STEPS[step.do]
    with ground.keeper.reading() as tx:
        kept = ground.keeper.vault.live(tx, connection.id)
    if kept is None:
        raise OurBug("the stage's connection has no credential")
    trail = Trail()
    client = Broken(ground, integration, kept.credential, step.mutation or "", trail)
    try:
        page = converse(client)
    except EvergrantError as error:
        for each in trail.worked:
            kind = "renewed" if "spent" in each else "code redeemed"
            verbs.observe_success(ground.keeper, connection.id, kind, step.do, each)
        verbs.observe(
            ground.keeper, connection.id, error, flow=flow, doing=step.do,
            trail={**_shown(client, trail), **trail.last}, told=_of_request(ground, trail),
        )  # fmt: skip
        return Report(flow, pasted(error))
    if page is None:
        return None
    told = _of_request(ground, trail)
    verbs.observe_text(ground.keeper, connection.id, page, flow=flow, doing=step.do, told=told)
    return Report(flow, page)


def _shown(client: Broken, trail: Trail) -> dict[str, Any]:
    """What a vendor would tell of its client beside the failure: host, key, and a fingerprint."""
    secret = client.app.consumer_secret
    told = {"client_id": client.app.consumer_key}
    if trail.asked is not None:
        told["host"] = host_of(trail.asked.url)
    return told | ({"secret_print": secret.fingerprint} if secret else {})


def _of_request(ground: Stage, trail: Trail) -> list[Fact]:
    """What the request that failed shows by itself."""
    if trail.asked is None:
        return []
    now = ground.keeper.clock.now()
    return sent.read(sent.of_request(trail.asked), Wanted(at=now, now=now))


def _sound_step(
    ground: Stage, integration: Integration, connection: Connection, step: ClientStep
) -> Report | None:
    if step.do == "call":
        return _plain_call(ground, connection)
    if step.do == "live_on":
        _month(ground, connection)
        return None
    if step.do in ("authorize", "connect"):
        how = {"connection_id": connection.id}
        flow, sight = through_browser(ground.keeper, integration, ground.person(), **how)
        if flow.status == "done":
            return None
        return Report("web_server", sight.pasted())
    checked = verbs.check(ground.keeper, connection.id, renew=True)
    if checked.failure is None:
        return None
    return Report(checked.flow, pasted(checked.failure))


def _plain_call(ground: Stage, connection: Connection) -> Report | None:
    """A call by a client that does not renew: what most people report."""
    with ground.keeper.reading() as tx:
        kept = ground.keeper.vault.live(tx, connection.id)
    if kept is None:
        raise OurBug("the stage's connection has no credential")
    token = kept.credential.access_token
    try:
        ground.keeper.say(good_call(Session(kept.credential.instance_url, token)))
    except EvergrantError as error:
        verbs.observe(ground.keeper, connection.id, error, flow="rest_api_call", doing="call")
        return Report("rest_api_call", pasted(error))
    return None


def _month(ground: Stage, connection: Connection) -> None:
    """Use the connection every week, for four weeks and three days."""
    for _ in range(4):
        ground.control.advance(timedelta(days=7))
        verbs.check(ground.keeper, connection.id, renew=True)
    ground.control.advance(timedelta(days=3))
