"""What the doctor may look at, and how somebody else would settle what it may not.

The queries are those of `evidence/live_*.py`, as an admin would type them; the exports are the
downloads that Setup offers (org-model 2.7, 2.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evergrant.catalog import Catalog
from evergrant.diagnosis import Missing
from evergrant.evidence.live_org import PARTS
from evergrant.model import Fact, Unknown
from evergrant.org.query import soql_text, soql_time

LIVE_CHECK, OWN_HISTORY, NETWORK = "live-check", "own-history", "probe"
STATUS_PAGE = "status-page"
TITLES = {
    LIVE_CHECK: "Live check",
    OWN_HISTORY: "Own history",
    NETWORK: "Network and clock",
    STATUS_PAGE: "Salesforce's status page",
    "login-history": "Login History",
    "idp-event-log": "Identity Provider Event Log",
    "setup-audit-trail": "Setup Audit Trail",
    "app-policy": "App and its policies",
    "user": "User",
    "user-permissions": "Permissions of the user",
    "preauthorization": "Who is on the app's list",
    "oauth-tokens": "OAuth tokens",
    "organization": "Organization",
    "secret-rotation": "Consumer secret",
    "sessions": "Sessions of the user",
    "limits": "Limits of the org",
    "metadata": "Metadata",
}
"""Check → how it is called while it runs."""
SETTINGS = ("user", "app-policy", "user-permissions", "preauthorization", "setup-audit-trail")
"""Checks that show which later gates are shut, and who changed what before the failure: run also
when the first cause is clear."""
PERMISSIONS = {part.check: part.permission for part in PARTS}
ORG_CHECKS = frozenset(PERMISSIONS)
"""What an admin's evidence session can look at."""

_QUERIES = {
    "login-history": "SELECT LoginTime, Status, Application, SourceIp FROM LoginHistory"
    " WHERE UserId = {user} AND LoginTime >= {since} ORDER BY LoginTime DESC",
    "idp-event-log": "SELECT Timestamp, ErrorCode, AppId FROM IdpEventLog"
    " WHERE UserId = {user} AND Timestamp >= {since} ORDER BY Timestamp DESC",
    "setup-audit-trail": "SELECT CreatedDate, CreatedBy.Username, Action, Display"
    " FROM SetupAuditTrail WHERE CreatedDate >= {since} ORDER BY CreatedDate DESC",
    "app-policy": "SELECT Name, OptionsAllowAdminApprovedUsersOnly, RefreshTokenValidityPeriod"
    " FROM ConnectedApplication WHERE Name = {app}",
    "user": "SELECT Username, IsActive FROM User WHERE Id = {user}",
    "user-permissions": "SELECT Profile.Name, Profile.PermissionsApiEnabled FROM User"
    " WHERE Id = {user}",
    "preauthorization": "SELECT Parent.Label, Parent.ProfileId FROM SetupEntityAccess"
    " WHERE SetupEntityId IN (SELECT Id FROM ConnectedApplication WHERE Name = {app})",
    "oauth-tokens": "SELECT AppName, CreatedDate, LastUsedDate, UseCount FROM OauthToken"
    " WHERE UserId = {user} AND AppName = {app}",
    "organization": "SELECT IsSandbox, TrialExpirationDate FROM Organization",
}
_EXPORTS = {
    "login-history": "the CSV download of Setup > Login History",
    "setup-audit-trail": "the CSV download of Setup > View Setup Audit Trail",
}


@dataclass(frozen=True, slots=True)
class Looked:
    """One look that was taken: what it showed, or why nothing could be seen."""

    check: str
    title: str
    told: str
    could_look: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """What is missing, and what would settle it."""

    fact: str
    title: str
    why: str
    """Why it is not known."""
    click: str
    """What a person would look at in Setup, or know."""
    query: str = ""
    export: str = ""
    permission: str = ""
    """What the look takes, where it takes a permission."""


def way_to(gap: Missing, catalog: Catalog, *, app: str, user: str, since: datetime) -> Way:
    """How a gap could be closed by who may look; `app` and `user` are named where known."""
    kind = catalog.facts[gap.fact]
    query = _QUERIES.get(kind.check, "").format(
        app=soql_text(app) if app else "'<label of the app>'",
        user=soql_text(user) if user else "'<id of the user>'",
        since=soql_time(since),
    )
    return Way(
        kind.name,
        kind.title,
        gap.reason,
        kind.ask or gap.next_step,
        query,
        _EXPORTS.get(kind.check, ""),
        PERMISSIONS.get(kind.check, ""),
    )


def title_of(check: str) -> str:
    """How a check is called; one without a title by its id."""
    return TITLES.get(check, check.replace("-", " ").capitalize())


def looked(check: str, facts: Sequence[Fact]) -> Looked:
    """What a look at the org came to, in the org's own words."""
    quotes = dict.fromkeys(fact.quote for fact in facts if fact.is_known and fact.quote)
    if quotes:
        return Looked(check, title_of(check), "; ".join(quotes))
    reasons = dict.fromkeys(f.value.reason for f in facts if isinstance(f.value, Unknown))
    return Looked(check, title_of(check), "; ".join(reasons) or "nothing is shown", False)
