"""A browser authorization, from the link to the callback; first connect and reauthorize alike.

    begin   a flow is written down; its start link is single-use and ends after ten minutes
    start   the link is exchanged at once for a cookie; the browser goes on to Salesforce
    finish  the callback comes back in that same browser, once; the code is exchanged

The old credential stays live until the new one has told whose it is and has made a good call.
Another org or user is put *on hold*: nothing is replaced before a person chooses.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from evergrant.errors import BadCallback, Misuse, NotFound
from evergrant.keeper.admit import check_name, refuse_removed
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.parts import first_part
from evergrant.keeper.record import note
from evergrant.keeper.tickets import hashed, new_ticket
from evergrant.model import App, Connection, FlowId, Integration, Secret
from evergrant.oauth import login_host as right_host
from evergrant.oauth.web_server import Authorization, pkce
from evergrant.store import Tx, connections, flows, parts
from evergrant.store.flows import Flow
from evergrant.store.parts import MAIN
from evergrant.store.rows import new_id
from evergrant.vault.identities import of_flow

SPOKEN: FlowId = "web_server"
LENT_SCOPES = ("api",)
"""What an admin who lends a session is asked for: calls, and no coming back later."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A flow and the link that starts it; the link is shown once and never stored."""

    flow: Flow
    link: Secret


@dataclass(frozen=True, slots=True)
class Started:
    """Where the browser goes, and the cookie that binds it to the flow."""

    flow: str
    """Its id: a browser may be in several flows at once, each with a cookie of its own."""
    authorize_url: str = field(repr=False)
    cookie: Secret


def begin(
    keeper: Keeper,
    integration_id: str,
    *,
    name: str = "",
    connection_id: str = "",
    login_host: str = "",
    login_hint: str = "",
    force_login: bool = False,
) -> Begun:
    """Write down a flow: a first connect (`name`) or a reauthorization (`connection_id`).

    Raises `NotFound`; `BadInput` for a name that is empty or taken; `HostRefused`; and `Misuse`
    for an integration whose flow calls nobody back, or another's connection.
    """
    ticket = new_ticket()
    with keeper.writing() as tx:
        integration = keeper.vault.integration(tx, integration_id)
        known = _known(tx, integration, connection_id, name)
        part = first_part(tx, known, integration, SPOKEN) if known else MAIN
        _refuse_unspoken(integration_of(tx, integration, part))
        own = known.login_host if known else integration.login_host
        flow = Flow(
            id=new_id("flow"),
            integration=integration.id,
            connection=known.id if known else "",
            purpose="reauthorize" if known else "connect",
            name=known.name if known else name,
            login_host=login_place(keeper, login_host, own),
            login_hint=login_hint,
            force_login=force_login,
            ticket_hash=hashed(ticket),
            created_at=keeper.clock.now(),
            expires_at=keeper.clock.now() + flows.LIFETIME,
            part=part,
        )
        flows.add(tx, flow)
        if known:
            note(keeper, tx, known.id, "reauthorization begun", f"at {flow.login_host}")
    return Begun(flow, start_link(keeper, ticket))


def start_link(keeper: Keeper, ticket: Secret) -> Secret:
    """The address that a browser opens to start a flow."""
    return Secret(f"{keeper.settings.public_url.rstrip('/')}/start/{ticket.reveal()}")


def integration_of(tx: Tx, integration: Integration, part: str) -> Integration:
    """The integration as one of its parts authorizes with it."""
    known = {each.name: each for each in parts.credentials_of(tx, integration.id)}
    return known[part].view(integration) if part in known else integration


def _refuse_unspoken(integration: Integration) -> None:
    if integration.flow != SPOKEN:
        raise Misuse(
            f"{integration.name} uses {integration.flow}, in which nobody calls back",
            next_step="use `evergrant connect` or `evergrant reauthorize`",
        )


def _known(tx: Tx, integration: Integration, connection_id: str, name: str) -> Connection | None:
    if not connection_id:
        check_name(tx, integration.id, name)
        return None
    known = connections.get(tx, connection_id)
    refuse_removed(known)
    if known.integration != integration.id:
        raise Misuse(f"{known.name} is no connection of {integration.name}")
    return known


def login_place(keeper: Keeper, asked: str, own: str) -> str:
    """Where to log in: any other host than the connection's own is looked at first, for the
    consumer secret will be sent there.  Raises `HostRefused`."""
    if asked in ("", own):
        return own
    settings = keeper.settings
    return right_host(
        asked,
        allowed=settings.allowed_hosts,
        production=settings.login_host_production,
        sandbox=settings.login_host_sandbox,
    )


