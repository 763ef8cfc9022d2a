"""Looking at the app: there, its policy, who is on its list, which tokens stand."""

from __future__ import annotations

from evergrant.errors import Refused
from evergrant.evidence.live_question import (
    Found,
    Question,
    Row,
    moment,
    rows,
    sees_all,
    text,
    unknown,
)
from evergrant.evidence.live_usage import EXTERNAL, usage
from evergrant.model import Unknown
from evergrant.wire import Conversation

_POLICY = (
    "app.admin_approved_only",
    "app.refresh_token_policy",
    "app.refresh_token_limited",
    "app.session_level_required",
)
_METADATA = "read the app's policies in Setup, or retrieve its metadata"
_ECA_POLICIES = {
    "Infinite": "infinite",
    "Zero": "zero",
    "SpecificLifetime": "lifetime",
    "SpecificInactivity": "inactivity",
}


def app_policy(question: Question) -> Conversation[list[Found]]:
    """The connected app of that label, else the external client app."""
    label = text(question.app_label)
    found = yield from rows(
        question,
        "SELECT Id, Name, OptionsAllowAdminApprovedUsersOnly, OptionsHasSessionLevelPolicy,"
        " RefreshTokenValidityPeriod, OptionsRefreshTokenValidityMetric, LastModifiedDate"
        f" FROM ConnectedApplication WHERE Name = {label}",
    )
    if found:
        return [*_connected_app(found[0]), *_changed(question, found[0], "connected app")]
    external = yield from rows(
        question,
        "SELECT Id, MasterLabel, LastModifiedDate FROM ExternalClientApplication"
        f" WHERE MasterLabel = {label}",
    )
    if external:
        told = _changed(question, external[0], "external client app")
        return [*(yield from _external(question, external[0])), *told]
    quote = f"no connected or external client app is labelled {question.app_label!r}"
    if question.consumer_key:
        quote += f" (consumer key {question.consumer_key[:10]}…)"
    return [
        Found("app.in_org", False, quote, "derived"),
        *unknown(_POLICY, "the app is not in this org", "install it first"),
    ]


def _changed(question: Question, row: Row, kind: str) -> list[Found]:
    """Which kind of app it is, and how long before the failure it was changed."""
    made = [Found("app.kind", kind, f"a row of {kind.title().replace(' ', '')}")]
    at, failed = moment(row.get("LastModifiedDate")), question.failed_at or question.at
    if at is None or failed is None or failed < at:
        return made
    minutes = round((failed - at).total_seconds() / 60, 1)
    return [*made, Found("app.changed_minutes", minutes, f"LastModifiedDate {at}", "derived")]


def _connected_app(row: Row) -> list[Found]:
    quote = ", ".join(f"{key} {value}" for key, value in row.items() if key.startswith("Options"))
    only = row.get("OptionsAllowAdminApprovedUsersOnly") is True
    return [
        Found("app.in_org", True, f"ConnectedApplication {row.get('Name')}",
              learned=str(row.get("Id", ""))),
        Found("app.admin_approved_only", only, quote),
        Found("app.session_level_required", row.get("OptionsHasSessionLevelPolicy") is True, quote),
        *_refresh_policy(row),
    ]  # fmt: skip


def _refresh_policy(row: Row) -> list[Found]:
    """NOTE: the validity is a number without a unit, and no number is said of "until revoked" and
    of "immediately expire" alike (org-model 2.1; that both are null is inferred)."""
    period = row.get("RefreshTokenValidityPeriod")
    quote = f"RefreshTokenValidityPeriod {period} (unit not exposed)"
    limited = Found("app.refresh_token_limited", bool(period), quote, "derived")
    if not period:
        reason = 'SOQL does not tell "until revoked" from "immediately expire"'
        return [limited, Found("app.refresh_token_policy", Unknown(reason, _METADATA))]
    kind = "inactivity" if row.get("OptionsRefreshTokenValidityMetric") is True else "lifetime"
    return [limited, Found("app.refresh_token_policy", kind, quote)]


_EXTERNAL_POLICY = (
    "SELECT PermittedUsersPolicyType, RefreshTokenPolicyType, RequiredSessionLevel,"
    " IpRelaxationPolicyType, IsClientCredentialsFlowEnabled, ClientCredentialsFlowUser"
    " FROM ExtlClntAppOauthPlcyCnfg WHERE ExternalClientApplicationId = "
)


