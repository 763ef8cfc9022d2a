"""LOGIN_STATUS: the code that the log files have for each text of Login History.

Source: Object Reference, EventLogFile, Login event type: the table of codes and their details.
Texts are compared without case and without `Failed: `, for the screen and the table differ in
both.  Where one text belongs to several codes, the code is the one that an OAuth or password
login meets.  Codes without a text cannot be told from Login History and are left out.
"""

from functools import cache
from typing import Final

SUCCESS: Final = "LOGIN_NO_ERROR"

_LOGIN: Final = {
    "LOGIN_CHALLENGE_ISSUED": "Computer activation required",
    "LOGIN_CHALLENGE_PENDING": "Computer activation pending",
    "LOGIN_LIGHTNING_LOGIN": "Lightning Login required",
    "LOGIN_ORG_TRIAL_EXP": "Trial Expired",
    "LOGIN_TWOFACTOR_REQ": "Multi-factor required",
}
_ERROR: Final = {
    "API_TOO_OLD": "API Version Removed",
    "APPEXCHANGE_DOWN": "Unable to process your login request",
    "CLIENT_REQ_UPDATE": "Client update required",
    "EXPORT_RESTRICTED": "Restricted country",
    "HTP_METHD_INVALID": "Invalid HTTP method",
    "INSECURE_LOGIN": "Login over insecure channel",
    "INVALID_GATEWAY": "Invalid gateway",
    "INVALID_PASSWORD": "Invalid Password",
    "INVALID_USERNAME": "Invalid login",
    "LOGINS_EXCEEDED": "Maximum logins exceeded",
    "MUST_USE_API_TOKEN": "API security token required",
    "MUTUAL_AUTHENTICATION": "Mutual authentication failed",
    "NETWORK_INACTIVE": "Invalid - Experience Cloud site offline",
    "NO_NETWORK_ACCESS": "No Experience Cloud site access",
    "NO_PORTAL_ACCESS": "Invalid profile association",
    "OFFLINE_DISABLED": "Offline disabled",
    "OFFLINE_TRIAL_EXP": "Offline trial expired",
    "ORG_CLOSED": "Organization closed",
    "ORG_DOMAIN_ONLY": "Restricted domain",
    "ORG_INACTIVE": "Organization is inactive",
    "ORG_IN_MAINTENANCE": "Organization is in maintenance",
    "ORG_IS_DOT_ORG": "Organization is a DOT",
    "ORG_LOCKOUT": "Organization locked",
    "ORG_SUSPENDED": "Organization suspended",
    "OUTLOOK_DISABLED": "Outlook integration disabled",
    "PASSWORD_LOCKOUT": "Password Lockout",
    "PORTAL_INACTIVE": "Invalid - Portal disabled",
    "RATE_EXCEEDED": "Login rate exceeded",
    "RESTRICTED_DOMAIN": "Restricted IP",
    "RESTRICTED_TIME": "Restricted time",
    "SSO_SVC_DOWN": "Your company's authentication service is down",
    "SSO_URL_INVALID": "The Single Sign-On Gateway URL is invalid",
    "SYNCOFFLINE_DISBLD": "Mobile disabled",
    "UNKNOWN_ERROR": "Login invalid",
    "USER_API_ONLY": "API-only user",
    "USER_FROZEN": "User Is Frozen",
    "USER_INACTIVE": "User is Inactive",
    "USER_NON_MOBILE": "Mobile License Required",
    "WIRELESS_DISABLED": "Wireless disabled",
    "WIRELESS_TRIAL_EXP": "Wireless trial expired",
}
_OAUTH: Final = {
    "API_DISABLED": "OAuth API access disabled",
    "CONSUMER_DELETED": "Consumer Deleted",
    "DS_NOT_EXPECTED": "Activation secret not expected",
    "EXCEED_GET_AT_LMT": "Get Access Token Limit Exceeded",
    "INVALID_CODE_CHALLENGE": "Invalid Code Challenge",
    "INVALID_CODE_VERIFIER": "Invalid Code Verifier",
    "INVALID_DEVICE": "Device Id missing or not registered",
    "INVALID_DS": "Activation secret invalid",
    "INVALID_DSIG": "Signature Invalid",
    "INVALID_IP": "IP Address Not Allowed",
    "INVALID_NONCE": "Invalid Nonce",
    "INVALID_SIG_METHOD": "Invalid Signature Method",
    "INVALID_TIMESTAMP": "Invalid Timestamp",
    "INVALID_TOKEN": "Invalid Token",
    "INVALID_VERIFIER": "Invalid Verifier",
    "INVALID_VERSION": "Version Not Supported",
    "MISSING_DS": "Activation secret missing",
    "NONCE_REPLAY": "Nonce Replay Detected",
    "NO_CALLBACK_URL": "Invalid Callback URL",
    "NO_CONSUMER": "Missing Consumer Key Parameter",
    "NO_TOKEN": "Missing OAuth Token Parameter",
    "PACKAGE_MISSING": "Package for this consumer is not installed in your organization",
    "PACKAGE_OLD": "Installed package for this consumer is out of date",
    "UNEXPECTED_PARAM": "Unexpected parameter",
}

CODES: Final[dict[str, str]] = {
    SUCCESS: "Success",
    **_LOGIN,
    **{f"LOGIN_ERROR_{code}": text for code, text in _ERROR.items()},
    **{f"LOGIN_OAUTH_{code}": text for code, text in _OAUTH.items()},
}
"""Code and text, without `Failed: `."""


def _plain(text: str) -> str:
    return text.strip().lower().removeprefix("failed: ").strip()


_BY_TEXT: Final = {_plain(text): code for code, text in CODES.items()}
_LONGER: Final = {"multi-factor (formerly called two-factor) is required": "LOGIN_TWOFACTOR_REQ"}


@cache
def code_of(status: str | None) -> str | None:
    """The LOGIN_STATUS of a Login History status; None where no code is documented for it."""
    plain = _plain(status or "")
    return _BY_TEXT.get(plain) or _LONGER.get(plain)
