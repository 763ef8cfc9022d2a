"""Which acts leave a line in the Setup Audit Trail, and what the line says.

Names of actions come from a public collection of real audit trails; what begins with `inferred:`
is our own word for an act whose real name is not established, and so is whether Salesforce writes
a line for it at all.  Sections but Application and Connected Apps are inferred.
"""

from dataclasses import dataclass
from typing import Final, Literal

from evergrant.emulator.schema import Mark

Section = Literal["Application", "Connected Apps", "Manage Users", "Security Controls"]


@dataclass(frozen=True, slots=True)
class Line:
    """One Action of the audit trail."""

    action: str
    section: Section
    meaning: str

    @property
    def mark(self) -> Mark:
        """How well the name of the action is known."""
        return "inferred" if self.action.startswith("inferred:") else "recorded"


def _lines(section: Section, **meanings: str) -> tuple[Line, ...]:
    return tuple(
        Line(name.replace("inferred_", "inferred:"), section, meaning)
        for name, meaning in meanings.items()
    )


LINES: Final = {
    line.action: line
    for line in (
        *_lines(
            "Application",
            insertApplication="a connected app was made here",
            deleteApplication="a connected app was deleted where it was made",
            inferred_insertPackage="a package was installed",
            inferred_deletePackage="a package was uninstalled",
        ),
        *_lines(
            "Connected Apps",
            insertConnectedApplication="an app was installed, or an external client app made",
            deleteConnectedApplication="an app was uninstalled",
            blockConnectedApplication="an app was blocked",
            unblockConnectedApplication="an app was unblocked",
            changeUserRuntimeAccessPolicy="Permitted Users",
            changeIpRelaxationPolicy="IP Relaxation",
            changeOauthDefaultScope="scopes",
            changeApplicationCallbackUrl="callback URLs",
            changeApplicationCertificate="the certificate that signs assertions",
            changeApplicationClientCredentialEnabled="the client credentials flow",
            addOauthClientCredentialUser="the user that client credentials runs as",
            changeApplicationPkceRequired="PKCE",
            changeApplicationSecretRequiredForRefreshToken="the secret on refresh",
            changeApplicationOptionalConsumerSecret="the secret in the web server flow",
            changeApplicationRefreshTokenRotationEnabled="refresh token rotation",
            insertConnectedAppSessionPolicy="the session policy",
            changeApplicationCodeCredentialEnabled="authorization code and credentials",
            changeApplicationCodeCredentialPostOnly="credentials in the body only",
            generateOauthStagedCredential="a staged credential was made",
            inferred_changeApplication="any other setting of an app, and who is on its list",
            inferred_insertExternalClientApplication="an external client app was deployed",
            inferred_rotateConsumerSecret="another consumer secret",
            inferred_revokeAllJwt="all JWT access tokens of an app",
            inferred_revokeOauthToken="approvals were revoked on OAuth Usage or on a user's page",
            inferred_changeTokenExchangeHandler="a token exchange handler",
        ),
        *_lines(
            "Manage Users",
            PermSetCreate="a permission set was made",
            PermSetAssign="a permission set was assigned",
            PermSetUnassign="a permission set was taken away",
            frozeuser="a user was frozen",
            unfrozeuser="a user was unfrozen",
            deactivateduser="a user was deactivated",
            loginIpRange="login IP ranges of a profile",
            sessiontimeoutForProfile="session timeout of a profile",
            requiredSessionLevelForProfile="session level of a profile",
            changedprofileforuser="a user has another profile",
            inferred_activateUser="a user was activated",
            inferred_createUser="a user was made",
            inferred_changeUser="a user's record",
            inferred_insertProfile="a custom profile was deployed",
            inferred_deletePermissionSet="a permission set was deleted by a deployment",
            inferred_changeProfile="any other setting of a profile",
            inferred_changePermissionSet="permissions of a permission set",
            inferred_unlockUser="a user's password was unlocked",
            inferred_resetPassword="a user's password was reset",
            inferred_removeSession="sessions were removed on Session Management",
        ),
        *_lines(
            "Security Controls",
            adminApprovedAppsOnlyOffOn="API Access Control was switched on",
            adminApprovedAppsOnlyOnOff="API Access Control was switched off",
            inferred_authenticateNamedCredential="a named credential was authenticated",
            inferred_changeNamedCredential="callouts of a named credential",
            inferred_insertCertificate="a certificate of the org was made",
            inferred_deleteCertificate="a certificate of the org was deleted",
            inferred_changeOrgSettings="any other setting of the org",
        ),
    )
}
"""Every Action this org writes."""

NO_ADMINS_ACT: Final = {
    "advance_clock": "time passes",
    "approve": "a user approves",
    "break_outbound": "the vendor's doing",
    "change_password": "a user's own doing",
    "choose_organization": "kept by the package, not by Setup",
    "close_org": "the org's own life",
    "connect_inbound": "a user approves",
    "disconnect": "kept by the package, not by Setup",
    "try_connections": "the vendor's doing",
    "confirm_identity": "a user's own doing",
    "contain_user": "Salesforce's doing",
    "expire_sessions": "time passes",
    "expire_trial": "the org's own life",
    "lay_fault": "trouble on purpose",
    "lift_faults": "trouble on purpose",
    "lock_org": "the org's own life",
    "lock_user": "the password policy's doing",
    "migrate_org": "the org's own life",
    "refresh_sandbox": "the org's own life",
    "reopen_org": "the org's own life",
    "set_ip": "callers move",
    "suspend_org": "the org's own life",
    "withdraw_app": "Salesforce's doing",
}
"""Acts that leave no line, each with the reason."""
