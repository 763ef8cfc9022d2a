"""Refusals of the flows beside web server, refresh, JWT bearer and client credentials."""

from typing import Final

from evergrant.emulator.refusals.refusal import Refusal, by_fault, by_page, by_redirect, by_token

_FAILED: Final = "authentication failure"
_SCOPE: Final = "the requested scope is not allowed"
_NO_LOGIN: Final = "Invalid username, password, security token; or user locked out."
_PASSWORD: Final = "Invalid Password"
_NO_API_TOKEN: Final = "Failed: API security token required"

FLOW_ROWS: Final = (
    # --- the request itself
    by_token("duplicate_parameter", "invalid_request", "duplicate parameter",
             "inferred", "RFC 6749 section 3.2"),
    Refusal("duplicate_parameter", "authorize", "raw_body", "invalid_request",
            "duplicate parameter", "inferred", "RFC 6749 section 3.1"),
    by_token("scope_not_allowed", "invalid_scope", _SCOPE, "inferred", "c-mcp1",
             idp="InvalidScope"),
    # --- hybrid
    by_token("hybrid_refresh_disabled", "invalid_grant",
             "hybrid refresh is not allowed with JWT-based access tokens and rotation",
             "inferred", "o-hybrt"),
    # --- device
    by_token("device_code_disabled", "invalid_grant", "device flow is not enabled for the app",
             "recorded", "c-cb263"),
    by_page("device_approval_disabled", "invalid_grant",
            "device flow is not enabled for the app", "inferred", "c-cb263"),
    by_token("device_pending", "authorization_pending", "the user has not approved yet",
             "inferred", "c-device"),
    by_token("device_too_fast", "slow_down", "polling too fast", "inferred", "RFC 8628"),
    by_token("device_denied", "access_denied", "end-user denied authorization",
             "inferred", "c-errenum"),
    by_token("device_unknown", "invalid_grant", "invalid device code", "inferred", "3.6"),
    by_token("device_expired", "invalid_grant", "expired device code", "inferred", "3.6"),
    by_token("device_used", "invalid_grant", "expired device code", "inferred", "3.6"),
    by_token("device_crossed", "invalid_grant", "token exchange failed", "recorded", "c-cb61",
             idp="OauthError"),
    # --- username and password: the wire hides what Login History tells (3.3)
    by_token("password_wrong", "invalid_grant", _FAILED, "recorded", "t-rf357 o-up",
             log=_PASSWORD, log_mark="official", idp="InvalidUserCredentials"),
    by_token("password_unknown", "invalid_grant", _FAILED, "recorded", "t-rf357",
             idp="InvalidUserCredentials"),
    by_token("password_no_security_token", "invalid_grant", _FAILED, "recorded", "o-soaplogin",
             log=_NO_API_TOKEN, log_mark="official", idp="InvalidUserCredentials"),
    by_token("password_locked", "invalid_grant", _FAILED, "inferred", "o-userlogin",
             log="Password Lockout", log_mark="official", idp="InvalidUserCredentials"),
    by_token("password_user_inactive", "invalid_grant", _FAILED, "inferred", "org-model 3.5",
             log="User is Inactive", log_mark="official"),
    by_token("password_user_frozen", "invalid_grant", _FAILED, "inferred", "o-userlogin",
             log="User Is Frozen", log_mark="official"),
    by_token("password_not_admitted", "invalid_grant", _FAILED, "recorded", "t-jsf1506",
             log="Failed: Not approved for access", idp="AppAccessDenied"),
    # --- SAML bearer
    by_token("saml_disabled", "invalid_grant", "invalid assertion", "inferred", "o-samlb"),
    by_token("saml_unreadable", "invalid_grant", "invalid assertion", "inferred", "o-samlb",
             idp="OauthError"),
    by_token("saml_signature", "invalid_grant", "invalid assertion", "inferred", "o-samlb",
             log="Failed: Signature Invalid", idp="OauthError"),
    by_token("saml_audience", "invalid_grant", "audience is invalid", "recorded", "o-err",
             log="Failed: Audience Invalid", idp="OauthError"),
    by_token("saml_recipient", "invalid_grant", "invalid assertion", "inferred", "o-samlb",
             log="Failed: Recipient Mismatched", idp="OauthError"),
    by_token("saml_expired", "invalid_grant", "expired authorization code", "recorded",
             "t-se18039", log="Failed: Assertion Expired", idp="CodeExpired"),
    by_token("certificate_expired", "invalid_grant", "invalid assertion", "inferred",
             "SE-313488", idp="OauthError"),
    # --- token exchange
    by_token("handler_failed", "invalid_request", "token handler validation failed",
             "recorded", "public-code o-tvr"),
    # --- authorization code and credentials
    by_redirect("code_credentials_disabled", "oauth_flow_disabled", "oauth flow disabled",
                "inferred", "c-errenum"),
    by_redirect("login_error", "login_error", "Your login attempt has failed.",
                "inferred", "c-errenum"),
    # --- revoke: the codes are official, their descriptions are not known
    Refusal("token_type_unsupported", "api", "raw_body", "unsupported_token_type",
            "unsupported token type", "inferred", "o-revokemsdk"),
    Refusal("token_not_valid", "api", "raw_body", "invalid_token", "the token is not valid",
            "inferred", "o-revokemsdk"),
    # --- SOAP login()
    by_fault("soap_disabled", "INVALID_OPERATION",
             "SOAP API login() is disabled by default in this org.", "official", "o-soaplogin"),
    by_fault("soap_version", "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL",
             "inferred", "o-soaplogin"),
    by_fault("soap_not_permitted", "INSUFFICIENT_ACCESS",
             "insufficient access rights: Use Any API Auth is required", "inferred",
             "o-soaplogin2"),
    by_fault("org_locked", "INVALID_LOGIN", _NO_LOGIN, "inferred", "o-exc",
             log="Organization locked"),
    by_fault("password_unknown", "INVALID_LOGIN", _NO_LOGIN, "official", "o-exc"),
    by_fault("password_wrong", "INVALID_LOGIN", _NO_LOGIN, "official", "o-exc", log=_PASSWORD),
    by_fault("password_no_security_token", "LOGIN_MUST_USE_SECURITY_TOKEN", _NO_LOGIN,
             "inferred", "o-exc", log=_NO_API_TOKEN),
    by_fault("password_locked", "INVALID_LOGIN", _NO_LOGIN, "official", "o-exc",
             log="Password Lockout"),
    by_fault("user_inactive", "INVALID_LOGIN", _NO_LOGIN, "official", "o-exc",
             log="User is Inactive"),
    by_fault("user_frozen", "INVALID_LOGIN", _NO_LOGIN, "inferred", "o-exc",
             log="User Is Frozen"),
    by_fault("api_disabled", "API_DISABLED_FOR_ORG",
             "API is not enabled for this Organization or Partner", "recorded", "t-sequin",
             log="Failed: OAuth API access disabled", log_mark="inferred"),
    by_fault("ip_restricted", "LOGIN_DURING_RESTRICTED_DOMAIN",
             "cannot log in from current domain", "inferred", "o-exc", log="Restricted IP"),
    by_fault("hours_restricted", "LOGIN_DURING_RESTRICTED_TIME",
             "cannot log in at this time", "inferred", "o-exc", log="Restricted time"),
)  # fmt: skip
"""The codes of faults are official (ExceptionCode list); texts that no source has are inferred."""
