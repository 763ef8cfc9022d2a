"""From a connected app to an external client app: nothing lost in silence, and clients connect."""

from __future__ import annotations

import pytest

from evergrant.drills.migrated import migrate
from evergrant.drills.replayed import Habits
from evergrant.errors import BadInput
from evergrant.repair.files import Files
from evergrant.repair.migrate import GLOBAL, OAUTH_POLICY, SETTINGS, migration
from repair_kit import SET, connected, external

APPROVED = "        <isAdminApproved>true</isAdminApproved>\n"
GRANT = f"    <permissionSetName>{SET}</permissionSetName>\n"
ITSELF = (
    "        <isClientCredentialEnabled>true</isClientCredentialEnabled>\n"
    "        <oauthClientCredentialUser>bot@acme.example</oauthClientCredentialUser>\n"
)
ROTATED = "        <isRefreshTokenRotationEnabled>true</isRefreshTokenRotationEnabled>\n"
WAYS = [
    (connected(), Habits()),
    (connected(refresh="specific_inactivity:90:DAYS", relaxation="BYPASS_2FACTOR"), Habits()),
    (connected(oauth=APPROVED, more=GRANT), Habits("jwt_bearer")),
    (connected(oauth=ITSELF), Habits("client_credentials")),
    (connected(oauth=ROTATED), Habits()),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("files", "habits"), WAYS, ids=lambda each: getattr(each, "way", "app"))
def test_the_new_apps_client_connects_and_the_old_ones_lives_on(
    files: Files, habits: Habits
) -> None:
    seen = migrate(migration(files.app("Ledger")), files, habits)
    assert seen.is_done, seen
    assert all(each.ok for each in seen.before)
    assert len(seen.done) == 5


@pytest.mark.slow
def test_a_client_without_pkce_connects_to_the_new_app_too() -> None:
    files = connected()
    assert migrate(migration(files.app("Ledger")), files, Habits(sends_challenge=False)).is_done


def test_every_setting_goes_over_in_its_new_words() -> None:
    files = connected(
        oauth=APPROVED, refresh="specific_lifetime:24:HOURS", relaxation="ENFORCE_RELAXREFRESH",
        scopes="Api RefreshToken SFAP",
        more=GRANT + "    <ipRanges>\n        <end>192.0.2.9</end>\n"
        "        <start>192.0.2.1</start>\n    </ipRanges>\n",
    )  # fmt: skip
    made = migration(files.app("Ledger"))
    (policy,), (settings,), (glob,) = (made.files.of(t) for t in (OAUTH_POLICY, SETTINGS, GLOBAL))
    assert policy.text("permittedUsersPolicyType") == "AdminApprovedPreAuthorized"
    assert policy.text("commaSeparatedPermissionSet") == SET
    assert policy.text("ipRelaxationPolicyType") == "Enforce_RelaxRefresh"
    assert policy.text("refreshTokenPolicyType") == "SpecificLifetime"
    assert policy.text("refreshTokenValidityPeriod") == "24"
    assert policy.text("refreshTokenValidityUnit") == "Hours"
    assert settings.text("commaSeparatedOauthScopes") == "Api, RefreshToken, SFApiPlatform"
    assert settings.text("trustedIpRanges/startIpAddress") == "192.0.2.1"
    assert glob.text("callbackUrl") == "https://ledger.example/oauth/cb"


def test_a_default_that_differs_is_written_out() -> None:
    made = migration(connected().app("Ledger"))
    (glob,), (policy,) = made.files.of(GLOBAL), made.files.of(OAUTH_POLICY)
    assert glob.text("isPkceRequired") == "false"
    assert policy.text("refreshTokenPolicyType") == "Infinite"
    assert any("inferred" in each for each in made.notes)


def test_what_cannot_go_over_is_named_and_no_secret_goes() -> None:
    secret = "        <consumerKey>3MVG9key12345</consumerKey>\n        <consumerSecret>sEcret1234</consumerSecret>\n"  # noqa: E501
    made = migration(connected(oauth=secret, more="    <plugin>P</plugin>\n").app("Ledger"))
    stays = " ".join(made.stays)
    for word in (
        "consumer key",
        "consumer secret",
        "plugin",
        "refresh tokens",
        "username-password",
    ):
        assert word in stays
    whole = b"".join(each.data for each in made.files)
    assert b"sEcret1234" not in whole
    assert b"3MVG9key12345" not in whole


def test_the_new_app_can_be_told_from_the_old_one_in_login_history() -> None:
    made = migration(connected().app("Ledger"))
    assert made.label != made.old.label
    assert made.name != made.old.name


def test_an_external_client_app_is_not_migrated() -> None:
    with pytest.raises(BadInput, match="no connected app"):
        migration(external().app("Ledger"))
