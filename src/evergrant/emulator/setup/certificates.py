"""Certificate and Key Management: the org's certificates, and when those of its apps end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography import x509
from starlette.responses import Response

from evergrant.emulator import certificates
from evergrant.emulator.setup.desk import BadForm, Deed, NoRecord, Page, no_acts
from evergrant.emulator.setup.lookup import apps_of
from evergrant.emulator.setup.rights import EDIT_CERTIFICATES, VIEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from evergrant.emulator.setup.desk import Act, Desk, Form

_LEAST: Final = 8
"""Characters of a keystore's password (inferred)."""


def _show(desk: Desk) -> Mapping[str, object]:
    return {
        "certificates": certificates.every(desk.org), "apps": list(_of_apps(desk)),
        "today": desk.org.clock.now().date(), "least": _LEAST,
    }  # fmt: skip


def _of_apps(desk: Desk) -> Iterator[dict[str, object]]:
    """The certificates that apps trust, as far as they can be read."""
    for app in apps_of(desk):
        uses = {"JWT and SAML assertions": app.certificate,
                "client assertions": app.assertion_certificate}  # fmt: skip
        for use, pem in uses.items():
            if pem:
                yield {"app": app, "use": use, **_read(pem)}


def _read(pem: str) -> dict[str, object]:
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return {"subject": "cannot be read", "expires": None}
    expires = found.not_valid_after_utc.date()
    return {"subject": found.subject.rfc4514_string(), "expires": expires}


def _create(_desk: Desk, form: Form) -> Iterable[Act]:
    label, name = form.get("label", "").strip(), form.get("name", "").strip()
    if not label:
        raise BadForm("give the certificate a label")
    return [("create_certificate", {"name": name, "label": label[:80]})]


def _delete(_desk: Desk, form: Form) -> Iterable[Act]:
    return [("delete_certificate", {"name": form.get("name", "")})]


def _download(desk: Desk, form: Form) -> Response:
    found = _named(desk, form)
    return _file(found.pem.encode(), "application/x-pem-file", f"{found.name}.crt")


def _export(desk: Desk, form: Form) -> Response:
    password = form.get("password", "")
    if len(password) < _LEAST:
        raise BadForm(f"the keystore's password has at least {_LEAST} characters")
    found = _named(desk, form)
    return _file(found.keystore(password), "application/x-pkcs12", f"{found.name}.p12")


def _named(desk: Desk, form: Form) -> certificates.Certificate:
    found = certificates.find(desk.org, form.get("name", ""))
    if found is None:
        raise NoRecord(form.get("name", ""))
    return found


def _file(content: bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=kind, headers=headers)


PAGES: Final = (
    Page(
        "/lightning/setup/CertificatesAndKeysManagement/home", "Certificate and Key Management",
        "certificates.html", VIEW, _show,
        {
            "create": Deed(EDIT_CERTIFICATES, _create),
            "delete": Deed(EDIT_CERTIFICATES, _delete),
            "download": Deed(VIEW, no_acts, _download),
            "export": Deed(EDIT_CERTIFICATES, no_acts, _export),
        },
    ),
)  # fmt: skip
