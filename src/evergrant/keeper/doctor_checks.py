"""What the doctor may look at, and what a look came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evergrant.evidence.live_org import PARTS
from evergrant.model import Fact, Unknown

LIVE_CHECK, OWN_HISTORY, NETWORK = "live-check", "own-history", "probe"
DOOR = "evidence-session"
STATUS_PAGE = "status-page"
TITLES = {
    LIVE_CHECK: "Live check",
    OWN_HISTORY: "Own history",
    NETWORK: "Network and clock",
    STATUS_PAGE: "Salesforce's status page",
    DOOR: "The admin's session",
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


@dataclass(frozen=True, slots=True)
class Looked:
    """One look that was taken: what it showed, or why nothing could be seen."""

    check: str
    title: str
    told: str
    could_look: bool = True


@dataclass(frozen=True, slots=True)
class Looking:
    """A look that begins."""

    title: str


Watch = Callable[[Looking | Looked], None]
"""Hears what is being looked at, and what that came to."""


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
