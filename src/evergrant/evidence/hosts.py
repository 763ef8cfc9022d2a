"""Which host a text talks to, and what is wrong with it (oauth-protocol 1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>(?:<[\w .-]{1,30}>|[^/\s\"'<>:?&\\])+)(?P<path>[^\s\"'<>]*)",
    re.I,
)
"""Who shows a text to others puts a word in angle brackets where the name of the org stood."""
_BARE = re.compile(r"(?<![\w./@-])(?P<host>(?:login|test)\.salesforce\.com)/services", re.I)
_SHORT = (
    ("login", re.compile(r"^login\.salesforce\.com$")),
    ("test", re.compile(r"^test\.salesforce\.com$")),
    (
        "lightning",
        re.compile(r"\.(?:lightning(?:\.force)?|salesforce-setup|lightning\.pc-rnd\.force)\.com$"),
    ),
    ("my domain", re.compile(r"\.my\.(?:salesforce|site)\.com$|mydomain")),
    ("instance", re.compile(r"^(?:na|eu|ap|cs|um|gs)\d+\.salesforce\.com$|\.force\.com$")),
)
_OTHER_SALESFORCE = re.compile(r"(?:^|\.)(?:salesforce|force)\.com$")
_READING = re.compile(
    r"^(?:www|help|developer|developers|trailhead|trailblazer|status|api\.status|ideas|success"
    r"|security|admin|architect|appexchange|trust|compliance)\.salesforce\.com$"
)
"""Hosts of pages that people read and cite, which nobody sends a request to."""
_CALLBACK = re.compile(r"redirect[_ ]?ur[il]\W{1,4}(?P<address>https?://[^\s\"'<>&]+)", re.I)
_NO_LIGHTNING = re.compile(r"not be a lightning (?:domain|url)", re.I)
"""Salesforce CLI's own words for a Lightning address that was given as login host."""


def kind_of(host: str) -> str:
    """`login`, `test`, `my domain`, `lightning`, `instance`, `other salesforce host` or empty."""
    lower = host.lower().rpartition("@")[2].rstrip(".")
    for kind, pattern in _SHORT:
        if pattern.search(lower):
            return kind
    return "other salesforce host" if _OTHER_SALESFORCE.search(lower) else ""


def hosts_in(line: str) -> Iterator[tuple[str, str]]:
    """(fact, value) of every login or token address in a line."""
    for found in _URL.finditer(line):
        if _READING.search(found["host"].lower()) and "/services/" not in found["path"]:
            continue
        kind = kind_of(found["host"])
        if not kind and "/services/oauth2" not in found["path"]:
            continue
        yield "request.host", kind or "other"
        if flaw := _flaw(found["scheme"].lower(), kind, found["path"]):
            yield "request.host_flaw", flaw
    if _BARE.search(line):
        yield "request.host_flaw", "no scheme"
    if _NO_LIGHTNING.search(line):
        yield "request.host_flaw", "lightning host"
    for found in _CALLBACK.finditer(line):
        if flaw := _callback_flaw(found["address"]):
            yield "request.callback_flaw", flaw


def _flaw(scheme: str, kind: str, path: str) -> str:
    if kind == "lightning":
        return "lightning host"
    if kind == "other salesforce host" or path.lower().count("/services/soap") > 1:
        return "not a login host"
    return "plain http" if scheme == "http" and kind else ""


def _callback_flaw(address: str) -> str:
    """No callback address holds another one, or a fragment (RFC 6749 section 3.1.2)."""
    if address.count("://") > 1:
        return "two addresses in one"
    return "has a fragment" if "#" in address else ""
