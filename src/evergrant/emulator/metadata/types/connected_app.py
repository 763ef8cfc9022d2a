"""ConnectedApp and BlacklistedConsumer, element by element (metadata guide and its WSDL)."""

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

SCOPES: Final[dict[str, str]] = {
    "Basic": "id", "Api": "api", "Web": "web", "Full": "full", "Chatter": "chatter_api",
    "CustomApplications": "visualforce", "RefreshToken": "refresh_token", "OpenID": "openid",
    "Profile": "profile", "Email": "email", "Address": "address", "Phone": "phone",
    "OfflineAccess": "offline_access", "CustomPermissions": "custom_permissions",
    "Wave": "wave_api", "Eclair": "eclair_api", "Pardot": "pardot_api", "Lightning": "lightning",
    "Content": "content", "CDPIngest": "cdp_ingest_api", "CDPProfile": "cdp_profile_api",
    "CDPQuery": "cdp_query_api", "Chatbot": "chatbot_api", "CDPSegment": "cdp_segment_api",
    "CDPIdentityResolution": "cdp_identityresolution_api",
    "CDPCalculatedInsight": "cdp_calculated_insight_api", "ForgotPassword": "forgot_password",
    "UserRegistration": "user_registration_api", "SFAP": "sfap_api",
    "Interaction": "interaction_api", "CDP": "cdp_api", "EinsteinGPT": "einstein_gpt_api",
    "PwdlessLogin": "pwdless_login_api", "MCP": "mcp_api", "SCRT": "scrt_api",
    "DataCloudUserClaims": "data_cloud_user_claims",
}  # fmt: skip
"""Metadata value to scope on the wire; beyond the first fifteen the pairing is inferred."""

_OAUTH: Final = group(
    "oauthConfig",
    group(
        "assetTokenConfig",
        *texts("assetAudiences! assetSigningCertId!"),
        *flags("assetIncludeAttributes! assetIncludeCustomPerms!"),
        number("assetValidityPeriod", required=True),
    ),
    text("callbackUrl", required=True),
    text("certificate"),
    text("consumerKey"),
    text("consumerSecret", secret=True),
    group(
        "idTokenConfig",
        text("idTokenAudience"),
        *flags("idTokenIncludeAttributes idTokenIncludeCustomPerms idTokenIncludeStandardClaims"),
        number("idTokenValidity"),
        type_name="ConnectedAppOauthIdToken",
    ),
    flag("isAdminApproved", default="false", since=46),
    flag("isClientCredentialEnabled", default="false", since=56),
    flag("isCodeCredentialEnabled", default="false", since=57),
    flag("isCodeCredentialPostOnly", default="false", since=57),
    flag("isConsumerSecretOptional", default="false", since=49),
    flag("isIntrospectAllTokens", default="false", since=49),
    flag("isNamedUserJwtEnabled", default="false", since=59),
    flag("isPkceRequired", default="false", since=59),
    flag("isRefreshTokenRotationEnabled", default="false", since=60),
    flag("isSecretRequiredForRefreshToken", default="true", since=51),
    flag("isSecretRequiredForTokenExchange", default="true", since=60, mark="inferred"),
    flag("isTokenExchangeEnabled", default="false", since=60),
    text("oauthClientCredentialUser", since=56),
    choice("scopes", "ConnectedAppOauthAccessScope", " ".join(SCOPES), many=True),
    text("singleLogoutUrl"),
    type_name="ConnectedAppOauthConfig",
)
_POLICY: Final = group(
    "oauthPolicy",
    text("ipRelaxation", required=True, default="ENFORCE"),
    flag("isTokenExchangeFlowEnabled"),
    text("refreshTokenPolicy", required=True, default="infinite"),
    text("singleLogoutUrl"),
    since=49,
    type_name="ConnectedAppOauthPolicy",
)
_SESSION: Final = group(
    "sessionPolicy",
    choice("policyAction", "ConnectedAppSessionPolicyAction", "Block RaiseSessionLevel"),
    choice("sessionLevel", "SessionSecurityLevel", "LOW STANDARD HIGH_ASSURANCE"),
    number("sessionTimeout"),
    since=49,
    type_name="ConnectedAppSessionPolicy",
)
_SAML: Final = group(
    "samlConfig",
    *texts("acsUrl! entityUrl! certificate encryptionCertificate issuer samlSloUrl"),
    text("samlSubjectCustomAttr"),
    choice("encryptionType", "SamlEncryptionType", "AES_128 AES_256 Triple_Des"),
    choice("samlIdpSLOBindingEnum", "SamlIdpSLOBinding", "RedirectBinding PostBinding"),
    choice("samlNameIdFormat", "SamlNameIdFormatType",
           "Unspecified EmailAddress Persistent Transient"),
    choice("samlSigningAlgoType", "SamlSigningAlgoType", "SHA1 SHA256"),
    choice("samlSubjectType", "SamlSubjectType",
           "Username FederationId UserId SpokeId CustomAttribute PersistentId", required=True),
    type_name="ConnectedAppSamlConfig",
)  # fmt: skip
_CANVAS: Final = group(
    "canvasConfig",
    choice("accessMethod", "AccessMethod", "Get Post", required=True),
    *texts("canvasUrl! lifecycleClass"),
    choice("locations", "CanvasLocationOptions", "None Chatter UserProfile Visualforce Aura "
           "Publisher ChatterFeed ServiceDesk OpenCTI AppLauncher MobileNav PageLayout", many=True),
    choice("options", "CanvasOptions", "HideShare HideHeader PersonalEnabled", many=True),
    choice("samlInitiationMethod", "SamlInitiationMethod", "None IdpInitiated SpInitiated"),
    type_name="ConnectedAppCanvasConfig",
)  # fmt: skip
_MOBILE: Final = group(
    "mobileAppConfig",
    *texts("applicationBinaryFile applicationBinaryFileName applicationBundleIdentifier"),
    *texts("applicationIconFile applicationIconFileName applicationInstallUrl minimumOsVersion"),
    *texts("version!"),
    number("applicationFileLength"),
    choice("devicePlatform", "DevicePlatformType", "ios android", required=True),
    choice("deviceType", "DeviceType", "phone tablet minitablet"),
    flag("privateApp"),
    type_name="ConnectedAppMobileDetailConfig",
)

CONNECTED_APP: Final = MetadataType(
    "ConnectedApp", "connectedApp", "connectedApps",
    Root("ConnectedApp", (
        *texts("label! contactEmail! contactPhone description iconUrl infoUrl logoUrl"),
        *texts("mobileStartUrl startUrl plugin pluginExecutionUser"),
        group("attributes", *texts("formula! key!"), many=True, type_name="ConnectedAppAttribute"),
        group("ipRanges", *texts("start! end! description"), many=True,
              type_name="ConnectedAppIpRange"),
        _OAUTH, _POLICY, _SESSION, _SAML, _CANVAS, _MOBILE,
        text("permissionSetName", many=True, since=46),
        text("profileName", many=True, since=46),
    ), "MD-connectedapp"),
    since=29,
)  # fmt: skip
"""pluginExecutionUser stands in the guide, not in the WSDL; the older `canvas` is not built."""

BLOCKED_APP: Final = MetadataType(
    "BlacklistedConsumer", "blacklistedConsumer", "blacklistedConsumers",
    Root("BlacklistedConsumer", (
        flag("blockedByApiWhitelisting", required=True, default="false"),
        *texts("consumerKey! consumerName! masterLabel!"),
    ), "MD-blacklistedconsumer"),
    since=49,
)  # fmt: skip
