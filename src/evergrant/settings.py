"""Settings: where data lies, which hosts count as login hosts, how the service is reached.

One frozen value, read from the environment (`EVERGRANT_*`) once and given to whoever needs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from platformdirs import user_data_path

from evergrant.errors import BadInput


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator can set; each field is `EVERGRANT_<NAME>` in the environment."""

    data_dir: Path = field(default_factory=lambda: user_data_path("evergrant", appauthor=False))
    """Folder of the database, the master key and the service's address; made 0700."""
    tenant: str = "default"
    """The tenant that the command line and the MCP server work for; the service serves all."""
    database_url: str = ""
    """SQLAlchemy URL of SQLite or PostgreSQL; empty means `evergrant.db` in the data folder."""
    master_key_file: Path | None = None
    """File with the master key; None means `master.key` in the data folder, made 0600 at first."""
    master_key_command: str = ""
    """A command that prints the master key (a secret manager's client); wins over the file."""
    key_beside_data: bool = False
    """Whether the key file may lie in the data folder of a service on PostgreSQL; `yes` or `no`."""
    login_host_production: str = "https://login.salesforce.com"
    """What the login host `production` stands for; an emulated org while rehearsing."""
    login_host_sandbox: str = "https://test.salesforce.com"
    """What the login host `sandbox` stands for."""
    allowed_hosts: tuple[str, ...] = ()
    """Login hosts outside Salesforce's domains that the operator allows by name (`host[:port]`)."""
    public_url: str = "http://127.0.0.1:8400"
    """How browsers reach the service; the callback is `<public_url>/oauth/callback`."""
    evidence_integration: str = ""
    """Id of the integration with whose app an admin signs in to the console to repair an org; an
    app of your own for this alone, never that of a connection.  Empty leaves repairs to the
    command line."""
    status_url: str = "https://api.status.salesforce.com"
    """Where Salesforce's status page is asked how an org's instance does, by the name of its
    domain; `none` asks nobody."""
    webhook_url: str = ""
    """Where notices are posted as JSON; empty means they are only logged."""
    embed_origins: tuple[str, ...] = ()
    """Origins (`https://app.example.com`) of your product's pages that may embed parts of ours."""
    log_level: str = "WARNING"
    """`DEBUG`, `INFO`, `WARNING` or `ERROR`; what is logged is masked at every level."""
    log_format: str = "text"
    """`text`, or `json` for one JSON object a line."""
    traces_endpoint: str = ""
    """OTLP endpoint (HTTP) that OpenTelemetry traces go to; empty sends none."""
    metrics_key_file: Path | None = None
    """File with the key that reads `/metrics`; None means `metrics.key` in the data folder."""
    catalog: Path | None = None
    """Folder with causes, facts, changes and terms of your own, laid over the catalog of causes."""
    check_interval_s: int = 900
    """Seconds between two checks of a healthy connection."""
    audit_interval_s: int = 86_400
    """Seconds between two audits of a connection's org; 0 runs none by itself."""
    secret_age_days: int = 365
    """Days after which `evergrant status` reminds of rotating a consumer secret; 0 never does."""
    watch_hands: int = 8
    """How many connections one process checks at the same time."""
    lease_s: float = 20.0
    """Seconds that a right to a refresh token, or to a check, lasts without a sign of life of its
    holder; then another worker takes over."""

    @property
    def database(self) -> str:
        """The SQLAlchemy URL that is in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'evergrant.db'}"

    @property
    def key_file(self) -> Path:
        """The master key's file that is in force."""
        return self.master_key_file or self.data_dir / "master.key"

    @property
    def callback_url(self) -> str:
        """The redirect URI that must be registered in the app."""
        return f"{self.public_url.rstrip('/')}/oauth/callback"

    def but(self, **changes: object) -> Settings:
        """The same settings with some changed; None leaves one as it is."""
        return replace(self, **{k: v for k, v in changes.items() if v is not None})  # type: ignore[arg-type]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _answer(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("it is yes or no")
    return text.lower() == "yes"


def _page(text: str) -> str:
    return "" if text.lower() == "none" else text


_PARSERS: dict[str, Callable[[str], object]] = {
    "data_dir": Path,
    "master_key_file": Path,
    "catalog": Path,
    "metrics_key_file": Path,
    "allowed_hosts": _words,
    "embed_origins": _words,
    "check_interval_s": int,
    "audit_interval_s": int,
    "secret_age_days": int,
    "lease_s": float,
    "key_beside_data": _answer,
    "watch_hands": int,
    "status_url": _page,
}


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process.

    Raises `BadInput` naming the variable when a value cannot be read.
    """
    found: dict[str, object] = {}
    for each in fields(Settings):
        name = f"EVERGRANT_{each.name.upper()}"
        if text := environ.get(name, ""):
            found[each.name] = _parse(name, each.name, text)
    return Settings(**found)  # type: ignore[arg-type]


def _parse(variable: str, name: str, text: str) -> object:
    try:
        return _PARSERS.get(name, str)(text)
    except ValueError as error:
        raise BadInput(
            f"{variable} cannot be read: {text!r}",
            why=str(error),
            next_step="correct the variable, or unset it to use the default",
            whose="operator",
        ) from error
