"""Network Access, CORS and My Domain: where people, pages and passwords may come from."""

import httpx2
import pytest

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator
from evergrant.emulator.inventory import inventory
from metadata_kit import Metadata
from setup_robot import Robot

NETWORK = "/lightning/setup/NetworkAccess/home"
CORS = "/lightning/setup/CorsWhitelistEntries/home"
DOMAIN = "/lightning/setup/OrgDomain/home"
PAGE = "https://app.acme.example"


def policy(emulator: Emulator) -> dict[str, object]:
    """What holds for the whole org."""
    return dict(inventory(emulator.org)["org"]["policy"])


def by_password(client: Client) -> int:
    """A password without the security token behind it."""
    words = {"username": client.user["username"], "password": client.user["password"]}
    return client.token(grant_type="password", **words).status_code


# --- Network Access


def test_a_trusted_range_spares_the_security_token_until_it_is_deleted(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    emulator.act("set_org", block_username_password=False)
    client = client_for()
    assert by_password(client) == 400
    admin.open(NETWORK).press("Add range", start="198.51.100.0",
                              end="198.51.100.255")  # fmt: skip
    assert by_password(client) == 200
    assert admin.audit()[0] == ("inferred:changeOrgSettings", "admin@acme.example")
    admin.press("Delete 198.51.100.0 to 198.51.100.255")
    assert by_password(client) == 400


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("198.51.100.9", "198.51.100.1"),
        ("198.51.100.9", "2001:db8::9"),
        ("here", "there"),
        ("", ""),
    ],
)
def test_a_range_that_cannot_be_is_refused_and_nothing_changes(
    admin: Robot, emulator: Emulator, start: str, end: str
) -> None:
    admin.open(NETWORK).press("Add range", start=start, end=end)
    assert admin.answer.status_code == 400
    assert policy(emulator)["trusted_ranges"] == ()


def test_the_same_range_stands_once_only(admin: Robot, emulator: Emulator) -> None:
    for _ in range(2):
        admin.open(NETWORK).press("Add range", start="198.51.100.1", end="198.51.100.2")
    assert admin.answer.status_code == 400
    assert policy(emulator)["trusted_ranges"] == (("198.51.100.1", "198.51.100.2"),)


def test_ranges_that_were_set_elsewhere_are_shown(admin: Robot, emulator: Emulator) -> None:
    emulator.act("set_org", trusted_ranges=[["203.0.113.1", "203.0.113.9"]])
    assert admin.open(NETWORK).has("Delete 203.0.113.1 to 203.0.113.9")


# --- CORS


def readable(emulator: Emulator, path: str = "/services/oauth2/token") -> bool:
    """Whether a page of the origin may read an answer of that path."""
    answer = httpx2.post(emulator.url + path, headers={"Origin": PAGE})
    return answer.headers.get("access-control-allow-origin") == PAGE


def test_origin_and_switch_together_let_a_page_read_the_token_endpoint(
    admin: Robot, emulator: Emulator
) -> None:
    admin.open(CORS).press("New origin", origin="https://*.acme.example")
    assert readable(emulator, "/services/oauth2/userinfo")
    assert not readable(emulator)
    admin.press("Save", for_oauth="on")
    assert readable(emulator)
    admin.press("Save", for_oauth=None)
    assert not readable(emulator)
    admin.press("Delete https://*.acme.example")
    assert not readable(emulator, "/services/oauth2/userinfo")
    assert len(admin.audit()) == 4


@pytest.mark.parametrize(
    "origin", ["", "acme.example", "ftp://acme.example", "https://", "https://acme.example/path",
               "https://a*.example", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_origin_is_refused(admin: Robot, emulator: Emulator, origin: str) -> None:
    admin.open(CORS).press("New origin", origin=origin)
    assert admin.answer.status_code == 400
    assert policy(emulator)["cors_allowlist"] == ()


# --- My Domain


def test_login_by_my_domain_only_shuts_the_generic_host_and_leaves_a_restricted_domain(
    admin: Robot, emulator: Emulator
) -> None:
    admin.open(DOMAIN).press("Save", my_domain_login_only="on")
    sam = inventory(emulator.org)["users"][2]
    filled = {"username": sam["username"], "password": sam["password"]}
    url = f"{emulator.url}/lightning/setup/home"
    generic = httpx2.post(url, data=filled, headers={"Host": "login.salesforce.com"})
    assert generic.status_code == 200
    assert "sid" not in generic.cookies
    row = emulator.org.db.execute(
        'SELECT "Status" FROM "LoginHistory" ORDER BY rowid DESC'
    ).fetchone()
    assert row["Status"] == "Restricted domain"
    assert emulator.stage.trace()[-1]["gate"] == "host"
    assert "sid" in httpx2.post(url, data=filled).cookies


def test_my_domain_login_goes_out_and_in_by_the_metadata_api(emulator: Emulator) -> None:
    metadata = Metadata(emulator)
    file = metadata.one("Settings", "MyDomain")
    assert "<canOnlyLoginWithMyDomainUrl>false" in file
    changed = file.replace("Url>false", "Url>true")
    assert metadata.deploy({"Settings": {"settings/MyDomain.settings": changed}}).success
    assert policy(emulator)["my_domain_login_only"]


def test_until_an_admin_says_so_the_generic_host_lets_people_in(emulator: Emulator) -> None:
    sam = inventory(emulator.org)["users"][2]
    answer = httpx2.post(
        f"{emulator.url}/lightning/setup/home",
        data={"username": sam["username"], "password": sam["password"]},
        headers={"Host": "login.salesforce.com"},
    )
    assert "sid" in answer.cookies
