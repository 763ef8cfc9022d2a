"""Repairs from finding to proof, in an emulated org, with a client that lives through them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from evergrant.audit.run import audit
from evergrant.drills.replayed import Habits
from evergrant.drills.simulated import simulate
from evergrant.repair.draft import together
from evergrant.repair.files import Files, package
from evergrant.repair.model import Problem
from evergrant.repair.plan import plan
from repair_kit import SET, connected, external, with_profile, with_setting

pytestmark = pytest.mark.slow
RANGE = (
    "    <loginIpRanges>\n        <endAddress>192.0.2.9</endAddress>\n"
    "        <startAddress>192.0.2.1</startAddress>\n    </loginIpRanges>\n"
)
APPROVED = "        <isAdminApproved>true</isAdminApproved>\n"
SOUND = Habits()
JWT = Habits("jwt_bearer")
ITSELF = Habits("client_credentials")


@dataclass(frozen=True)
class Case:
    """One finding, and how its client fares."""

    code: str
    files: Files
    given: dict[str, str] = field(default_factory=dict)
    habits: Habits = SOUND
    broken_at: str | None = ""
    """The step at which the client is refused before; empty where it works, None where that hangs
    on the hour."""
    survives: bool = True
    """Whether a connection that stood lives on."""
    id: str = ""
    rule: str = ""
    """Where the code's rules are not mended alike."""


