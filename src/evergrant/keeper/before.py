"""Before the sign-in: which of Salesforce's gates are known to be open, shut, or not known.

Told from the last evidence: what the last attempt and the open incident said, the connection's own
history, and what its own token may see of the org, where that still works.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from evergrant.diagnosis import Diagnosis
from evergrant.errors import EvergrantError
from evergrant.evidence import bundle
from evergrant.keeper.examine import look_for
from evergrant.keeper.incident import facts_of
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.observe import own_facts
from evergrant.model import Connection, Fact, Session, Unknown
from evergrant.settings import Settings
from evergrant.store import connections, flows, incidents
from evergrant.store.flows import Flow

MOST_APPROVALS: Final = 5
"""Of one user for one app; with one more, the oldest is revoked (oauth-protocol 4.4)."""
Standing = Literal["open", "shut", "close to shut", "not known"]
Facts = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate on the way, as far as is known before anybody signs in."""

    name: str
    """Short and lasting: texts in other languages are found by it."""
    title: str
    standing: Standing
    told: str
    """What it rests on, or why nothing is known."""
    at: datetime | None = None
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    """How a gate is told: the gates of the catalog it stands for, and the facts that speak."""

    name: str
    title: str
    gates: tuple[str, ...]
    facts: Callable[[Facts], tuple[Standing, Fact] | None]
    ask: str
    """How to find out."""


def _one(name: str, open_when: bool) -> Callable[[Facts], tuple[Standing, Fact] | None]:
    """A gate that one yes-or-no fact tells of."""

    def tell(known: Facts) -> tuple[Standing, Fact] | None:
        fact = known.get(name)
        if fact is None or not isinstance(fact.value, bool):
            return None
        return ("open" if fact.value is open_when else "shut"), fact

    return tell


def _listed(known: Facts) -> tuple[Standing, Fact] | None:
    """Whether the user may in: the app's list counts only where nobody else may in."""
    only, listed = known.get("app.admin_approved_only"), known.get("user.preauthorized")
    if only is not None and only.value is False:
        return "open", only
    if listed is None or not isinstance(listed.value, bool):
        return None
    if only is None and not listed.value:
        return None
    return ("open" if listed.value else "shut"), listed


def _approvals(known: Facts) -> tuple[Standing, Fact] | None:
    fact = known.get("user.app_tokens")
    if fact is None or not isinstance(fact.value, int):
        return None
    return ("close to shut" if fact.value >= MOST_APPROVALS else "open"), fact


GATES: Final = (
    _Row("blocked", "The app is not blocked", ("app_blocked", "app_enabled"),
         _one("app.blocked", False),
         "Setup > Connected Apps OAuth Usage: blocked apps stand at the very bottom"),
    _Row("installed", "The app is installed, or the user may approve it uninstalled",
         ("app_in_org", "uninstalled_restriction", "api_access_control"),
         _one("app.in_org", True), "Setup > Connected Apps OAuth Usage"),
    _Row("permitted", "The user may use the app", ("permitted_users",), _listed,
         "Permitted Users in the app’s OAuth policies, and its permission sets"),
    _Row("user", "The user is active and may use the API",
         ("user_known", "user_active", "user_frozen", "api_enabled"), _one("user.active", True),
         "Setup > Users"),
    _Row("approvals", "There is room for one more approval", (), _approvals,
         "the user’s OAuth Connected Apps: five approvals for one app may stand, and a sixth "
         "revokes the oldest"),
)  # fmt: skip
"""What is told before a sign-in, in Salesforce's order (emulator-fidelity F4)."""


def before(keeper: Keeper, flow: Flow, diagnosis: Diagnosis | None) -> tuple[Gate, ...]:
    """The gates of a flow by the last evidence; `diagnosis` is what the judge says of it."""
    connection, facts = _known(keeper, flow)
    known = {fact.name: fact for fact in facts if fact.is_known}
    shut = _shut(keeper, diagnosis)
    gates = [_told(row, known, diagnosis if row.gates and shut in row.gates else None)
             for row in GATES]  # fmt: skip
    return (_org_type(keeper.settings, flow, connection, known), *gates)


def look_before(keeper: Keeper, flow_id: str) -> str:
    """Look at the org with the connection's own token; empty, or why that did not work.

    What was seen is kept with the flow.  Raises `NotFound`.
    """
    with keeper.reading() as tx:
        flow = flows.get(tx, flow_id)
        connection = connections.by_id(tx, flow.connection) if flow.connection else None
        kept = keeper.vault.live(tx, flow.connection) if connection else None
    if connection is None or kept is None:
        return "there is no credential to look with yet"
    session = Session(kept.credential.instance_url, kept.credential.access_token)
    with keeper.reading() as tx:
        integration = keeper.vault.integration(tx, connection.integration)
    try:
        facts = keeper.say(look_for(keeper, connection, integration, None, session))
    except EvergrantError as trouble:
        return trouble.what
    seen = [fact for fact in facts if fact.is_known]
    refused = next((f for f in facts if f.name == "org.admin_refused" and f.value != "none"), None)
    if refused is not None:
        why = refused.value.reason if isinstance(refused.value, Unknown) else refused.value
        return f"the connection’s own token is refused: {why}"
    with keeper.writing() as tx:
        now = flows.get(tx, flow.id)
        flows.update(tx, flow.id, outcome={**now.outcome, "looked": bundle.save(seen)})
    return ""


