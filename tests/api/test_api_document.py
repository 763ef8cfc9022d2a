"""Schemathesis over the OpenAPI document: whatever it thinks of, the service answers as it says."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from evergrant import keeper as verbs
from evergrant.api.app import create
from evergrant.clock import ManualClock
from evergrant.keeper import Keeper
from evergrant.model import Secret
from evergrant.settings import Settings

KEY = {"EVERGRANT_MASTER_KEY": base64.b64encode(b"k" * 32).decode()}
OPERATOR = Secret("operator-word")
EXAMPLES = 25
PLAIN = [not_a_server_error]
FULL = [status_code_conformance, content_type_conformance, response_schema_conformance]
"""What the token broker, whose document is written by hand, is held to besides."""


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    folder = tmp_path_factory.mktemp("document")
    made = Settings(data_dir=Path(folder))
    with verbs.open_for_all(made, clock=ManualClock(), environ=KEY) as opened:
        yield opened


@pytest.fixture(scope="module")
def word(keeper: Keeper) -> str:
    return verbs.create_key(keeper, "all", everything=True, per_minute=10**6)[0].reveal()


@pytest.fixture(scope="module")
def document(keeper: Keeper) -> Any:
    key = {"Authorization": f"Bearer {OPERATOR.reveal()}"}
    app = create(keeper, OPERATOR)
    return schemathesis.openapi.from_asgi("/v1/openapi.json", app, headers=key)


def test_the_service_answers_as_its_document_says(document: Any, word: str) -> None:
    operations = [each.ok() for each in document.get_all_operations()]
    assert len(operations) >= 5
    for operation in operations:
        tried(operation, word)


def tried(operation: Any, word: str) -> None:
    """Send what Hypothesis makes of one operation's parameters and body."""
    is_token = operation.path.endswith("/token")
    key = word if is_token else OPERATOR.reveal()

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(case=operation.as_strategy())
    def one(case: Any) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {key}"})
        assert OPERATOR.reveal() not in answer.text
        case.validate_response(answer, checks=PLAIN + (FULL if is_token else []))

    one()


def test_the_document_names_the_token_broker_and_its_problems(document: Any) -> None:
    told = document.raw_schema
    read = told["paths"]["/v1/connections/{connection_id}/token"]["get"]
    assert {"200", "304", "401", "404", "409", "413", "429", "503"} <= read["responses"].keys()
    assert read["security"] == [{"apiKey": []}]
    assert "refresh" not in str(told["components"]["schemas"]["Token"]).lower()
