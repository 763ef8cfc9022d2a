"""A whole org: what it shows becomes findings about its apps, its users' grants and its clients."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evergrant.audit.model import Finding, OrgRows, Report
from evergrant.keeper.audit import look_with
from keeper_kit import Ground, ground_fixture, org_fixture
from rule_kit import report

__all__ = ["ground_fixture", "org_fixture"]
pytestmark = pytest.mark.slow  # connects, and retrieves an org's metadata


def shown(ground: Ground) -> OrgRows:
    ground.connected()
    return look_with(ground.control.session())


def of(found: Report, rule: str) -> list[Finding]:
    return [each for each in found.findings if each.rule == rule and each.status == "fail"]


def test_an_org_is_judged_as_its_files_are_and_knows_its_users_besides(ground: Ground) -> None:
    found = report([], shown(ground))
    assert found.apps > 0
    assert {each.project for each in found.findings} == {"org"}
    assert not [
        each
        for each in found.findings
        if each.code.startswith("SRC-0")
        and each.rule != "description-missing"
        and each.code not in ("SRC-07", "SRC-08")
    ]
    assert found.tallies["token-of-gone-user"].passed == 1
    assert found.problems == ()


def test_a_frozen_users_grant_is_found_in_the_org(ground: Ground) -> None:
    org = shown(ground)
    user = str(org.rows["OauthToken"][0]["UserId"])
    frozen = tuple(
        {**row, "IsFrozen": True} if str(row["UserId"])[:15] == user[:15] else row
        for row in org.rows["UserLogin"]
    )
    broken = replace(org, rows={**org.rows, "UserLogin": frozen})
    assert of(report([], org), "token-of-gone-user") == []
    (found,) = of(report([], broken), "token-of-gone-user")
    assert "frozen" in found.message
    names = {str(row["Username"]) for row in org.rows["User"]}
    assert found.name.partition(" of ")[0] in names


def test_rows_alone_judge_apps_too_and_leave_the_rest_unjudged(ground: Ground) -> None:
    org = replace(shown(ground), metadata=None)
    found = report([], org)
    assert found.tallies["self-authorization-open"].failed > 0
    assert "pkce-not-required" in {each.by.id for each in found.unjudged}
