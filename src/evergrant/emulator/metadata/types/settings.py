"""The settings whose members matter to sign-in, and the per-profile session settings."""

from typing import Final

from evergrant.emulator.metadata.shape import (
    MetadataType,
    Root,
    choice,
    flag,
    flags,
    group,
    number,
    text,
    texts,
)

SESSION_TIMEOUTS: Final[dict[str, int]] = {
    "FifteenMinutes": 15, "ThirtyMinutes": 30, "SixtyMinutes": 60, "NinetyMinutes": 90,
    "TwoHours": 120, "FourHours": 240, "EightHours": 480, "TwelveHours": 720,
    "TwentyFourHours": 1440,
}  # fmt: skip
_NETWORK: Final = group(
    "networkAccess", group("ipRanges", *texts("start end description"), many=True)
)
_PASSWORDS: Final = group(
    "passwordPolicies",
    *texts("apiOnlyUserHomePageURL historyRestriction minimumPasswordLength"),
    *texts("passwordAssistanceMessage passwordAssistanceURL"),
    choice("complexity", "Complexity", "NoRestriction AlphaNumeric SpecialCharacters "
           "UpperLowerCaseNumeric UpperLowerCaseNumericSpecialCharacters "
           "Any3UpperLowerCaseNumericSpecialCharacters"),
    choice("expiration", "Expiration", "ThirtyDays SixtyDays NinetyDays SixMonths OneYear Never"),
    choice("lockoutInterval", "LockoutInterval",
           "FifteenMinutes ThirtyMinutes SixtyMinutes Forever"),
    choice("maxLoginAttempts", "MaxLoginAttempts",
           "ThreeAttempts FiveAttempts TenAttempts NoLimit"),
    choice("questionRestriction", "QuestionRestriction", "None DoesNotContainPassword"),
    *flags("enableSetPasswordInApi minimumPasswordLifetime obscureSecretAnswer"),
)  # fmt: skip
_SESSIONS: Final = group(
    "sessionSettings",
    *flags("allowUserAuthenticationByCertificate canConfirmEmailChangeInLightningCommunities "
           "canConfirmIdentityBySmsOnly disableTimeoutWarning enableBuiltInAuthenticator "
           "enableCSPOnEmail enableCSRFOnGet enableCSRFOnPost enableCacheAndAutocomplete "
           "enableClickjackNonsetupSFDC enableClickjackNonsetupUser "
           "enableClickjackNonsetupUserHeaderless enableClickjackSetup "
           "enableContentSniffingProtection enableLightningLogin "
           "enableLightningLoginOnlyWithUserPerm enableMFADirectUILoginOptIn "
           "enableOauthCorsPolicy enablePostForSessions enableSMSIdentity enableU2F "
           "enableUpgradeInsecureRequests enableXssProtection enforceIpRangesEveryRequest "
           "forceLogoutOnSessionTimeout forceRelogin hasRetainedLoginHints hasUserSwitching "
           "hstsOnForcecomSites identityConfirmationOnEmailChange "
           "identityConfirmationOnTwoFactorRegistrationEnabled lockSessionsToDomain "
           "lockSessionsToIp lockerServiceCSP lockerServiceFrozenRealm redirectionWarning "
           "referrerPolicy requireHttpOnly requireHttps securityCentralKillSession "
           "skipSFAWhenMFADirectUILogin terminateUserSessionsWhenAdminResetsPassword"),
    *texts("lockerServiceAPIVersion logoutURL"),
    choice("sessionTimeout", "SessionTimeout", " ".join(SESSION_TIMEOUTS), default="TwoHours"),
)  # fmt: skip
_SINGLE_SIGN_ON: Final = group(
    "singleSignOnSettings",
    *flags("enableForceDelegatedCallout enableMultipleSamlConfigs enableSamlJitProvisioning"),
    *flags("enableSamlLogin isLoginWithSalesforceCredentialsDisabled"),
)

SETTINGS: Final = MetadataType(
    "Settings", "settings", "settings",
    members={
        "ConnectedApp": Root("ConnectedAppSettings", (
            flag("enableAdminApprovedAppsOnly", default="false"),
            flag("enableAdminApprovedAppsOnlyForExternalUser", default="false"),
            flag("enableSkipUserProvisioningWizardWelcomePage", default="false"),
        ), "MD-connectedappsettings"),
        "Event": Root("EventSettings", (
            *flags("enableApexLimitEvents enableDeleteMonitoringData enableDynamicStreamingChannel "
                   "enableEventLogGeneration enableEventLogWaveIntegration enableLoginForensics "
                   "enableStreamingApi enableTerminateOldestSession "
                   "enableTransactionSecurityPolicies"),
            number("eventLogRetentionDuration"),
        ), "MD-eventsettings"),
        "ExternalClientApp": Root("ExternalClientAppSettings", (
            flag("enableClientSecretInRestApiAccess", default="false", since=62),
            flag("enableConsumerSecretApiAccess", default="false"),
            flag("enableExternalClientApps", mark="recorded"),
            flag("enablePackageEcaOauthFromDevOrg", default="false", since=62),
        ), "SFS-MD ExternalClientAppSettings"),
        "MyDomain": Root("MyDomainSettings", flags(
            "canOnlyLoginWithMyDomainUrl doesApiLoginRequireOrgDomain "
            "enableNativeBrowserForAuthOnAndroid enableNativeBrowserForAuthOnIos "
            "isIcorInstApiTrafficBlocked isInstancedApiTrafficBlocked "
            "useStabilizedMyDomainHostnames useStabilizedSandboxMyDomainHostnames"
        ), "SFS-MD MyDomainSettings"),
        "OauthOidc": Root("OauthOidcSettings", (
            flag("agentAuthLinking"),
            flag("blockOAuthUnPwFlow"),
            flag("blockOAuthUsrAgtFlow"),
            flag("enableHdlessFgtPswFlow"),
            flag("isPkceRequired", default="false", since=59),
            flag("oAuthCdCrdtFlowEnable", default="false"),
        ), "MD-oauthoidcsettings"),
        "RealTimeEvent": Root("RealTimeEventSettings", (
            group("realTimeEvents", text("entityName", required=True),
                  flag("isEnabled", required=True), many=True),
        ), "SFS-MD RealTimeEventSettings"),
        "Security": Root("SecuritySettings", (
            *flags("canUsersGrantLoginAccess enableAdminLoginAsAnyUser "
                   "enableAuditFieldsInactiveOwner enableAuraSecureEvalPref "
                   "enableRequireHttpsConnection isTLSv12Required isTLSv12RequiredCommunities"),
            _NETWORK, _PASSWORDS, _SESSIONS, _SINGLE_SIGN_ON,
        ), "MD-securitysettings"),
    },
)  # fmt: skip
"""Flags of Security beyond those of the notes are those of the metadata WSDL 47.0."""

PROFILE_SESSION: Final = MetadataType(
    "ProfileSessionSetting", "profileSessionSetting", "profileSessionSettings",
    Root("ProfileSessionSetting", (
        *flags("externalCommunityUserIdentityVerif! forceLogout! sessionPersistence!"),
        flag("sessionTimeoutWarning", required=True),
        text("profile", required=True),
        choice("requiredSessionLevel", "SessionSecurityLevel", "LOW STANDARD HIGH_ASSURANCE"),
        number("sessionTimeout", required=True),
    ), "SFS-MD ProfileSessionSetting"),
)  # fmt: skip
