"""Every text of the Metadata API, said for what it is meant for, and marked."""

from collections.abc import Callable

import pytest

from evergrant.emulator import Emulator
from evergrant.emulator.metadata.problems import TEXTS, Refused
from evergrant.emulator.metadata.types import place_of
from metadata_kit import NAMESPACE, Metadata, manifest, xml, zipped

LABEL = "<label>L</label><contactEmail>a@acme.example</contactEmail>"
PATH = "connectedApps/L.connectedApp"
GLOBAL_PATH = "extlClntAppGlobalOauthSets/orbit_serverGlblOAuth.ecaGlblOauth"
SERVER = "<externalClientApplication>orbit_server</externalClientApplication>"


def _app(inner: str, oauth: str = "") -> dict[str, str]:
    config = f"<oauthConfig><callbackUrl>https://a.example</callbackUrl>{oauth}</oauthConfig>"
    return {PATH: xml("ConnectedApp", inner + (config if oauth else ""))}


def _policy(words: str) -> dict[str, str]:
    return _app(f"{LABEL}<oauthPolicy>{words}</oauthPolicy>")


def _setting(inner: str, root: str = "OauthOidcSettings") -> dict[str, str]:
    return {"settings/OauthOidc.settings": xml(root, inner)}


def _eca(folder: str, suffix: str, root: str, inner: str) -> dict[str, str]:
    return {f"{folder}/X.{suffix}": xml(root, inner)}


def _oauth_settings(parent: str) -> dict[str, str]:
    inner = f"<externalClientApplication>{parent}</externalClientApplication>"
    return _eca("extlClntAppOauthSettings", "ecaOauth", "ExtlClntAppOauthSettings", inner)


COMPONENTS: dict[str, tuple[dict[str, str], str]] = {
    "xml": ({PATH: "<ConnectedApp><label>"}, "Error parsing file"),
    "root": (_setting("", "ConnectedAppSettings"), "must be OauthOidcSettings"),
    "element": (
        _app(f"{LABEL}<refreshTokenValidityPeriod>1</refreshTokenValidityPeriod>"),
        f"Element {{{NAMESPACE}}}refreshTokenValidityPeriod invalid at this location in type "
        "ConnectedApp",
    ),
    "twice": (_app(f"{LABEL}<label>M</label>"), "is duplicated at this location"),
    "enum": (
        _app(LABEL, "<scopes>ChatterApi</scopes>"),
        "'ChatterApi' is not a valid value for the enum 'ConnectedAppOauthAccessScope'",
    ),
    "value": (_setting("<isPkceRequired>yes</isPkceRequired>"), "xsd:boolean"),
    "required": (_app("<label>L</label>"), "Required field is missing: contactEmail"),
    "policy": (
        _policy("<ipRelaxation>ENFORCE_RELAXED_REFRESH</ipRelaxation>"
                "<refreshTokenPolicy>infinite</refreshTokenPolicy>"),
        "Invalid value for ip_relaxation",
    ),
    "key_form": (_app(LABEL, "<consumerKey>short</consumerKey>"), "8 to 256"),
    "creation_off": (_app(LABEL), "disabled"),
    "certificate": (_app(LABEL, "<certificate>AAAA</certificate>"), "cannot be read"),
    "no_named": (
        _app(f"{LABEL}<profileName>Nobody</profileName>"),
        "In field: profileName - no Profile named Nobody found",
    ),
    "no_app": (_oauth_settings("Nowhere"), "INVALID_CROSS_REFERENCE_KEY"),
    "second": (_oauth_settings("orbit_server"), "duplicates value on record orbit_server_oauth"),
    "rotation": (
        {GLOBAL_PATH: xml("ExtlClntAppGlobalOauthSettings",
                          f"{SERVER}<shouldRotateConsumerKey>true</shouldRotateConsumerKey>")},
        "ignoreWarnings",
    ),
    "key_fixed": (
        {GLOBAL_PATH: xml("ExtlClntAppGlobalOauthSettings",
                          f"{SERVER}<consumerKey>Another123</consumerKey>")},
        "You cannot provide a Consumer Key",
    ),
    "run_as": (
        _app(LABEL, "<oauthClientCredentialUser>x@y.example</oauthClientCredentialUser>"),
        "Enter a valid execution user",
    ),
    "no_profile": (
        {"profiles/Ghost.profile": xml("Profile", "<custom>false</custom>")}, "Ghost",
    ),
    "hours": (
        {"profiles/Admin.profile": xml(
            "Profile", "<loginHours><mondayStart>90</mondayStart></loginHours>")},
        "multiples of 60: 90",
    ),
    "no_component": ({"settings/Nothing.settings": xml("NothingSettings", "")}, "Nothing"),
    "unknown_file": ({"readme/README.md": "hello"}, "README.md"),
}  # fmt: skip


@pytest.fixture
def metadata(emulator: Emulator) -> Metadata:
    """The admin at the Metadata API."""
    return Metadata(emulator)


def _reason(metadata: Metadata) -> str:
    (problem,) = metadata.emulator.trace(1)[0]["problems"]
    assert problem["mark"] == TEXTS[problem["reason"]].mark
    return str(problem["reason"])


