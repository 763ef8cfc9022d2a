"""What can be set in a real org and has no effect here: known, and left out on purpose."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """One setting that is no knob, and why."""

    name: str
    """As Salesforce's metadata or pages call it."""
    why: str
    source: str


UNMODELLED: Final = (
    Unmodelled(
        "guestJwtSessionTimeoutType, guestJwtTimeout, isGuestCodeCredFlowEnabled",
        "there are no guest users; Auth-Request-Type guest answers 501", "o-ecapol",
    ),
    Unmodelled(
        "isFirstPartyAppEnabled",
        "path and errors of the first-party challenge are not established",
        "o-ecaoauth",
    ),
    Unmodelled(
        "lockSessionsToDomain", "an org has one domain, so there is no other to lock out",
        "o-secset",
    ),
    Unmodelled("policyAction StepUpMFA", "it stands in the WSDL only", "org-model 1.4.4"),
    Unmodelled(
        "a second factor, device activation codes",
        "`confirm_identity` stands for entering the code; a device is told by its address", "o-ip",
    ),
    Unmodelled(
        "API Access Control turning apps to admin-approved",
        "which apps it turns, and whether switching off turns them back, is not established",
        "org-model 5.3",
    ),
    Unmodelled(
        "uninstalling drops the org's policy edits",
        "the developer's own values are not kept apart from the org's", "org-model 5.1",
    ),
    Unmodelled(
        "sanctions against partner apps",
        "delisting and suspension are no answers of an endpoint; app.partner forces PKCE and "
        "rotation instead", "o-isv",
    ),
    Unmodelled(
        "e-mail of a containment", "there is no mail; `contain_user` names what would be sent",
        "o-kb5318944",
    ),
    Unmodelled(
        "3,600 logins an hour", "logins are not counted; a fault can answer so", "o-loginrate"
    ),
    Unmodelled(
        "half an hour until Revoke all JWT has spread", "it is at once", "o-jwtrevoke"
    ),
    Unmodelled("login flows, SSO, delegated authentication", "there is no identity provider",
               "o-clierr"),
    Unmodelled("DPoP and app attestation", "Salesforce's documents were not found", "c-errenum"),
    Unmodelled("OAuth 1.0a and its fault 1703", "OAuth 2.0 only", "public-code"),
    Unmodelled(
        "Lock OAuth security controls (April 2026)", "what it locks is not established",
        "public-code",
    ),
    Unmodelled(
        "custom attributes, asset tokens, logos, start pages, single logout",
        "no grant depends on them", "o-connapp o-ecaoauth",
    ),
)  # fmt: skip
