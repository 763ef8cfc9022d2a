"""Objects whose rows show app, user and org, known by the columns of their CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evergrant.evidence.exports.csv_rows import column_name

OBJECTS: Mapping[str, frozenset[str]] = {
    "UserLogin": frozenset({"isfrozen", "ispasswordlocked"}),
    "ConnectedApplication": frozenset({"name", "optionsallowadminapprovedusersonly"}),
    "ExtlClntAppOauthPlcyCnfg": frozenset({"permitteduserspolicytype", "refreshtokenpolicytype"}),
    "ExternalClientApplication": frozenset({"masterlabel", "lastmodifieddate"}),
    "OauthToken": frozenset({"appname", "createddate"}),
    "SetupEntityAccess": frozenset({"parentid", "setupentityid"}),
    "PermissionSetAssignment": frozenset({"permissionsetid", "assigneeid"}),
    "AuthSession": frozenset({"numsecondsvalid", "lastmodifieddate"}),
    "Organization": frozenset({"issandbox", "trialexpirationdate"}),
    "User": frozenset({"username", "isactive"}),
}
"""Object → columns by which its CSV is known, as `column_name` writes them."""
KNOWN = frozenset[str]().union(*OBJECTS.values())


def object_of(columns: Iterable[str]) -> str:
    """The object that a header of CSV is of; empty for another table's."""
    names = {column_name(each) for each in columns}
    return next((object_ for object_, needed in OBJECTS.items() if needed <= names), "")
