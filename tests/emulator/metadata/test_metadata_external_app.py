"""External client apps: the order of their files, their defaults, policies, switches, rotation."""

import pytest

from evergrant.emulator import Emulator
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.metadata.types import TYPES
from metadata_kit import Deployed, Metadata, xml

HEADER = "ExternalClientApplication"
SETTINGS = "ExtlClntAppOauthSettings"
GLOBAL = "ExtlClntAppGlobalOauthSettings"
POLICY = "ExtlClntAppOauthConfigurablePolicies"
SWITCHES = "ExtlClntAppConfigurablePolicies"
PARENT = "<externalClientApplication>Ledger</externalClientApplication>"
FILES = {
    POLICY: ("Ledger_plcy", f"{PARENT}<refreshTokenPolicyType>Zero</refreshTokenPolicyType>"),
    GLOBAL: ("LedgerGlbl", f"<callbackUrl>https://l.example/cb</callbackUrl>{PARENT}"),
    SETTINGS: ("Ledger_oauth", "<commaSeparatedOauthScopes>Api, RefreshToken"
               f"</commaSeparatedOauthScopes>{PARENT}"),
    HEADER: ("Ledger", "<label>Ledger Sync</label>"),
}  # fmt: skip
"""Children before parents on purpose."""


@pytest.fixture
def metadata(emulator: Emulator) -> Metadata:
    """The admin at the Metadata API."""
    return Metadata(emulator)


def _deploy(metadata: Metadata, *types: str, **options: object) -> Deployed:
    return metadata.deploy({type_: _file(type_, *FILES[type_]) for type_ in types}, **options)


def _file(type_: str, name: str, inner: str) -> dict[str, str]:
    return {TYPES[type_].path_of(name): xml(type_, inner)}


def _one(metadata: Metadata, type_: str, name: str, inner: str, **options: object) -> Deployed:
    return metadata.deploy({type_: _file(type_, name, inner)}, **options)


def test_parents_come_before_children_whatever_the_order_in_the_package(
    metadata: Metadata,
) -> None:
    result = _deploy(metadata, *FILES)
    assert result.success, result.problems
    policy = app_by_name(metadata.emulator.org.db, "Ledger")
    assert (policy.kind, policy.label) == ("external_client_app", "Ledger Sync")
    assert policy.scopes == ("api", "refresh_token")
    assert policy.refresh_policy == "zero"
    assert policy.pkce_required


def test_a_child_without_its_parent_is_refused(metadata: Metadata) -> None:
    assert _deploy(metadata, SETTINGS).problem.startswith("INVALID_CROSS_REFERENCE_KEY")
    assert _deploy(metadata, HEADER).success
    problem = _deploy(metadata, GLOBAL).problem
    assert problem.endswith("doesn't have a valid OAuth settings configuration")


def test_both_policies_are_made_with_the_settings(metadata: Metadata) -> None:
    assert _deploy(metadata, HEADER, SETTINGS, GLOBAL).success
    file = metadata.one(POLICY, "Ledger_defaultPolicy")
    for element in (
        ">AllSelfAuthorized<", ">Enforce<", ">SpecificLifetime<",
        "<refreshTokenValidityPeriod>365<", "<refreshTokenValidityUnit>Days<", ">STANDARD<",
    ):  # fmt: skip
        assert element in file
    assert "<isEnabled>true</isEnabled>" in metadata.one(SWITCHES, "Ledger_defaultPolicy")
    assert "<isPkceRequired>true<" in metadata.one(GLOBAL, "LedgerGlbl")


def test_settings_have_one_policy(metadata: Metadata) -> None:
    assert _deploy(metadata, HEADER, SETTINGS, GLOBAL).success
    assert _deploy(metadata, POLICY).problem.startswith("DUPLICATE_VALUE")


def test_a_policy_replaces_the_whole_record(metadata: Metadata) -> None:
    assert _deploy(metadata, *FILES).success
    approved = (
        f"{PARENT}<permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>"
        "<commaSeparatedPermissionSet>Orbit_Sync_Access</commaSeparatedPermissionSet>"
    )
    assert _one(metadata, POLICY, "Ledger_plcy", approved).success
    policy = app_by_name(metadata.emulator.org.db, "Ledger")
    assert policy.admin_approved
    assert policy.refresh_policy == "specific_lifetime:365:DAYS"
    file = metadata.one(POLICY, "Ledger_plcy")
    assert "<commaSeparatedPermissionSet>Orbit_Sync_Access<" in file


