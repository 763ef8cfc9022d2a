"""A repair of a connection's org, up to the yes: opened, looked at, planned, tried.

What was seen of the org lies in the flow's row, so that a plan can be shown, tried and handed on
without asking the org again.  The connection's own credential is never used here.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from evergrant.errors import BadInput, Misuse
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.lending import lent_session, open_repair
from evergrant.keeper.look import case_of
from evergrant.keeper.record import note
from evergrant.keeper.repair_plans import Ground, Prepared, ground_of, prepare
from evergrant.model import Session
from evergrant.repair import apply
from evergrant.repair.files import Files, of_zip, package, removed_by
from evergrant.repair.patches import MEANINGS
from evergrant.store import flows
from evergrant.store.flows import Flow

MOST: Final = 2_000_000
"""Bytes of metadata that a repair keeps, packed; an org's apps and settings need far less."""
PATIENCE: Final = timedelta(minutes=20)
"""After so long work that has not ended broke off with its process."""


def begin_repair(
    keeper: Keeper, connection_id: str, cause: str, number: int, *, during: str = ""
) -> Flow:
    """Write down a repair of one step of a cause; nothing is looked at yet.

    `during` is the authorization that the step stands in the way of, and that goes on afterwards.
    Raises `NotFound`, also for a step that no program can do.
    """
    case = case_of(keeper, connection_id)
    ground_of(keeper, case.connection, case.integration, cause, number)
    about = {"cause": cause, "number": number, "during": during}
    return open_repair(keeper, connection_id, about)


def repair_of(keeper: Keeper, flow_id: str) -> tuple[Flow, Ground]:
    """A repair and what it is about.  Raises `NotFound`."""
    with keeper.reading() as tx:
        flow = flows.get(tx, flow_id)
    if flow.purpose != "repair":
        raise Misuse("that is no repair", next_step="look at the sign-in itself")
    case, about = case_of(keeper, flow.connection), flow.outcome["about"]
    cause, number = str(about["cause"]), int(about["number"])
    return flow, ground_of(keeper, case.connection, case.integration, cause, number)


def prepared(flow: Flow, ground: Ground) -> Prepared | None:
    """What it would change, by what was seen last; None while nothing was seen."""
    if "files" not in flow.outcome:
        return None
    return prepare(ground, _unpacked(flow), flow.outcome.get("given", {}))


def look_at_org(keeper: Keeper, flow_id: str, cookie: str, given: Mapping[str, str]) -> None:
    """Look at the org with the admin's session, and plan.

    Raises what `lent_session`, `org_files` and `prepare` raise.
    """
    session = lent_session(keeper, flow_id, cookie)
    values = _given(given)
    _keep(keeper, flow_id, seen_in(keeper, session, values), values, "the org itself")


def take_metadata(
    keeper: Keeper, flow_id: str, zipped: bytes | None, given: Mapping[str, str]
) -> None:
    """Plan by metadata that somebody retrieved; None for what was brought before.

    Raises `BadInput` for a zip without apps, and what `prepare` raises.
    """
    flow, _ = repair_of(keeper, flow_id)
    if zipped is None and "files" not in flow.outcome:
        raise BadInput("nothing was seen of the org yet", next_step="choose a zip", whose="you")
    files = _unpacked(flow) if zipped is None else Files(of_zip(zipped))
    if not files.by_key:
        raise BadInput("no metadata of apps is in that zip", whose="you",
                       next_step="retrieve ConnectedApp or ExternalClientApplication")  # fmt: skip
    source = "the file that was brought" if zipped else flow.outcome["source"]
    _keep(keeper, flow_id, files, _given(given), str(source))


def _given(told: Mapping[str, str]) -> dict[str, str]:
    return {name: told[name].strip() for name in MEANINGS if told.get(name, "").strip()}


def seen_in(keeper: Keeper, session: Session, given: Mapping[str, str]) -> Files:
    """What the org holds, as it is kept: without secrets, under the paths of a package."""
    profile = given.get("profile", "")
    files = keeper.say(apply.org_files(session, [profile] if profile else []))
    return Files(of_zip(package(files)))


def _keep(
    keeper: Keeper, flow_id: str, files: Files, given: dict[str, str], source: str
) -> None:  # fmt: skip
    flow, ground = repair_of(keeper, flow_id)
    zipped = package(files)
    prepare(ground, Files(of_zip(zipped)), given)
    if len(zipped) > MOST:
        raise BadInput("the metadata is larger than a repair needs", whose="you",
                       next_step="retrieve only the app and the org's settings")  # fmt: skip
    seen = {"files": packed(zipped), "given": given, "source": source,
            "seen_at": keeper.clock.now().isoformat()}  # fmt: skip
    stale = ("simulated", "applied", "changed", "trouble", "undone")
    write(keeper, flow.id, drop=stale, **seen)


def keep_simulation(keeper: Keeper, flow_id: str, told: Mapping[str, Any]) -> None:
    """Write down what a trial in an emulated org came to."""
    write(keeper, flow_id, simulated=dict(told))


def package_of(flow: Flow, ground: Ground) -> bytes:
    """What would be deployed, as the Metadata API takes it.

    Raises `Misuse` where a deployment carries none of it, or it may not be done.
    """
    shown = prepared(flow, ground)
    if shown is None or not shown.plan.deployments or not shown.can_be_done:
        raise Misuse("there is nothing to deploy", next_step="look at the plan")
    name = shown.plan.app.name if shown.plan.app else ""
    return apply.package_of(shown.plan.deployments[0], shown.files, name)


def way_back_of(flow: Flow) -> bytes:
    """The package that brings back what the org held.  Raises `Misuse` where none is kept."""
    if "back" not in flow.outcome:
        raise Misuse("nothing was changed, so there is no way back", next_step="look at the plan")
    return base64.b64decode(flow.outcome["back"])


def told_of_way_back(flow: Flow) -> tuple[str, ...]:
    """What taking a repair back does to the org, in lines; empty where nothing was changed."""
    if "back" not in flow.outcome:
        return ()
    kept = way_back_of(flow)
    brought = (f"brings back {each.kind.type} {each.name}" for each in of_zip(kept))
    return (*brought, *(f"deletes {type_} {name}" for type_, name in removed_by(kept)))


def is_working(keeper: Keeper, flow: Flow) -> bool:
    """Whether something is being done to the org now."""
    since = flow.outcome.get("working", {}).get("since", "")
    return bool(since) and keeper.clock.now() - datetime.fromisoformat(since) < PATIENCE


def tell(keeper: Keeper, flow: Flow, kind: str, text: str) -> None:
    """A line of the connection's history, with the admin who is signed in."""
    with keeper.writing() as tx:
        user = flow.outcome.get("lent", {}).get("user", "")
        note(keeper, tx, flow.connection, kind, text, **({"admin": user} if user else {}))


def write(keeper: Keeper, flow_id: str, *, drop: tuple[str, ...] = (), **told: Any) -> None:
    """Put what was learned into the repair's row, and take out what does not hold any more."""
    with keeper.writing() as tx:
        flow = flows.get(tx, flow_id)
        kept = {name: each for name, each in flow.outcome.items() if name not in drop}
        flows.update(tx, flow.id, outcome=kept | told)


def packed(data: bytes) -> str:
    """Bytes as a row of texts holds them."""
    return base64.b64encode(data).decode()


def _unpacked(flow: Flow) -> Files:
    return Files(of_zip(base64.b64decode(flow.outcome["files"])))
