"""From a callback to a credential: the code is exchanged, a refusal is raised."""

from __future__ import annotations

from evergrant.keeper.flows import app_of
from evergrant.keeper.keeper import Keeper
from evergrant.model import Credential, Integration, Secret
from evergrant.oauth.callback import Callback, Denied
from evergrant.oauth.web_server import exchange
from evergrant.store.flows import Flow


def redeemed(
    keeper: Keeper, flow: Flow, integration: Integration, callback: Callback, verifier: Secret
) -> Credential:
    """What Salesforce gives for the callback of a flow.

    Raises `Refused`, `Malformed` and what the network throws.
    """
    if isinstance(callback, Denied):
        raise callback.refusal()
    app = app_of(keeper, integration)
    return keeper.say(
        exchange(app, flow.login_host, callback.code, verifier, now=keeper.clock.now())
    )
