"""Which org it is that a session belongs to: whose, of what kind, and what its user may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from evergrant.clock import Clock, ShiftedClock, SystemClock
from evergrant.errors import CouldNotLook, Malformed
from evergrant.fidelity.behaviour import PERMISSIONS
from evergrant.fidelity.names import Names
from evergrant.fidelity.side import Generic, Side
from evergrant.model import Identity, Session
from evergrant.oauth.hosts import LOOPBACK, PRODUCTION, SANDBOX
from evergrant.oauth.identity import userinfo
from evergrant.org import query, soql_text
from evergrant.wire import Conversation, Request, host_of, send

OrgKind = Literal["sandbox", "developer", "production"]
DEVELOPER = "Developer Edition"
"""`Organization.OrganizationType` of orgs that hold nobody's business."""
ROW_WAIT_S = 3.0
CLOCK_TOLERANCE_S = 5.0
"""Two clocks nearer than that count as one: the header has whole seconds, and answers take time."""
_ORG = "SELECT Id, Name, IsSandbox, OrganizationType, InstanceName FROM Organization"


@dataclass(frozen=True, slots=True)
class OrgFacts:
    """What decides whether an org may be asked at all, and how."""

    kind: OrgKind
    edition: str
    side: Side


def learn(session: Session) -> Conversation[OrgFacts]:
    """Ask an org what it is and whose session this is.

    Raises `Refused`, `Malformed`, `CouldNotLook`, and what the network throws.
    """
    clock = yield from _clock(session)
    who = yield from userinfo(session)
    rows = yield from query(session, _ORG)
    if not rows:
        raise CouldNotLook("no_permission", "the session does not see its own Organization row")
    org = rows[0]
    held = yield from _permissions(session, who)
    kind: OrgKind = (
        "sandbox" if org.get("IsSandbox") is True
        else "developer" if org.get("OrganizationType") == DEVELOPER
        else "production"
    )  # fmt: skip
    wait = 0.0 if _is_local(session) else ROW_WAIT_S
    side = Side(
        session, who.org_id, who.user_id, who.username, _generic(session, kind),
        _names(session, who, org), clock, held, row_wait_s=wait,
    )  # fmt: skip
    return OrgFacts(kind, str(org.get("OrganizationType") or ""), side)


def _clock(session: Session) -> Conversation[Clock]:
    """The org's clock, as its answers date themselves; our own where they do not."""
    url = f"{session.instance_url.rstrip('/')}/services/data"
    reply = yield from send(Request("GET", url))
    try:
        told = parsedate_to_datetime(reply.headers.get("date", ""))
    except ValueError:
        return SystemClock()
    offset = told.astimezone(UTC) - datetime.now(UTC)
    if abs(offset) < timedelta(seconds=CLOCK_TOLERANCE_S):
        return SystemClock()
    return ShiftedClock(lambda: offset)


def _permissions(session: Session, who: Identity) -> Conversation[frozenset[str]]:
    """What the user's profile gives, of the permissions that behaviours need."""
    columns = ", ".join(f"Profile.Permissions{name}" for name in PERMISSIONS.values())
    soql = f"SELECT {columns} FROM User WHERE Id = {soql_text(who.user_id)}"
    rows = yield from query(session, soql)
    profile: Any = rows[0].get("Profile") if rows else None
    if not isinstance(profile, Mapping):
        raise Malformed("the org did not say which profile the session's user has")
    return frozenset(
        name for name in PERMISSIONS.values() if profile.get(f"Permissions{name}") is True
    )


def _generic(session: Session, kind: OrgKind) -> Generic:
    """The login host for everybody; an emulated org plays it at its own address."""
    base = SANDBOX if kind == "sandbox" else PRODUCTION
    if _is_local(session):
        return Generic(session.instance_url.rstrip("/"), {"Host": host_of(base)})
    return Generic(base)


def _is_local(session: Session) -> bool:
    return urlsplit(session.instance_url).hostname in LOOPBACK


def _names(session: Session, who: Identity, org: Mapping[str, Any]) -> Names:
    return Names.of({
        "host": session.instance_url.rstrip("/"),
        "host name": host_of(session.instance_url),
        "token": session.access_token.reveal(),
        "org id": who.org_id,
        "org id 15": who.org_id[:15],
        "user id": who.user_id,
        "user id 15": who.user_id[:15],
        "user name": who.username,
        "org name": str(org.get("Name") or ""),
        "instance": str(org.get("InstanceName") or ""),
    })  # fmt: skip
