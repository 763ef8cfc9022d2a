"""Rows of an org → what they show: asked by ourselves, or handed in as the answer of a query.

A row is a mapping as REST gives it: relationships are mappings again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from evergrant.evidence.live_question import Found, Row, moment
from evergrant.model import Unknown

OAUTH = "Remote Access 2.0"
PERMISSIONS = {
    "ApiEnabled": "user.api_enabled",
    "ApiUserOnly": "user.api_only",
    "CanApproveUninstalledApps": "user.may_approve_uninstalled",
    "UseAnyApiClient": "user.use_any_api_client",
    "UseAnyApiAuth": "user.use_any_api_auth",
}
"""Permission → fact; orgs without the feature do not know the field (org-model 2.3)."""
_METADATA = "read the app's policies in Setup, or retrieve its metadata"
_ECA_POLICIES = {
    "Infinite": "infinite",
    "Zero": "zero",
    "SpecificLifetime": "lifetime",
    "SpecificInactivity": "inactivity",
}


def told(row: Row, *fields: str) -> str:
    """Fields of a row and their values, as they are quoted; all but relationships, or these."""
    names = fields or tuple(name for name, value in row.items() if not isinstance(value, Mapping))
    return ", ".join(f"{name} {row.get(name)}" for name in names)


# --- apps ----------------------------------------------------------------------------------------


def connected_app(row: Row, failed: datetime | None) -> Iterator[Found]:
    """ConnectedApplication; `failed` is when it failed, or the present."""
    quote = told(row, *(each for each in row if each.startswith("Options")))
    yield Found("app.in_org", True, f"ConnectedApplication {row.get('Name')}",
                learned=str(row.get("Id") or ""))  # fmt: skip
    yield from _flag(row, "OptionsAllowAdminApprovedUsersOnly", "app.admin_approved_only", quote)
    yield from _flag(row, "OptionsHasSessionLevelPolicy", "app.session_level_required", quote)
    if "RefreshTokenValidityPeriod" in row:
        yield from _refresh_policy(row)
    yield from _changed(row, failed, "connected app")


def external_app(row: Row, failed: datetime | None) -> Iterator[Found]:
    """ExternalClientApplication; its policies stand in rows of their own."""
    yield Found("app.in_org", True, f"ExternalClientApplication {row.get('MasterLabel')}",
                learned=str(row.get("Id") or ""))  # fmt: skip
    yield from _changed(row, failed, "external client app")


def external_policy(row: Row) -> Iterator[Found]:
    """ExtlClntAppOauthPlcyCnfg."""
    quote = told(row)
    if "PermittedUsersPolicyType" in row:
        is_only = row.get("PermittedUsersPolicyType") == "AdminApprovedPreAuthorized"
        yield Found("app.admin_approved_only", is_only, quote)
    if "RequiredSessionLevel" in row:
        is_high = row.get("RequiredSessionLevel") == "HIGH_ASSURANCE"
        yield Found("app.session_level_required", is_high, quote)
    if "IpRelaxationPolicyType" in row:
        yield Found("app.ip_relaxed", row.get("IpRelaxationPolicyType") == "Bypass", quote)
    name = "app.client_credentials_enabled"
    yield from _flag(row, "IsClientCredentialsFlowEnabled", name, quote)
    if refresh := _ECA_POLICIES.get(str(row.get("RefreshTokenPolicyType"))):
        is_limited = refresh in ("lifetime", "inactivity")
        yield Found("app.refresh_token_policy", refresh, quote)
        yield Found("app.refresh_token_limited", is_limited, quote, "derived")


def _flag(row: Row, field: str, name: str, quote: str) -> Iterator[Found]:
    if field in row:
        yield Found(name, row.get(field) is True, quote)


def _refresh_policy(row: Row) -> Iterator[Found]:
    """NOTE: the validity is a number without a unit, and no number is said of "until revoked" and
    of "immediately expire" alike (org-model 2.1; that both are null is inferred)."""
    period = row.get("RefreshTokenValidityPeriod")
    quote = f"RefreshTokenValidityPeriod {period} (unit not exposed)"
    yield Found("app.refresh_token_limited", bool(period), quote, "derived")
    if not period:
        reason = 'SOQL does not tell "until revoked" from "immediately expire"'
        yield Found("app.refresh_token_policy", Unknown(reason, _METADATA))
    elif "OptionsRefreshTokenValidityMetric" in row:
        is_idle = row.get("OptionsRefreshTokenValidityMetric") is True
        yield Found("app.refresh_token_policy", "inactivity" if is_idle else "lifetime", quote)


def _changed(row: Row, failed: datetime | None, kind: str) -> Iterator[Found]:
    """Which kind of app it is, and how long before the failure it was changed."""
    yield Found("app.kind", kind, f"a row of {kind.title().replace(' ', '')}")
    at = moment(row.get("LastModifiedDate"))
    if at is not None and failed is not None and failed >= at:
        minutes = round((failed - at).total_seconds() / 60, 1)
        yield Found("app.changed_minutes", minutes, f"LastModifiedDate {at}", "derived")


# --- users ---------------------------------------------------------------------------------------


def user(row: Row, worked: datetime | None) -> Iterator[Found]:
    """User; `worked` is when the connection worked last."""
    quote = f"User {row.get('Username')}: IsActive {row.get('IsActive')}"
    yield Found("user.exists", True, quote, learned=str(row.get("Id") or ""))
    yield from _flag(row, "IsActive", "user.active", quote)
    changed = moment(row.get("LastPasswordChangeDate"))
    if changed is None or worked is None:
        why = Unknown(
            "when it worked last is not known", "compare User.LastPasswordChangeDate with it"
        )
        yield Found("user.password_changed", why)
    else:
        quote = f"LastPasswordChangeDate {changed:%Y-%m-%d %H:%M:%S} UTC"
        yield Found("user.password_changed", changed > worked, quote, "derived")


def user_login(row: Row) -> Iterator[Found]:
    """UserLogin: frozen, or locked out."""
    quote = f"UserLogin: {told(row, 'IsFrozen', 'IsPasswordLocked')}"
    yield from _flag(row, "IsFrozen", "user.frozen", quote)
    yield from _flag(row, "IsPasswordLocked", "user.password_locked", quote)


def held_permissions(profile: Row, assignments: Sequence[Row]) -> Iterator[Found]:
    """The booleans of User.Profile, and those of the sets in PermissionSetAssignment.

    That nothing gives a permission counts only where both were shown.
    """
    sets = [each.get("PermissionSet") or {} for each in assignments]
    for permission, name in PERMISSIONS.items():
        field = f"Permissions{permission}"
        of_profile, of_sets = profile.get(field), [each[field] for each in sets if field in each]
        is_on = of_profile is True or any(each is True for each in of_sets)
        if is_on or (of_profile is False and of_sets):
            with_it = sum(each is True for each in of_sets)
            quote = f"{permission}: profile {of_profile}; permission sets with it: {with_it}"
            yield Found(name, is_on, quote, "derived")


def preauthorized(listed: Sequence[Row], theirs: Iterable[str]) -> Found:
    """SetupEntityAccess of the app, against the ids of the sets that the user holds."""
    held = {each[:15] for each in theirs}
    parents = [row.get("Parent") or {} for row in listed]
    is_in = any(str(row.get("ParentId"))[:15] in held for row in listed)
    names = ", ".join(str(parent.get("Label")) for parent in parents) or "empty"
    quote = f"the app's list: {names}; the user holds {len(held)} permission sets"
    return Found("user.preauthorized", is_in, quote, "derived")


def tokens(found: Sequence[Row], label: str, authorized: datetime | None) -> Iterator[Found]:
    """OauthToken of one user for one app; `authorized` is when the connection was, last."""
    made = [moment(row.get("CreatedDate")) for row in found]
    known = [each for each in made if each is not None]
    quote = f"OauthToken: {len(found)} rows for {label!r}"
    yield Found("user.app_tokens", len(found), quote, "derived")
    if known:
        yield Found("user.oldest_token", min(known), quote)
    if authorized is not None:
        newer = sum(each > authorized for each in known)
        yield Found("user.newer_tokens", newer, quote, "derived")


def sessions(found: Iterable[Row], now: datetime) -> Found:
    """AuthSession: over at `LastModifiedDate + NumSecondsValid` (AuthSession reference).

    A row names no app, so one of another app counts too.
    """
    live = [row for row in found if row.get("LoginType") == OAUTH and _lives(row, now)]
    places = ", ".join(sorted({str(row.get("SourceIp")) for row in live})) or "nowhere"
    quote = f"AuthSession: {len(live)} live by {OAUTH}, from {places}"
    return Found("user.session_stands", bool(live), quote, "derived")


def _lives(row: Row, now: datetime) -> bool:
    begun, seconds = moment(row.get("LastModifiedDate")), row.get("NumSecondsValid")
    if begun is None or not isinstance(seconds, (int, float)):
        return False
    return now <= begun + timedelta(seconds=seconds)


# --- the org -------------------------------------------------------------------------------------


def organization(row: Row, now: datetime | None) -> Iterator[Found]:
    """Organization: a sandbox, and a trial that has ended."""
    ends = moment(row.get("TrialExpirationDate"))
    quote = f"Organization: IsSandbox {row.get('IsSandbox')}, trial ends {ends}"
    yield from _flag(row, "IsSandbox", "org.is_sandbox", quote)
    if "TrialExpirationDate" in row:
        yield Found("org.trial_ended", _ended(ends, now), quote, "derived")


def _ended(ends: datetime | None, now: datetime | None) -> bool | Unknown:
    if ends is None:
        return False
    return now >= ends if now else Unknown("the present time was not given", "pass `at`")
