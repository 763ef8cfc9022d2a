"""What the tests of the vault begin with: a database, a vault, an integration, a connection."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

from evergrant.clock import ManualClock
from evergrant.health import State
from evergrant.model import App, Connection, Credential, Identity, Integration, Secret
from evergrant.settings import Settings
from evergrant.store import Store, Tx, connections
from evergrant.vault import Kept, Vault

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
WHO = Identity("00D5g00000ABCDEEA4", "0055g00000XYZABAA2", "ada@acme.example")
OTHER = Identity("00D5g00000ZZZZZEA4", "0055g00000QQQQQAA2", "eve@globex.example")
PLANTED = "planted"

INTEGRATION = Integration(
    id="int_sync",
    name="orbit-sync",
    app_label="Orbit Sync",
    app_owner="Orbit Ltd",
    app=App(
        "3MVG9.key",
        Secret("planted-consumer-secret"),
        Secret("planted-private-key"),
        "http://127.0.0.1:8400/oauth/callback",
        ("api", "refresh_token"),
    ),
    flow="web_server",
    login_host="https://login.salesforce.com",
    support_contact="help@orbit.example",
)
TOKENS = Credential(
    access_token=Secret("planted-access"),
    instance_url="https://acme.my.salesforce.com",
    refresh_token=Secret("planted-refresh"),
    identity_url="https://login.salesforce.com/id/00D5g00000ABCDEEA4/0055g00000XYZABAA2",
    issued_at=NOW,
    scopes=("api", "refresh_token"),
    extras={"token_type": "Bearer"},
)


def key(number: int = 1) -> dict[str, str]:
    """An environment with a master key."""
    return {"EVERGRANT_MASTER_KEY": base64.b64encode(bytes([number]) * 32).decode()}


def vault(number: int = 1) -> Vault:
    return Vault.open(Settings(data_dir=Path("unused")), key(number), clock=ManualClock(NOW))


def replaced(keeper: Vault, tx: Tx, kept: Kept, answer: Credential) -> Kept | None:
    """One refresh's answer in the place of the credential that was sent."""
    return keeper.replace_each(tx, [(kept, answer, "default")])[0]


def opened(folder: Path) -> Store:
    return Store.open(f"sqlite:///{folder / 'data' / 'evergrant.db'}", patience_s=2)


def seed(tx: Tx, keeper: Vault, *names: str) -> None:
    """The integration, and a connection for each name; `acme` when none is given."""
    keeper.check(tx)
    keeper.save_integration(tx, INTEGRATION)
    for name in names or ("acme",):
        host = "https://login.salesforce.com"
        connections.add(tx, Connection(f"con_{name}", "int_sync", name, State.CONNECTED, host))
