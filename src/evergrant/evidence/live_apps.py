"""Looking at the app: there, its policy, who is on its list, which tokens stand."""

from __future__ import annotations

from evergrant.errors import Refused
from evergrant.evidence import org_rows
from evergrant.evidence.live_names import labels_like, left_traces, perhaps
from evergrant.evidence.live_question import (
    Found,
    Question,
    Row,
    not_known,
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


def app_policy(question: Question) -> Conversation[list[Found]]:
    """The connected app of that label, else the external client app."""
    if not question.app_label:
        return not_known(("app.in_org", *_POLICY), question.no_app)
    label, failed = text(question.app_label), question.failed_at or question.at
    found = yield from rows(
        question,
        "SELECT Id, Name, OptionsAllowAdminApprovedUsersOnly, OptionsHasSessionLevelPolicy,"
        " RefreshTokenValidityPeriod, OptionsRefreshTokenValidityMetric, LastModifiedDate"
        f" FROM ConnectedApplication WHERE Name = {label}",
    )
    if found:
        return [*org_rows.connected_app(found[0], failed)]
    external = yield from rows(
        question,
        "SELECT Id, MasterLabel, LastModifiedDate FROM ExternalClientApplication"
        f" WHERE MasterLabel = {label}",
    )
    if external:
        policies = yield from _policies(question, external[0])
        return [*org_rows.external_app(external[0], failed), *policies]
    return (yield from _missing(question))


def _missing(question: Question) -> Conversation[list[Found]]:
    """No app of that label is there: uninstalled, or the label is not the app's.

    A label that a person typed and that left no trace in the org is doubted.
    """
    quote = f"no connected or external client app is labelled {question.app_label!r}"
    if question.consumer_key:
        quote += f" (consumer key {question.consumer_key[:10]}…)"
    if question.is_hearsay and not (yield from left_traces(question)):
        near = perhaps((yield from labels_like(question)))
        told = "; ".join(each for each in (f"{quote}, nor was any", near) if each)
        why = Unknown(told, "name the app as Setup does: App Manager, or Login History")
        return [Found("app.in_org", why, told), *not_known(_POLICY, why)]
    return [
        Found("app.in_org", False, quote, "derived"),
        *unknown(_POLICY, "the app is not in this org", "install it first"),
    ]


_EXTERNAL_POLICY = (
    "SELECT PermittedUsersPolicyType, RefreshTokenPolicyType, RequiredSessionLevel,"
    " IpRelaxationPolicyType, IsClientCredentialsFlowEnabled, ClientCredentialsFlowUser"
    " FROM ExtlClntAppOauthPlcyCnfg WHERE ExternalClientApplicationId = "
)


def _policies(question: Question, app: Row) -> Conversation[list[Found]]:
    try:
        found = yield from rows(question, _EXTERNAL_POLICY + text(str(app.get("Id", ""))))
    except Refused as error:
        return unknown(_POLICY, f"the org refused: {error.what}", _METADATA)
    if not found:
        return unknown(_POLICY, "no policies are shown", _METADATA)
    return [*org_rows.external_policy(found[0])]


def preauthorization(question: Question) -> Conversation[list[Found]]:
    """Whether a permission set or the profile of the user is on the app's list."""
    name = ("user.preauthorized",)
    if not question.app_id:
        return not_known(name, question.no_app)
    if not question.user_id:
        return not_known(name, question.no_user)
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
    theirs = {str(row.get("PermissionSetId")) for row in held}
    profiles = {row.get("ProfileId") for row in of_user} - {None}
    # The profile's own set need not be among those that are assigned.
    theirs |= {
        str(row.get("ParentId"))
        for row in listed
        if (row.get("Parent") or {}).get("ProfileId") in profiles
    }
    return [org_rows.preauthorized(listed, theirs)]


def tokens(question: Question) -> Conversation[list[Found]]:
    """Refresh tokens of the user for the app; secrets are never selected."""
    names = ("user.app_tokens", "user.newer_tokens", "user.oldest_token")
    if not question.app_label:
        return not_known(names, question.no_app)
    if not question.user_id:
        return not_known(names, question.no_user)
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
    if not found and question.app_doubt:
        return not_known(names, question.app_doubt)
    return [*org_rows.tokens(found, question.app_label, question.authorized_at)]
