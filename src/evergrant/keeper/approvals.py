"""Approvals of apps in an org (rows of OauthToken): which can go, and revoking them until gone.

A row has no id to rely on (the Object Reference says that it is always null), so it is known by its
app, its user and when it was made.  `DeleteToken`, which is as good as the token, is asked for only
when one row is to be revoked, and shown to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from evergrant.audit.model import OrgRows
from evergrant.audit.subjects.names import plain
from evergrant.audit.subjects.rows import People, Row, Table, moment, text
from evergrant.errors import CouldNotLook
from evergrant.health import State
from evergrant.keeper.keeper import Keeper
from evergrant.model import Secret, Session
from evergrant.oauth.revoke import revoke
from evergrant.org.query import query, soql_text
from evergrant.store import connections, events, integrations
from evergrant.wire import Conversation

Reason = Literal["stale", "orphaned", "spare", "privileged"]
REASONS: Final[Mapping[Reason, str]] = {
    "stale": "not used for long",
    "orphaned": "its user cannot sign in any more, or the org knows no such app",
    "spare": "the user has all five approvals of the app, and this one stood still for a week",
    "privileged": "its owner may change all data",
}
USUAL: Final[tuple[Reason, ...]] = ("stale", "orphaned", "spare")
"""What is cleaned where nobody chooses: a privileged owner alone is no reason to disconnect it."""
LIMIT: Final = 5
"""Approvals of one app that a user may have (Salesforce Help, Manage OAuth Access)."""
MOST_ROWS: Final = 2500
"""Where Salesforce stops telling rows of OauthToken (Object Reference)."""
_AUTHORIZED: Final = frozenset({"connected", "reauthorized", "held"})
_MARGIN: Final = timedelta(days=1)
_STILL: Final = timedelta(days=7)
_LOOK_BACK: Final = 2000
OTHERS: Final = "another tenant’s"
"""Stands for the name of a connection that is nobody's business here."""
Ended = Literal["revoked", "gone already", "used meanwhile"]


@dataclass(frozen=True, slots=True)
class Approval:
    """One user's approval of one app."""

    app: str
    user_id: str
    username: str
    created: datetime | None
    last_used: datetime | None
    uses: int
    reasons: tuple[Reason, ...]
    """Why it can go; empty where nothing speaks for it."""
    ours: str = ""
    """The connection of ours that may live by it: such a one is never revoked."""

    @property
    def key(self) -> tuple[str, str, datetime | None]:
        """What it is known by."""
        return self.app, self.user_id[:15], self.created


@dataclass(frozen=True, slots=True)
class Ours:
    """A connection of ours, as far as rows of an org can be compared with it."""

    name: str
    label: str
    user_id: str
    since: datetime | None
    """When it was authorized last, with a margin; None where that is not known."""


def approvals(
    org: OrgRows, ours: Sequence[Ours], now: datetime, stale_after: timedelta
) -> list[Approval]:
    """Every approval that an org shows, oldest first, with what speaks for revoking it.

    Raises `CouldNotLook` where the session does not see everybody's.
    """
    table = Table(org)
    if not table.has("OauthToken"):
        raise CouldNotLook(
            "no_permission", "the session does not see everybody's approvals",
            next_step=f"it lacks {org.hidden.get('OauthToken') or 'Customize Application'}",
        )  # fmt: skip
    judge = _Judge(table, ours, now, now - stale_after)
    return [judge.judged(row) for row in table.of("OauthToken")]


