"""Types around sign-in that this org keeps and gives back, most without acting on them."""

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

CORS: Final = MetadataType(
    "CorsWhitelistOrigin", "corsWhitelistOrigin", "corsWhitelistOrigins",
    Root("CorsWhitelistOrigin", (text("urlPattern", required=True),), "SFS-MD CorsWhitelistOrigin"),
)  # fmt: skip

CUSTOM_SCOPE: Final = MetadataType(
    "OauthCustomScope", "oauthcustomscope", "oauthcustomscopes",
    Root("OauthCustomScope", (
        group("assignedTo", text("connectedApp", required=True), many=True),
        *texts("description! developerName! masterLabel!"),
        *flags("isProtected isPublic"),
    ), "SFS-MD OauthCustomScope"),
)  # fmt: skip

TOKEN_HANDLER: Final = MetadataType(
    "OauthTokenExchangeHandler", "oauthtokenexchangehandler", "oauthtokenexchangehandlers",
    Root("OauthTokenExchangeHandler", (
        *texts("description developerName masterLabel", "inferred"),
        text("tokenHandlerApex", required=True),
        group("enablements", *texts("apexExecutionUser! connectedApp externalClientApp"),
              flag("isDefault", required=True), many=True),
        *flags("isEnabled! isUserCreationAllowed!"),
        *flags("isAccessTokenSupported isIdTokenSupported isJwtSupported isRefreshTokenSupported "
               "isSaml2Supported", "inferred"),
    ), "SFS-MD OauthTokenExchangeHandler"),
)  # fmt: skip

_STATUS: Final = choice("calloutStatus", "CalloutStatus", "Enabled Disabled")
NAMED_CREDENTIAL: Final = MetadataType(
    "NamedCredential", "namedCredential", "namedCredentials",
    Root("NamedCredential", (
        *texts("authProvider authTokenEndpointUrl awsAccessKey awsRegion awsService certificate "
               "endpoint jwtAudience jwtFormulaSubject jwtIssuer jwtSigningCertificate "
               "jwtTextSubject label! oauthScope privateConnection username"),
        *flags("allowMergeFieldsInBody allowMergeFieldsInHeader generateAuthorizationHeader"),
        *(text(name, secret=True)
          for name in ("awsAccessSecret", "oauthRefreshToken", "oauthToken", "password")),
        number("jwtValidityPeriodSeconds"),
        choice("namedCredentialType", "NamedCredentialType",
               "Legacy SecuredEndpoint PrivateEndpoint Standard"),
        choice("principalType", "ExternalPrincipalType",
               "Anonymous PerUser NamedUser NamedCustomPrincipal"),
        choice("protocol", "AuthenticationProtocol",
               "NoAuthentication Oauth Password AwsSv4 Jwt JwtExchange"),
        _STATUS,
        group("namedCredentialParameters", *texts("parameterName parameterType! parameterValue"),
              *texts("authProvider certificate description externalCredential "
                     "globalNamedPrincipalCredential managedFeatureEnabledCallout "
                     "outboundNetworkConnection", "inferred"),
              number("sequenceNumber"), many=True),
    ), "SFS-MD NamedCredential"),
)  # fmt: skip
EXTERNAL_CREDENTIAL: Final = MetadataType(
    "ExternalCredential", "externalCredential", "externalCredentials",
    Root("ExternalCredential", (
        choice("authenticationProtocol", "AuthenticationProtocol",
               "NoAuthentication Oauth Password AwsSv4 Jwt JwtExchange Custom Basic",
               required=True),
        *texts("description label!"),
        group("externalCredentialParameters", *texts("parameterName parameterType! parameterValue"),
              *texts("authProvider certificate description externalAuthIdentityProvider "
                     "parameterGroup", "inferred"),
              number("sequenceNumber"), many=True),
    ), "SFS-MD ExternalCredential"),
)  # fmt: skip

AUTH_PROVIDER: Final = MetadataType(
    "AuthProvider", "authprovider", "authproviders",
    Root("AuthProvider", (
        *texts("appleTeam authorizeUrl consumerKey customMetadataTypeRecord defaultScopes errorUrl "
               "executionUser friendlyName! iconUrl idTokenIssuer linkKickoffUrl logoutUrl "
               "oauthKickoffUrl plugin portal registrationHandler ssoKickoffUrl tokenUrl "
               "userInfoUrl"),
        text("consumerSecret", secret=True),
        text("ecKey", secret=True),
        *flags("includeOrgIdInIdentifier isPkceEnabled requireMfa sendAccessTokenInHeader "
               "sendClientCredentialsInHeader sendSecretInApis"),
        choice("providerType", "AuthProviderType", "Apple Facebook Janrain Salesforce "
               "OpenIdConnect MicrosoftACS LinkedIn Twitter Google GitHub Custom", required=True),
    ), "SFS-MD AuthProvider"),
)  # fmt: skip

SECURITY_POLICY: Final = MetadataType(
    "TransactionSecurityPolicy", "transactionSecurityPolicy", "transactionSecurityPolicies",
    Root("TransactionSecurityPolicy", (
        group(
            "action",
            *flags("block! endSession! freezeUser! twoFactorAuthentication! useStepUp"),
            group("notifications", *flags("inApp! sendEmail!"), text("user", required=True),
                  many=True),
        ),
        flag("active", required=True),
        *texts("apexClass description developerName eventName eventType executionUser flow"),
        *texts("masterLabel resourceName type"),
    ), "SFS-MD TransactionSecurityPolicy"),
)  # fmt: skip
