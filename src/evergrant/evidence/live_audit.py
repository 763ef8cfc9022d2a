"""Looking at a whole org for an audit: rows by object, its metadata, and what it would not show.

Each object is asked for on its own: one that is refused is named with the permission that shows it,
and the others go on.  Salesforce hides other users' rows of OauthToken and LoginHistory without an
error (org-model 2.2, 2.7), so these count only when the session may, or does, see others' rows.
Nothing of it is a secret: columns of tokens and keys are never selected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evergrant.errors import Malformed, Refused, WireError
from evergrant.evidence.live_metadata import SETTINGS, TYPES
from evergrant.evidence.live_org import viewer_of
from evergrant.evidence.live_question import Question, Row, sees_all
from evergrant.model import Session
from evergrant.org import metadata
from evergrant.org.query import query, soql_time
from evergrant.org.resources import good_call
from evergrant.wire import Conversation

HISTORY = timedelta(days=180)
"""How far back logins are read: Login History keeps six months."""
METADATA = "Metadata"
"""Key of what the retrieve would have brought, among what is hidden."""
_HOLDERS = ("Profile", "PermissionSet")
_MORE_SETTINGS = ("ExternalClientApp", "Event")


@dataclass(frozen=True, slots=True)
class Asked:
    """One object to ask for."""

    object: str
    fields: str
    permission: str
    """That shows it; in Setup's words."""
    tail: str = ""
    """What follows FROM; `{since}` is where history begins."""
    owner: str = ""
    """The column of the user whose rows a session without `powers` sees alone."""
    powers: tuple[str, ...] = ()


_VIEW_SETUP = "View Setup and Configuration"
QUESTIONS = (
    Asked(
        "OauthToken",
        "AppName, AppMenuItem.ApplicationId, UserId, User.Username, User.IsActive, CreatedDate,"
        " LastUsedDate, UseCount",
        "Customize Application",
        " ORDER BY CreatedDate",
        "UserId",
        ("CustomizeApplication",),
    ),
    Asked(
        "LoginHistory",
        "UserId, LoginTime, LoginType, LoginSubType, Status, Application, SourceIp, ApiType,"
        " ApiVersion",
        "Monitor Login History",
        " WHERE LoginTime >= {since} ORDER BY LoginTime DESC",
        "UserId",
        ("MonitorLoginHistory", "ManageUsers"),
    ),
    Asked(
        "ConnectedApplication",
        "Id, Name, OptionsAllowAdminApprovedUsersOnly, OptionsHasSessionLevelPolicy,"
        " RefreshTokenValidityPeriod, OptionsRefreshTokenValidityMetric, LastModifiedDate",
        _VIEW_SETUP,
    ),
    Asked(
        "ExternalClientApplication",
        "Id, DeveloperName, MasterLabel, DistributionState, LastModifiedDate",
        _VIEW_SETUP,
    ),
    Asked(
        "ExtlClntAppOauthPlcyCnfg",
        "ExternalClientApplicationId, PermittedUsersPolicyType, IpRelaxationPolicyType,"
        " RefreshTokenPolicyType, RefreshTokenValidityPeriod, RefreshTokenValidityUnit",
        _VIEW_SETUP,
    ),
    Asked(
        "SetupEntityAccess",
        "ParentId, Parent.Name, Parent.IsOwnedByProfile, Parent.ProfileId, SetupEntityId,"
        " SetupEntityType",
        _VIEW_SETUP,
        " WHERE SetupEntityType IN ('ConnectedApplication', 'ExternalClientApplication')",
    ),
    Asked(
        "PermissionSetAssignment",
        "AssigneeId, PermissionSetId, PermissionSet.PermissionsModifyAllData,"
        " PermissionSet.PermissionsApiUserOnly, PermissionSet.PermissionsApiEnabled",
        _VIEW_SETUP,
    ),
    Asked(
        "User",
        "Id, Username, IsActive, ProfileId, Profile.Name, Profile.PermissionsModifyAllData,"
        " Profile.PermissionsApiUserOnly, Profile.PermissionsApiEnabled",
        "View All Users",
        "",
        "Id",
        ("ViewAllUsers", "ManageUsers"),
    ),
    Asked("UserLogin", "UserId, IsFrozen", "Manage Users"),
)
"""What is asked of an org, in order."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an org showed: rows by object, the zip of a retrieve, and what hid the rest."""

    rows: Mapping[str, tuple[Row, ...]]
    hidden: Mapping[str, str]
    """Object → the permission that would show it."""
    metadata: bytes | None
    own: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    """Rows of the session's own user, of objects whose other rows are hidden."""


def look(session: Session, now: datetime) -> Conversation[Shown]:
    """Everything that an audit asks of an org, as far as the session may see it.

    Raises what the network throws, and `Refused` where the org refuses the session itself.
    """
    yield from good_call(session)
    viewer = yield from viewer_of(session)
    question = Question(session, "", "", "", "", now, None, None, None, now, viewer=viewer)
    rows: dict[str, tuple[Row, ...]] = {}
    own: dict[str, tuple[Row, ...]] = {}
    hidden: dict[str, str] = {}
    for each in QUESTIONS:
        found, is_whole = yield from _asked(each, question)
        if is_whole:
            rows[each.object] = found
            continue
        hidden[each.object] = each.permission
        if mine := tuple(row for row in found if question.viewer and _is_of(row, each, question)):
            own[each.object] = mine
    zipped = yield from _retrieved(session)
    if zipped is None:
        hidden[METADATA] = "Modify Metadata Through Metadata API Functions"
    return Shown(rows, hidden, zipped, own)


def _asked(each: Asked, question: Question) -> Conversation[tuple[tuple[Row, ...], bool]]:
    """The rows, and whether they are all that there are: others may be hidden, or everything."""
    since = soql_time(question.since - HISTORY)
    soql = f"SELECT {each.fields} FROM {each.object}{each.tail.format(since=since)}"
    try:
        found = tuple((yield from query(question.session, soql)))
        if not each.owner:
            return found, True
        return found, (yield from sees_all(question, each.object, each.owner, each.powers))
    except Refused:
        return (), False


def _is_of(row: Row, each: Asked, question: Question) -> bool:
    """Whether a row is of the session's own user."""
    return str(row.get(each.owner, ""))[:15] == question.viewer[:15]


def _retrieved(session: Session) -> Conversation[bytes | None]:
    members: dict[str, tuple[str, ...]] = dict.fromkeys((*TYPES, *_HOLDERS), ("*",))
    members["Settings"] = (*SETTINGS, *_MORE_SETTINGS)
    try:
        return (yield from metadata.retrieve(session, members))
    except (Refused, Malformed, WireError):
        return None
