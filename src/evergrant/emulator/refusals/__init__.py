"""Every refusal: what goes over the wire, by which channel, and what the org writes down.

Texts are byte for byte those of the protocol notes; a row that rests on our deduction alone is
marked inferred. A Login History status of None means that no row is written: for most of those
the real string is not established, which makes the absence itself inferred (`history_mark`).
"""

from typing import Final

from evergrant.emulator.refusals.flows import FLOW_ROWS
from evergrant.emulator.refusals.refusal import (
    Refusal,
    by_array,
    by_login_page,
    by_page,
    by_redirect,
    by_text,
    by_token,
)
from evergrant.emulator.refusals.standing import STANDING_ROWS

_DEAD_TOKEN: Final = "expired access/refresh token"
_UNAPPROVED: Final = "user hasn't approved this consumer"
_NOT_ADMITTED: Final = "user is not admin approved to access this app"
_BLOCKED: Final = "this app is blocked by admin"
_UNINSTALLED: Final = "app must be installed into org"
_NO_ECA: Final = "External client app is not installed in this org"
_CROSS_ORG: Final = "Cross-org OAuth flows are not supported for this external client app"
_NO_CLIENT: Final = "client identifier invalid"
_IP_OR_HOURS: Final = "ip restricted or invalid login hours"
_NO_REST: Final = "This session is not valid for use with the REST API"
_NO_SESSION: Final = "Session expired or invalid"
_REFUSED_ACCESS: Final = "Failed: Not approved for access"
_NO_KEY: Final = "Failed: Missing Consumer Key Parameter"

