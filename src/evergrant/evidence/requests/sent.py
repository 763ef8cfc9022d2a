"""The request that failed → facts: its method, host, path, form fields and headers, and its flaws.

Nothing of a secret is quoted: values are shown of parameters that hold none, names of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from evergrant.evidence import hosts
from evergrant.evidence.gathered import Wanted, fact
from evergrant.evidence.requests import assertion
from evergrant.evidence.requests.flaws import (
    API_PATH,
    FLAWS,
    GRANTS,
    OAUTH_PATH,
    RESPONSES,
    Mark,
    Marked,
    sends_secret,
)
from evergrant.evidence.requests.outgoing import Sent
from evergrant.model import Fact

if TYPE_CHECKING:
    from evergrant.wire import Request

SOURCE = "request"
SHOWN = frozenset(
    {"grant_type", "response_type", "redirect_uri", "scope", "format", "code_challenge_method",
     "prompt", "display", "client_assertion_type", "subject_token_type"}
)  # fmt: skip
"""Parameters whose values hold no secret."""


def of_request(request: Request) -> Sent:
    """One of our own requests, opened; keep it no longer than the reading takes."""
    body = request.sent_body()
    headers = {name.lower(): value for name, value in request.sent_headers().items()}
    return Sent(
        request.method, request.url, headers, body.decode("utf-8", "replace") if body else ""
    )


def is_ours(url: str) -> bool:
    """Whether a request is one that a judge of Salesforce's OAuth has an interest in."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(hosts.kind_of(host)) or "/services/oauth2" in parts.path


def read(sent: Sent, wanted: Wanted, *, line: int | None = None) -> list[Fact]:
    """The facts in a request; a flaw of its host is `request.host_flaw`, the others are
    `request.flaw`, `none` where it has none."""
    fields, quote = sent.fields(), _quote(sent)
    found = list(_host(sent, fields))
    flaws: list[Marked] = []
    if sent.is_token or OAUTH_PATH.search(sent.path) or API_PATH.search(sent.path):
        flaws = [(flaw, mark) for flaw, mark, has in FLAWS if has(sent, fields)]
        found += [("request.flaw", flaw, mark) for flaw, mark in flaws or [("none", "derived")]]
    if sent.is_token:
        found.append(("own.secret_sent", sends_secret(sent, fields), "seen"))
    if flow := _flow(fields):
        found.append(("request.flow", flow, "seen"))
    made = [
        fact(name, value, SOURCE, quote=quote, at=wanted.at, mark=mark, line=line)
        for name, value, mark in found
    ]
    if _is_jwt(fields):
        made += assertion.read(fields["assertion"], wanted, line=line).facts
    return made


def _is_jwt(fields: Mapping[str, str]) -> bool:
    """Whether the assertion is a JWT, or was to be one; what was masked tells nothing."""
    told = fields.get("assertion", "")
    return assertion.looks_like(told) or (
        _flow(fields) == "jwt_bearer" and bool(told) and "•" not in told
    )


def _host(sent: Sent, fields: Mapping[str, str]) -> Iterator[tuple[str, str | bool, Mark]]:
    where = sent.where
    kind = hosts.kind_of(urlsplit(where).hostname or "")
    if kind:
        yield "request.host", kind, "seen"
    flaws = [value for name, value in hosts.hosts_in(where) if name == "request.host_flaw"]
    if flaws:
        yield "request.host_flaw", flaws[0], "derived"
    elif kind in ("login", "test") and fields.get("grant_type") == "client_credentials":
        # Client credentials are answered on My Domain only (oauth-protocol 2.5).
        yield "request.host_flaw", "generic host for client credentials", "derived"


def _flow(fields: Mapping[str, str]) -> str:
    return GRANTS.get(fields.get("grant_type", ""), "") or RESPONSES.get(
        fields.get("response_type", ""), ""
    )


def _quote(sent: Sent) -> str:
    names = ", ".join(
        f"{name}={value[:60]}" if name in SHOWN else name for name, value in sent.fields().items()
    )
    kind = f" as {sent.media_type}" if sent.media_type else ""
    return f"{sent.method} {sent.where}{kind}{f' with {names}' if names else ''}"
