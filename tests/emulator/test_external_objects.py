"""External client apps, scopes, handlers and the rest, read from what the org obeys."""

import pytest

from api_caller import ApiCaller, V
from evergrant.emulator import Emulator, connected
from evergrant.emulator.metadata import kept
from evergrant.emulator.objects import OBJECTS

POLICY = (
    "SELECT PermittedUsersPolicyType, IpRelaxationPolicyType, RefreshTokenPolicyType,"
    " RefreshTokenValidityPeriod, RefreshTokenValidityUnit, RequiredSessionLevel, PolicyAction,"
    " SessionTimeoutInMinutes FROM ExtlClntAppOauthPlcyCnfg"
)


def test_the_policy_of_an_external_client_app_is_what_the_gates_obey(
    emulator: Emulator, api: ApiCaller
) -> None:
    assert api.ask(POLICY) == [{
        "PermittedUsersPolicyType": "AllSelfAuthorized", "IpRelaxationPolicyType": "Enforce",
        "RefreshTokenPolicyType": "SpecificLifetime", "RefreshTokenValidityPeriod": 365,
        "RefreshTokenValidityUnit": "Days", "RequiredSessionLevel": "STANDARD",
        "PolicyAction": None, "SessionTimeoutInMinutes": None,
    }]  # fmt: skip
    emulator.act(
        "set_app", app="orbit-server", admin_approved=True, ip_relaxation="ENFORCE_RELAXREFRESH",
        refresh_policy="specific_inactivity:36:HOURS", session_level="HIGH_ASSURANCE",
        session_action="Block", session_minutes=30,
    )  # fmt: skip
    assert api.ask(POLICY) == [{
        "PermittedUsersPolicyType": "AdminApprovedPreAuthorized",
        "IpRelaxationPolicyType": "Enforce_RelaxRefresh",
        "RefreshTokenPolicyType": "SpecificInactivity", "RefreshTokenValidityPeriod": 36,
        "RefreshTokenValidityUnit": "Hours", "RequiredSessionLevel": "HIGH_ASSURANCE",
        "PolicyAction": "Block", "SessionTimeoutInMinutes": 30,
    }]  # fmt: skip


@pytest.mark.parametrize(("policy", "kind"), [("infinite", "Infinite"), ("zero", "Zero")])
def test_a_refresh_policy_without_a_span_has_no_number_and_no_unit(
    emulator: Emulator, api: ApiCaller, policy: str, kind: str
) -> None:
    emulator.act("set_app", app="orbit-server", refresh_policy=policy)
    [row] = api.ask(POLICY)
    assert row["RefreshTokenPolicyType"] == kind
    assert row["RefreshTokenValidityPeriod"] is row["RefreshTokenValidityUnit"] is None


def test_scopes_and_ranges_of_an_external_client_app_can_be_queried(
    emulator: Emulator, api: ApiCaller
) -> None:
    emulator.act(
        "set_app", app="orbit-server", scopes=["api", "refresh_token"],
        trusted_ranges=[["203.0.113.0", "203.0.113.31"], ["203.0.113.64", "203.0.113.95"]],
    )  # fmt: skip
    text = (
        "SELECT OauthScopesAPI, OauthScopesREFRESH_TOKEN, OauthScopesFULL,"
        " (SELECT StartIpAddress, EndIpAddress FROM ExtlClntAppOauthIpRanges"
        " ORDER BY StartIpAddress) FROM ExtlClntAppOauthSettings"
    )
    [row] = api.ask(text)
    assert (row["OauthScopesAPI"], row["OauthScopesREFRESH_TOKEN"]) == (True, True)
    assert row["OauthScopesFULL"] is False
    ranges = row["ExtlClntAppOauthIpRanges"]["records"]
    assert [each["EndIpAddress"] for each in ranges] == ["203.0.113.31", "203.0.113.95"]


def test_an_external_client_app_that_is_off_says_so(emulator: Emulator, api: ApiCaller) -> None:
    text = "SELECT IsEnabled, OauthPluginStatus FROM ExtlClntAppPlcyCnfg"
    assert api.ask(text) == [{"IsEnabled": True, "OauthPluginStatus": "Enabled"}]
    emulator.act("set_app", app="orbit-server", enabled=False, oauth_enabled=False)
    assert api.ask(text) == [{"IsEnabled": False, "OauthPluginStatus": "Disabled"}]


