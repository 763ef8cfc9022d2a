"""The queryable objects of external client apps: what of their policies the org shows.

All are read from the policy that the gates obey. Sources: the enterprise WSDL of release 260
(names of the fields; the reference marks most objects "for internal use only") and public code
that queries them. Key prefixes, labels and visibility are inferred; so is every picklist value
that no source states.
"""

from typing import Final

from evergrant.emulator.objects.apps import SEES_APPS
from evergrant.emulator.schema import (
    Child,
    Field,
    SObject,
    View,
    audited,
    boolean,
    integer,
    picklist,
    record_id,
    reference,
    string,
    url,
)

SCOPES: Final = {
    "api": "API", "web": "WEB", "full": "FULL", "refresh_token": "REFRESH_TOKEN",
    "offline_access": "OFFLINE_ACCESS", "openid": "OPENID", "profile": "PROFILE",
    "email": "EMAIL", "address": "ADDRESS", "phone": "PHONE", "id": "SSO",
    "chatter_api": "CHATTER_REST_API", "wave_api": "WAVE_REST_API",
    "eclair_api": "ECLAIR_REST_API", "lightning": "LIGHTNING", "content": "CONTENT",
    "custom_permissions": "CUSTOM_PERMISSIONS", "visualforce": "VF", "mcp_api": "MCP_API",
    "sfap_api": "SFAP_API", "pardot_api": "PARDOT_API", "chatbot_api": "CHATBOT_API",
    "cdp_api": "CDP_API", "cdp_ingest_api": "CDP_INGEST_API",
    "cdp_profile_api": "CDP_PROFILE_API", "cdp_query_api": "CDP_QUERY_API",
    "cdp_segment_api": "CDP_SEGMENT_API",
    "cdp_identityresolution_api": "CDP_IDENTITYRESOLUTION_API",
    "cdp_calculated_insight_api": "CDP_CALCULATED_INSIGHT_API",
    "interaction_api": "INTERACTION_API", "einstein_gpt_api": "EINSTEIN_GPT_API",
    "scrt_api": "SCRT_API", "forgot_password": "FORGOT_PASSWORD",
    "user_registration_api": "USER_REGISTRATION_API", "pwdless_login_api": "PWDLESS_LOGIN_API",
}  # fmt: skip
"""Scope on the wire to the column OauthScopes…; most pairs are inferred from their names."""

_POLICY: Final = (
    '"ExternalClientApplication" a JOIN x_policy p ON p.kind = \'AppPolicy\' AND p.id = a."Id"'
)
_AUDITED: Final = {
    name: f'a."{name}"'
    for name in (
        "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp",
    )
}  # fmt: skip


def _knob(name: str, otherwise: str = "NULL") -> str:
    return f"COALESCE(json_extract(p.value, '$.{name}'), {otherwise})"


def _among(value: str, words: dict[str, str]) -> str:
    cases = " ".join(f"WHEN '{knob}' THEN '{shown}'" for knob, shown in words.items())
    return f"CASE {value} {cases} END"


def _base(prefix: str, suffix: str) -> dict[str, str]:
    """What every satellite of an app has; `<App>_defaultPolicy` is the name seen in public."""
    return {
        "Id": f"sf_twin('{prefix}', a.\"Id\", 0)",
        "DeveloperName": f"a.\"DeveloperName\" || '{suffix}'",
        "MasterLabel": f"a.\"DeveloperName\" || '{suffix}'",
        "Language": 'a."Language"',
        "ExternalClientApplicationId": 'a."Id"',
        **_AUDITED,
    }


def _named() -> tuple[Field, ...]:
    return (
        record_id(),
        string("DeveloperName", 80, "Name"),
        string("MasterLabel", 80, "Label"),
        picklist("Language", "Master Language"),
        *audited(),
        reference(
            "ExternalClientApplicationId", "ExternalClientApplication", "External Client App",
            "ExternalClientApplication",
        ),
    )  # fmt: skip


_SETTINGS_ID: Final = reference(
    "ExtlClntAppOauthSettingsId", "ExtlClntAppOauthSettings", "OAuth Settings",
    "ExtlClntAppOauthSettings",
)  # fmt: skip
_SETTINGS: Final = "sf_twin('1Os', a.\"Id\", 0)"
_REFRESH: Final = _knob("refresh_policy", "''")
_AFTER_KIND: Final = f"substr({_REFRESH}, instr({_REFRESH}, ':') + 1)"
_IS_LIMITED: Final = f"instr({_REFRESH}, ':') > 0"
_KIND: Final = f"substr({_REFRESH}, 1, instr({_REFRESH} || ':', ':') - 1)"
_UNIT: Final = f"substr({_AFTER_KIND}, instr({_AFTER_KIND}, ':') + 1)"

