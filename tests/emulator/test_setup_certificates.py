"""Certificate and Key Management: a certificate made in Setup signs what an app then trusts."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from emulated_client import ClientFor
from evergrant.emulator import Emulator
from setup_robot import Robot

PAGE = "/lightning/setup/CertificatesAndKeysManagement/home"


def made(admin: Robot) -> Robot:
    """The page with a certificate on it."""
    return admin.open(PAGE).press("Create Self-Signed Certificate", label="Signing", name="Signing")


def test_an_exported_key_signs_assertions_once_the_app_trusts_the_certificate(
    admin: Robot, client_for: ClientFor
) -> None:
    pem = made(admin).press("Download Certificate Signing").text
    admin.open(PAGE).press("Export", password="a long password")
    key, certificate, _ = pkcs12.load_key_and_certificates(admin.answer.content, b"a long password")
    assert key is not None
    assert certificate is not None
    assert certificate.public_bytes(serialization.Encoding.PEM).decode() == pem
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    client = client_for("orbit-jwt")
    assert client.jwt_bearer(client.assertion(private)).status_code == 400
    settings = f"/lightning/setup/NavigationMenus/{admin.id_of('app', 'orbit-jwt')}"
    admin.open(settings).press("Save", digital_signatures="on", certificate=pem)
    assert client.jwt_bearer(client.assertion(private)).status_code == 200
    assert "CN=Signing" in admin.open(PAGE).text


def test_making_and_deleting_are_audited_and_a_deleted_one_is_gone(admin: Robot) -> None:
    made(admin).press("Delete Signing")
    assert "No certificates." in admin.text
    assert [action for action, _ in admin.audit()] == [
        "inferred:deleteCertificate", "inferred:insertCertificate",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["", "1st", "two words", "trailing_", "double__line", "a" * 81, "dot.dot"]
)
def test_a_unique_name_that_cannot_be_is_refused(admin: Robot, name: str) -> None:
    admin.open(PAGE).press("Create Self-Signed Certificate", label="Signing", name=name)
    assert admin.answer.status_code == 400
    assert "No certificates." in admin.text


def test_a_name_that_is_taken_is_refused(admin: Robot) -> None:
    made(admin)
    made(admin)
    assert admin.answer.status_code == 400


def test_a_keystore_needs_a_password_worth_the_name(admin: Robot) -> None:
    made(admin).press("Export", password="short")
    assert admin.answer.status_code == 400


def test_a_certificate_that_has_ended_says_so(admin: Robot, emulator: Emulator) -> None:
    made(admin)
    assert "expired" not in admin.text.partition("<main")[2].partition("</main>")[0]
    emulator.clock.advance(seconds=400 * 86_400)
    assert "expired" in admin.sign_in(PAGE).text


def test_who_may_not_manage_certificates_may_look_and_download_only(
    admin: Robot, emulator: Emulator, robot_for: Callable[[str], Robot]
) -> None:
    made(admin)
    emulator.act("set_profile", profile="Standard User", permissions={"ViewSetup": True})
    sam = robot_for("sam").open(PAGE)
    assert sam.has("Download Certificate Signing")
    assert not sam.has("Delete Signing")
    assert not sam.has("Export")