def test_a_deleted_external_client_app_leaves_no_rows(emulator: Emulator, api: ApiCaller) -> None:
    names = [name for name in OBJECTS if name.startswith("ExtlClnt")]
    assert len(names) == 6
    emulator.act("delete_app", app="orbit-server")
    assert [api.ask(f"SELECT Id FROM {name}") for name in names] == [[]] * 6


@pytest.mark.parametrize("name", [name for name in OBJECTS if name.startswith("ExtlClnt")])
def test_no_object_of_external_client_apps_shows_a_key_a_secret_or_a_callback(name: str) -> None:
    columns = " ".join(one.name.lower() for one in OBJECTS[name].fields)
    for word in ("secret", "key", "callback", "pkce", "rotation"):
        assert word not in columns


def test_custom_scopes_are_those_that_are_none_of_salesforces(
    emulator: Emulator, api: ApiCaller
) -> None:
    assert api.ask("SELECT Id FROM OauthCustomScope") == []
    emulator.act("set_app", app="orbit-sync", scopes=["api", "orders", "refresh_token"])
    emulator.act("set_app", app="orbit-server", scopes=["api", "orders"])
    assert api.ask("SELECT DeveloperName FROM OauthCustomScope") == [{"DeveloperName": "orders"}]
    links = api.ask(
        "SELECT OauthCustomScope.DeveloperName, ConnectedApplicationId FROM OauthCustomScopeApp",
    )
    assert {each["ConnectedApplicationId"][:3] for each in links} == {"0H4", "0xI"}
    assert {each["OauthCustomScope"]["DeveloperName"] for each in links} == {"orders"}


def test_handlers_and_allowed_origins_are_what_was_set(emulator: Emulator, api: ApiCaller) -> None:
    emulator.act("set_token_handler", name="Partners", apps=["orbit-sync"], subjects={},
                 types=["JWT"])  # fmt: skip
    emulator.act("set_org", cors_allowlist=["https://app.example"])
    assert api.ask("SELECT DeveloperName, SupportedTokenTypesJwt, SupportedTokenTypesSaml2"
        " FROM OauthTokenExchangeHandler",
    ) == [{"DeveloperName": "Partners", "SupportedTokenTypesJwt": True,
           "SupportedTokenTypesSaml2": False}]  # fmt: skip
    assert api.ask("SELECT UrlPattern FROM CorsWhitelistEntry") == [
        {"UrlPattern": "https://app.example"}
    ]


def test_what_was_deployed_can_be_queried_and_its_secrets_cannot(
    emulator: Emulator, api: ApiCaller
) -> None:
    documents: dict[str, tuple[str, dict[str, str]]] = {
        "NamedCredential": ("Erp", {"label": "ERP", "endpoint": "https://erp.example"}),
        "AuthProvider": ("Corp", {"friendlyName": "Corp", "providerType": "OpenIdConnect"}),
        "OauthCustomScope": ("ledger_read", {"masterLabel": "Ledger", "isPublic": "true"}),
    }
    with emulator.org.changing():
        for type_, (name, document) in documents.items():
            kept.keep(emulator.org, type_, name, document)
    assert api.ask("SELECT DeveloperName, MasterLabel, Endpoint FROM NamedCredential") == [
        {"DeveloperName": "Erp", "MasterLabel": "ERP", "Endpoint": "https://erp.example"}
    ]
    assert api.ask("SELECT FriendlyName, ProviderType FROM AuthProvider") == [
        {"FriendlyName": "Corp", "ProviderType": "OpenIdConnect"}
    ]
    assert api.ask("SELECT MasterLabel, IsPublic FROM OauthCustomScope") == [
        {"MasterLabel": "Ledger", "IsPublic": True}
    ]
    assert api.ask("SELECT ConsumerSecret FROM AuthProvider") == "INVALID_FIELD"


