"""The pytest plugin: `salesforce_org`, an emulated org that is new for each test.

One org is served for the whole run (for each worker under xdist) and set back before every test,
which takes a few milliseconds. Nothing of the emulator is imported until a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from evergrant.testing.org import SalesforceOrg

_READY = "ready"
_TRUSTED_BY = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
"""Where requests, OpenSSL and Node.js look for what to trust."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings of pytest.ini or pyproject.toml."""
    parser.addini("salesforce_org_tls", "serve the org by https", type="bool", default=True)
    parser.addini("salesforce_org_strict", "refuse what is inferred", type="bool", default=False)
    parser.addini("salesforce_org_seed", "same seed, same ids and keys", default="7")


@pytest.fixture(scope="session")
def salesforce_server(pytestconfig: pytest.Config) -> Iterator[SalesforceOrg]:
    """The org that is served for the whole run; what one test does to it, the next one sees."""
    from evergrant.testing.serve import emulated_org

    with emulated_org(
        served=True,
        tls=pytestconfig.getini("salesforce_org_tls"),
        strict=pytestconfig.getini("salesforce_org_strict"),
        seed=int(pytestconfig.getini("salesforce_org_seed")),
    ) as org:
        yield org


@pytest.fixture(scope="session")
def salesforce_prepared(salesforce_server: SalesforceOrg) -> None:
    """What every test begins with; override it to make apps and users once for all."""


@pytest.fixture(scope="session")
def _salesforce_ready(
    salesforce_server: SalesforceOrg,
    salesforce_prepared: object,  # noqa: ARG001  # asked for, so that it has run before
) -> None:
    """The org as every test finds it, kept to come back to."""
    salesforce_server.save(_READY)


@pytest.fixture
def salesforce_org(
    salesforce_server: SalesforceOrg,
    _salesforce_ready: None,
    monkeypatch: pytest.MonkeyPatch,
) -> SalesforceOrg:
    """An emulated Salesforce org, as new, on a loopback port that only this run can trust."""
    salesforce_server.restore(_READY)
    if salesforce_server.ca_file is not None:
        for name in _TRUSTED_BY:
            monkeypatch.setenv(name, str(salesforce_server.ca_file))
    return salesforce_server