OAUTH_POLICY: Final = SObject(
    "ExtlClntAppOauthPlcyCnfg", "External Client App OAuth Policy", "1Op", "inferred", SEES_APPS,
    (
        *_named(),
        _SETTINGS_ID,
        picklist("PermittedUsersPolicyType", "Permitted Users", "AllSelfAuthorized",
                 "AdminApprovedPreAuthorized"),
        picklist("IpRelaxationPolicyType", "IP Relaxation", "Enforce", "Enforce_RelaxRefresh",
                 "Bypass_2factor", "Bypass"),
        picklist("RefreshTokenPolicyType", "Refresh Token Policy", "Infinite", "Zero",
                 "SpecificLifetime", "SpecificInactivity"),
        integer("RefreshTokenValidityPeriod", "Refresh Token Validity Period"),
        picklist("RefreshTokenValidityUnit", "Refresh Token Validity Unit", "Hours", "Days",
                 "Months"),
        picklist("PolicyAction", "Policy Action", "Block", "RaiseSessionLevel"),
        picklist("RequiredSessionLevel", "Required Session Level", "LOW", "STANDARD",
                 "HIGH_ASSURANCE"),
        integer("SessionTimeoutInMinutes", "Session Timeout in Minutes"),
        string("ClientCredentialsFlowUser", 80, "Client Credentials Flow User"),
        boolean("IsClientCredentialsFlowEnabled", "Client Credentials Flow Enabled"),
        boolean("IsTokenExchangeFlowEnabled", "Token Exchange Flow Enabled"),
        boolean("IsGuestCodeCredFlowEnabled", "Guest Code Credential Flow Enabled"),
        boolean("IsNamedUserJwtEnabled", "Named User JWT Enabled"),
        integer("NamedUserJwtTimeout", "Named User JWT Timeout"),
        picklist("NamedUserJwtTimeoutSessionTimeoutType", "Named User JWT Session Timeout Type",
                 "UserSession", "Custom"),
        integer("GuestJwtTimeout", "Guest JWT Timeout"),
        picklist("GuestJwtTimeoutSessionTimeoutType", "Guest JWT Session Timeout Type",
                 "UserSession", "Custom"),
        string("ApexHandlerId", 18, "Apex Handler"),
        string("ExecuteHandlerAsId", 18, "Execute Handler As"),
        url("SingleLogoutUrl", "Single Logout URL"),
        url("StartUrl", "Start URL", 2400),
    ),
    in_tooling=True,
    fields_mark="inferred",
    rows="read from the app's policy",
    view=View(_POLICY, {
        **_base("1Op", "_defaultPolicy"),
        "ExtlClntAppOauthSettingsId": _SETTINGS,
        "PermittedUsersPolicyType": f"CASE WHEN {_knob('admin_approved', '0')}"
                                    " THEN 'AdminApprovedPreAuthorized'"
                                    " ELSE 'AllSelfAuthorized' END",
        "IpRelaxationPolicyType": _among(_knob("ip_relaxation"), {
            "ENFORCE": "Enforce", "ENFORCE_RELAXREFRESH": "Enforce_RelaxRefresh",
            "BYPASS_2FACTOR": "Bypass_2factor", "BYPASS": "Bypass",
        }),
        "RefreshTokenPolicyType": _among(_KIND, {
            "infinite": "Infinite", "zero": "Zero", "specific_lifetime": "SpecificLifetime",
            "specific_inactivity": "SpecificInactivity",
        }),
        "RefreshTokenValidityPeriod": f"CASE WHEN {_IS_LIMITED} THEN CAST({_AFTER_KIND} AS INTEGER)"
                                      " END",
        "RefreshTokenValidityUnit": _among(
            _UNIT, {"HOURS": "Hours", "DAYS": "Days", "MONTHS": "Months"}
        ),
        "PolicyAction": f"NULLIF({_knob('session_action')}, '')",
        "RequiredSessionLevel": f"COALESCE(NULLIF({_knob('session_level')}, ''), 'STANDARD')",
        "SessionTimeoutInMinutes": _knob("session_minutes"),
        "ClientCredentialsFlowUser": f"NULLIF({_knob('run_as')}, '')",
        "IsClientCredentialsFlowEnabled": _knob("client_credentials", "0"),
        "IsTokenExchangeFlowEnabled": _knob("token_exchange", "0"),
        "IsNamedUserJwtEnabled": _knob("jwt_access_tokens", "0"),
        "NamedUserJwtTimeout": _knob("jwt_minutes"),
        "NamedUserJwtTimeoutSessionTimeoutType": _knob("jwt_timeout"),
    }),
)  # fmt: skip