def test_the_tooling_api_shows_more_of_a_connected_app(emulator: Emulator, api: ApiCaller) -> None:
    emulator.act("set_app", app="orbit-sync", session_minutes=45, session_action="Block",
                 run_as="integration@acme.example")  # fmt: skip
    text = (
        "SELECT DeveloperName, SessionTimeout, SessionPolicyAction FROM ConnectedApplication"
        " WHERE Name = 'Orbit Sync'"
    )
    assert api.ask(text) == "INVALID_FIELD"
    assert api.ask(text, api="tooling/query") == [
        {"DeveloperName": "orbit_sync", "SessionTimeout": 45, "SessionPolicyAction": "Block"}
    ]


def test_a_plain_user_sees_none_of_it(emulator: Emulator, api: ApiCaller) -> None:
    for name in ("ExtlClntAppOauthPlcyCnfg", "OauthCustomScope", "CorsWhitelistEntry", "LoginIp",
                 "LoginGeo", "VerificationHistory", "EventLogFile", "LoginEventLog"):  # fmt: skip
        assert api.ask(f"SELECT Id FROM {name}", user="sam") == "INVALID_TYPE", name


def test_a_login_lies_in_the_country_that_its_address_was_given(
    emulator: Emulator, api: ApiCaller
) -> None:
    emulator.act("set_ip", ip="203.0.113.9", country="se")
    emulator.act("approve", app="orbit-sync")
    [login] = api.ask(
        "SELECT CountryIso, LoginGeoId FROM LoginHistory WHERE SourceIp = '203.0.113.9'",
    )
    assert login["CountryIso"] == "SE"
    [place] = api.ask(f"SELECT CountryIso FROM LoginGeo WHERE Id = '{login['LoginGeoId']}'")
    assert place == {"CountryIso": "SE"}
    [address] = api.ask(
        "SELECT Users.Username, IsAuthenticated FROM LoginIp WHERE SourceIp = '203.0.113.9'",
    )
    assert address["Users"]["Username"] == "integration@acme.example"
    assert address["IsAuthenticated"] is True


def test_every_profile_rests_on_a_license(emulator: Emulator, api: ApiCaller) -> None:
    found = api.ask("SELECT UserLicense.Name FROM Profile")
    assert {each["UserLicense"]["Name"] for each in found} == {"Salesforce"}
    assert api.ask("SELECT MasterLabel FROM PermissionSetLicense") == [
        {"MasterLabel": "Salesforce API Integration"}
    ]


def test_only_the_callers_own_session_is_current_and_idle_ones_are_gone(
    emulator: Emulator, api: ApiCaller
) -> None:
    connected.sign_in(emulator.org, "sam")
    found = api.ask("SELECT IsCurrent, Users.Username FROM AuthSession")
    assert [each["Users"]["Username"] for each in found if each["IsCurrent"]] == [
        "admin@acme.example"
    ]
    emulator.org.clock.advance(seconds=3 * 3600)
    assert len(api.ask("SELECT Id FROM AuthSession")) == 1


def test_login_history_is_kept_for_six_months(emulator: Emulator, api: ApiCaller) -> None:
    assert len(api.ask("SELECT Id FROM LoginHistory")) == 10
    emulator.org.clock.advance(seconds=180 * 86400)
    assert 0 < len(api.ask("SELECT Id FROM LoginHistory")) < 10
    emulator.org.clock.advance(seconds=30 * 86400)
    assert api.ask("SELECT COUNT(Id) n FROM LoginHistory") == [{"n": 0}]


def test_oauth_tokens_end_after_the_2500th_and_count_tells_the_rest(
    emulator: Emulator, api: ApiCaller
) -> None:
    org = emulator.org
    user = org.db.execute('SELECT "Id" FROM "User" WHERE "Username" LIKE \'sam@%\'').fetchone()[0]
    org.db.executemany(
        'INSERT INTO "OauthToken" ("Id", "UserId", "AppName") VALUES (?, ?, ?)',
        [(org.ids.new("0CQ"), user, "Many") for _ in range(2600)],
    )
    more, pages = f"{V}/query?q=SELECT+AppName+FROM+OauthToken", []
    while more:
        page = api.send("GET", more).json()
        pages.append(len(page["records"]))
        more = page.get("nextRecordsUrl", "")
    assert pages == [500] * 5
    assert api.ask("SELECT COUNT(AppName) n FROM OauthToken") == [{"n": 2600}]
