"""Salesforce's status page → is it Salesforce, or is it us?

`GET /v1/instanceAliases/{My Domain}/status` and `GET /v1/instances/{instance}/status` of
api.status.salesforce.com need no session.  Salesforce does not document them outside that host; the
paths, the member `status` and its values are recorded from public clients that read them
(e.g. pcon/hubot-sfdctrust; a Developer Forum thread, 9062I000000Qv2DQAS, lists the values).
The name of the org's domain is all that is told.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from evergrant.clock import Clock
from evergrant.errors import WireError
from evergrant.evidence.gathered import fact
from evergrant.model import Fact, Unknown, Value
from evergrant.wire import Conversation, Reply, Request, send

SOURCE = "status_page"
OFFICIAL = "https://api.status.salesforce.com"
PAGE = "https://status.salesforce.com"
_FINE = ("OK", "_NONCORE", "INFORMATIONAL_CORE")
_OUT = ("_INCIDENT_CORE", "MAINTENANCE_CORE")
"""How states end: core is what logins and APIs need, the rest concerns other products."""
_INSTANCE = re.compile(r"^([a-z]{2,3}\d+[a-z]?)\.(?:salesforce|force)\.com$")
_MY_DOMAIN = re.compile(r"^([a-z0-9-]+)\.(?:[a-z]+\.)?my\.salesforce\.com$")


def ask(url: str, clock: Clock, *, page: str = OFFICIAL) -> Conversation[Fact]:
    """Ask how the instance behind a login or instance URL does; the answer may be Unknown.

    `page` is where the status page's interface answers; empty asks nobody.
    """
    path = _path(url, is_official=page == OFFICIAL)
    if not page or not path:
        why = "it is not asked here" if not page else "the address does not tell the org's instance"
        return _said(Unknown(why, _look(url)), clock)
    try:
        reply = yield from send(Request("GET", f"{page.rstrip('/')}{path}"))
    except WireError as error:
        return _said(Unknown(f"the status page was not reached: {error.why}", _look(url)), clock)
    return _answered(reply, url, clock)


def _path(url: str, *, is_official: bool) -> str:
    """What is asked for; an org that is emulated goes by its address, as it has no name."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if found := _INSTANCE.match(host):
        return f"/v1/instances/{found[1].upper()}/status"
    if found := _MY_DOMAIN.match(host):
        return f"/v1/instanceAliases/{found[1]}/status"
    is_foreign = host.endswith((".salesforce.com", ".force.com")) or is_official
    return "" if is_foreign else f"/v1/instanceAliases/{quote(parts.netloc, safe=':')}/status"


def _answered(reply: Reply, url: str, clock: Clock) -> Fact:
    try:
        told = reply.json()
    except (ValueError, RecursionError):
        told = None
    if reply.status == 404:
        return _said(Unknown("the status page does not know this org's domain", _look(url)), clock)
    if reply.status != 200 or not isinstance(told, dict) or not isinstance(told.get("status"), str):
        why = f"the status page answered {reply.status}, and no state"
        return _said(Unknown(why, _look(url)), clock)
    state, key = told["status"], str(told.get("key") or "the instance")
    return _said(_value(state), clock, f"{key} is {state}"[:200])


def _value(state: str) -> Value:
    if state.endswith(_FINE):
        return False
    is_known = state.endswith(_OUT)
    return True if is_known else Unknown(f"nobody knows what {state[:60]!r} means", f"see {PAGE}")


def _said(value: Value, clock: Clock, words: str = "") -> Fact:
    return fact("salesforce.incident", value, SOURCE, quote=words, at=clock.now(), mark="derived")


def _look(url: str) -> str:
    host = urlsplit(url).hostname or url
    return f"look {host} up at {PAGE}"
