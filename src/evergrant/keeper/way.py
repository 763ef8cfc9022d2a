"""Looks that need no credential: the way to the org, and what Salesforce says of its instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evergrant import evidence
from evergrant.keeper.doctor_checks import NETWORK, STATUS_PAGE
from evergrant.keeper.keeper import Keeper
from evergrant.model import Fact
from evergrant.store import connections


def look_at_way(keeper: Keeper, connection_id: str) -> Sequence[Fact]:
    """Name, TLS, proxy and redirects on the way to the login host, and the clock against it."""
    with keeper.reading() as tx:
        host = connections.get(tx, connection_id).login_host
    return keeper.say(evidence.look_at_network(host, keeper.clock))


def ask_status(keeper: Keeper, connection_id: str) -> Sequence[Fact]:
    """Whether Salesforce reports an incident or maintenance of the org's instance."""
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
    url = connection.instance_url or connection.login_host
    page = keeper.settings.status_url
    return [keeper.say(evidence.ask_status_page(url, keeper.clock, page=page))]


WAYS: Mapping[str, Callable[[Keeper, str], Sequence[Fact]]] = {
    NETWORK: look_at_way,
    STATUS_PAGE: ask_status,
}
"""Check → how it is done."""
