"""The way to Salesforce → facts: name, TLS, redirects, a proxy, and the clock.

Nothing of a credential is sent: what is asked is the discovery document, which needs no session
(oauth-protocol 1.3).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from evergrant.clock import Clock
from evergrant.errors import NotSent, WireError
from evergrant.evidence import token_reply
from evergrant.evidence.gathered import fact
from evergrant.evidence.requests.har import http_date
from evergrant.model import Fact
from evergrant.wire import Conversation, Probe, Reply, Request, probe, send

SOURCE = "network"
DISCOVERY = "/.well-known/openid-configuration"
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def look(
    url: str, clock: Clock, *, environ: Mapping[str, str] = os.environ
) -> Conversation[list[Fact]]:
    """Look at the way to a login or instance URL; the first thing that fails ends the look.

    `clock` is the client's: it is compared with the `Date` header.
    """
    parts = urlsplit(url)
    host, at = parts.hostname or "", clock.now()
    proxy = next((name for name in PROXIES if environ.get(name)), "")
    for kind in () if proxy else _probes(parts.scheme):
        found = yield from probe(Probe(kind, host, parts.port or 443))
        if not found.ok:
            value = "dns" if kind == "dns" else _tls(found.error)
            quote = f"{kind} of {host}: {found.error}"
            return [fact("network.failure", value, SOURCE, quote=quote, at=at)]
    try:
        reply = yield from send(Request("GET", f"{parts.scheme}://{parts.netloc}{DISCOVERY}"))
    except WireError as error:
        return _failed(error, proxy, at)
    return _answered(reply, clock, proxy)


def _probes(scheme: str) -> tuple[str, ...]:
    return ("dns", "tls") if scheme == "https" else ("dns",)


def _tls(error: str) -> str:
    said = error.lower()
    if "refused" in said:
        return "refused"
    return "timeout" if "timed out" in said else "tls"


def _failed(error: WireError, proxy: str, at: datetime) -> list[Fact]:
    told = [each for each in token_reply.read(error, at=at) if each.name == "network.failure"]
    value = "proxy" if proxy and isinstance(error, NotSent) else str(told[0].value)
    quote = f"{error.what}: {error.why}" + (f" (through {proxy})" if proxy else "")
    return [fact("network.failure", value, SOURCE, quote=quote, at=at)]


def _answered(reply: Reply, clock: Clock, proxy: str) -> list[Fact]:
    at = clock.now()
    found = [_way(reply, proxy, at)]
    theirs = http_date(reply.headers.get("date", ""))
    if theirs is not None:
        off = abs((theirs - at).total_seconds())
        quote = f"Date said {theirs:%Y-%m-%d %H:%M:%S} UTC, our clock {at:%Y-%m-%d %H:%M:%S}"
        found.append(
            fact("own.clock_off_s", round(off), SOURCE, quote=quote, at=at, mark="derived")
        )
    return found


def _way(reply: Reply, proxy: str, at: datetime) -> Fact:
    through = f" (through {proxy})" if proxy else ""
    if reply.status // 100 == 3:
        target = urlsplit(reply.headers.get("location", "")).hostname or "nowhere"
        quote = f"{reply.url} answered {reply.status} to {target}{through}"
        return fact("network.failure", "redirected", SOURCE, quote=quote, at=at)
    if reply.status == 407:
        quote = f"{reply.url} answered 407{through}"
        return fact("network.failure", "proxy", SOURCE, quote=quote, at=at)
    if not _is_discovery(reply):
        quote = (
            f"{reply.url} answered {reply.status} with {reply.content_type or 'no type'}{through}"
        )
        return fact("network.failure", "html instead of json", SOURCE, quote=quote, at=at)
    quote = f"{reply.url} answered {reply.status}{through}"
    return fact("network.failure", "none", SOURCE, quote=quote, at=at)


def _is_discovery(reply: Reply) -> bool:
    try:
        return isinstance(reply.json(), dict)
    except (ValueError, RecursionError):
        return False
