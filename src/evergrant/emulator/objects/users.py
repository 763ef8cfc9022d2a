"""The queryable objects that describe people, their logins and what they did.

Sources: Object Reference (LoginHistory, User, UserLogin, AuthSession, IdpEventLog,
SetupAuditTrail) and the enterprise WSDL of release 260. LoginHistory follows its property
table: Status, Application, Browser, Platform and the API columns group and sort, and are
refused in WHERE; LoginSubType and SourceIp filter there, though another list on the same page
leaves them out.
"""

from dataclasses import replace
from typing import Final

from evergrant.emulator.objects.apps import VIEW_SETUP, permission_columns
from evergrant.emulator.schema import (
    Everyone,
    Field,
    Needs,
    OwnRows,
    SObject,
    View,
    audited,
    boolean,
    integer,
    moment,
    picklist,
    record_id,
    reference,
    string,
    textarea,
    unfilterable,
    url,
)

MANAGE_USERS: Final = frozenset({"ManageUsers"})


def address(name: str, label: str) -> Field:
    """An address, which cannot be used with LIKE."""
    return replace(string(name, 39, label), likeable=False)


LOGIN_HISTORY: Final = SObject(
    "LoginHistory", "Login History", "0Ya", "official",
    OwnRows('"UserId" = :viewer', MANAGE_USERS | {"MonitorLoginHistory"}, "official"),
    (
        record_id(),
        reference("UserId", "User", "User ID"),
        moment("LoginTime", "Login Time"),
        picklist("LoginType", "Login Type"),
        address("SourceIp", "Source IP"),
        string("LoginUrl", 255, "Login URL"),
        reference("AuthenticationServiceId", ("AuthProvider", "SamlSsoConfig"),
                  "Authentication Service ID"),
        replace(reference("LoginGeoId", "LoginGeo", "Login Geo Data ID"), needs=MANAGE_USERS),
        picklist("TlsProtocol", "TLS Protocol", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3",
                 "Unknown"),
        picklist("CipherSuite", "TLS Cipher Suite"),
        boolean("OptionsIsGet", "Login via GET"),
        boolean("OptionsIsPost", "Login via POST"),
        unfilterable(string("Browser", 64, "Browser")),
        unfilterable(string("Platform", 64, "Platform")),
        unfilterable(string("Status", 128, "Status")),
        unfilterable(string("Application", 64, "Application")),
        unfilterable(string("ClientVersion", 64, "Client Version")),
        unfilterable(string("ApiType", 64, "API Type")),
        unfilterable(string("ApiVersion", 32, "API Version")),
        string("CountryIso", 3, "Country Code"),
        replace(string("AuthMethodReference", 128, "Authentication Method Reference"), since=51),
        replace(
            string("AuthContextClassRef", 500, "Authentication Context Class Reference"), since=67
        ),
        picklist("LoginSubType", "Login Subtype"),
        replace(string("ForwardedForIp", 255, "Forwarded For IP"), since=61),
        reference("NetworkId", "Network", "Network ID"),
    ),
    kept='"LoginTime" >= :half_year_ago',
    rows="one for each attempt of a known user; gone after six months",
)  # fmt: skip

USER: Final = SObject(
    "User", "User", "005", "inferred",
    OwnRows('"Id" = :viewer', VIEW_SETUP | {"ViewAllUsers"}, "inferred"),
    (
        record_id(),
        string("Username", 80, "Username"),
        string("LastName", 80, "Last Name"),
        string("FirstName", 40, "First Name"),
        string("Name", 121, "Full Name"),
        Field("Email", "email", "Email", 128),
        string("Alias", 8, "Alias"),
        replace(boolean("IsActive", "Active"), updateable=True),
        reference("ProfileId", "Profile", "Profile ID", "Profile"),
        picklist("UserType", "User Type", "Standard"),
        picklist("TimeZoneSidKey", "Time Zone"),
        picklist("LocaleSidKey", "Locale"),
        picklist("LanguageLocaleKey", "Language"),
        string("FederationIdentifier", 512, "SAML Federation ID"),
        moment("LastLoginDate", "Last Login"),
        moment("LastPasswordChangeDate", "Last Password Change or Reset"),
        *audited(),
    ),
    updateable=MANAGE_USERS,
    fields_mark="inferred",
)  # fmt: skip

