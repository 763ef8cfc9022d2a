"""What a flow needs besides the app is sealed with the app's secrets, and comes back whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from evergrant.model import Exchange, Means, Password, Secret
from evergrant.store import integrations
from evergrant.vault import contents
from vault_kit import INTEGRATION, opened, seed, vault

VAULT = vault()


@pytest.mark.parametrize(
    "means",
    [
        None,
        Password(Secret("planted-password")),
        Password(Secret("planted-password"), Secret("planted-token")),
        Exchange("id_token"),
        Exchange("JWT", "OktaHandler"),
    ],
)
def test_an_integration_comes_back_with_what_its_flow_needs(
    tmp_path: Path, means: Means | None
) -> None:
    wanted = replace(INTEGRATION, means=means)
    with opened(tmp_path) as store, store.write() as tx:
        seed(tx, VAULT)
        VAULT.save_integration(tx, wanted)
        assert VAULT.integration(tx, wanted.id) == wanted
        row = integrations.get(tx, wanted.id)
        assert b"planted" not in row.sealed
        assert "planted" not in repr(wanted)


def test_an_integration_that_was_sealed_before_there_were_means_has_none() -> None:
    older = json.dumps({"consumer_secret": "s", "private_key": None}).encode()
    assert contents.means_of(older) is None
    assert contents.with_secrets(INTEGRATION.app, older).consumer_secret == Secret("s")
