"""Profiles, permission sets and settings: what a file changes, what it leaves, what it clears."""

import pytest

from evergrant.emulator import Emulator, state
from evergrant.emulator.policies import ProfilePolicy
from metadata_kit import Deployed, Metadata, xml


@pytest.fixture
def metadata(emulator: Emulator) -> Metadata:
    """The admin at the Metadata API."""
    return Metadata(emulator)


def _profile(metadata: Metadata, inner: str, name: str = "Standard") -> Deployed:
    return metadata.deploy({"Profile": {f"profiles/{name}.profile": xml("Profile", inner)}})


def _setting(metadata: Metadata, name: str, inner: str) -> Deployed:
    file = xml(f"{name}Settings", inner)
    return metadata.deploy({"Settings": {f"settings/{name}.settings": file}})


def _permission(name: str, on: str = "true") -> str:
    return f"<userPermissions><enabled>{on}</enabled><name>{name}</name></userPermissions>"


def test_a_permission_of_a_profile_binds_at_once(metadata: Metadata) -> None:
    org = metadata.emulator.org
    sam = org.db.execute("""SELECT "Id" FROM "User" WHERE "Username" LIKE 'sam@%'""").fetchone()
    assert "ApiEnabled" in org.permissions_of(sam["Id"])
    assert _profile(metadata, _permission("ApiEnabled", "false")).success
    assert "ApiEnabled" not in org.permissions_of(sam["Id"])


def test_permissions_that_are_not_named_stay_and_unknown_ones_are_kept(metadata: Metadata) -> None:
    assert _profile(metadata, _permission("EditTask") + _permission("RunReports")).success
    assert _profile(metadata, _permission("RunReports", "false")).success
    file = metadata.one("Profile", "Standard")
    assert "ApiEnabled" in file
    assert "EditTask" in file
    assert "RunReports" not in file


def test_login_ranges_and_hours_are_set_and_cleared(metadata: Metadata) -> None:
    ranges = "<loginIpRanges><startAddress>192.0.2.1</startAddress><endAddress>192.0.2.9</endAddress></loginIpRanges>"  # noqa: E501
    hours = "<loginHours><mondayStart>360</mondayStart><mondayEnd>1320</mondayEnd></loginHours>"
    assert _profile(metadata, ranges + hours).success
    assert _policy(metadata).login_ranges == (("192.0.2.1", "192.0.2.9"),)
    assert _policy(metadata).login_hours == ((0, 360, 1320),)
    assert "<mondayEnd>1320</mondayEnd>" in metadata.one("Profile", "Standard")
    assert _profile(metadata, "<loginHours/>").success
    assert _policy(metadata).login_hours == ()
    assert _policy(metadata).login_ranges != ()


def _policy(metadata: Metadata, name: str = "Standard User") -> ProfilePolicy:
    db = metadata.emulator.org.db
    row = db.execute('SELECT "Id" FROM "Profile" WHERE "Name" = ?', (name,)).fetchone()
    return state.load_profile(db, row["Id"])


def test_a_range_that_ends_before_it_begins_is_refused(metadata: Metadata) -> None:
    ranges = "<loginIpRanges><startAddress>192.0.2.9</startAddress><endAddress>192.0.2.1</endAddress></loginIpRanges>"  # noqa: E501
    assert "comes after" in _profile(metadata, ranges).problem


def test_a_custom_profile_is_made_with_its_licence(metadata: Metadata) -> None:
    inner = "<custom>true</custom><userLicense>{}</userLicense>" + _permission("ApiUserOnly")
    assert _profile(metadata, inner.format("Salesforce"), "Bots").created == ("Bots",)
    assert "<name>ApiUserOnly</name>" in metadata.one("Profile", "Bots")
    problem = _profile(metadata, inner.format("Unheard Of"), "Others").problem
    assert problem == "In field: userLicense - no UserLicense named Unheard Of found"


def test_a_permission_set_comes_changes_and_goes(metadata: Metadata) -> None:
    path = "permissionsets/Ledger.permissionset"
    inner = "<label>Ledger Access</label><description>for Ledger</description>"
    file = xml("PermissionSet", inner + _permission("ApiEnabled"))
    assert metadata.deploy({"PermissionSet": {path: file}}).created == ("Ledger",)
    metadata.emulator.act("assign_permission_set", user="sam", permission_set="Ledger")
    told = metadata.one("PermissionSet", "Ledger")
    assert "<description>for Ledger</description>" in told
    assert "<hasActivationRequired>false</hasActivationRequired>" in told
    assert metadata.delete({"PermissionSet": ["Ledger"]}).success
    warned = metadata.delete({"PermissionSet": ["Ledger"]})
    assert (warned.success, warned.problem) == (True, "No PermissionSet named: Ledger found")


