"""Calls of the Metadata API: by SOAP and by REST, by whom, and how long a job takes."""

import json
from xml.etree.ElementTree import fromstring

import httpx2
import pytest

from evergrant.emulator import Emulator
from evergrant.emulator.connected import sign_in
from evergrant.emulator.metadata.shape import Element
from evergrant.emulator.metadata.types import TYPES
from metadata_kit import TLS, Metadata, bare, manifest, xml, zipped

REST = "/services/data/v67.0/metadata/deployRequest"
PKCE_ON = "<isPkceRequired>true</isPkceRequired>"
PKCE = zipped({
    "package.xml": manifest({"Settings": ["OauthOidc"]}),
    "settings/OauthOidc.settings": xml("OauthOidcSettings", PKCE_ON),
})  # fmt: skip


@pytest.fixture
def metadata(emulator: Emulator) -> Metadata:
    """The admin at the Metadata API."""
    return Metadata(emulator)


def test_describe_lists_the_types_with_their_folders(metadata: Metadata) -> None:
    (result,) = metadata.call("describeMetadata", "<asOfVersion>67.0</asOfVersion>")
    found = {
        each.findtext("xmlName"): (each.findtext("directoryName"), each.findtext("suffix"))
        for each in result.iter("metadataObjects")
    }
    assert found == {each.name: (each.folder, each.suffix) for each in TYPES.values()}


def test_an_old_version_knows_no_newer_type(emulator: Emulator) -> None:
    (result,) = Metadata(emulator, version="48.0").call("describeMetadata")
    names = {each.text for each in result.iter("xmlName")}
    assert "ConnectedApp" in names
    assert "BlacklistedConsumer" not in names
    assert "ExternalClientApplication" not in names


def test_an_old_version_is_given_no_newer_element(metadata: Metadata) -> None:
    old = Metadata(metadata.emulator, version="48.0")
    inner = (
        "<retrieveRequest><apiVersion>48.0</apiVersion><unpackaged><types><members>*</members>"
        "<name>ConnectedApp</name></types><version>48.0</version></unpackaged></retrieveRequest>"
    )
    (begun,) = old.call("retrieve", inner)
    assert begun.findtext("id")
    read = "<type>ConnectedApp</type><fullNames>orbit_sync</fullNames>"
    assert "isPkceRequired" in metadata.post(f"<readMetadata>{read}</readMetadata>").text
    told = old.post(f"<readMetadata>{read}</readMetadata>").text
    assert "isAdminApproved" in told
    assert "isPkceRequired" not in told


def test_read_gives_records_and_nil_for_strangers(metadata: Metadata) -> None:
    names = "<fullNames>orbit_sync</fullNames><fullNames>stranger</fullNames>"
    response = metadata.post(f"<readMetadata><type>ConnectedApp</type>{names}</readMetadata>")
    first, second = fromstring(bare(response.text)).iter("records")
    assert first.findtext("label") == "Orbit Sync"
    assert list(second) == []
    assert second.attrib == {"{http://www.w3.org/2001/XMLSchema-instance}nil": "true"}


def test_the_zip_is_handed_out_once(metadata: Metadata) -> None:
    inner = "<retrieveRequest><unpackaged><version>67.0</version></unpackaged></retrieveRequest>"
    (begun,) = metadata.call("retrieve", inner)
    job = f"<asyncProcessId>{begun.findtext('id')}</asyncProcessId>"
    (peek,) = metadata.call("checkRetrieveStatus", f"{job}<includeZip>false</includeZip>")
    (first,) = metadata.call("checkRetrieveStatus", job)
    (second,) = metadata.call("checkRetrieveStatus", job)
    assert [bool(each.findtext("zipFile")) for each in (peek, first, second)] == [
        False, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "inner", "words"),
    [
        ("listMetadata", "<queries><type>ApexClass</type></queries>", "INVALID_TYPE"),
        ("listMetadata", "<queries><type>Profile</type></queries>" * 4, "EXCEEDED_MAX_TYPES"),
        ("checkDeployStatus", "<asyncProcessId>0Af</asyncProcessId>", "no job with the id 0Af"),
        ("deploy", "<ZipFile>***</ZipFile>", "it is not Base64"),
        ("deploy", "<ZipFile></ZipFile><DeployOptions><testLevel>Some</testLevel></DeployOptions>",
         "'Some' is not a valid value for the enum 'TestLevel'"),
        ("readMetadata", "<type>Profile</type>" + "<fullNames>a</fullNames>" * 11, "10"),
    ],
)  # fmt: skip
def test_a_call_is_refused_with_a_fault(
    metadata: Metadata, operation: str, inner: str, words: str
) -> None:
    assert words in metadata.fault(operation, inner)


def test_a_dead_session_is_told_as_one(metadata: Metadata) -> None:
    fault = metadata.fault("describeMetadata", session="00D!nobody")
    assert fault == (
        "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session"
    )


def test_the_api_needs_a_permission_to_modify_metadata(emulator: Emulator) -> None:
    assert "INSUFFICIENT_ACCESS" in Metadata(emulator, "sam").fault("describeMetadata")
    emulator.act("set_profile", profile="Standard User", permissions={"ModifyMetadata": True})
    assert Metadata(emulator, "sam").call("describeMetadata")


