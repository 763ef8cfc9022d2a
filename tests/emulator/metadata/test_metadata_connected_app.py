"""ConnectedApp and BlacklistedConsumer: what a file changes in the org, and what comes back."""

import re

import pytest

from emulated_client import ClientFor
from evergrant.emulator import Emulator
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.metadata.types import TYPES
from metadata_kit import Metadata, xml, zipped

PATH = "connectedApps/orbit_sync.connectedApp"


@pytest.fixture
def metadata(emulator: Emulator) -> Metadata:
    """The admin at the Metadata API."""
    return Metadata(emulator)


def _app(label: str = "Ledger", more: str = "", oauth: str = "") -> str:
    inner = f"<label>{label}</label><contactEmail>a@acme.example</contactEmail>"
    config = f"<oauthConfig><callbackUrl>https://a.example/cb</callbackUrl>{oauth}</oauthConfig>"
    return xml("ConnectedApp", inner + config + more)


def _create(metadata: Metadata, file: str, name: str = "Ledger") -> str:
    metadata.emulator.act("set_org", connected_app_creation=True)
    result = metadata.deploy({"ConnectedApp": {f"connectedApps/{name}.connectedApp": file}})
    return "" if result.success else result.problem


def test_the_listing_is_what_soql_shows(metadata: Metadata) -> None:
    listed = metadata.call("listMetadata", "<queries><type>ConnectedApp</type></queries>")
    rows = metadata.emulator.org.db.execute('SELECT "Id" FROM "ConnectedApplication"').fetchall()
    assert {each.findtext("id") for each in listed} == {row["Id"] for row in rows}


def test_a_deployed_policy_binds_the_next_refresh(
    metadata: Metadata, client_for: ClientFor
) -> None:
    client = client_for()
    refresh_token = client.connect()["refresh_token"]
    before = metadata.one("ConnectedApp", "orbit_sync")
    after = before.replace(">infinite<", ">zero<")
    assert metadata.deploy({"ConnectedApp": {PATH: after}}).success
    answer = client.refresh(refresh_token)
    assert answer.json()["error"] == "invalid_grant"


def test_retrieve_then_deploy_changes_nothing(metadata: Metadata) -> None:
    wanted = {each: ["*"] for each in TYPES}
    files, problems = metadata.retrieve(wanted)
    trail = _lines_of_the_trail(metadata)
    result = metadata.deploy_zip(zipped(files))
    assert (result.status, result.problems, problems) == ("Succeeded", {}, [])
    assert {each.text for each in result.node.iter("changed")} == {"false"}
    assert _lines_of_the_trail(metadata) == trail
    assert metadata.retrieve(wanted)[0] == files


def _lines_of_the_trail(metadata: Metadata) -> int:
    row = metadata.emulator.org.db.execute('SELECT count(*) FROM "SetupAuditTrail"').fetchone()
    return int(row[0])


def test_a_connected_app_is_not_created_since_spring_26(metadata: Metadata) -> None:
    path = "connectedApps/Ledger.connectedApp"
    result = metadata.deploy({"ConnectedApp": {path: _app()}})
    assert "disabled" in result.problem
    assert result.status == "Failed"


def test_a_created_app_has_the_documented_defaults_and_no_secret_comes_back(
    metadata: Metadata,
) -> None:
    oauth = "<consumerKey>Ledger123</consumerKey><consumerSecret>AVerySecretWord99</consumerSecret>"
    assert _create(metadata, _app(oauth=oauth)) == ""
    file = metadata.one("ConnectedApp", "Ledger")
    for element in (
        "<isPkceRequired>false</isPkceRequired>", "<refreshTokenPolicy>infinite<",
        "<ipRelaxation>ENFORCE<", "<isSecretRequiredForRefreshToken>true<",
    ):  # fmt: skip
        assert element in file
    assert "AVerySecretWord99" not in file
    kept = metadata.emulator.org.db.execute("SELECT body FROM x_metadata").fetchall()
    assert all("AVerySecretWord99" not in row["body"] for row in kept)
    row = metadata.emulator.org.db.execute("SELECT secret FROM x_secret").fetchall()
    assert "AVerySecretWord99" in {each["secret"] for each in row}
    names = re.findall(r"^    <(\w+)", file, re.MULTILINE)
    assert names == sorted(names)


def test_a_consumer_key_is_taken_once_and_never_changed(metadata: Metadata) -> None:
    world = app_by_name(metadata.emulator.org.db, "orbit-sync").consumer_key
    taken = _app(oauth=f"<consumerKey>{world}</consumerKey>")
    assert _create(metadata, taken) == "The consumer key is already taken."
    assert _create(metadata, _app(oauth="<consumerKey>Ledger123</consumerKey>")) == ""
    other = _app(oauth="<consumerKey>Ledger124</consumerKey>")
    assert _create(metadata, other) == "You cannot provide a Consumer Key"
    bad = _app(oauth="<consumerKey>with space</consumerKey>")
    assert "8 to 256" in _create(metadata, bad, "Other")