PROFILE: Final = SObject(
    "Profile", "Profile", "00e", "inferred",
    OwnRows(
        '"Id" = (SELECT "ProfileId" FROM "User" WHERE "User"."Id" = :viewer)',
        VIEW_SETUP, "inferred",
    ),
    (
        record_id(),
        string("Name", 255, "Name"),
        reference("UserLicenseId", "UserLicense", "User License ID", "UserLicense"),
        picklist("UserType", "User Type", "Standard"),
        textarea("Description", 255, "Description"),
        *audited(),
        *permission_columns(frozenset()),
    ),
    fields_mark="inferred",
)  # fmt: skip

USER_LOGIN: Final = SObject(
    "UserLogin", "User Login", "0Yw", "inferred", Needs(MANAGE_USERS, "official"),
    (
        record_id(),
        reference("UserId", "User", "User ID"),
        replace(boolean("IsFrozen", "Frozen"), updateable=True),
        replace(boolean("IsPasswordLocked", "Password Locked"), updateable=True),
        moment("LastModifiedDate", "Last Modified Date"),
        reference("LastModifiedById", "User", "Last Modified By ID"),
    ),
    updateable=MANAGE_USERS,
    fields_mark="inferred",
)  # fmt: skip


def _stamped(column: str) -> str:
    """Seconds since the epoch as the REST API writes a time."""
    return f"strftime('%Y-%m-%dT%H:%M:%S.000+0000', {column}, 'unixepoch')"


AUTH_SESSION: Final = SObject(
    "AuthSession", "Auth Session", "0Ak", "inferred",
    OwnRows('"UsersId" = :viewer', MANAGE_USERS, "official"),
    (
        record_id(),
        reference("UsersId", "User", "User ID", "Users"),
        moment("CreatedDate", "Created"),
        moment("LastModifiedDate", "Updated"),
        integer("NumSecondsValid", "Valid For"),
        picklist("UserType", "User Type"),
        address("SourceIp", "Source IP"),
        picklist("LoginType", "Login Type"),
        replace(picklist("LoginSubType", "Login Subtype"), since=67),
        picklist("SessionType", "Session Type"),
        picklist("SessionSecurityLevel", "Session Security Level"),
        url("LogoutUrl", "Logout URL", 1500),
        reference("ParentId", "AuthSession", "Auth Session ID"),
        reference("LoginHistoryId", "LoginHistory", "Login History ID"),
        reference("LoginGeoId", "LoginGeo", "Login Geo Data ID"),
        replace(boolean("IsCurrent", "Is Current"), since=37, computed='{row}."Id" = :session'),
        replace(
            boolean("IsAssociatedWithJwtAccessToken", "Associated with a JWT access token"),
            since=64,
        ),
    ),
    kept=(
        "EXISTS (SELECT 1 FROM x_session x WHERE x.id = \"AuthSession\".\"Id\""
        " AND x.seen_at + x.seconds >= :epoch)"
    ),
    view=View("x_session s WHERE s.ended IS NULL", {
        "Id": "s.id", "UsersId": "s.user_id", "CreatedDate": _stamped("s.opened_at"),
        "LastModifiedDate": _stamped("s.seen_at"), "NumSecondsValid": "s.seconds",
        "UserType": "'Standard'", "SourceIp": "s.source_ip",
        "LoginType": "CASE WHEN s.app_id IS NULL THEN 'Application' ELSE 'Remote Access 2.0' END",
        "SessionType": "CASE WHEN s.app_id IS NULL THEN 'UI' ELSE 'Oauth2' END",
        "SessionSecurityLevel": "s.level", "IsAssociatedWithJwtAccessToken": "s.is_jwt",
    }),
    rows="the sessions that have not ended and are not idle too long",
    # Who sees a session may end it: its user, and who manages users (inferred).
    deletable=MANAGE_USERS,
)  # fmt: skip