def _known(keeper: Keeper, flow: Flow) -> tuple[Connection | None, list[Fact]]:
    """The newest last: what an attempt told outweighs what was seen before it."""
    told: list[Fact] = []
    for kept in (flow.outcome, flow.outcome.get("before", {})):
        told = [*bundle.load(kept.get("facts", [])), *told]
    looked = bundle.load(flow.outcome.get("looked", []))
    if not flow.connection:
        return None, told
    with keeper.reading() as tx:
        connection = connections.by_id(tx, flow.connection)
        integration = keeper.vault.integration(tx, connection.integration)
        fed = facts_of(tx, incidents.open_for(tx, connection.id))
        own = own_facts(keeper, tx, connection, integration)
    return connection, [*own, *fed, *looked, *told]


def _shut(keeper: Keeper, diagnosis: Diagnosis | None) -> str:
    """The gate that the judge names; empty where nothing stands out."""
    if diagnosis is None or not diagnosis.is_named or not diagnosis.cause:
        return ""
    cause = keeper.catalog.causes[diagnosis.cause]
    return cause.gate if cause.remedy == "admin-change" else ""


def _told(row: _Row, known: Facts, diagnosis: Diagnosis | None) -> Gate:
    if diagnosis is not None and diagnosis.first is not None:
        reason = next(iter(diagnosis.first.supports), None)
        quote = reason.fact.quote if reason else ""
        at = reason.fact.observed_at if reason else None
        return Gate(row.name, row.title, "shut", quote or diagnosis.first.title, at, row.ask)
    found = row.facts(known)
    if found is None:
        return Gate(row.name, row.title, "not known", "nothing that was seen tells", None, row.ask)
    standing, fact = found
    is_open = standing == "open"
    return Gate(row.name, row.title, standing, fact.quote or f"{fact.name}: {fact.value}",
                fact.observed_at, "" if is_open else row.ask)  # fmt: skip


def _org_type(settings: Settings, flow: Flow, connection: Connection | None, known: Facts) -> Gate:
    """Whether the host that is chosen is the kind of org that is expected."""
    title = "The right kind of org"
    chosen = _kind_of(settings, flow.login_host)
    sandbox = known.get("org.is_sandbox")
    if sandbox is not None and isinstance(sandbox.value, bool):
        expected, told = ("sandbox" if sandbox.value else "production"), sandbox.quote
    elif connection is not None and connection.instance_url:
        expected, told = _kind_of(settings, connection.instance_url), connection.instance_url
    else:
        expected, told = "", ""
    if chosen == "my domain" or not expected or expected == "my domain":
        return Gate("org_type", title, "open" if chosen == "my domain" else "not known",
                    f"signs in at {flow.login_host}")  # fmt: skip
    if chosen == expected:
        return Gate("org_type", title, "open", f"signs in at {flow.login_host}; {told}")
    return Gate("org_type", title, "shut",
                f"{flow.login_host} is for {chosen}, the org is {expected}: {told}", None,
                f"choose {expected.capitalize()} below")  # fmt: skip


def _kind_of(settings: Settings, address: str) -> str:
    if address == settings.login_host_production:
        return "production"
    if address == settings.login_host_sandbox:
        return "sandbox"
    host = urlsplit(address).hostname or ""
    return "sandbox" if ".sandbox.my." in host else "my domain"


def asked_for(scopes: Sequence[str]) -> list[tuple[str, str]]:
    """The scopes that a sign-in asks for, each in words; without any, all that the app has."""
    return [(each, SCOPES.get(each, "a product’s own scope")) for each in scopes]


SCOPES: Final[Mapping[str, str]] = {
    "api": "call the REST, SOAP and Bulk APIs as the user",
    "web": "open Salesforce’s pages as the user, Visualforce included",
    "full": "everything that the user may do, except coming back later",
    "refresh_token": "come back later without asking again",
    "offline_access": "come back later without asking again",
    "id": "learn who signed in",
    "profile": "learn the user’s name",
    "email": "learn the user’s e-mail address",
    "address": "learn the user’s address",
    "phone": "learn the user’s phone number",
    "openid": "learn who signed in, as a signed statement",
    "chatter_api": "call the Connect REST API",
    "custom_permissions": "see which custom permissions the user has",
    "visualforce": "open Visualforce pages as the user",
    "lightning": "open Lightning pages as the user",
    "content": "open files as the user",
}
"""Scope → what it allows (oauth-protocol 1.9)."""
