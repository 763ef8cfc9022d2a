"""What an app's refresh token policy says of dates, as far as an org shows it.

An external client app shows kind, period and unit (ExtlClntAppOauthPlcyCnfg); a connected app
shows a period without its unit (ConnectedApplication), from which no date follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from evergrant.model import Session
from evergrant.org.query import query, soql_text
from evergrant.wire import Conversation

Kind = Literal["infinite", "zero", "lifetime", "inactivity", "not shown"]
_KINDS: dict[str, Kind] = {
    "Infinite": "infinite",
    "Zero": "zero",
    "SpecificLifetime": "lifetime",
    "SpecificInactivity": "inactivity",
}
# A month is counted as thirty days: how Salesforce counts it is not said.
_UNITS = {"Hours": timedelta(hours=1), "Days": timedelta(days=1), "Months": timedelta(days=30)}
_POLICY = "RefreshTokenPolicyType, RefreshTokenValidityPeriod, RefreshTokenValidityUnit"


@dataclass(frozen=True, slots=True)
class RefreshPolicy:
    """A refresh token policy; `after` is None where it has no limit, or none with a unit."""

    kind: Kind
    after: timedelta | None
    quote: str
    """As the org shows it."""

    def ends(self, authorized: datetime, used: datetime) -> datetime | None:
        """When a token of that age dies, if it is not used meanwhile."""
        if self.after is None:
            return None
        return (used if self.kind == "inactivity" else authorized) + self.after


def refresh_policy(session: Session, app_label: str) -> Conversation[RefreshPolicy | None]:
    """The policy of the app of that label; None where the org shows none of that label.

    Raises `Refused`, `Malformed` and what the network throws.
    """
    label = soql_text(app_label)
    found = yield from query(
        session,
        "SELECT RefreshTokenValidityPeriod, OptionsRefreshTokenValidityMetric"
        f" FROM ConnectedApplication WHERE Name = {label}",
    )
    if found:
        return _connected(found[0])
    apps = yield from query(
        session, f"SELECT Id FROM ExternalClientApplication WHERE MasterLabel = {label}"
    )
    if not apps:
        return None
    id_ = soql_text(str(apps[0].get("Id")))
    rows = yield from query(
        session,
        f"SELECT {_POLICY} FROM ExtlClntAppOauthPlcyCnfg WHERE ExternalClientApplicationId = {id_}",
    )
    return _external(rows[0]) if rows else None


def _connected(row: dict[str, Any]) -> RefreshPolicy:
    period = row.get("RefreshTokenValidityPeriod")
    if not period:
        return RefreshPolicy("not shown", None, 'no period: "until revoked" or "immediately"')
    kind: Kind = "inactivity" if row.get("OptionsRefreshTokenValidityMetric") else "lifetime"
    return RefreshPolicy(kind, None, f"{kind} {period}, its unit is not shown")


def _external(row: dict[str, Any]) -> RefreshPolicy:
    kind = _KINDS.get(str(row.get("RefreshTokenPolicyType")), "not shown")
    period, unit = row.get("RefreshTokenValidityPeriod"), str(row.get("RefreshTokenValidityUnit"))
    if not isinstance(period, int) or unit not in _UNITS:
        return RefreshPolicy(kind, None, kind)
    return RefreshPolicy(kind, period * _UNITS[unit], f"{kind} {period} {unit.lower()}")
