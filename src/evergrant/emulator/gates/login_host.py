"""The gate on generic login hosts: login. knows production's users, test. those of all others."""

from typing import Final

from evergrant.emulator.gates.attempt import AssertionMaterial, Attempt, Flow
from evergrant.emulator.gates.verdict import NotApplicable, Passed, Refused, Verdict

_GENERIC: Final = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})
_MISTAKEN: Final[dict[Flow, str]] = {
    "authorization_code": "code_elsewhere",
    "refresh_token": "refresh_token_unknown",
    "password": "password_unknown",
    "jwt_bearer": "user_unknown",
    "saml_bearer": "user_unknown",
    "device": "device_unknown",
}
"""What each flow is told at the host that does not know this org (3.3); the browser's sign-in
fails by itself there."""


def login_host(attempt: Attempt) -> Verdict:
    """A generic host was asked about an org of its own kind."""
    if attempt.host != "foreign":
        return Passed("the host knows this org")
    if attempt.flow not in _MISTAKEN:
        return NotApplicable("nothing of this org is asked for yet")
    match attempt.material:
        case AssertionMaterial(audience=audience) if audience not in _GENERIC:
            return NotApplicable("the audience is looked at first")
        case _:
            return Refused(_MISTAKEN[attempt.flow], "the host belongs to the other kind of org")