VERIFICATION_HISTORY: Final = SObject(
    "VerificationHistory", "Identity Verification History", "0cp", "inferred",
    Needs(MANAGE_USERS, "official"),
    (
        record_id(),
        reference("UserId", "User", "User ID"),
        moment("VerificationTime", "Time"),
        picklist("VerificationMethod", "Method"),
        picklist("Activity", "Activity", "ConnectedApp", "ExternalClientApp", "Login"),
        picklist("Policy", "Triggered By"),
        picklist("Status", "Status"),
        string("Remarks", 255, "Remarks"),
        address("SourceIp", "Source IP"),
        reference("ResourceId", "ConnectedApplication", "Connected App ID"),
        reference("LoginHistoryId", "LoginHistory", "Login History ID"),
        reference("LoginGeoId", "LoginGeo", "Login Geo Data ID"),
        integer("EventGroup", "Verification Attempt"),
    ),
    rows="one for each device that a user confirmed (picklist values inferred)",
)  # fmt: skip

IDP_CODES: Final = (
    "Success", "AppAccessDenied", "AppBlocked", "ClientUnapproved", "CodeExpired", "InvalidCode",
    "InvalidClientCredentials", "InvalidUserCredentials", "InvalidScope", "InvalidSessionLevel",
    "InvalidDeviceId", "OauthError", "InternalError", "UnknownError", "ForceAuthNLogout",
    "InvalidAuthnRequest", "InvalidIdpEndpoint", "InvalidIssuer", "InvalidSettings",
    "InvalidSignature", "InvalidSp", "InvalidSpokeSp", "NoAccess", "NoCustomAttrValue",
    "NoCustomField", "NoSpokeId", "NoSubdomain", "NoUserFedId", "UnableToResolve",
)  # fmt: skip
"""ErrorCode (IdpEventLog reference)."""

IDP_EVENT_LOG: Final = SObject(
    "IdpEventLog", "Identity Provider Event Log", "0FW", "inferred",
    Needs(MANAGE_USERS | {"CustomizeApplication"}, "inferred"),
    (
        record_id(),
        picklist("InitiatedBy", "Initiated By", "IdP", "SP", "OauthAuthorize",
                 "OauthTokenExchange"),
        moment("Timestamp", "Timestamp"),
        picklist("ErrorCode", "Status", *IDP_CODES),
        string("SamlEntityUrl", 255, "SAML Entity URL"),
        reference("UserId", "User", "User ID"),
        reference("AuthSessionId", "AuthSession", "Auth Session ID"),
        picklist("SsoType", "SSO Type", "0", "1"),
        reference("AppId", ("ConnectedApplication", "ExternalClientApplication"),
                  "Connected App ID"),
        string("IdentityUsed", 765, "Identity Used"),
        boolean("OptionsHasLogoutUrl", "Has Logout URL"),
    ),
    since=39,
)  # fmt: skip

SETUP_AUDIT_TRAIL: Final = SObject(
    "SetupAuditTrail", "Setup Audit Trail Entry", "0Ym", "inferred",
    Needs(VIEW_SETUP, "official"),
    (
        record_id(countable=False),
        string("Action", 120, "Action"),
        unfilterable(string("Section", 40, "Section")),
        moment("CreatedDate", "Date"),
        reference("CreatedById", "User", "User ID", "CreatedBy"),
        unfilterable(string("Display", 1000, "Display")),
        string("DelegateUser", 80, "Delegate User"),
        string("ResponsibleNamespacePrefix", 15, "Responsible Namespace Prefix"),
        string("CreatedByContext", 80, "Created By Context"),
        string("CreatedByIssuer", 80, "Created By Issuer"),
    ),
)  # fmt: skip

ORGANIZATION: Final = SObject(
    "Organization", "Organization", "00D", "inferred", Everyone("inferred"),
    (
        record_id(),
        string("Name", 80, "Name"),
        string("PrimaryContact", 80, "Primary Contact"),
        boolean("IsSandbox", "Is Sandbox"),
        picklist("OrganizationType", "Organization Edition"),
        string("InstanceName", 5, "Instance Name"),
        string("NamespacePrefix", 15, "Namespace Prefix"),
        moment("TrialExpirationDate", "Trial Expiration Date"),
        picklist("LanguageLocaleKey", "Language"),
        picklist("DefaultLocaleSidKey", "Locale"),
        picklist("TimeZoneSidKey", "Time Zone"),
        *audited(),
    ),
    fields_mark="inferred",
)  # fmt: skip
