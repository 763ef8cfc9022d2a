"""Whose token it is: userinfo and the identity URL (Salesforce Help, Identity URLs)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from evergrant.errors import Malformed
from evergrant.model import Credential, Identity, Secret, Session
from evergrant.oauth.answers import read_answer
from evergrant.oauth.hosts import LOOPBACK
from evergrant.wire import Conversation, Request, host_of, send

USERINFO_PATH = "/services/oauth2/userinfo"

_IDS = re.compile(r"/id/(00D[A-Za-z0-9]{12,15})/(005[A-Za-z0-9]{12,15})\Z")


def userinfo(session: Session) -> Conversation[Identity]:
    """Ask the org whose session this is.

    Raises `Refused` (`Bad_OAuth_Token`, with 403 and not 401, when the token is no longer good),
    `Malformed`, and what the network throws.
    """
    url = session.instance_url.rstrip("/") + USERINFO_PATH
    return (yield from _ask(url, session.access_token, "preferred_username"))


def identity(credential: Credential) -> Conversation[Identity]:
    """Read the identity URL that came with the credential.

    The token is sent there, so the URL must be Salesforce's own, or on the credential's instance:
    `Malformed` otherwise.  Raises like `userinfo`.
    """
    url = credential.identity_url
    if not is_trusted(url, credential.instance_url):
        raise Malformed("the identity URL points to a host that no token may be sent to")
    return (yield from _ask(url, credential.access_token, "username"))


def identity_in(identity_url: str) -> Identity | None:
    """Org and user as the identity URL itself names them, without asking anybody."""
    found = _IDS.search(identity_url.rstrip("/"))
    return Identity(found[1], found[2]) if found else None


def _ask(url: str, token: Secret, name: str) -> Conversation[Identity]:
    bearer = Secret(f"Bearer {token.reveal()}")
    reply = yield from send(Request("GET", url, headers={"Authorization": bearer}))
    return _identity(read_answer(reply).members, name, host_of(url))


def _identity(said: Mapping[str, str], name: str, host: str) -> Identity:
    org, user = said.get("organization_id", ""), said.get("user_id", "")
    if not org or not user:
        raise Malformed(f"{host} did not say whose token this is")
    return Identity(org, user, said.get(name, ""))


def is_trusted(url: str, instance_url: str) -> bool:
    """Whether a token may be sent there: Salesforce's own domains, or the instance itself."""
    try:
        parts, own = urlsplit(url), urlsplit(instance_url)
    except ValueError:
        return False
    host = parts.hostname or ""
    if (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
        return parts.scheme == "https" or host in LOOPBACK
    return (
        parts.scheme == "https"
        and parts.netloc.lower() == host
        and host.endswith((".salesforce.com", ".my.site.com"))
    )
