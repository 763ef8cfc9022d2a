"""Callback URLs: those by which a code can be stolen, and those on the caller's own machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid)$")
"""Names that nobody can own (RFC 2606)."""
_PLACEHOLDER = re.compile(
    r"replace[_-]|your[-_.]?(?:app|domain|host|org|site|company)|<|\{|\bmyapp\b|\bdummy\b|"
    r"placeholder|change[-_]?me",
    re.IGNORECASE,
)
_NOT_THE_CLIENTS = re.compile(r"(?:^|\.)(?:google\.[a-z.]+|bing\.com|yahoo\.com)$")
"""Public sites that people enter to have entered something."""
_WEB = ("http", "https")


def unsafe(callbacks: Iterable[str]) -> str:
    """The callbacks that give a code away, each with the reason; empty where there is none."""
    told = ((each, _flaw(each)) for each in callbacks)
    return ", ".join(f"{url} ({flaw})" for url, flaw in told if flaw)


def local(callbacks: Iterable[str]) -> str:
    """The callbacks on the caller's own machine: http on localhost, or a scheme of an app."""
    return ", ".join(each for each in callbacks if is_local(each))


def is_local(url: str) -> bool:
    """Whether whoever runs a program on the user's machine can take the code."""
    scheme, host = _parts(url)
    return host in _LOCAL or (bool(scheme) and scheme not in _WEB)


def _flaw(url: str) -> str:
    scheme, host = _parts(url)
    if "*" in url:
        return "a wildcard"
    if scheme == "http" and host not in _LOCAL:
        return "not encrypted"
    if scheme in _WEB and not host:
        return "no host"
    if _PLACEHOLDER.search(url) or _RESERVED.search(host):
        return "a placeholder"
    if _NOT_THE_CLIENTS.search(host):
        return "somebody else's site"
    return ""


def _parts(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), (parts.hostname or "").lower()
    except ValueError:
        return "", ""
