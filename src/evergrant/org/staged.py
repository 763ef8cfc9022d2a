"""Staged credentials of an external client app: a second key and secret, beside the app's own.

Connect REST, `/apps/oauth/credentials` (v60; staged sets v65): a staged set is good for thirty
days, rotating makes it the app's own, and the set before stays good for another thirty unless it is
deleted.  Needs the setting `enableClientSecretInRestApiAccess`, External Client App Developer and
View Client Secret.  Which members the answers have is inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evergrant.errors import Malformed, NotFound
from evergrant.model import Secret, Session
from evergrant.org.query import VERSION, query
from evergrant.org.rest import get, write
from evergrant.wire import Conversation

_BASE = f"/services/data/{VERSION}/apps/oauth/credentials"
ACTIVE = "Active"


@dataclass(frozen=True, slots=True)
class StagedSet:
    """One key and secret beside the app's own."""

    id: str
    key: str
    standing: str
    """`Active`, `Expired` or `Rotated`, in Salesforce's words."""
    until: datetime | None = None
    secret: Secret | None = field(default=None, repr=False)
    """Only where it was asked for by its id, or just made."""


def consumer_path(session: Session, *keys: str) -> Conversation[str]:
    """The path of the consumer that has one of these keys as its own or as a staged one.

    Raises `NotFound` where no external client app of the org has, `Refused` where secrets may not
    be had by REST, and what the network throws.
    """
    apps = yield from query(session, "SELECT Id FROM ExternalClientApplication")
    for app in apps:
        told = yield from get(session, f"{_BASE}/{app['Id']}")
        for each in _rows(told, "consumers"):
            path = f"{_BASE}/{app['Id']}/{each.get('id')}"
            known = {str(each.get("consumerKey"))}
            known |= {one.key for one in (yield from staged_sets(session, path))}
            if known & {*keys}:
                return path
    raise NotFound(
        "no external client app of this org has that consumer key",
        why="Staged credentials are of external client apps, in the org that owns the app.",
        next_step="name the org that owns it, or rotate by hand in Setup",
        whose="you",
    )


def own_key(session: Session, path: str) -> Conversation[str]:
    """The consumer key that is the app's own now.  Raises as above."""
    told = yield from get(session, f"{path}?part=key")
    return str(_text(told, "consumerKey"))


def staged_sets(session: Session, path: str) -> Conversation[tuple[StagedSet, ...]]:
    """Every set beside the app's own, without its secret.  Raises as above."""
    told = yield from get(session, f"{path}/staged")
    return tuple(_set(each) for each in _rows(told, "stagedCredentials"))


def stage(session: Session, path: str) -> Conversation[StagedSet]:
    """Make a second set; Salesforce allows one at a time.  Raises as above."""
    return _set((yield from write(session, "POST", f"{path}/staged", {})))


def read_set(session: Session, path: str, id_: str) -> Conversation[StagedSet]:
    """One set, with its secret.  Raises as above."""
    return _set((yield from get(session, f"{path}/staged/{id_}")))


def promote(session: Session, path: str, id_: str) -> Conversation[None]:
    """Make a staged set the app's own.  Raises as above."""
    yield from write(session, "PATCH", f"{path}/staged/{id_}", {"command": "rotate"})


def drop(session: Session, path: str, id_: str) -> Conversation[None]:
    """Delete a set: from then on nobody can use it.  Raises as above."""
    yield from write(session, "DELETE", f"{path}/staged/{id_}", {})


def _rows(told: object, name: str) -> list[Mapping[str, Any]]:
    found = told.get(name) if isinstance(told, Mapping) else None
    if not isinstance(found, list):
        raise Malformed(f"the org's answer has no {name}")
    return [each for each in found if isinstance(each, Mapping)]


def _text(told: object, name: str) -> str:
    found = told.get(name) if isinstance(told, Mapping) else None
    if not isinstance(found, str) or not found:
        raise Malformed(f"the org's answer has no {name}")
    return found


def _set(told: object) -> StagedSet:
    secret = told.get("consumerSecret") if isinstance(told, Mapping) else None
    return StagedSet(
        _text(told, "id"), _text(told, "consumerKey"), _text(told, "state"),
        _until(told), Secret(secret) if isinstance(secret, str) and secret else None,
    )  # fmt: skip


def _until(told: object) -> datetime | None:
    try:
        return datetime.fromisoformat(_text(told, "expirationDate").replace("+0000", "+00:00"))
    except (ValueError, Malformed):
        return None