@pytest.mark.parametrize(
    ("name", "element", "knob", "after"),
    [
        ("OauthOidc", "blockOAuthUnPwFlow", "block_username_password", False),
        ("OauthOidc", "oAuthCdCrdtFlowEnable", "code_credentials", True),
        ("ConnectedApp", "enableAdminApprovedAppsOnly", "api_access_control", True),
        ("ExternalClientApp", "enableClientSecretInRestApiAccess", "client_secret_in_rest", True),
    ],
)
def test_a_setting_turns_its_knob(
    metadata: Metadata, name: str, element: str, knob: str, after: bool
) -> None:
    word = "true" if after else "false"
    assert _setting(metadata, name, f"<{element}>{word}</{element}>").success
    assert getattr(state.load_org(metadata.emulator.org.db), knob) is after
    assert f"<{element}>{word}</{element}>" in metadata.one("Settings", name)


def test_network_access_is_replaced_whole_and_an_empty_tag_clears_it(metadata: Metadata) -> None:
    def ranges(*firsts: str) -> str:
        inner = (f"<ipRanges><start>{each}</start><end>{each}</end></ipRanges>" for each in firsts)
        return f"<networkAccess>{''.join(inner)}</networkAccess>"

    def now() -> object:
        return state.load_org(metadata.emulator.org.db).trusted_ranges

    assert _setting(metadata, "Security", ranges("192.0.2.1", "192.0.2.2")).success
    assert _setting(metadata, "Security", ranges("192.0.2.3")).success
    assert now() == (("192.0.2.3", "192.0.2.3"),)
    timeout = "<sessionSettings><sessionTimeout>FourHours</sessionTimeout></sessionSettings>"
    assert _setting(metadata, "Security", timeout).success
    assert now() == (("192.0.2.3", "192.0.2.3"),)
    assert _setting(metadata, "Security", "<networkAccess/>").success
    assert now() == ()
    assert "FourHours" in metadata.one("Settings", "Security")


def test_a_profiles_session_settings_bind_its_users(metadata: Metadata) -> None:
    flags = "".join(
        f"<{each}>false</{each}>"
        for each in ("externalCommunityUserIdentityVerif", "forceLogout", "sessionPersistence",
                     "sessionTimeoutWarning")
    )  # fmt: skip
    file = xml(
        "ProfileSessionSetting",
        f"{flags}<profile>Standard</profile><sessionTimeout>30</sessionTimeout>",
    )
    path = "profileSessionSettings/Standard_session.profileSessionSetting"
    assert metadata.deploy({"ProfileSessionSetting": {path: file}}).success
    assert _policy(metadata).session_minutes == 30
    assert metadata.delete({"ProfileSessionSetting": ["Standard_session"]}).success
    assert _policy(metadata).session_minutes is None


def test_an_origin_joins_and_leaves_the_cors_allowlist(metadata: Metadata) -> None:
    file = xml("CorsWhitelistOrigin", "<urlPattern>https://app.example.com</urlPattern>")
    path = "corsWhitelistOrigins/App.corsWhitelistOrigin"
    assert metadata.deploy({"CorsWhitelistOrigin": {path: file}}).success
    assert state.load_org(metadata.emulator.org.db).cors_allowlist == ("https://app.example.com",)
    assert metadata.delete({"CorsWhitelistOrigin": ["App"]}).success
    assert state.load_org(metadata.emulator.org.db).cors_allowlist == ()


def test_neighbors_come_back_without_their_secrets(metadata: Metadata) -> None:
    file = xml(
        "AuthProvider",
        "<friendlyName>CorpOIDC</friendlyName><providerType>OpenIdConnect</providerType>"
        "<consumerSecret>AnotherSecret123</consumerSecret><isPkceEnabled>true</isPkceEnabled>",
    )
    path = "authproviders/Corp.authprovider"
    assert metadata.deploy({"AuthProvider": {path: file}}).success
    told = metadata.one("AuthProvider", "Corp")
    assert "<isPkceEnabled>true</isPkceEnabled>" in told
    assert "Secret" not in told
    rows = metadata.emulator.org.db.execute("SELECT body, words, content FROM x_metadata_job")
    kept = metadata.emulator.org.db.execute("SELECT body FROM x_metadata")
    assert all("AnotherSecret123" not in str(tuple(row)) for row in (*rows, *kept))
