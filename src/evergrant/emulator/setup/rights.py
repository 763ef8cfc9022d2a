"""Which user permissions each Setup page and button needs, and how well that is known.

Stated: viewing, installing and uninstalling on Connected Apps OAuth Usage (help page
xcloud.connected_app_manage_current_sessions.htm), the audit trail (security guide), and what the
labels of the External Client App permissions say. A right stated for the object behind a page
only is inferred for the page.
"""

from typing import Final

from evergrant.emulator.setup.desk import Right

_CUSTOMIZE: Final = frozenset({"CustomizeApplication"})
_SETUP: Final = frozenset({"ViewSetup"})
_USERS: Final = frozenset({"ManageUsers"})
_SETS: Final = frozenset({"ManageProfilesPermissionsets"})
_APPS: Final = frozenset({"ManageRemoteAccess", "ModifyAllData"})

VIEW: Final = Right((_SETUP,), "inferred")
VIEW_USAGE: Final = Right((_SETUP, _USERS), "official")
INSTALL: Final = Right((_CUSTOMIZE, _APPS), "official")
"""Install and uninstall on Connected Apps OAuth Usage."""
EDIT_APPS: Final = Right((_CUSTOMIZE, _APPS), "inferred")
"""Block, unblock and edit policies: taken to need what installing needs."""
REVOKE: Final = Right((_USERS,), "inferred")
ASSIGN: Final = Right((frozenset({"AssignPermissionSets"}),), "inferred")
EDIT_SETS: Final = Right((_SETS,), "inferred")
EDIT_RANGES: Final = Right((_SETS | {"ManageIpAddresses"},), "inferred")
EDIT_NETWORK: Final = Right((frozenset({"ManageIpAddresses"}),), "inferred")
EDIT_CERTIFICATES: Final = Right((frozenset({"ManageCertificates"}),), "inferred")
EDIT_USERS: Final = Right((_USERS,), "inferred")
FREEZE: Final = Right((_USERS | {"FreezeUsers"},), "inferred")
VIEW_LOGINS: Final = Right((_USERS | {"MonitorLoginHistory"},), "inferred")
VIEW_AUDIT: Final = Right((_SETUP,), "official")
VIEW_IDENTITY: Final = Right((_USERS | _CUSTOMIZE,), "inferred")
VIEW_VERIFICATIONS: Final = Right((_USERS,), "inferred")
"""Stated for the object (Manage Users)."""
VIEW_LOG_FILES: Final = Right((frozenset({"ViewEventLogFiles"}),), "inferred")
INSTALL_PACKAGE: Final = Right((_CUSTOMIZE,), "inferred")
VIEW_CREDENTIALS: Final = Right((_SETUP | {"ManageNamedCredentials"},), "inferred")
EDIT_CREDENTIALS: Final = Right((frozenset({"ManageNamedCredentials"}),), "inferred")
VIEW_PROVIDERS: Final = Right((_SETUP | {"ManageAuthProviders"},), "inferred")
SIGNED_IN: Final = Right((), "official")
"""Whoever is signed in sees their own (LoginHistory reference; platform.remoteaccess_request)."""
VIEW_SESSIONS: Final = Right((_USERS,), "inferred")
EDIT_ORG: Final = Right((_CUSTOMIZE,), "inferred")
_EXTERNAL: Final = frozenset({"ExternalClientAppAdmin", "ExternalClientAppDeveloper"})
VIEW_EXTERNAL: Final = Right((_EXTERNAL | {"ExternalClientAppViewer"},), "official")
EDIT_EXTERNAL: Final = Right((frozenset({"ExternalClientAppAdmin"}),), "official")
BUILD_EXTERNAL: Final = Right((frozenset({"ExternalClientAppDeveloper"}),), "official")