def _external(question: Question, app: Row) -> Conversation[list[Found]]:
    here = Found("app.in_org", True, f"ExternalClientApplication {app.get('MasterLabel')}",
                 learned=str(app.get("Id", "")))  # fmt: skip
    try:
        found = yield from rows(question, _EXTERNAL_POLICY + text(str(app.get("Id", ""))))
    except Refused as error:
        return [here, *unknown(_POLICY, f"the org refused: {error.what}", _METADATA)]
    if not found:
        return [here, *unknown(_POLICY, "no policies are shown", _METADATA)]
    return [here, *_external_policy(found[0])]


def _external_policy(row: Row) -> list[Found]:
    quote = ", ".join(f"{key} {value}" for key, value in row.items() if key != "attributes")
    permitted = row.get("PermittedUsersPolicyType")
    refresh = _ECA_POLICIES.get(str(row.get("RefreshTokenPolicyType")), "")
    made = [
        Found("app.admin_approved_only", permitted == "AdminApprovedPreAuthorized", quote),
        Found("app.session_level_required", row.get("RequiredSessionLevel") == "HIGH_ASSURANCE",
              quote),
        Found("app.ip_relaxed", row.get("IpRelaxationPolicyType") == "Bypass", quote),
        Found("app.client_credentials_enabled", row.get("IsClientCredentialsFlowEnabled") is True,
              quote),
    ]  # fmt: skip
    if not refresh:
        return made
    is_limited = refresh in ("lifetime", "inactivity")
    return [
        *made,
        Found("app.refresh_token_policy", refresh, quote),
        Found("app.refresh_token_limited", is_limited, quote, "derived"),
    ]


def preauthorization(question: Question) -> Conversation[list[Found]]:
    """Whether a permission set or the profile of the user is on the app's list."""
    name = ("user.preauthorized",)
    if not question.app_id or not question.user_id:
        return unknown(name, "app or user is not known in this org", "name both as the org does")
    listed = yield from rows(
        question,
        "SELECT ParentId, Parent.Label, Parent.ProfileId FROM SetupEntityAccess"
        f" WHERE SetupEntityId = {text(question.app_id)}",
    )
    user = text(question.user_id)
    held = yield from rows(
        question, f"SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = {user}"
    )
    of_user = yield from rows(question, f"SELECT ProfileId FROM User WHERE Id = {user}")
    theirs = {row.get("PermissionSetId") for row in held}
    profiles = {row.get("ProfileId") for row in of_user}
    parents = [row.get("Parent") or {} for row in listed]
    is_in = any(row.get("ParentId") in theirs for row in listed) or any(
        parent.get("ProfileId") in profiles - {None} for parent in parents
    )
    names = ", ".join(str(parent.get("Label")) for parent in parents) or "empty"
    quote = f"the app's list: {names}; the user holds {len(theirs)} permission sets"
    return [Found("user.preauthorized", is_in, quote, "derived")]


def tokens(question: Question) -> Conversation[list[Found]]:
    """Refresh tokens of the user for the app; secrets are never selected."""
    names = ("user.app_tokens", "user.newer_tokens", "user.oldest_token")
    if not question.user_id:
        return unknown(names, "nobody named the user", "name the user (username or id)")
    found = yield from rows(
        question,
        "SELECT AppName, CreatedDate, LastUsedDate, UseCount FROM OauthToken"
        f" WHERE UserId = {text(question.user_id)} AND AppName = {text(question.app_label)}"
        " ORDER BY CreatedDate ASC LIMIT 200",
    )
    if not found and not (
        yield from sees_all(question, "OauthToken", "UserId", ("CustomizeApplication",))
    ):
        if question.app_id.startswith(EXTERNAL):
            return (yield from usage(question))
        reason = "this session may be shown its own tokens only"
        return unknown(names, reason, "look with Customize Application")
    return _counted(question, found)


def _counted(question: Question, found: list[Row]) -> list[Found]:
    made = [moment(row.get("CreatedDate")) for row in found]
    known = [each for each in made if each is not None]
    quote = f"OauthToken: {len(found)} rows for {question.app_label!r}"
    facts = [Found("user.app_tokens", len(found), quote, "derived")]
    if known:
        facts.append(Found("user.oldest_token", known[0], quote))
    if question.authorized_at is not None:
        newer = sum(each > question.authorized_at for each in known)
        facts.append(Found("user.newer_tokens", newer, quote, "derived"))
    return facts