@pytest.mark.parametrize(
    ("inner", "problem"),
    [
        ("<permittedUsersPolicyType>AdminApproved</permittedUsersPolicyType>",
         "'AdminApproved' is not a valid value for the enum 'PermittedUsersPolicyType'"),
        ("<commaSeparatedPermissionSet>0PS000000000001</commaSeparatedPermissionSet>",
         "INVALID_FIELD: We couldn't find permission sets called 0PS000000000001"),
        ("<clientCredentialsFlowUser>nobody@acme.example</clientCredentialsFlowUser>",
         "Enter a valid execution user for the OAuth client credentials flow."),
    ],
)  # fmt: skip
def test_recorded_refusals_of_a_policy(metadata: Metadata, inner: str, problem: str) -> None:
    assert _deploy(metadata, *FILES).success
    assert _one(metadata, POLICY, "Ledger_plcy", PARENT + inner).problem == problem


def test_client_credentials_need_settings_and_policy(metadata: Metadata) -> None:
    on = "<isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled>"
    assert _deploy(metadata, *FILES).success
    assert _one(metadata, GLOBAL, "LedgerGlbl", FILES[GLOBAL][1] + on).success
    assert not app_by_name(metadata.emulator.org.db, "Ledger").client_credentials
    assert _one(metadata, POLICY, "Ledger_plcy", PARENT + on).success
    assert app_by_name(metadata.emulator.org.db, "Ledger").client_credentials
    assert on in metadata.one(GLOBAL, "LedgerGlbl")


def test_rotation_needs_ignore_warnings_and_really_rotates(metadata: Metadata) -> None:
    name = "orbit_serverGlblOAuth"
    before = app_by_name(metadata.emulator.org.db, "orbit-server").consumer_key
    file = metadata.one(GLOBAL, name)
    for what in ("Key", "Secret"):
        element = f"<shouldRotateConsumer{what}>"
        file = file.replace(f"{element}false", f"{element}true")
    files = {GLOBAL: {TYPES[GLOBAL].path_of(name): file}}
    refused = metadata.deploy(files)
    assert not refused.success
    assert "ignoreWarnings" in refused.problem
    old = _secret(metadata)
    assert metadata.deploy(files, ignoreWarnings=True).success
    assert app_by_name(metadata.emulator.org.db, "orbit-server").consumer_key != before
    assert _secret(metadata) != old
    assert "<shouldRotateConsumerKey>false" in metadata.one(GLOBAL, name)


def _secret(metadata: Metadata) -> str:
    db = metadata.emulator.org.db
    app = app_by_name(db, "orbit-server").id
    row = db.execute("SELECT secret FROM x_secret WHERE app_id = ? AND until IS NULL", (app,))
    return str(row.fetchone()["secret"])


def test_the_secret_shows_only_with_opt_in_and_permission(metadata: Metadata) -> None:
    secret = _secret(metadata)
    assert secret not in metadata.one(GLOBAL, "orbit_serverGlblOAuth")
    opened = "<enableConsumerSecretApiAccess>true</enableConsumerSecretApiAccess>"
    settings = xml("ExternalClientAppSettings", opened)
    path = "settings/ExternalClientApp.settings"
    assert metadata.deploy({"Settings": {path: settings}}).success
    assert secret in metadata.one(GLOBAL, "orbit_serverGlblOAuth")
    metadata.emulator.act(
        "set_profile", profile="System Administrator", permissions={"ViewClientSecret": False}
    )
    assert secret not in metadata.one(GLOBAL, "orbit_serverGlblOAuth")


def test_a_disabled_app_gives_no_grant(metadata: Metadata) -> None:
    name = "orbit_server_defaultPolicy"
    file = metadata.one(SWITCHES, name).replace("<isEnabled>true", "<isEnabled>false")
    assert metadata.deploy({SWITCHES: {TYPES[SWITCHES].path_of(name): file}}).success
    assert not app_by_name(metadata.emulator.org.db, "orbit-server").enabled


def test_a_deleted_header_takes_its_files_along(metadata: Metadata) -> None:
    assert _deploy(metadata, *FILES).success
    assert metadata.delete({HEADER: ["Ledger"]}).success
    for type_ in (HEADER, SETTINGS, GLOBAL, POLICY, SWITCHES):
        listed = metadata.call("listMetadata", f"<queries><type>{type_}</type></queries>")
        assert not [each for each in listed if "Ledger" in (each.findtext("fullName") or "")]
    assert _deploy(metadata, *FILES).success


def test_every_file_of_an_app_that_nobody_deployed_comes_back_the_same(
    metadata: Metadata,
) -> None:
    wanted = {each: ["*"] for each in (HEADER, SETTINGS, GLOBAL, POLICY, SWITCHES)}
    files, _ = metadata.retrieve(wanted)
    inside = {path.removeprefix("unpackaged/"): text for path, text in files.items()}
    parts = {type_: {p: t for p, t in inside.items() if p.startswith(f"{TYPES[type_].folder}/")}
             for type_ in wanted}  # fmt: skip
    assert metadata.deploy(parts).success
    assert metadata.retrieve(wanted)[0] == files
