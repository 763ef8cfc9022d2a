"""The user permissions this org knows, as they stand in Profile and PermissionSet columns."""

from typing import Final

PERMISSIONS: Final[dict[str, str]] = {
    "ApiEnabled": "API Enabled",
    "ApiUserOnly": "API Only User",
    "AssignPermissionSets": "Assign Permission Sets",
    "BypassMFAForUiLogins": "Waive MFA for Exempt Users",
    "CanApproveUninstalledApps": "Approve Uninstalled Connected Apps",
    "ClientSecretRotation": "Allow consumer key and secret rotation",
    "CustomizeApplication": "Customize Application",
    "ExternalClientAppAdmin": (
        "View all External Client Apps, view their settings, and edit their policies"
    ),
    "ExternalClientAppDeveloper": "Create, edit, and delete External Client Apps",
    "ExternalClientAppViewer": "View all External Client Apps",
    "ForceTwoFactor": "MFA for User Interface Logins",
    "FreezeUsers": "Freeze Users",
    "ManageAuthProviders": "Manage Auth. Providers",
    "ManageCertificates": "Manage Certificates",
    "ManageIpAddresses": "Manage IP Addresses",
    "ManageNamedCredentials": "Manage Named Credentials",
    "ManageProfilesPermissionsets": "Manage Profiles and Permission Sets",
    "ManageRemoteAccess": "Manage Connected Apps",
    "ManageSessionPermissionSets": "Manage Session Permission Set Activations",
    "ManageUsers": "Manage Users",
    "ModifyAllData": "Modify All Data",
    "ModifyMetadata": "Modify Metadata Through Metadata API Functions",
    "MonitorLoginHistory": "Monitor Login History",
    "TwoFactorApi": "MFA for API Logins",
    "UseAnyApiAuth": "Use Any API Auth",
    "UseAnyApiClient": "Use Any API Client",
    "ViewAllData": "View All Data",
    "ViewAllUsers": "View All Users",
    "ViewClientSecret": "View External Client App Consumer Secrets in Metadata",
    "ViewDataLeakageEvents": "View Real-Time Event Monitoring Data",
    "ViewEventLogFiles": "View Event Log Files",
    "ViewEventLogObjectData": "View Event Log Object Data",
    "ViewSetup": "View Setup and Configuration",
}
"""API name (without the column's prefix) to Setup label: Object Reference, PermissionSet.

The API names of Assign Permission Sets, Manage Profiles and Permission Sets and Manage Session
Permission Set Activations and View Event Log Object Data, and the label of UseAnyApiClient, are
inferred.
"""

COLUMN: Final = "Permissions"
"""The prefix of the columns: PermissionsApiEnabled."""

FEATURES: Final = {"UseAnyApiClient": "ApiAccessControl"}
"""Permissions that only orgs with a feature have: elsewhere their column is INVALID_FIELD."""
