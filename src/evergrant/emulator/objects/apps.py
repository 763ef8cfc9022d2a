"""The queryable objects that describe apps, their tokens and who may use them.

Sources: Object Reference (ConnectedApplication, OauthToken, AppMenuItem, SetupEntityAccess,
PermissionSet, PermissionSetAssignment) and the enterprise WSDL of release 260. Where the
reference says nothing about visibility, the rule is marked inferred.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from evergrant.emulator.permissions import COLUMN, FEATURES, PERMISSIONS
from evergrant.emulator.schema import (
    Child,
    Everyone,
    Field,
    Needs,
    OwnRows,
    SObject,
    audited,
    boolean,
    integer,
    moment,
    picklist,
    record_id,
    reference,
    string,
    textarea,
    ungroupable,
    url,
)

VIEW_SETUP: Final = frozenset({"ViewSetup"})
SEES_APPS: Final = Needs(frozenset({"ViewSetup", "CustomizeApplication"}), "inferred")
GRANTS: Final = frozenset({"AssignPermissionSets", "ManageUsers"})


def permission_columns(needs: frozenset[str]) -> tuple[Field, ...]:
    """The boolean columns of Profile and PermissionSet, one a user permission."""
    return tuple(
        replace(boolean(f"{COLUMN}{name}", label), needs=needs, feature=FEATURES.get(name))
        for name, label in PERMISSIONS.items()
    )


def opaque_to_queries(one: Field) -> Field:
    """The field, to be selected and nothing else."""
    return replace(ungroupable(one), filterable=False, sortable=False)


def _opaque(name: str, label: str) -> Field:
    """A column that holds a credential: readable by its owner and by admins, as the org has it."""
    return opaque_to_queries(string(name, 255, label))


def _tooling(*fields: Field) -> Iterator[Field]:
    """Fields that the Tooling API alone shows: "for internal use only", so best effort."""
    return (replace(one, in_tooling_only=True) for one in fields)


CONNECTED_APPLICATION: Final = SObject(
    "ConnectedApplication", "Connected App", "0H4", "official", SEES_APPS,
    (
        record_id(),
        string("Name", 80, "Connected App Name"),
        *audited(),
        boolean("OptionsAllowAdminApprovedUsersOnly", "Admin approved users are pre-authorized"),
        boolean("OptionsRefreshTokenValidityMetric", "Refresh token valid from last use"),
        boolean("OptionsHasSessionLevelPolicy", "High assurance session required"),
        boolean("OptionsIsInternal", "Internal"),
        boolean("OptionsTokenExchangeManageBitEnabled", "Token exchange enabled"),
        boolean("OptionsCodeCredentialGuestEnabled", "Code credential guest enabled"),
        boolean("OptionsFullContentPushNotifications", "Full content push notifications"),
        integer("RefreshTokenValidityPeriod", "Refresh Token Policy:"),
        picklist("MobileSessionTimeout", "Lock App After"),
        picklist("PinLength", "PIN Length", "4", "5", "6", "7", "8"),
        url("StartUrl", "Start URL", 2400),
        url("MobileStartUrl", "Mobile Start URL", 2400),
        picklist("NamedUserUvidTimeout", "Named User JWT Token Timeout"),
        picklist("UvidTimeout", "Guest JWT Token Timeout"),
        *_tooling(
            string("DeveloperName", 80, "Developer Name"),
            string("Version", 40, "Version"),
            integer("SessionTimeout", "Session Timeout"),
            picklist("SessionPolicyAction", "Session Policy Action", "Block", "RaiseSessionLevel"),
            string("SamlLoginInformation", 255, "SAML Login Information"),
            string("ConnAppPluginClassId", 18, "Plugin Class"),
            reference("ExecutionUserId", "User", "Execution User"),
            textarea("Description", 1000, "Description"),
            Field("ContactEmail", "email", "Contact Email", 80),
            Field("ContactPhone", "phone", "Contact Phone", 40),
            url("LogoUrl", "Logo Image URL"),
            url("IconUrl", "Icon URL"),
            url("InfoUrl", "Info URL"),
        ),
    ),
    in_tooling=True,
    rows="one for each connected app, kept in step with its policy",
    children=(Child("SetupEntityAccessItems", "SetupEntityAccess", "SetupEntityId"),),
)  # fmt: skip

EXTERNAL_CLIENT_APPLICATION: Final = SObject(
    "ExternalClientApplication", "External Client App", "0xI", "recorded", SEES_APPS,
    (
        record_id(),
        boolean("IsDeleted", "Deleted"),
        string("DeveloperName", 80, "External Client App Name"),
        picklist("Language", "Master Language"),
        string("MasterLabel", 80, "Label"),
        string("NamespacePrefix", 15, "Namespace Prefix"),
        *audited(),
        Field("ContactEmail", "email", "Contact Email", 80),
        Field("ContactPhone", "phone", "Contact Phone", 40),
        textarea("Description", 1000, "Description"),
        picklist("DistributionState", "Distribution State", "Local", "Packaged"),
        picklist("ManagedType", "Managed Type"),
        string("ManagedCollection", 255, "Managed Collection"),
        string("ManagedSetupPointer", 255, "Managed Setup Pointer"),
        string("OrgScopedExternalApp", 255, "Org Scoped External App"),
        url("IconUrl", "Icon URL"),
        url("InfoUrl", "Info URL"),
        url("LogoUrl", "Logo Image URL"),
        string("Version", 40, "Version"),
    ),
    in_tooling=True,
    rows="one for each external client app, kept in step with its policy",
    children=(Child("SetupEntityAccessItems", "SetupEntityAccess", "SetupEntityId"),),
)  # fmt: skip

APP_MENU_ITEM: Final = SObject(
    "AppMenuItem", "App Menu Item", "0DS", "inferred", Everyone("inferred"),
    (
        record_id(),
        boolean("IsDeleted", "Deleted"),
        moment("CreatedDate", "Created Date"),
        moment("LastModifiedDate", "Last Modified Date"),
        moment("SystemModstamp", "System Modstamp"),
        reference("ApplicationId", ("ConnectedApplication", "ExternalClientApplication"),
                  "Application ID"),
        picklist("Type", "Type", "ConnectedApplication", "Network", "ServiceProvider", "TabSet"),
        string("Name", 120, "Name"),
        string("Label", 120, "Label"),
        string("NamespacePrefix", 15, "Namespace Prefix"),
        boolean("IsUsingAdminAuthorization", "Using Admin Authorization"),
        boolean("IsAccessible", "Accessible"),
        boolean("IsVisible", "Visible"),
        url("StartUrl", "Start URL", 2400),
        url("InfoUrl", "Info URL", 1500),
    ),
    fields_mark="inferred",
)  # fmt: skip

OAUTH_TOKEN: Final = SObject(
    "OauthToken", "OAuth Token", "0CQ", "inferred",
    OwnRows('"UserId" = :viewer', frozenset({"CustomizeApplication"}), "official"),
    (
        # The reference calls the Id reserved and "always null"; one public tool selects it all
        # the same. The row has an id here, and a query never shows it.
        record_id(is_always_null=True),
        string("AppName", 255, "App Name"),
        reference("AppMenuItemId", "AppMenuItem", "App Menu Item ID", "AppMenuItem"),
        reference("UserId", "User", "User ID", "User"),
        moment("CreatedDate", "Created Date"),
        moment("LastUsedDate", "Last Used Date"),
        integer("UseCount", "Use Count"),
        _opaque("AccessToken", "Access Token"),
        _opaque("RequestToken", "Request Token"),
        _opaque("DeleteToken", "Delete Token"),
    ),
    page=500,
    end=2500,
    since=32,
    rows="one for each refresh token that stands",
)  # fmt: skip

SETUP_ENTITY_ACCESS: Final = SObject(
    "SetupEntityAccess", "Setup Entity Access", "0J0", "inferred",
    Needs(VIEW_SETUP, "official"),
    (
        record_id(),
        replace(reference("ParentId", "PermissionSet", "Parent ID", "Parent"), createable=True),
        replace(
            reference("SetupEntityId", ("ConnectedApplication", "ExternalClientApplication"),
                      "Setup Entity ID"),
            createable=True,
        ),
        picklist("SetupEntityType", "Setup Entity Type", "ApexClass", "ApexPage",
                 "ConnectedApplication",
                 "CustomPermission", "ExternalClientApplication", "ServiceProvider", "TabSet"),
        moment("SystemModstamp", "System Modstamp"),
    ),
    createable=frozenset({"ManageProfilesPermissionsets"}),
    deletable=frozenset({"ManageProfilesPermissionsets"}),
)  # fmt: skip

PERMISSION_SET: Final = SObject(
    "PermissionSet", "Permission Set", "0PS", "inferred",
    Needs(
        VIEW_SETUP
        | {"ManageSessionPermissionSets", "AssignPermissionSets", "ManageProfilesPermissionsets"},
        "official",
    ),
    (
        record_id(),
        string("Name", 80, "Permission Set Name"),
        string("Label", 80, "Permission Set Label"),
        textarea("Description", 255, "Description"),
        reference("LicenseId", ("PermissionSetLicense", "UserLicense"), "License ID"),
        reference("ProfileId", "Profile", "Profile ID", "Profile"),
        boolean("IsOwnedByProfile", "Owned by profile"),
        boolean("IsCustom", "Custom"),
        picklist("Type", "Permission Set Type", "Regular", "Profile", "Group", "Session"),
        string("NamespacePrefix", 15, "Namespace Prefix"),
        *audited(),
        *permission_columns(VIEW_SETUP),
    ),
    fields_mark="inferred",
)  # fmt: skip

PERMISSION_SET_ASSIGNMENT: Final = SObject(
    "PermissionSetAssignment", "Permission Set Assignment", "0Pa", "inferred",
    Needs(VIEW_SETUP | GRANTS, "official"),
    (
        record_id(),
        replace(reference("PermissionSetId", "PermissionSet", "PermissionSet ID", "PermissionSet"),
                createable=True),
        reference("PermissionSetGroupId", "PermissionSetGroup", "PermissionSet Group ID"),
        replace(reference("AssigneeId", "User", "Assignee ID", "Assignee"), createable=True),
        replace(moment("ExpirationDate", "Expires On"), createable=True),
        boolean("IsActive", "Active"),
        boolean("IsRevoked", "Revoked"),
        moment("SystemModstamp", "Date Assigned"),
    ),
    createable=frozenset({"AssignPermissionSets"}),
    deletable=frozenset({"AssignPermissionSets"}),
)  # fmt: skip