_ROWS: Final = (
    # --- the request itself
    by_token("grant_type", "unsupported_grant_type", "grant type not supported", "official",
             "o-clierr"),
    by_token("scope_on_token", "invalid_request", "scope parameter not supported", "recorded",
             "public-code"),
    by_token("org_locked", "invalid_grant", "inactive organization", "recorded", "t-cal11508",
             log="Organization locked", log_mark="official"),
    by_page("org_locked", "inactive_org", "inactive organization", "inferred", "t-cal11508",
            log="Organization locked", log_mark="official"),
    # --- where it was sent, and for whom
    by_token("generic_host", "invalid_grant", "request not supported on this domain", "recorded",
             "o-cc t-pubsub58"),
    by_token("eca_not_found", "app_not_found", _NO_ECA, "recorded", "c-cli3482 t-n8n28990"),
    by_page("eca_not_found", "OAUTH_EC_APP_NOT_FOUND", _NO_ECA, "recorded", "t-pd21557"),
    by_token("cross_org", "invalid_client", _CROSS_ORG, "recorded", "t-unified"),
    by_page("cross_org", "OAUTH_AUTHORIZATION_BLOCKED", _CROSS_ORG, "recorded",
            "public-code o-eca"),
    by_token("client_unknown", "invalid_client_id", _NO_CLIENT, "official", "o-clierr"),
    by_page("client_unknown", "invalid_client_id", _NO_CLIENT, "recorded", "public-code"),
    by_token("client_deleted", "invalid_client_id", _NO_CLIENT, "inferred", "o-clierr",
             log="Failed: Consumer Deleted"),
    by_page("client_deleted", "invalid_client_id", _NO_CLIENT, "inferred", "o-clierr",
            log="Failed: Consumer Deleted"),
    by_page("redirect_missing", "redirect_uri_missing", "redirect_uri is missing", "inferred",
            "c-errenum"),
    by_page("redirect_mismatch", "redirect_uri_mismatch", "redirect_uri must match configuration",
            "recorded", "o-enablement", log="Failed: Invalid Callback URL"),
    by_token("redirect_mismatch", "redirect_uri_mismatch", "redirect_uri must match configuration",
             "inferred", "o-ws", log="Failed: Invalid Callback URL"),
    by_redirect("response_type", "unsupported_response_type", "response type is not supported",
                "recorded", "public-code"),
    # --- the app in this org
    by_token("app_blocked", "app_blocked", _BLOCKED, "inferred", "c-errenum", idp="AppBlocked"),
    by_page("app_blocked", "OAUTH_APP_BLOCKED", _BLOCKED, "recorded", "t-n8n21589 o-usage",
            idp="AppBlocked"),
    by_token("app_disabled", "app_blocked", _BLOCKED, "inferred", "o-ecaconf", idp="AppBlocked"),
    by_page("app_disabled", "OAUTH_APP_BLOCKED", _BLOCKED, "inferred", "o-ecaconf",
            idp="AppBlocked"),
    by_token("oauth_plugin_off", "oauth_flow_disabled", "oauth flow disabled", "inferred",
             "c-errenum"),
    by_page("oauth_plugin_off", "oauth_flow_disabled", "oauth flow disabled", "inferred",
            "c-errenum"),
    by_token("api_access_control", "app_blocked", _BLOCKED, "inferred", "c-errenum",
             idp="AppBlocked"),
    by_page("api_access_control", "OAUTH_APP_BLOCKED", _BLOCKED, "recorded", "o-usage",
            idp="AppBlocked"),
    by_token("app_uninstalled", "invalid_client", _UNINSTALLED, "inferred", "t-cirrus t-movedata",
             idp="OauthError"),
    by_page("app_uninstalled", "invalid_client", _UNINSTALLED, "recorded", "t-movedata t-nangoerr",
            idp="OauthError"),
    # --- the flow
    by_token("client_credentials_disabled", "invalid_grant", "client credentials flow not enabled",
             "recorded", "public-code"),
    by_token("jwt_disabled", "invalid_grant", "invalid assertion", "inferred", "o-ecaglobal"),
    by_token("device_disabled", "invalid_grant", "device flow is not enabled for the app",
             "recorded", "c-cb263"),
    by_token("password_disabled", "invalid_grant", "authentication failure", "recorded", "t-enree",
             log="Username-Password Flow Disabled", log_mark="recorded"),
    by_token("token_exchange_disabled", "invalid_request", "token handler not found", "recorded",
             "public-code"),
    Refusal("pkce_missing", "authorize", "raw_body", "invalid_request",
            "missing required code challenge", "recorded", "public-code",
            login_status="Failed: Invalid Code Challenge", idp_code="OauthError"),
    by_page("scope_not_allowed", "invalid_scope", "the requested scope is not allowed", "recorded",
            "c-mcp1 c-mcp47", idp="InvalidScope"),
    by_token("no_valid_scopes", "invalid_grant", "no valid scopes defined", "recorded",
             "t-cloudabhi", idp="InvalidScope"),
    # --- the client
    by_token("wrong_secret", "invalid_client", "invalid client credentials", "official", "o-clierr",
             log=_NO_KEY, log_mark="recorded", idp="InvalidClientCredentials"),
    by_token("basic_malformed", "invalid_basic_auth_header", "invalid basic auth header",
             "inferred", "c-errenum", idp="InvalidClientCredentials"),
    # --- what it brings
    by_token("code_unknown", "invalid_grant", "invalid authorization code", "inferred", "3.3",
             idp="InvalidCode"),
    by_token("code_elsewhere", "invalid_grant", "authentication failure", "official", "o-clierr"),
    by_token("code_expired", "invalid_grant", "expired authorization code", "recorded",
             "t-easymorph", idp="CodeExpired"),
    by_token("code_used", "invalid_grant", "expired authorization code", "recorded", "t-forrest169",
             idp="CodeExpired"),
    by_token("verifier_missing", "invalid_grant", "invalid code verifier", "inferred",
             "public-code", log="Failed: Invalid Code Verifier", idp="OauthError"),
    by_token("verifier_wrong", "invalid_grant", "invalid code verifier", "recorded", "t-se330168",
             log="Failed: Invalid Code Verifier", idp="OauthError"),
    by_token("verifier_unexpected", "invalid_grant", "unexpected code verifier", "recorded",
             "c-core166", log="Failed: Invalid Code Verifier", idp="OauthError"),
    by_token("refresh_token_unknown", "invalid_grant", _DEAD_TOKEN, "official", "o-err"),
    by_token("refresh_token_revoked", "invalid_grant", _DEAD_TOKEN, "official", "o-err"),
    by_token("refresh_token_evicted", "invalid_grant", _DEAD_TOKEN, "official", "o-approve"),
    by_token("refresh_token_rotated", "invalid_grant", _DEAD_TOKEN, "official", "o-connapp"),
    by_token("refresh_token_expired", "invalid_grant", _DEAD_TOKEN, "official", "o-connapp"),
    by_token("refresh_token_busy", "invalid_grant", "token request is already being processed",
             "recorded", "c-ios3731 t-segment2300",
             log="Failed: Token request is already being processed", log_mark="recorded"),
    by_token("jwt_unreadable", "invalid_grant", "invalid assertion", "recorded", "t-striim",
             idp="OauthError"),
    by_token("jwt_signature", "invalid_grant", "invalid assertion", "recorded", "c-travis135",
             log=_NO_KEY, log_mark="recorded", idp="OauthError"),
    by_token("jwt_signature_eca", "invalid_client", "invalid client credentials", "recorded",
             "ECA-ORG", log=_NO_KEY, log_mark="recorded", idp="InvalidClientCredentials"),
    by_token("jwt_audience", "invalid_grant", "audience is invalid", "recorded", "o-err c-cli3482",
             idp="OauthError"),
    by_token("jwt_expired", "invalid_grant", "expired authorization code", "recorded", "t-se282513",
             idp="CodeExpired"),
    # --- the user
    by_token("user_unknown", "invalid_grant", _UNAPPROVED, "inferred", "3.3"),
    by_token("no_run_as_user", "invalid_grant", "no client credentials user enabled", "recorded",
             "t-striim"),
    by_token("user_inactive", "invalid_grant", "inactive user", "recorded", "t-rf303",
             log="User is Inactive", log_mark="official"),
    by_token("user_frozen", "invalid_grant", "inactive user", "inferred", "t-rf303",
             log="User Is Frozen", log_mark="official"),
    by_login_page("user_inactive", "o-loginstatus", "User is Inactive"),
    by_login_page("user_frozen", "o-loginstatus", "User Is Frozen"),
    by_login_page("my_domain_login_only", "o-mydomain o-loginstatus", "Restricted domain"),
    by_login_page("password_wrong", "o-loginstatus", "Invalid Password"),
    by_login_page("password_locked", "o-loginstatus", "Password Lockout"),
    by_token("api_disabled", "invalid_grant", "authentication failure", "official", "o-clierr",
             log="Failed: OAuth API access disabled", log_mark="inferred"),
    by_token("not_admitted", "invalid_app_access", _NOT_ADMITTED, "official", "o-kb212208",
             log=_REFUSED_ACCESS, log_mark="official", idp="AppAccessDenied"),
    by_page("not_admitted", "OAUTH_APP_ACCESS_DENIED", _NOT_ADMITTED, "recorded", "t-elf9",
            log=_REFUSED_ACCESS, log_mark="official", idp="AppAccessDenied"),
    by_token("not_approved", "invalid_grant", _UNAPPROVED, "official", "o-clierr",
             log=_REFUSED_ACCESS, idp="ClientUnapproved"),
    by_token("no_refresh_scope", "invalid_request",
             "refresh_token scope is required and the connected app should be installed and "
             "preauthorized",
             "recorded", "t-nodejwt3", idp="ClientUnapproved"),
    by_token("ip_restricted", "invalid_grant", _IP_OR_HOURS, "official", "o-clierr",
             log="Restricted IP", log_mark="official"),
    by_token("hours_restricted", "invalid_grant", _IP_OR_HOURS, "official", "o-clierr",
             log="Restricted time", log_mark="official"),
    by_login_page("ip_restricted", "o-loginstatus", "Restricted IP"),
    by_login_page("hours_restricted", "o-loginstatus", "Restricted time"),
    by_token("session_level", "invalid_session_level", "invalid session level", "inferred",
             "c-errenum", idp="InvalidSessionLevel"),
    by_redirect("denied", "access_denied", "end-user denied authorization", "official", "o-err"),
    by_redirect("immediate", "immediate_unsuccessful", "not signed in or not approved", "inferred",
                "o-ws"),
    # --- the identity URL and userinfo
    by_text("token_dead", "Bad_OAuth_Token", "recorded", "public-code"),
    by_text("org_mistaken", "Wrong_Org", "inferred", "3.7"),
    by_text("user_mistaken", "Bad_Id", "inferred", "3.7"),
    # --- the REST API
    by_array("session_dead", "INVALID_SESSION_ID", _NO_SESSION, "recorded", "t-nangosess", 401),
    by_array("session_elsewhere", "INVALID_SESSION_ID", _NO_SESSION, "recorded", "o-secset", 401),
    by_array("session_unfit", "INVALID_SESSION_ID", _NO_REST, "recorded", "c-jsfhttp", 401),
    by_array("rest_disabled", "API_DISABLED_FOR_ORG",
             "The REST API is not enabled for this Organization.", "recorded", "o-apienabled", 403),
)  # fmt: skip

REFUSALS: Final = {(row.id, row.leg): row for row in (*_ROWS, *FLOW_ROWS, *STANDING_ROWS)}
"""Refusals by what is wrong and on which leg of the conversation."""