def start(keeper: Keeper, ticket: str) -> Started:
    """Exchange a start link for a cookie and the authorize URL; the link is spent by it.

    Raises `BadCallback` when the link is unknown, used or older than ten minutes.
    """
    cookie, (verifier, challenge) = new_ticket(), pkce()
    with keeper.writing() as tx:
        waiting = flows.by_ticket(tx, hashed(ticket))
        if waiting is None:
            raise _bad(BAD_LINK)
        state = Secret(f"{waiting.id}.{new_ticket().reveal()}")
        flow = flows.start(
            tx,
            waiting.id,
            keeper.clock.now(),
            state_hash=hashed(state),
            browser_hash=hashed(cookie),
            sealed=keeper.vault.seal_text(verifier, of_flow(waiting.id)),
        )
        if flow is None:
            raise _bad(BAD_LINK)
        whole = keeper.vault.integration(tx, flow.integration)
        integration = integration_of(tx, whole, flow.part)
    prompt = "login" if flow.force_login else ""
    way = Authorization(app_of(keeper, integration), flow.login_host)
    scopes = LENT_SCOPES if flow.purpose == "repair" else ()
    url = way.url(
        state.reveal(), challenge, login_hint=flow.login_hint, prompt=prompt, scopes=scopes
    )
    return Started(flow.id, url, cookie)


BAD_LINK = "this link was used before, has expired, or was never ours"


def flow_in(state: str) -> str:
    """The id of the flow that a state names, whether or not it is one of ours."""
    return state.partition(".")[0]


def app_of(keeper: Keeper, integration: Integration) -> App:
    """The integration's app with the callback of the service that is running."""
    return replace(integration.app, redirect_uri=keeper.settings.callback_url)


def take_callback(keeper: Keeper, state: str, cookie: str) -> tuple[Flow, Integration, Secret]:
    """Find the flow that a callback belongs to and spend its state.

    Raises `BadCallback` for a state that is missing, unknown, replayed, expired, or from another
    browser; another browser does not spend it.
    """
    if not state:
        raise _bad("the callback carries no state")
    with keeper.writing() as tx:
        flow = flows.by_state(tx, hashed(state))
        if flow is None:
            raise _bad("the callback's state is not one of ours")
        if not cookie or hashed(cookie) != flow.browser_hash:
            raise _bad("the callback came to another browser than the one that began")
        if flows.take_state(tx, hashed(state), keeper.clock.now()) is None:
            raise _bad("the callback's state was used before or is older than ten minutes")
        verifier = keeper.vault.unseal_text(flow.sealed or b"", of_flow(flow.id))
        whole = keeper.vault.integration(tx, flow.integration)
        return flow, integration_of(tx, whole, flow.part), verifier


def _bad(what: str) -> BadCallback:
    return BadCallback(
        what,
        why="a callback is accepted once, within ten minutes, in the browser that began the flow",
        next_step="begin again with a new link",
        whose="whoever connects",
    )


def flow_of(keeper: Keeper, flow_id: str) -> Flow:
    """An authorization by its id.  Raises `NotFound`, also for a repair."""
    with keeper.reading() as tx:
        return authorization(tx, flow_id)


def any_flow(keeper: Keeper, flow_id: str) -> Flow:
    """A flow by its id, whatever it is for.  Raises `NotFound`."""
    with keeper.reading() as tx:
        return flows.get(tx, flow_id)


def authorization(tx: Tx, flow_id: str) -> Flow:
    """The row of an authorization.  Raises `NotFound`: a repair is none, and goes its own way."""
    flow = flows.get(tx, flow_id)
    if flow.purpose == "repair":
        raise NotFound("that is no authorization", next_step="look at the repair itself")
    return flow


def flow_in_browser(keeper: Keeper, flow_id: str, cookie: str) -> Flow:
    """A flow by its id, for the browser that began it.

    Raises `NotFound`; another browser is told nothing but that, whether the flow exists or not.
    """
    unknown = NotFound("no such authorization in this browser", next_step="begin again")
    try:
        flow = any_flow(keeper, flow_id)
    except NotFound:
        raise unknown from None
    if not cookie or hashed(cookie) != flow.browser_hash:
        raise unknown
    return flow