class _Judge:
    """Reasons, row by row."""

    def __init__(
        self, table: Table, ours: Sequence[Ours], now: datetime, stale_before: datetime
    ) -> None:
        self.table, self.people = table, People(table)
        self.ours, self.now, self.stale_before = ours, now, stale_before
        self.pairs: dict[tuple[str, str], list[Row]] = {}
        for row in table.of("OauthToken"):
            self.pairs.setdefault(_pair(row), []).append(row)

    def judged(self, row: Row) -> Approval:
        user = text(row, "UserId")
        return Approval(
            text(row, "AppName"), user, text(row, "User.Username") or self.people.name(user),
            moment(row, "CreatedDate"), moment(row, "LastUsedDate"), _uses(row),
            tuple(self._reasons(row)), self._ours(row),
        )  # fmt: skip

    def _reasons(self, row: Row) -> Iterator[Reason]:
        used, user = _last(row), text(row, "UserId")
        if used is not None and used < self.stale_before:
            yield "stale"
        if self.people.state(user, row) in ("inactive", "frozen") or self._is_unknown(row):
            yield "orphaned"
        if len(self.pairs[_pair(row)]) >= LIMIT and used is not None and self.now - used > _STILL:
            yield "spare"
        if self.people.is_privileged(user):
            yield "privileged"

    def _is_unknown(self, row: Row) -> bool:
        """NOTE: that no interface of an org knows the app is read as that it is not installed."""
        asked = all(map(self.table.has, ("ConnectedApplication", "ExternalClientApplication")))
        linked = text(row, "AppMenuItem.ApplicationId")
        return asked and not linked and not self.table.app(text(row, "AppName"))

    def _ours(self, row: Row) -> str:
        """NOTE: an approval that was used last before we were authorized cannot be ours, since
        being given is its first use."""
        user, label, used = text(row, "UserId")[:15], plain(text(row, "AppName")), _last(row)
        labels = {app for app, owner in self.pairs if owner == user}
        for each in self.ours:
            is_named = plain(each.label) == label or plain(each.label) not in labels
            could_be = each.since is None or used is None or used >= each.since
            if each.user_id[:15] == user and is_named and could_be:
                return each.name
        return ""


def _pair(row: Row) -> tuple[str, str]:
    return plain(text(row, "AppName")), text(row, "UserId")[:15]


def _last(row: Row) -> datetime | None:
    known = [at for name in ("CreatedDate", "LastUsedDate") if (at := moment(row, name))]
    return max(known, default=None)


def _uses(row: Row) -> int:
    count = text(row, "UseCount")
    return int(count) if count.isdigit() else 0


def ours_in(keeper: Keeper, org: OrgRows) -> list[Ours]:
    """Our connections that act as users of whom the org shows approvals.

    Those of other tenants count: their approvals are not to be revoked, either.
    """
    users = {text(row, "UserId")[:15] for row in org.rows.get("OauthToken", ())}
    with keeper.reading_beyond() as tx:
        labels = {each.id: each.app_label for each in integrations.every(tx)}
        found = []
        for each in connections.every(tx):
            if each.state is State.REMOVED or each.identity is None:
                continue
            if each.identity.user_id[:15] in users:
                past = events.recent(tx, each.id, limit=_LOOK_BACK)
                at = [event.at for event in past if event.kind in _AUTHORIZED][:2]
                since = min(at) - _MARGIN if at else None
                label = labels.get(each.integration, "")
                name = each.name if keeper.is_own(each.tenant) else OTHERS
                found.append(Ours(name, label, each.identity.user_id, since))
    return found


def chosen(found: Iterable[Approval], reasons: Sequence[Reason], app: str = "") -> list[Approval]:
    """Those that can go for one of the reasons, and that are not ours."""
    return [
        each for each in found
        if not each.ours and {*each.reasons} & {*reasons}
        and (not app or plain(app) == plain(each.app))
    ]  # fmt: skip


def revoke_approval(session: Session, approval: Approval) -> Conversation[Ended]:
    """Revoke one approval, unless it was used since it was looked at.

    Raises `Refused`, `Malformed` and what the network throws.
    """
    app, user = soql_text(approval.app), soql_text(approval.user_id)
    rows = yield from query(
        session,
        "SELECT AppName, UserId, CreatedDate, LastUsedDate, UseCount, DeleteToken FROM OauthToken"
        f" WHERE AppName = {app} AND UserId = {user}",
    )
    same = [row for row in rows if moment(row, "CreatedDate") == approval.created]
    if not same:
        return "gone already"
    mine = [row for row in same if moment(row, "LastUsedDate") == approval.last_used]
    if not mine:
        return "used meanwhile"
    token = Secret(text(mine[0], "DeleteToken"))
    ended = yield from revoke(session.instance_url.rstrip("/"), token)
    return "revoked" if ended == "revoked" else "gone already"


def left(session: Session, revoked: Iterable[Approval]) -> Conversation[list[Approval]]:
    """Those of some approvals that the org still shows.  Raises as `revoke_approval` does."""
    gone = list(revoked)
    rows = yield from query(session, "SELECT AppName, UserId, CreatedDate FROM OauthToken")
    there = [(text(r, "AppName"), text(r, "UserId")[:15], moment(r, "CreatedDate")) for r in rows]
    return [each for each in gone if each.key in there]