@pytest.mark.parametrize("version", ["30.0", "99.0", "x"])
def test_an_unknown_version_is_refused(emulator: Emulator, version: str) -> None:
    fault = Metadata(emulator, version=version).fault("describeMetadata")
    assert fault.startswith("UNSUPPORTED_API_VERSION")


@pytest.mark.parametrize(
    "envelope",
    [
        b"", b"<x/>", b"\xff\xfe", b"<Envelope><Body/></Envelope>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><Envelope><Body><deploy/></Body></Envelope>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><Envelope><Body><deploy/></Body></Envelope>',
    ],
)  # fmt: skip
def test_what_is_no_envelope_is_refused(emulator: Emulator, envelope: bytes) -> None:
    url = f"{emulator.url}/services/Soap/m/67.0"
    response = httpx2.post(url, content=envelope, timeout=60, verify=TLS)
    assert response.status_code == 500
    assert "no SOAP envelope" in response.text


def test_an_operation_that_is_not_built_is_named(metadata: Metadata) -> None:
    response = metadata.post("<renameMetadata/>")
    assert response.status_code == 501
    assert "renameMetadata" in response.json()["detail"]


def test_a_deployment_that_waits_can_be_canceled(metadata: Metadata) -> None:
    metadata.emulator.act("set_org", deploy_polls=2)
    first, second = metadata.begin(PKCE), metadata.begin(PKCE)
    (canceled,) = metadata.call("cancelDeploy", f"<String>{first}</String>")
    assert canceled.findtext("done") == "true"
    assert metadata.status(first).status == "Canceled"
    assert metadata.status(second).status == "Pending"
    assert "<isPkceRequired>false<" in metadata.one("Settings", "OauthOidc")
    assert metadata.status(second).status == "Succeeded"
    assert "<isPkceRequired>true<" in metadata.one("Settings", "OauthOidc")
    assert "has ended" in metadata.fault("cancelDeploy", f"<String>{second}</String>")


def _rest(emulator: Emulator, user: str = "admin") -> dict[str, str]:
    token = sign_in(emulator.org, user)["access_token"]
    return {"authorization": f"Bearer {token}"}


def _upload(
    emulator: Emulator, raw: bytes, user: str = "admin", **options: object
) -> httpx2.Response:
    words = json.dumps({"deployOptions": {"singlePackage": True, **options}})
    files: dict[str, tuple[str | None, str | bytes, str]] = {
        "json": (None, words, "application/json"), "file": ("deploy.zip", raw, "application/zip"),
    }  # fmt: skip
    return httpx2.post(
        f"{emulator.url}{REST}", files=files, headers=_rest(emulator, user), verify=TLS
    )


def test_rest_deploys_and_tells_in_detail(metadata: Metadata) -> None:
    begun = _upload(metadata.emulator, PKCE)
    assert begun.status_code == 201
    job = begun.json()["id"]
    assert job.startswith("0Af")
    url = f"{metadata.emulator.url}{REST}/{job}"
    short = httpx2.get(url, headers=_rest(metadata.emulator), verify=TLS).json()["deployResult"]
    assert (short["status"], short["details"]) == ("Succeeded", None)
    whole = httpx2.get(
        f"{url}?includeDetails=true", headers=_rest(metadata.emulator), verify=TLS
    ).json()
    (done,) = whole["deployResult"]["details"]["componentSuccesses"]
    assert (done["fullName"], done["changed"]) == ("OauthOidc", True)
    assert "<isPkceRequired>true<" in metadata.one("Settings", "OauthOidc")


def test_rest_cancels(metadata: Metadata) -> None:
    metadata.emulator.act("set_org", deploy_polls=5)
    job = _upload(metadata.emulator, PKCE).json()["id"]
    url, headers = f"{metadata.emulator.url}{REST}/{job}", _rest(metadata.emulator)
    body = {"deployResult": {"status": "Canceling"}}
    assert httpx2.patch(url, json=body, headers=headers, verify=TLS).status_code == 202
    told = httpx2.get(url, headers=headers, verify=TLS).json()
    assert told["deployResult"]["status"] == "Canceled"
    assert httpx2.patch(url, json=body, headers=headers, verify=TLS).status_code == 400
    assert httpx2.patch(url, json={}, headers=headers, verify=TLS).status_code == 400


def test_rest_refuses_the_unpermitted_the_malformed_and_the_unknown(emulator: Emulator) -> None:
    assert _upload(emulator, PKCE, "sam").json()[0]["errorCode"] == "INSUFFICIENT_ACCESS"
    malformed = httpx2.post(
        f"{emulator.url}{REST}", content=b"x", headers=_rest(emulator), verify=TLS
    )
    assert malformed.status_code == 400
    gone = httpx2.get(f"{emulator.url}{REST}/0Af000000000001", headers=_rest(emulator), verify=TLS)
    assert gone.status_code == 404


def test_every_type_has_a_source_and_every_element_of_an_enumeration_its_values() -> None:
    def each_of(elements: tuple[Element, ...]) -> list[Element]:
        return [each for one in elements for each in (one, *each_of(one.inner))]

    roots = [
        root for each in TYPES.values() for root in (each.root, *each.members.values()) if root
    ]
    for root in roots:
        assert root.source
        for element in each_of(root.elements):
            assert bool(element.values) == (element.kind == "enum")
            assert bool(element.inner) == (element.kind == "group")
            assert not element.default or not element.is_secret