def test_an_empty_profile_name_clears_the_list(metadata: Metadata) -> None:
    metadata.emulator.act("grant_app", app="orbit-jwt", profile="Standard User")
    before = metadata.one("ConnectedApp", "orbit_jwt")
    assert "<profileName>Standard User</profileName>" in before
    after = before.replace(">Standard User</profileName>", "></profileName>")
    path = "connectedApps/orbit_jwt.connectedApp"
    assert metadata.deploy({"ConnectedApp": {path: after}}).success
    file = metadata.one("ConnectedApp", "orbit_jwt")
    assert "profileName" not in file
    assert "<permissionSetName>Orbit Sync Access</permissionSetName>" in file


def test_a_granted_profile_lets_its_users_in(metadata: Metadata) -> None:
    file = metadata.one("ConnectedApp", "ledger_mirror").replace(
        "</ConnectedApp>", "<profileName>Standard User</profileName></ConnectedApp>"
    )
    path = "connectedApps/ledger_mirror.connectedApp"
    assert metadata.deploy({"ConnectedApp": {path: file}}).success
    rows = metadata.emulator.org.db.execute(
        'SELECT p."Name" FROM "SetupEntityAccess" a JOIN "PermissionSet" s ON s."Id" ='
        ' a."ParentId" JOIN "Profile" p ON p."Id" = s."ProfileId"'
    ).fetchall()
    assert [row["Name"] for row in rows] == ["Standard User"]


def test_scopes_collapse_on_retrieve(metadata: Metadata) -> None:
    scopes = "".join(f"<scopes>{each}</scopes>" for each in ("Email", "Profile", "OfflineAccess"))
    assert _create(metadata, _app(oauth=scopes)) == ""
    file = metadata.one("ConnectedApp", "Ledger")
    assert re.findall("<scopes>(.*)</scopes>", file) == ["Basic", "RefreshToken"]


def test_what_the_org_only_keeps_comes_back(metadata: Metadata) -> None:
    more = (
        "<description>nightly &amp; slow</description><ipRanges><description>office</description>"
        "<end>192.0.2.9</end><start>192.0.2.1</start></ipRanges>"
    )
    assert _create(metadata, _app(more=more)) == ""
    file = metadata.one("ConnectedApp", "Ledger")
    assert "<description>nightly &amp; slow</description>" in file
    assert "<description>office</description>" in file
    policy = app_by_name(metadata.emulator.org.db, "Ledger")
    assert policy.trusted_ranges == (("192.0.2.1", "192.0.2.9"),)


def test_the_trail_names_who_deployed(metadata: Metadata) -> None:
    db = metadata.emulator.org.db
    rita = db.execute("""SELECT "Id" FROM "User" WHERE "Username" LIKE 'rita@%'""").fetchone()["Id"]
    metadata.emulator.act(
        "set_profile", profile="Standard User", permissions={"ModifyMetadata": True}
    )
    other = Metadata(metadata.emulator, "rita")
    file = other.one("ConnectedApp", "orbit_sync").replace(">ENFORCE<", ">BYPASS<")
    assert other.deploy({"ConnectedApp": {PATH: file}}).success
    newest = db.execute('SELECT * FROM "SetupAuditTrail" ORDER BY rowid DESC').fetchone()
    assert (newest["Action"], newest["CreatedById"]) == ("changeIpRelaxationPolicy", rita)


def test_a_deployed_block_refuses_and_its_deletion_lifts_it(
    metadata: Metadata, client_for: ClientFor
) -> None:
    client = client_for()
    token = client.connect()["refresh_token"]
    key = app_by_name(metadata.emulator.org.db, "orbit-sync").consumer_key
    inner = (
        "<blockedByApiWhitelisting>false</blockedByApiWhitelisting>"
        f"<consumerKey>{key}</consumerKey><consumerName>Orbit</consumerName>"
        "<masterLabel>Orbit</masterLabel>"
    )
    path = "blacklistedConsumers/Orbit.blacklistedConsumer"
    block = {"BlacklistedConsumer": {path: xml("BlacklistedConsumer", inner)}}
    assert metadata.deploy(block).created == ("Orbit",)
    assert client.refresh(token).status_code == 400
    assert metadata.delete({"BlacklistedConsumer": ["Orbit"]}).success
    assert client.refresh(token).status_code == 200


def test_a_block_by_the_button_is_retrieved(metadata: Metadata) -> None:
    metadata.emulator.act("block_app", app="orbit-sync")
    file = metadata.one("BlacklistedConsumer", "orbit_sync")
    assert "<consumerName>Orbit Sync</consumerName>" in file


def test_a_deleted_app_is_known_no_longer(metadata: Metadata) -> None:
    assert metadata.delete({"ConnectedApp": ["pocket_charts"]}).success
    files, problems = metadata.retrieve({"ConnectedApp": ["pocket_charts"]})
    assert problems == ["Entity of type 'ConnectedApp' named 'pocket_charts' cannot be found"]
    assert list(files) == ["unpackaged/package.xml"]
