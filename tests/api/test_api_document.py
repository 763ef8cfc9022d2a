"""Schemathesis over the OpenAPI document: whatever it thinks of, the service answers as it says."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from evergrant import keeper as verbs
from evergrant.api.app import create
from evergrant.model import Secret
from keeper_kit import (
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)

OPERATOR = Secret("operator-word")
HOST = "https://app.vendor.example"
EXAMPLES = 25
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@dataclass(frozen=True, slots=True)
class Tried:
    """A service with something in it, its document, and the ids that lead to it."""

    document: Any
    word: str
    ids: Mapping[str, str]
    seen: set[tuple[str, int]] = field(default_factory=set)
    """Operations and the statuses that they were answered with."""


@pytest.fixture
def tried(ground: Ground) -> Tried:
    connection, integration = ground.connected(), ground.integration()
    flow = verbs.begin(ground.keeper, integration.id, name="Globex").flow
    word, _ = verbs.create_key(ground.keeper, "all", everything=True, per_minute=10**6)
    house = ground.house
    app = create(replace(house, settings=house.settings.but(embed_origins=(HOST,))), OPERATOR)
    document = schemathesis.openapi.from_asgi("/v1/openapi.json", app, headers=key(OPERATOR))
    ids = {
        "connection_id": connection.id,
        "connection": connection.id,
        "integration": integration.id,
        "flow_id": flow.id,
        "link_id": verbs.make_link(ground.keeper, connection.id).link.id,
        "origin": HOST,
        "part": "main",
        "not_token": "0" * 12,
        "Evergrant-Tenant": "default",
    }
    return Tried(document, word.reveal(), ids)


def key(word: Secret) -> dict[str, str]:
    return {"Authorization": f"Bearer {word.reveal()}"}


@pytest.mark.slow
def test_the_service_answers_as_its_document_says(tried: Tried) -> None:
    operations = [each.ok() for each in tried.document.get_all_operations()]
    assert len(operations) >= 12
    for operation in operations:
        played(tried, operation)
        found = {status for path, status in tried.seen if path == label(operation)}
        assert any(status < 300 for status in found), f"{label(operation)}: {found}"


def label(operation: Any) -> str:
    return f"{operation.method} {operation.path}"


def played(tried: Tried, operation: Any) -> None:
    """Send what Hypothesis makes of one operation's parameters and body."""
    is_token = operation.path.endswith("/token")
    given_key = key(Secret(tried.word) if is_token else OPERATOR)

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
        deadline=None,
    )
    @given(case=operation.as_strategy(), whose=st.sampled_from(["ours", "ours", "nothing"]))
    def one(case: Any, whose: str) -> None:
        if whose == "ours":
            lead(case, tried.ids)
        answer = case.call(headers=given_key)
        tried.seen.add((label(operation), answer.status_code))
        assert OPERATOR.reveal() not in answer.text
        case.validate_response(answer, checks=CHECKS)

    one()


def lead(case: Any, ids: Mapping[str, str]) -> None:
    """Let a case lead to what is there."""
    for parts in (case.path_parameters, case.query, case.headers, case.body):
        if isinstance(parts, MutableMapping):
            parts.update({name: ids[name] for name in ids if name in parts})


def test_the_document_names_the_token_broker_and_its_problems(tried: Tried) -> None:
    told = tried.document.raw_schema
    read = told["paths"]["/v1/connections/{connection_id}/token"]["get"]
    assert {"200", "304", "401", "404", "409", "413", "429", "503"} <= read["responses"].keys()
    assert read["security"] == [{"apiKey": []}]
    assert "refresh" not in str(told["components"]["schemas"]["Token"]).lower()


def test_every_refusal_in_the_document_is_a_problem(tried: Tried) -> None:
    told = tried.document.raw_schema
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            refusals = {code: each for code, each in operation["responses"].items() if code >= "4"}
            assert path == "/health" or {"401", "404", "413", "503"} <= refusals.keys(), method
            for each in refusals.values():
                assert list(each["content"]) == ["application/problem+json"], path
    assert "HTTPValidationError" not in told["components"]["schemas"]
