"""What a document is, told by its content; its name says nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from evergrant.evidence.given.document import Document

Kind = Literal[
    "bundle", "har", "sf_output", "login_history", "event_log", "idp_events", "audit_trail",
    "org_rows",
    "metadata", "jwt", "certificate", "request", "text",
]  # fmt: skip
_HAR = re.compile(r'^\s*\{\s*"log"\s*:\s*\{.{0,20000}?"(?:entries|creator|version)"', re.S)
_BUNDLE = re.compile(r'"schema"\s*:\s*"evergrant\.bundle/')
_QUERY = re.compile(r'"type"\s*:\s*"(LoginHistory|SetupAuditTrail|IdpEventLog)"')
_ROWS = re.compile(
    r'"attributes"\s*:\s*\{\s*"type"\s*:\s*"(?:User|UserLogin|ConnectedApplication|OauthToken|'
    r"ExternalClientApplication|ExtlClntAppOauthPlcyCnfg|SetupEntityAccess|AuthSession|"
    r'PermissionSetAssignment|Organization)"'
)
_SF = re.compile(
    r'"(?:exitCode|commandName|connectedStatus)"\s*:|'
    r'"status"\s*:\s*\d+\s*,\s*"(?:name|message|result)"'
)


def _both(one: str, other: str) -> re.Pattern[str]:
    """Both members near each other, in any order."""
    ends = rf'"{one}"\s*:', rf'"(?:{other})"\s*:'
    return re.compile(f"{ends[0]}.{{0,4000}}{ends[1]}|{ends[1]}.{{0,4000}}{ends[0]}", re.S)


_KEYS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("login_history", _both("LoginTime", "Status")),
    ("idp_events", _both("ErrorCode", "InitiatedBy|SsoType|AppId")),
    ("audit_trail", _both("Action", "Display")),
)
"""Members that tell a record's object where it does not say it."""
_OBJECTS: dict[str, Kind] = {
    "LoginHistory": "login_history",
    "SetupAuditTrail": "audit_trail",
    "IdpEventLog": "idp_events",
}
_XML = re.compile(r"<[A-Za-z]+[^<>]{0,400}http://soap\.sforce\.com/2006/04/metadata")
_ZIP = b"PK\x03\x04"
_PEM = re.compile(
    r"\s*(?:Bag Attributes.{0,2000}?)?-----BEGIN [A-Z ]*(?:CERTIFICATE|PRIVATE KEY)-----", re.S
)


def kind_of(document: Document) -> Kind | None:
    """The kind of a document, or None for one that is neither text nor zip."""
    if document.head.startswith(_ZIP):
        return "metadata"
    if document.encoding is None:
        return None
    begin = document.begin.lstrip("\ufeff \t\r\n")
    for kind, is_one in _ASKED:
        if is_one(begin):
            return kind
    return _sheet(document) or _json(begin) or "text"


def _is_har(begin: str) -> bool:
    return begin.startswith("{") and _HAR.match(begin) is not None


def _is_bundle(begin: str) -> bool:
    return begin.startswith("{") and _BUNDLE.search(begin[:2000]) is not None


def _is_metadata(begin: str) -> bool:
    return begin.startswith("<") and _XML.search(begin[:4000]) is not None


def _is_pem(begin: str) -> bool:
    return _PEM.match(begin) is not None


def _is_jwt(begin: str) -> bool:
    if not begin.startswith("eyJ"):
        return False
    from evergrant.evidence.requests.assertion import looks_like

    return looks_like(begin)


def _is_request(begin: str) -> bool:
    if not begin.startswith(("curl ", "$ curl ", "curl.exe ")):
        return False
    from evergrant.evidence.requests.curl import sent_in

    return sent_in(begin) is not None


_ASKED: tuple[tuple[Kind, Callable[[str], bool]], ...] = (
    ("bundle", _is_bundle),
    ("har", _is_har),
    ("metadata", _is_metadata),
    ("certificate", _is_pem),
    ("jwt", _is_jwt),
    ("request", _is_request),
)


def _json(begin: str) -> Kind | None:
    if not begin.startswith(("{", "[")):
        return None
    if found := _QUERY.search(begin):
        return _OBJECTS[found[1]]
    if _ROWS.search(begin):
        return "org_rows"
    for kind, pattern in _KEYS:
        if pattern.search(begin):
            return kind
    return "sf_output" if begin.startswith("{") and _SF.search(begin) else None


def _sheet(document: Document) -> Kind | None:
    first = document.begin[:4000].lstrip("\ufeff")
    # A header parts its names: a line of prose or of a log hardly ever does.
    if not any(mark in first.partition("\n")[0] or mark in first for mark in (",", ";", "\t")):
        return None
    from evergrant.evidence.exports.columns import SHEETS, bound
    from evergrant.evidence.exports.csv_rows import header_in

    for sheet in SHEETS:
        header = header_in(first, sheet.names())
        if header is not None and bound(sheet, header.columns) is not None:
            return sheet.kind
    return _answer(first)


def _answer(first: str) -> Kind | None:
    """The answer of a query about app, user or org, as CSV."""
    from evergrant.evidence.exports.csv_rows import header_in
    from evergrant.evidence.exports.objects import KNOWN, object_of

    header = header_in(first, KNOWN)
    return "org_rows" if header is not None and object_of(header.columns) else None