CASES = [
    Case("TOK-01", connected(refresh="zero"), broken_at="refresh", id="zero"),
    Case("TOK-01", external(policy="<refreshTokenPolicyType>Zero</refreshTokenPolicyType>"),
         broken_at="refresh", id="zero-external"),
    Case("TOK-03", connected(), id="infinite"),
    Case("TOK-05", external(policy="<refreshTokenPolicyType>SpecificLifetime"
                            "</refreshTokenPolicyType>\n    <refreshTokenValidityPeriod>730"
                            "</refreshTokenValidityPeriod>\n    <refreshTokenValidityUnit>Days"
                            "</refreshTokenValidityUnit>"), {"days": "60"}, id="lifetime"),
    Case("TOK-03", connected(oauth=APPROVED, more="    <profileName>Finance</profileName>\n"),
         id="infinite-by-profile"),
    Case("TOK-07", connected(scopes="Api"), broken_at="refresh", id="refresh-scope"),
    Case("TOK-07", external(scopes="Api"), broken_at="refresh", id="refresh-scope-external"),
    Case("TOK-12", connected(policy="    <sessionPolicy>\n        <sessionTimeout>1440"
                             "</sessionTimeout>\n    </sessionPolicy>\n"), id="timeout"),
    Case("ACC-01", connected(), {"permission_set": SET}, id="admin-approved"),
    Case("ACC-01", external(), {"permission_set": SET}, id="admin-approved-external"),
    Case("ACC-02", connected(oauth=APPROVED), {"permission_set": SET}, broken_at="connect",
         id="nobody-granted"),
    Case("ACC-02", connected(oauth=APPROVED), {"permission_set": SET}, JWT, "connect",
         id="nobody-granted-jwt"),
    Case("ACC-02", external(policy="<permittedUsersPolicyType>AdminApprovedPreAuthorized"
                            "</permittedUsersPolicyType>"),
         {"permission_set": SET}, broken_at="connect", id="nobody-granted-external"),
    Case("ACC-03", connected(oauth=APPROVED, more=f"    <permissionSetName>{SET}"
                             "</permissionSetName>\n"),
         {"permission_set": SET}, broken_at="connect", id="user-not-granted"),
    Case("ACC-08", external(switches="<isEnabled>false</isEnabled>"), broken_at="connect",
         id="disabled"),
    Case("ACC-07", external(policy="<policyAction>Block</policyAction>"), broken_at="connect",
         id="session-policy"),
    Case("NET-01", connected(relaxation="BYPASS"), id="relaxed"),
    Case("NET-03", with_profile(connected(), "Bots", RANGE),
         {"profile": "Bots", "first_address": "203.0.113.7", "last_address": "203.0.113.7"},
         Habits(address="203.0.113.7"), "connect", id="ip"),
    Case("NET-05", with_profile(connected(), "Bots", "    <loginHours>\n        <mondayEnd>60"
                                "</mondayEnd>\n        <mondayStart>0</mondayStart>\n"
                                "    </loginHours>\n", "Salesforce Integration"),
         {"profile": "Bots"},
         broken_at=None, id="hours"),
    Case("SCO-01", connected(scopes="Full RefreshToken"), id="full"),
    Case("SCO-03", external(scopes="Api, Web, RefreshToken"), id="web"),
    Case("CLI-01", connected(), id="pkce"),
    Case("CLI-04", connected(oauth="        <isSecretRequiredForRefreshToken>false"
                             "</isSecretRequiredForRefreshToken>\n"), id="secret"),
    Case("CLI-05", connected(), id="rotation"),
    Case("CLI-05", external(), id="rotation-external"),
    Case("CLI-06", connected(oauth="        <isIntrospectAllTokens>true</isIntrospectAllTokens>\n"),
         id="introspect"),
    Case("CLI-07", connected(oauth="        <isClientCredentialEnabled>true"
                             "</isClientCredentialEnabled>\n"), {"user": "x"}, ITSELF, "connect",
         id="run-as"),
    Case("CLI-11", connected(oauth=APPROVED, more=f"    <permissionSetName>{SET}"
                             "</permissionSetName>\n", policy="    <sessionPolicy>\n"
                             "        <policyAction>RaiseSessionLevel</policyAction>\n"
                             "        <sessionLevel>HIGH_ASSURANCE</sessionLevel>\n"
                             "    </sessionPolicy>\n"), {}, JWT, "connect", id="high-assurance"),
    Case("CLI-12", external(glob="    <isDeviceFlowEnabled>true</isDeviceFlowEnabled>\n"),
         id="device"),
    Case("ORG-01", with_setting(connected(), "OauthOidc", "    <blockOAuthUnPwFlow>false"
                                "</blockOAuthUnPwFlow>\n"), id="password-flow",
         rule="password-flow-open"),
    Case("ORG-04", with_setting(external(), "ExternalClientApp",
                                "    <enableConsumerSecretApiAccess>true"
                                "</enableConsumerSecretApiAccess>\n"), id="secrets-shown",
         rule="secrets-readable-by-metadata"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.id}")
def test_a_repair_is_proven_and_its_client_connects(case: Case) -> None:
    seen = simulate(Problem(case.code, rule=case.rule), case.files, case.given, case.habits)
    broken = next((each.step for each in seen.before if not each.ok), "")
    assert case.broken_at in (broken, None)
    assert [each for each in seen.proofs if not each.is_so] == [], seen.done
    assert [each for each in seen.after if not each.ok] == [], seen.done
    assert seen.is_repaired
    if case.broken_at == "":
        assert seen.must_reauthorize is not case.survives, seen.standing


ONLY_AN_ORG_TELLS = {"ACC-03", "NET-03", "CLI-11"}
"""Findings that need more than the files of these cases: users, addresses, a certificate."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.id}")
def test_the_finding_that_began_it_is_gone_from_the_files(case: Case, tmp_path: Path) -> None:
    given = {"user": "bot@acme.example", **case.given}
    made = plan(Problem(case.code, rule=case.rule), case.files, given)
    edited = {each.after.kind.path(each.after.name): each.after
              for each in together([made], case.files)}  # fmt: skip
    kept = [each for each in case.files if each.kind.path(each.name) not in edited]
    before, after = tmp_path / "before.zip", tmp_path / "after.zip"
    before.write_bytes(package(case.files))
    after.write_bytes(package([*kept, *edited.values()]))
    assert (case.code in _failing(before)) is (case.code not in ONLY_AN_ORG_TELLS)
    assert case.code not in _failing(after)


def _failing(path: Path) -> set[str]:
    return {each.code for each in audit([path]).findings if each.status == "fail"}
