"""External client apps: the header, two files of settings, two of policies (and their WSDL)."""

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

APP: Final = "externalClientApplication"
"""The element by which the other files name their app; file names say nothing."""
_PARENT: Final = text(APP, required=True)

HEADER: Final = MetadataType(
    "ExternalClientApplication", "eca", "externalClientApps",
    Root("ExternalClientApplication", (
        *texts("contactEmail contactPhone description iconUrl infoUrl label logoUrl"),
        text("orgScopedExternalApp"),
        choice("distributionState", "ExternalClientAppDistributionState",
               "Local Packaged Managed AutoInstalled", default="Local"),
        flag("isProtected", default="false"),
        choice("managedType", "ExternalClientAppManagedType", "Local Global"),
    ), "MD-externalclientapplication"),
    since=59,
)  # fmt: skip

OAUTH_SETTINGS: Final = MetadataType(
    "ExtlClntAppOauthSettings", "ecaOauth", "extlClntAppOauthSettings",
    Root("ExtlClntAppOauthSettings", (
        _PARENT,
        *texts("commaSeparatedOauthScopes commaSeparatedCustomScopes label oauthLink"),
        *texts("singleLogoutUrl clientAssertionCertificate assetTokenAudiences"),
        text("assetTokenSigningCertificate"),
        *flags("isFirstPartyAppEnabled areAttributesIncludedInAssetToken"),
        flag("areCustomPermsIncludedInAssetToken"),
        number("assetTokenValidity"),
        group("customAttributes", *texts("formula! key!"), many=True),
        group("trustedIpRanges", *texts("startIpAddress! endIpAddress! description"), many=True),
    ), "SFS-MD ExtlClntAppOauthSettings"),
    since=59,
)  # fmt: skip

GLOBAL_SETTINGS: Final = MetadataType(
    "ExtlClntAppGlobalOauthSettings", "ecaGlblOauth", "extlClntAppGlobalOauthSets",
    Root("ExtlClntAppGlobalOauthSettings", (
        _PARENT,
        text("callbackUrl"),
        text("certificate", since=60),
        text("consumerKey"),
        text("consumerSecret", secret=True),
        group(
            "idTokenConfig",
            text("idTokenAudience"),
            *flags("idTokenIncludeAttributes idTokenIncludeCustomPermissions"),
            flag("idTokenIncludeStandardClaims"),
            number("idTokenValidityInMinutes"),
        ),
        flag("isClientCredentialsFlowEnabled", default="false", since=60),
        flag("isCodeCredFlowEnabled", default="false", since=61),
        flag("isCodeCredPostOnly", default="false", since=61),
        flag("isConsumerSecretOptional", default="false"),
        flag("isDeviceFlowEnabled", default="false", since=60),
        flag("isEnforceRefreshTokenTTL"),
        flag("isIntrospectAllTokens", default="false"),
        flag("isNamedUserJwtEnabled", default="false", since=61),
        flag("isPkceRequired", default="true"),
        flag("isRefreshTokenRotationEnabled", default="false", since=60),
        flag("isSecretRequiredForRefreshToken", default="true"),
        flag("isSecretRequiredForTokenExchange", default="true", since=60, mark="inferred"),
        flag("isTokenExchangeEnabled", default="false", since=60),
        text("label"),
        flag("shouldRotateConsumerKey", default="false"),
        flag("shouldRotateConsumerSecret", default="false"),
    ), "SFS-MD ExtlClntAppGlobalOauthSettings"),
    since=59,
)  # fmt: skip

OAUTH_POLICIES: Final = MetadataType(
    "ExtlClntAppOauthConfigurablePolicies", "ecaOauthPlcy", "extlClntAppOauthPolicies",
    Root("ExtlClntAppOauthConfigurablePolicies", (
        _PARENT,
        choice("permittedUsersPolicyType", "PermittedUsersPolicyType",
               "AllSelfAuthorized AdminApprovedPreAuthorized", default="AllSelfAuthorized"),
        *texts("commaSeparatedPermissionSet commaSeparatedProfile"),
        text("ipRelaxationPolicyType", default="Enforce"),
        choice("refreshTokenPolicyType", "RefreshTokenPolicyType",
               "Infinite Zero SpecificLifetime SpecificInactivity", default="SpecificLifetime"),
        number("refreshTokenValidityPeriod"),
        text("refreshTokenValidityUnit"),
        choice("policyAction", "PolicyAction", "Block RaiseSessionLevel StepUpMFA"),
        choice("requiredSessionLevel", "RequiredSessionLevel", "LOW STANDARD HIGH_ASSURANCE",
               default="STANDARD"),
        number("sessionTimeoutInMinutes"),
        text("clientCredentialsFlowUser", since=60),
        flag("isClientCredentialsFlowEnabled", default="false", since=60),
        flag("isTokenExchangeFlowEnabled", default="false", since=60),
        flag("isGuestCodeCredFlowEnabled", default="false", since=61),
        text("apexHandler", since=61),
        text("executeHandlerAs", since=61),
        text("commaSeparatedCustomScopes", since=61),
        choice("namedUserJwtSessionTimeoutType", "JwtSessionTimeoutType", "UserSession Custom",
               since=65),
        choice("guestJwtSessionTimeoutType", "JwtSessionTimeoutType", "UserSession Custom",
               since=65),
        number("namedUserJwtTimeout", since=61),
        number("guestJwtTimeout", since=61),
        group("customAttributes", *texts("formula! key!"), many=True),
        *texts("label singleLogoutUrl startUrl"),
    ), "SFS-MD ExtlClntAppOauthConfigurablePolicies"),
    since=59,
)  # fmt: skip
"""The names of the enumerations but the first, which was seen in an error, are inferred."""

POLICIES: Final = MetadataType(
    "ExtlClntAppConfigurablePolicies", "ecaPlcy", "extlClntAppPolicies",
    Root("ExtlClntAppConfigurablePolicies", (
        _PARENT,
        flag("isEnabled", required=True, default="true", since=60),
        flag("isOauthPluginEnabled", since=60),
        flag("isSamlPluginEnabled", since=63),
        flag("isMobilePluginEnabled", since=63),
        flag("isNotificationPluginEnabled", since=63),
        flag("isPushPluginEnabled", since=63),
        flag("isCanvasPluginEnabled", since=66),
        text("label"),
        choice("startPage", "StartPage", "None Custom OAuth SAML", default="None"),
        text("startUrl"),
    ), "SFS-MD ExtlClntAppConfigurablePolicies"),
    since=60,
)  # fmt: skip
