"""How somebody else would settle what the doctor may not look at: the query for each fact.

Every query shows the very field that the fact is read from, and its answer can be given back with
`--evidence`.  The exports are the downloads that Setup offers (org-model 2.7, 2.8); what only
metadata shows comes with a retrieve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from evergrant.catalog import Catalog
from evergrant.diagnosis import Missing
from evergrant.evidence.gathered import is_id
from evergrant.keeper.doctor_checks import PERMISSIONS
from evergrant.org.query import soql_text, soql_time

_LOGIN = (
    "SELECT LoginTime, UserId, Status, Application, SourceIp FROM LoginHistory"
    " WHERE {UserId} AND LoginTime >= {since} ORDER BY LoginTime DESC"
)
_EVENTS = (
    "SELECT Timestamp, ErrorCode, AppId, UserId, InitiatedBy FROM IdpEventLog"
    " WHERE Timestamp >= {since} ORDER BY Timestamp DESC"
)
_TRAIL = (
    "SELECT CreatedDate, CreatedBy.Username, Action, Display"
    " FROM SetupAuditTrail WHERE CreatedDate >= {since} ORDER BY CreatedDate DESC"
)
_USER = "SELECT Id, Username, IsActive, LastPasswordChangeDate FROM User WHERE {Id}"
_USER_LOGIN = "SELECT UserId, IsFrozen, IsPasswordLocked FROM UserLogin WHERE {UserId}"
_APP = (
    "SELECT Id, Name, OptionsAllowAdminApprovedUsersOnly, OptionsHasSessionLevelPolicy,"
    " RefreshTokenValidityPeriod, OptionsRefreshTokenValidityMetric, LastModifiedDate"
    " FROM ConnectedApplication WHERE Name = {app}"
)
_EXTERNAL = (
    "SELECT Id, MasterLabel, LastModifiedDate FROM ExternalClientApplication"
    " WHERE MasterLabel = {app}"
)
_POLICY = (
    "SELECT ExternalClientApplicationId, PermittedUsersPolicyType, RefreshTokenPolicyType,"
    " RequiredSessionLevel, IpRelaxationPolicyType, IsClientCredentialsFlowEnabled,"
    " ClientCredentialsFlowUser FROM ExtlClntAppOauthPlcyCnfg WHERE ExternalClientApplicationId IN"
    " (SELECT Id FROM ExternalClientApplication WHERE MasterLabel = {app})"
)
_APPS, _POLICIES = (_APP, _EXTERNAL), (_APP, _POLICY)
_TOKENS = (
    "SELECT AppName, UserId, CreatedDate, LastUsedDate, UseCount FROM OauthToken"
    " WHERE {UserId} AND AppName = {app}"
)
_LISTED = (
    "SELECT ParentId, Parent.Label, Parent.ProfileId, SetupEntityId FROM SetupEntityAccess"
    " WHERE SetupEntityId IN (SELECT Id FROM ConnectedApplication WHERE Name = {app})"
)
_HELD = "SELECT AssigneeId, PermissionSetId FROM PermissionSetAssignment WHERE {AssigneeId}"
_SESSIONS = (
    "SELECT UsersId, LoginType, SourceIp, LastModifiedDate, NumSecondsValid FROM AuthSession"
    " WHERE {UsersId}"
)
_ORG = "SELECT IsSandbox, TrialExpirationDate FROM Organization"


def _permission(name: str) -> tuple[str, ...]:
    return (
        f"SELECT Id, Username, IsActive, Profile.Name, Profile.Permissions{name} FROM User"
        " WHERE {Id}",
        f"SELECT AssigneeId, PermissionSetId, PermissionSet.Label, PermissionSet.Permissions{name}"
        " FROM PermissionSetAssignment WHERE {AssigneeId}",
    )


QUERIES: Mapping[str, tuple[str, ...]] = {
    "login_history.status": (_LOGIN,),
    "login_history.new_address": (_LOGIN,),
    "failure.reach": (_LOGIN,),
    "idp.error_code": (_EVENTS,),
    "audit.last_act": (_TRAIL,),
    "audit.user_frozen": (_TRAIL,),
    "app.secret_rotated_days": (_TRAIL,),
    "user.frozen_by_nobody": (_USER_LOGIN, _TRAIL),
    "user.exists": (_USER,),
    "user.active": (_USER,),
    "user.password_changed": (_USER,),
    "user.frozen": (_USER_LOGIN,),
    "user.password_locked": (_USER_LOGIN,),
    "user.api_enabled": _permission("ApiEnabled"),
    "user.api_only": _permission("ApiUserOnly"),
    "user.may_approve_uninstalled": _permission("CanApproveUninstalledApps"),
    "user.use_any_api_client": _permission("UseAnyApiClient"),
    "user.use_any_api_auth": _permission("UseAnyApiAuth"),
    "user.preauthorized": (_LISTED, _HELD),
    "user.app_tokens": (_TOKENS,),
    "user.newer_tokens": (_TOKENS,),
    "user.oldest_token": (_TOKENS,),
    "user.session_stands": (_SESSIONS,),
    "app.in_org": _APPS,
    "app.kind": _APPS,
    "app.changed_minutes": _APPS,
    "app.admin_approved_only": _POLICIES,
    "app.refresh_token_policy": _POLICIES,
    "app.refresh_token_limited": _POLICIES,
    "app.session_level_required": _POLICIES,
    "app.ip_relaxed": (_POLICY,),
    "app.client_credentials_enabled": (_POLICY,),
    "app.run_as_user": (_POLICY,),
    "org.is_sandbox": (_ORG,),
    "org.trial_ended": (_ORG,),
}
"""Fact → queries whose answers make it known, together; `{UserId}` is a condition on that field."""
_USER_FIELDS = ("Id", "UserId", "AssigneeId", "UsersId")
_EXPORTS = {
    "login-history": "the CSV download of Setup > Login History",
    "setup-audit-trail": "the CSV download of Setup > View Setup Audit Trail",
}
"""Check → the download that shows it."""
_RETRIEVES = {
    "app": "ConnectedApp BlacklistedConsumer ExternalClientApplication ExtlClntAppOauthSettings"
    " ExtlClntAppGlobalOauthSettings ExtlClntAppOauthConfigurablePolicies"
    " ExtlClntAppConfigurablePolicies",
    "org": "Settings:ConnectedApp Settings:MyDomain Settings:OauthOidc Settings:Security",
    "user": "Profile ProfileSessionSetting",
    "own": "ConnectedApp ExternalClientApplication ExtlClntAppOauthConfigurablePolicies"
    " Settings:Security",
}
"""Room of a fact that metadata shows → the members to retrieve (org-model 1)."""


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
    """One a line, where it takes several."""
    export: str = ""
    permission: str = ""
    """What the look takes, where it takes a permission."""


def way_to(gap: Missing, catalog: Catalog, *, app: str, user: str, since: datetime) -> Way:
    """How a gap could be closed by who may look; `app` and `user` are named where known."""
    kind = catalog.facts[gap.fact]
    room = kind.name.partition(".")[0]
    retrieve = _RETRIEVES.get(room, "") if kind.check == "metadata" else ""
    return Way(
        kind.name,
        kind.title,
        gap.reason,
        kind.ask or gap.next_step,
        "\n".join(queries_for(kind.name, app=app, user=user, since=since)),
        _export(retrieve) if retrieve else _EXPORTS.get(kind.check, ""),
        PERMISSIONS.get(kind.check, ""),
    )


def way_from_there(host: str) -> Way:
    """Where nothing was reached: whether the client's own machine fares alike.

    `host` is the login host's URL; empty where nobody named it.
    """
    url = f"{(host or '<login host>').rstrip('/')}/.well-known/openid-configuration"
    return Way(
        "network.failure",
        "Network failure",
        "only this machine was looked from",
        "ask the host from the machine that fails, and https://status.salesforce.com whether it is"
        f" Salesforce: curl -sv {url}",
    )


def queries_for(fact: str, *, app: str, user: str, since: datetime) -> tuple[str, ...]:
    """The queries that show a fact; empty where none does.  `user` is an id or a username."""
    words = {
        "app": soql_text(app) if app else "'<label of the app>'",
        "since": soql_time(since),
        **{field: _of_user(field, user) for field in _USER_FIELDS},
    }
    return tuple(each.format(**words) for each in QUERIES.get(fact, ()))


def _of_user(field: str, user: str) -> str:
    """A condition on a field of a user's id; a username is no id, so it is looked up."""
    if is_id(user):
        return f"{field} = {soql_text(user)}"
    name = soql_text(user) if user else "'<username>'"
    if field == "Id":
        return f"Username = {name}"
    return f"{field} IN (SELECT Id FROM User WHERE Username = {name})"


def _export(members: str) -> str:
    types = " ".join(f'-m "{each}"' for each in members.split())
    return f"sf project retrieve start {types}, then the folder"
