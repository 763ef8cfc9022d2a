"""Whatever its own OpenAPI documents allow to be sent, the emulator answers as they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from evergrant.emulator import connected
from evergrant.emulator.app import create_app, routes_of
from evergrant.emulator.control import create_control
from evergrant.emulator.openapi import Schema
from evergrant.emulator.stage import Stage
from evergrant.emulator.surface import described

ORG, STEERED = Stage(), Stage()
"""One org for its own port, one for its control port."""
CHECKS = [status_code_conformance, content_type_conformance]
UNSAFE = frozenset({"/scenario/{id}"})
"""Left out: a scenario plays for half a second."""
BOUNDED = settings(
    max_examples=120, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
Case = schemathesis.Case[Any]
Cases = st.SearchStrategy[Case]
pytestmark = pytest.mark.slow


def served(document: Schema, app: ASGIApp) -> schemathesis.schemas.BaseSchema:
    """A schema whose cases are sent to an app of this process."""
    made = schemathesis.openapi.from_dict(document)
    made.app = app
    return made


def cases(schema: schemathesis.schemas.BaseSchema, fits: Callable[[str], bool]) -> Cases:
    """Cases of the operations whose path fits."""
    known = [each for paths in schema.values() for each in paths.values()]
    return st.one_of([each.as_strategy() for each in known if fits(each.path)])


def steering() -> schemathesis.schemas.BaseSchema:
    """The control port's own document, and the port."""
    app = create_control(STEERED)
    with TestClient(app) as client:
        return served(client.get("/openapi.json").json(), app)


org = served(described(routes_of(ORG.org)), create_app(ORG.org))


def check(case: Case, **headers: str) -> None:
    """Send a case: a status and a type that are documented, and never a 500 but a SOAP fault."""
    answer = case.call(headers=headers or None)
    case.validate_response(answer, checks=CHECKS)
    assert answer.status_code != 500 or b":Fault>" in answer.content, answer.text


@pytest.mark.parametrize("part", ["/services/oauth2", "/services/Soap", "/services/data", "/id"])
def test_a_part_of_the_org_answers_in_the_statuses_and_types_that_it_documents(part: str) -> None:
    @given(case=cases(org, lambda path: path.startswith(part)))
    @BOUNDED
    def sent(case: Case) -> None:
        token = connected.sign_in(ORG.org, "admin")["access_token"]
        check(case, Authorization=f"Bearer {token}")

    sent()


@given(case=cases(org, lambda path: not path.startswith(("/services", "/id"))))
@BOUNDED
def test_pages_answer_in_the_statuses_and_types_that_they_document(
    case: Case,
) -> None:
    token = connected.sign_in(ORG.org, "admin")["access_token"]
    check(case, Cookie=f"sid={token}")


@given(case=cases(steering(), lambda path: path not in UNSAFE))
@BOUNDED
def test_the_control_port_answers_in_the_statuses_and_types_that_it_documents(
    case: Case,
) -> None:
    check(case)


def test_the_document_has_every_path_of_the_org() -> None:
    paths = described(routes_of(ORG.org))["paths"]
    assert {"/services/oauth2/token", "/services/data/v{version}/query", "/id/keys"} <= set(paths)
    assert "grant_type" in str(paths["/services/oauth2/token"]["post"]["requestBody"])
