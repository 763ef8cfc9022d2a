"""What may be wrong with the form of a request: one predicate a flaw (oauth-protocol 1, 2)."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable, Mapping
from typing import Literal

from evergrant.evidence.requests.outgoing import FORM, Sent

Mark = Literal["seen", "derived", "inferred"]
Marked = tuple[str, Mark]
GRANTS = {
    "authorization_code": "web_server",
    "hybrid_auth_code": "web_server",
    "refresh_token": "refresh_token",
    "hybrid_refresh": "refresh_token",
    "password": "username_password",
    "client_credentials": "client_credentials",
    "device": "device",
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "jwt_bearer",
    "urn:ietf:params:oauth:grant-type:saml2-bearer": "saml_bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange": "token_exchange",
    "urn:salesforce:grant-type:external-client-credentials": "client_credentials",
    "assertion": "saml_bearer",
}
"""`grant_type` → flow (oauth-protocol 2)."""
RESPONSES = {"code": "web_server", "token": "user_agent", "device_code": "device",
             "code_credentials": "code_credentials"}  # fmt: skip
NEEDS = {
    "authorization_code": ("code", "redirect_uri", "client_id"),
    "refresh_token": ("refresh_token", "client_id"),
    "password": ("username", "password", "client_id"),
    "device": ("code", "client_id"),
    "client_credentials": ("client_id",),
    "urn:ietf:params:oauth:grant-type:jwt-bearer": ("assertion",),
    "urn:ietf:params:oauth:grant-type:saml2-bearer": ("assertion",),
}
"""`grant_type` → parameters without which it cannot be (oauth-protocol 2.1-2.8)."""
TOKEN, AUTHORIZE = "/services/oauth2/token", "/services/oauth2/authorize"
PATHS = re.compile(
    r"/services/oauth2/(?:token|authorize(?:/expid_\w+)?|revoke|introspect|userinfo|register|"
    r"success|echo|pkce/generator|singleaccess|lightningoutsingleaccess|id/keys)$"
)
"""Paths that exist (oauth-protocol 1.2)."""
_BEARER = re.compile(r"(?i)(?:bearer|oauth) [^\s\"'<>]+")
_ENCODED = re.compile(r"%(?:25)*[0-9A-Fa-f]{2}")
_MULTIPART = "multipart/form-data"


OAUTH_PATH = re.compile(r"oauth", re.I)
API_PATH = re.compile(r"/services/(?:data|apexrest|async|Soap)/")

Fields = Mapping[str, str]
Has = Callable[[Sent, Fields], bool]


def _wrong_path(sent: Sent, _fields: Fields) -> bool:
    return not API_PATH.search(sent.path) and not PATHS.search(sent.path.rstrip("/"))


def _got(sent: Sent, _fields: Fields) -> bool:
    return sent.path == TOKEN and sent.method.upper() == "GET"


def _wrong_type(sent: Sent, _fields: Fields) -> bool:
    """A form, or (observed) multipart, is what the endpoint reads (oauth-protocol 1.2)."""
    if not sent.is_token or sent.method.upper() != "POST" or not sent.body:
        return False
    return sent.media_type not in (FORM, _MULTIPART)


def _is_read(sent: Sent) -> bool:
    """Whether the parameters of a token request are known to us."""
    return sent.is_token and sent.body is not None and sent.media_type in (FORM, "")


def _no_grant(sent: Sent, fields: Fields) -> bool:
    is_device = fields.get("response_type") == "device_code"
    return _is_read(sent) and not fields.get("grant_type") and not is_device


def _odd_grant(sent: Sent, fields: Fields) -> bool:
    grant = fields.get("grant_type", "")
    return _is_read(sent) and bool(grant) and grant not in GRANTS


def _missing(sent: Sent, fields: Fields) -> bool:
    has_basic = _basic(sent) is not None
    return _is_read(sent) and any(
        not fields.get(name) and not (name == "client_id" and has_basic)
        for name in NEEDS.get(fields.get("grant_type", ""), ())
    )


def _encoded_twice(sent: Sent, fields: Fields) -> bool:
    """A value that still holds percent signs after it was decoded once."""
    return _is_read(sent) and any(
        _ENCODED.search(fields.get(name, "")) for name in ("code", "refresh_token", "assertion")
    )


def _basic(sent: Sent) -> str | None:
    kind, _, value = sent.headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "basic" else None


def _both(sent: Sent, fields: Fields) -> bool:
    return _basic(sent) is not None and bool(fields.get("client_secret"))


def _bad_basic(sent: Sent, _fields: Fields) -> bool:
    value = _basic(sent)
    if value is None or "•" in value or not sent.is_token:
        return False
    try:
        return b":" not in b64decode(value, validate=True)
    except (NoBase64, ValueError):
        return True


def _bad_bearer(sent: Sent, _fields: Fields) -> bool:
    """A call of the API whose header holds more or less than a scheme and a token."""
    value = sent.headers.get("authorization", "")
    return bool(value) and bool(API_PATH.search(sent.path)) and not _BEARER.fullmatch(value)


def _scope(sent: Sent, fields: Fields) -> bool:
    is_device = fields.get("response_type") == "device_code"
    return sent.is_token and bool(fields.get("scope")) and not is_device


def _no_callback(sent: Sent, fields: Fields) -> bool:
    return sent.path.startswith(AUTHORIZE) and not fields.get("redirect_uri")


def sends_secret(sent: Sent, fields: Fields) -> bool:
    basic = _basic(sent)
    return bool(fields.get("client_secret") or fields.get("client_assertion") or basic)


FLAWS: tuple[tuple[str, Mark, Has], ...] = (
    ("wrong path", "derived", _wrong_path),
    ("get instead of post", "inferred", _got),
    ("wrong content type", "derived", _wrong_type),
    ("missing grant_type", "derived", _no_grant),
    ("unknown grant_type", "derived", _odd_grant),
    ("missing parameter", "derived", _missing),
    ("encoded twice", "derived", _encoded_twice),
    ("basic and body credentials", "inferred", _both),
    ("malformed basic header", "derived", _bad_basic),
    ("malformed authorization header", "derived", _bad_bearer),
    ("scope on token", "derived", _scope),
    ("missing redirect_uri", "derived", _no_callback),
)
"""Value of `request.flaw`, how sure it is that Salesforce minds, and how it is told."""
