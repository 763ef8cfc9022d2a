"""App policy, org settings and profile from metadata, in both layouts, alone and together."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrant.evidence import Evidence, Wanted, of_documents
from evergrant.evidence.given.document import Document
from evergrant.evidence.retrieved.reading import read
from evergrant.model import Unknown
from evidence_kit import NOW, component, values, zipped

APP = component(
    "ConnectedApp",
    """<label>Orbit Sync</label><contactEmail>a@b.example</contactEmail>
    <oauthConfig><callbackUrl>https://x.example</callbackUrl><isAdminApproved>true</isAdminApproved>
    <isRefreshTokenRotationEnabled>true</isRefreshTokenRotationEnabled>
    <scopes>Api</scopes></oauthConfig>
    <oauthPolicy><ipRelaxation>BYPASS</ipRelaxation>
    <refreshTokenPolicy>specific_inactivity:30:DAYS</refreshTokenPolicy></oauthPolicy>
    <permissionSetName>Orbit</permissionSetName>""",
)
EXTERNAL = {
    "externalClientApps/Ledger.eca-meta.xml": component(
        "ExternalClientApplication", "<label>Ledger App</label>"
    ),
    "extlClntAppGlobalOauthSets/L_glbl.ecaGlblOauth-meta.xml": component(
        "ExtlClntAppGlobalOauthSettings",
        "<externalClientApplication>Ledger</externalClientApplication>"
        "<isPkceRequired>true</isPkceRequired><isDeviceFlowEnabled>false</isDeviceFlowEnabled>",
    ),
    "extlClntAppOauthSettings/L_oauth.ecaOauth-meta.xml": component(
        "ExtlClntAppOauthSettings",
        "<externalClientApplication>Ledger</externalClientApplication>"
        "<commaSeparatedOauthScopes>Api, RefreshToken</commaSeparatedOauthScopes>",
    ),
    "extlClntAppOauthPolicies/L_defaultPolicy.ecaOauthPlcy-meta.xml": component(
        "ExtlClntAppOauthConfigurablePolicies",
        "<externalClientApplication>Ledger</externalClientApplication>"
        "<permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>"
        "<refreshTokenPolicyType>Zero</refreshTokenPolicyType>"
        "<isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled>",
    ),
    "extlClntAppPolicies/L_defaultPolicy.ecaPlcy-meta.xml": component(
        "ExtlClntAppConfigurablePolicies",
        "<externalClientApplication>Ledger</externalClientApplication>"
        "<isEnabled>true</isEnabled><isOauthPluginEnabled>false</isOauthPluginEnabled>",
    ),
}
PROFILE = component(
    "Profile",
    """<loginIpRanges><startAddress>198.51.100.7</startAddress><endAddress>198.51.100.7</endAddress>
    </loginIpRanges><loginHours/><userPermissions><enabled>true</enabled><name>ApiEnabled</name>
    </userPermissions>""",
)
ORG = {
    "settings/ConnectedApp.settings": component(
        "ConnectedAppSettings", "<enableAdminApprovedAppsOnly>true</enableAdminApprovedAppsOnly>"
    ),
    "settings/OauthOidc.settings": component(
        "OauthOidcSettings", "<blockOAuthUnPwFlow>true</blockOAuthUnPwFlow>"
    ),
    "settings/Security.settings": component(
        "SecuritySettings",
        "<sessionSettings><lockSessionsToIp>true</lockSessionsToIp></sessionSettings>",
    ),
    "blacklistedConsumers/Old.blacklistedConsumer": component(
        "BlacklistedConsumer",
        "<blockedByApiWhitelisting>false</blockedByApiWhitelisting><consumerKey>3MVG9x</consumerKey>"
        "<consumerName>Old Dialer</consumerName><masterLabel>Old Dialer</masterLabel>",
    ),
}


def of(files: dict[str, str] | str | bytes, app: str = "", at: datetime = NOW) -> Evidence:
    if isinstance(files, dict):
        given_ = [Document.of_text(text, name) for name, text in files.items()]
    else:
        data = files.encode() if isinstance(files, str) else files
        given_ = [Document.of_bytes("Orbit_Sync.connectedApp", data)]
    return of_documents(given_, Wanted(app=app, now=at))


def test_a_connected_app_shows_its_policy() -> None:
    seen = values(of(APP))
    assert seen["app.in_org"] is True
    assert seen["app.admin_approved_only"] is True
    assert seen["app.rotation"] is True
    assert seen["app.pkce_required"] is False
    assert seen["app.ip_relaxed"] is True
    assert seen["app.refresh_token_policy"] == "inactivity"
    assert (seen["app.api_scope"], seen["app.refresh_scope"]) == (True, False)


def test_who_holds_a_permission_set_is_not_known_from_files_and_is_not_no() -> None:
    told = values(of(APP))["user.preauthorized"]
    assert isinstance(told, Unknown)
    assert "Orbit" in told.reason
    nobody = APP.replace("<permissionSetName>Orbit</permissionSetName>", "")
    assert values(of(nobody))["user.preauthorized"] is False


@pytest.mark.parametrize("suffix", ["", "-meta.xml"])
@pytest.mark.parametrize("is_zip", [True, False])
def test_an_external_client_app_is_joined_from_its_five_files(suffix: str, is_zip: bool) -> None:
    files = {name.removesuffix("-meta.xml") + suffix: text for name, text in EXTERNAL.items()}
    seen = values(of(zipped(files) if is_zip else files, app="ledger app"))
    assert seen["app.enabled"] is False
    assert seen["app.pkce_required"] is True
    assert seen["app.device_flow"] is False
    assert seen["app.refresh_token_policy"] == "zero"
    assert seen["app.refresh_scope"] is True
    assert seen["app.run_as_user"] is False
    assert seen["user.preauthorized"] is False


def test_settings_of_the_org_are_facts() -> None:
    seen = values(of(zipped(ORG)))
    assert seen["org.api_access_control"] is True
    assert seen["org.password_flow_blocked"] is True
    assert seen["org.lock_sessions_to_ip"] is True


def test_a_blocked_app_is_one_that_has_a_component_and_that_is_inferred() -> None:
    fact = next(each for each in of(zipped(ORG), app="Old Dialer").facts if "blocked" in each.name
                and each.name.startswith("app."))  # fmt: skip
    assert (fact.name, fact.value, fact.mark) == ("app.blocked", True, "inferred")


def test_that_nothing_is_there_counts_only_where_all_was_asked_for() -> None:
    manifest = component(
        "Package",
        "".join(
            f"<types><members>*</members><name>{name}</name></types>"
            for name in ("BlacklistedConsumer", "ConnectedApp", "ExternalClientApplication")
        ),
    )
    files = ORG | {"connectedApps/Orbit_Sync.connectedApp": APP}
    some, whole = zipped(files), zipped(files | {"package.xml": manifest})
    assert "app.blocked" not in values(of(some, app="Orbit Sync"))
    assert values(of(whole, app="Orbit Sync"))["app.blocked"] is False
    assert isinstance(values(of(some, app="Nobody's"))["app.in_org"], Unknown)
    assert values(of(whole, app="Nobody's"))["app.in_org"] is False


def test_a_single_profile_is_taken_as_the_users_and_so_marked() -> None:
    found = of({"profiles/Integration.profile": PROFILE})
    seen = values(found)
    assert (seen["user.login_ranges"], seen["user.login_hours"]) == (True, False)
    assert (seen["user.api_enabled"], seen["user.use_any_api_client"]) == (True, False)
    assert {f.mark for f in found.facts if f.name == "user.login_ranges"} == {"inferred"}


def test_an_unknown_spelling_of_a_policy_is_not_read_as_another() -> None:
    odd = APP.replace("specific_inactivity:30:DAYS", "SPECIFIC_LIFETIME_X")
    assert isinstance(values(of(odd))["app.refresh_token_policy"], Unknown)


@pytest.mark.parametrize(
    "bad",
    [
        APP[:200],
        APP.replace("<ConnectedApp", '<!DOCTYPE a [<!ENTITY b "c">]><ConnectedApp'),
        zipped({"connectedApps/A.connectedApp": APP[:300]}),
        zipped({"connectedApps/A.connectedApp": APP})[:-40],
    ],
)
def test_what_cannot_be_read_is_counted(bad: str | bytes) -> None:
    found = read([Document.of_bytes("x", bad.encode() if isinstance(bad, str) else bad)], Wanted())
    assert (found.readings[0].read, found.readings[0].skipped) == (0, 1)
    assert not found.facts


def test_several_apps_want_a_name() -> None:
    two = zipped({"connectedApps/A.connectedApp": APP,
                  "connectedApps/B.connectedApp": APP.replace("Orbit Sync", "Mail")})  # fmt: skip
    found = of(two)
    assert "app.in_org" not in values(found)
    assert "--app" in " ".join(found.gathered.readings[0].notes)
    assert values(of(two, app="Mail"))["app.in_org"] is True


def test_a_retrieved_folder_is_read_as_one(tmp_path: Path) -> None:
    from evergrant.cli.reading import documents

    for name, text in EXTERNAL.items():
        place = tmp_path / "force-app" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (tmp_path / "force-app" / "main.cls").write_text("class Main {}")
    found = of_documents(documents([str(tmp_path)]), Wanted(app="Ledger App", now=NOW))
    assert values(found)["app.refresh_token_policy"] == "zero"


@given(st.binary(max_size=200), st.integers(0, 900))
@settings(max_examples=80, deadline=None)
def test_no_bytes_break_the_reading_of_metadata(noise: bytes, place: int) -> None:
    for whole in (APP.encode(), zipped(ORG)):
        damaged = whole[:place] + noise + whole[place:]
        assert read([Document.of_bytes("x", damaged)], Wanted(app="Orbit Sync")).readings
