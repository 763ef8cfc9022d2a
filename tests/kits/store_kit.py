"""What the tests of the store begin with: a fresh database, an integration, a connection."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from evergrant.health import State
from evergrant.model import Connection
from evergrant.store import Store, Tx, connections, integrations
from evergrant.store.integrations import IntegrationRow

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'data' / 'evergrant.db'}"


def fresh(folder: Path) -> Store:
    return Store.open(url(folder), patience_s=0.3)


def integration(key: str = "int_sync", name: str = "orbit-sync") -> IntegrationRow:
    return IntegrationRow(
        id=key,
        tenant="default",
        name=name,
        app_label="Orbit Sync",
        app_owner="Orbit Ltd",
        consumer_key="3MVG9.key",
        redirect_uri="http://127.0.0.1:8400/oauth/callback",
        scopes=("api", "refresh_token"),
        flow="web_server",
        login_host="https://login.salesforce.com",
        subject="",
        support_contact="help@orbit.example",
        sealed=b"sealed",
    )


def connection(key: str = "con_acme", name: str = "acme", **more: object) -> Connection:
    base = {
        "id": key,
        "integration": "int_sync",
        "name": name,
        "state": State.CONNECTED,
        "login_host": "https://login.salesforce.com",
    }
    return Connection(**(base | more))  # type: ignore[arg-type]


def seed(tx: Tx, *names: str) -> None:
    """The integration, and a connection for each name; `acme` when none is given."""
    integrations.save(tx, integration())
    for name in names or ("acme",):
        connections.add(tx, connection(f"con_{name}", name))