@pytest.mark.parametrize("key", COMPONENTS)
def test_a_component_is_refused_with_its_text(metadata: Metadata, key: str) -> None:
    files, words = COMPONENTS[key]
    types = {"readme": "Readme"}
    named = {
        types.get(path.partition("/")[0], _type(path)): {path: content}
        for path, content in files.items()
    }
    named.pop("Readme", None)
    everything: dict[str, str | bytes] = {**files}
    members = {each: [_name(path) for path in named[each]] for each in named}
    result = metadata.deploy_zip(zipped({"package.xml": manifest(members), **everything}))
    assert words in result.problem
    assert result.status == "Failed"
    assert _reason(metadata) == key


def _type(path: str) -> str:
    found = place_of(path)
    return found[0].name if found else "Readme"


def _name(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _package(version: str = "67.0", **files: str) -> bytes:
    return zipped({"package.xml": manifest({"ConnectedApp": ["L"]}, version), **files})


PACKAGES: dict[str, tuple[Callable[[], bytes], str]] = {
    "zip": (lambda: b"PK nothing", "it is no zip file"),
    "no_manifest": (lambda: zipped({"a.txt": "b"}), "No package.xml found"),
    "manifest": (lambda: zipped({"package.xml": "<Package>"}), "Error parsing package.xml"),
    "unsupported_version": (lambda: _package("99.0"), "Invalid version specified: 99.0"),
}


@pytest.mark.parametrize("key", PACKAGES)
def test_a_package_is_refused_as_a_whole(metadata: Metadata, key: str) -> None:
    make, words = PACKAGES[key]
    result = metadata.deploy_zip(make())
    assert words in result.error
    assert (result.status, _reason(metadata)) == ("Failed", key)


def test_what_package_xml_names_must_be_there(metadata: Metadata) -> None:
    assert "was named in package.xml" in metadata.deploy_zip(_package()).problem
    assert metadata.deploy_zip(_package(), allowMissingFiles=True).success


def test_what_is_there_must_be_named(metadata: Metadata) -> None:
    raw = zipped({"package.xml": manifest({}), **_app(LABEL)})
    assert "is not named in package.xml" in metadata.deploy_zip(raw).problem


def test_an_unknown_type_is_named(metadata: Metadata) -> None:
    raw = zipped({"package.xml": manifest({"ConnectedApps": ["*"]})})
    problem = metadata.deploy_zip(raw).problem
    assert problem == "Unknown type name 'ConnectedApps' specified in package.xml"


def test_an_element_that_is_newer_than_the_package_is_refused(metadata: Metadata) -> None:
    oauth = "<isPkceRequired>true</isPkceRequired>"
    raw = zipped({"package.xml": manifest({"ConnectedApp": ["L"]}, "50.0"), **_app(LABEL, oauth)})
    problem = metadata.deploy_zip(raw).problem
    assert problem == "Property 'isPkceRequired' not valid in version 50.0"


def test_a_problem_says_where_it_stands(metadata: Metadata) -> None:
    file = xml("ConnectedApp", "\n  <nonsense/>")
    result = metadata.deploy({"ConnectedApp": {PATH: file}})
    assert result.node.findtext(".//lineNumber") == "3"
    assert result.node.findtext(".//columnNumber") == "3"


def test_nothing_stays_where_one_of_two_fails(metadata: Metadata) -> None:
    good, bad = _setting("<isPkceRequired>true</isPkceRequired>"), _app("")
    result = metadata.deploy({"Settings": good, "ConnectedApp": bad})
    assert (result.status, result.success) == ("Failed", False)
    assert "<isPkceRequired>false<" in metadata.one("Settings", "OauthOidc")


def test_a_sandbox_may_keep_the_good_half(metadata: Metadata) -> None:
    good, bad = _setting("<isPkceRequired>true</isPkceRequired>"), _app("")
    both = {"Settings": good, "ConnectedApp": bad}
    with pytest.raises(AssertionError) as fault:
        metadata.deploy(both, rollbackOnError=False)
    assert "rollbackOnError must be true" in str(fault.value)
    metadata.emulator.org.db.execute('UPDATE "Organization" SET "IsSandbox" = 1')
    result = metadata.deploy(both, rollbackOnError=False)
    assert (result.status, result.success) == ("SucceededPartial", True)
    assert "<isPkceRequired>true<" in metadata.one("Settings", "OauthOidc")


def test_a_check_changes_nothing_and_says_what_it_would(metadata: Metadata) -> None:
    file = _setting("<isPkceRequired>true</isPkceRequired>")
    result = metadata.deploy({"Settings": file}, checkOnly=True)
    assert (result.status, result.node.findtext("numberComponentsDeployed")) == ("Succeeded", "1")
    assert result.node.findtext(".//componentSuccesses/changed") == "true"
    assert "<isPkceRequired>false<" in metadata.one("Settings", "OauthOidc")


def test_words_are_filled_into_every_text() -> None:
    words = dict.fromkeys(
        ("why", "file", "expected", "found", "space", "name", "type", "version", "value", "enum",
         "kind", "field", "other", "what"), "x",
    )  # fmt: skip
    for key in TEXTS:
        assert "{" not in Refused(key, None, **words).message.replace("{x}", "")