APP_POLICY: Final = SObject(
    "ExtlClntAppPlcyCnfg", "External Client App Policy", "1Ap", "inferred", SEES_APPS,
    (
        *_named(),
        boolean("IsEnabled", "Enabled"),
        picklist("OauthPluginStatus", "OAuth Plugin Status", "Enabled", "Disabled"),
        picklist("SamlPluginStatus", "SAML Plugin Status"),
        picklist("CanvasPluginStatus", "Canvas Plugin Status"),
        picklist("MobilePluginStatus", "Mobile Plugin Status"),
        picklist("NotifPluginStatus", "Notification Plugin Status"),
        picklist("PushPluginStatus", "Push Plugin Status"),
        picklist("StartPage", "Start Page", "None", "Custom", "OAuth", "SAML"),
        url("StartUrl", "Start URL", 2400),
    ),
    in_tooling=True,
    fields_mark="inferred",
    rows="read from the app's policy",
    view=View(_POLICY, {
        **_base("1Ap", "_defaultPolicy"),
        "IsEnabled": _knob("enabled", "1"),
        "OauthPluginStatus": f"CASE WHEN {_knob('oauth_enabled', '1')} THEN 'Enabled'"
                             " ELSE 'Disabled' END",
        "StartPage": "'None'",
    }),
)  # fmt: skip

OAUTH_SETTINGS: Final = SObject(
    "ExtlClntAppOauthSettings", "External Client App OAuth Settings", "1Os", "inferred",
    SEES_APPS,
    (
        *_named(),
        *(boolean(f"OauthScopes{name}", f"OAuth Scopes {name}") for name in SCOPES.values()),
        string("OauthLink", 255, "OAuth Link"),
        url("SingleLogoutUrl", "Single Logout URL"),
        string("ClientAssertionCertificate", 255, "Client Assertion Certificate"),
        boolean("ExtlClntAppOauthOptionsFirstPartyAppEnabled", "First Party App Enabled"),
    ),
    in_tooling=True,
    fields_mark="inferred",
    rows="read from the app's scopes",
    children=(
        Child("ExtlClntAppOauthIpRanges", "ExtlClntAppOauthIpRange", "ExtlClntAppOauthSettingsId"),
    ),
    view=View(_POLICY, {
        **_base("1Os", "_oauth"),
        **{
            f"OauthScopes{column}": (
                "EXISTS (SELECT 1 FROM json_each(p.value, '$.scopes') s"
                f" WHERE s.value = '{scope}')"
            )
            for scope, column in SCOPES.items()
        },
    }),
)  # fmt: skip

IP_RANGE: Final = SObject(
    "ExtlClntAppOauthIpRange", "External Client App OAuth IP Range", "1Or", "inferred", SEES_APPS,
    (
        record_id(),
        *audited(),
        _SETTINGS_ID,
        string("StartIpAddress", 39, "Start IP Address"),
        string("EndIpAddress", 39, "End IP Address"),
        string("Description", 255, "Description"),
    ),
    in_tooling=True,
    fields_mark="inferred",
    rows="read from the app's trusted ranges",
    view=View(f"{_POLICY}, json_each(p.value, '$.trusted_ranges') r", {
        **_AUDITED,
        "Id": "sf_twin('1Or', a.\"Id\", r.key)",
        "ExtlClntAppOauthSettingsId": _SETTINGS,
        "StartIpAddress": "json_extract(r.value, '$[0]')",
        "EndIpAddress": "json_extract(r.value, '$[1]')",
    }),
)  # fmt: skip

SECURITY_SETTINGS: Final = SObject(
    "ExtlClntAppOauthSecuritySettings", "External Client App OAuth Security Settings", "1Ot",
    "inferred", SEES_APPS, _named(), in_tooling=True, fields_mark="inferred",
    rows="one an app; the ranges of the refresh token allowlist are another object's",
    view=View(_POLICY, _base("1Ot", "_oauthSecurity")),
)  # fmt: skip

CONSUMER: Final = SObject(
    "ExtlClntAppOauthConsumer", "External Client App OAuth Consumer", "1Oc", "inferred",
    SEES_APPS, (*_named(), _SETTINGS_ID), in_tooling=True, fields_mark="inferred",
    rows="one an app; neither key nor secret is a column",
    view=View(_POLICY, {
        **_base("1Oc", "_consumer"), "ExtlClntAppOauthSettingsId": _SETTINGS,
    }),
)  # fmt: skip

EXTERNAL: Final = (
    OAUTH_POLICY, APP_POLICY, OAUTH_SETTINGS, IP_RANGE, SECURITY_SETTINGS, CONSUMER,
)  # fmt: skip
