"""Salesforce's own pages on which an authorization can end, as sketches to choose among.

The words are those that Salesforce shows (oauth-protocol 3.5, and 3.3 for what stands in the
address); how the pages look is simplified, and every sketch is captioned as an illustration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Picture:
    """One page of Salesforce that a person may recognize."""

    id: str
    label: str
    """What it is, for the button's name."""
    heading: str
    lines: tuple[str, ...]
    """What the page says."""
    address: str = ""
    """What stands in the address bar, where that tells more than the page."""
    hint: str = ""
    """What else to look at, where the page alone says little."""
    is_form: bool = False
    """Whether it shows the sign-in form."""
    is_inferred: bool = False
    """Whether its words are our deduction."""

    @property
    def seen(self) -> str:
        """The page as somebody would paste it."""
        return "\n".join(word for word in (self.address, *self.lines) if word)


_CANNOT: Final = "We can’t authorize you because of an OAuth error."
_ERROR_PAGE: Final = "/setup/secur/RemoteAccessErrorPage.apexp?error="

PICTURES: Final = (
    Picture(
        "blocked",
        "OAUTH_APP_BLOCKED",
        "OAuth Error",
        (_CANNOT, "OAUTH_APP_BLOCKED : this app is blocked by admin"),
    ),
    Picture(
        "access-denied",
        "OAUTH_APP_ACCESS_DENIED",
        "OAuth Error",
        (_CANNOT, "OAUTH_APP_ACCESS_DENIED : user is not admin approved to access this app"),
    ),
    Picture(
        "generic",
        "OAUTH_APPROVAL_ERROR_GENERIC",
        "OAuth Error",
        (
            _CANNOT,
            "OAUTH_APPROVAL_ERROR_GENERIC : An unexpected error has occured during "
            "authentication. Please try again.",
        ),
        hint="The real reason stands in the address of that page: paste the address if you can.",
    ),
    Picture(
        "redirect",
        "redirect_uri_mismatch",
        "OAuth Error",
        ("error=redirect_uri_mismatch", "error_description=redirect_uri must match configuration"),
        address=f"…{_ERROR_PAGE}redirect_uri_mismatch",
    ),
    Picture(
        "client-id",
        "invalid_client_id",
        "OAuth Error",
        ("error=invalid_client_id", "error_description=client identifier invalid"),
        address=f"…{_ERROR_PAGE}invalid_client_id",
    ),
    Picture(
        "not-in-org",
        "OAUTH_EC_APP_NOT_FOUND",
        "OAuth Error",
        (_CANNOT, "OAUTH_EC_APP_NOT_FOUND : External client app is not installed in this org"),
    ),
    Picture(
        "cross-org",
        "OAUTH_AUTHORIZATION_BLOCKED",
        "OAuth Error",
        (
            _CANNOT,
            "OAUTH_AUTHORIZATION_BLOCKED : Cross-org OAuth flows are not supported for this "
            "external client app",
        ),
        hint="Is this browser signed in to another org? Sign out there, or use a private window.",
    ),
    Picture(
        "scopes",
        "OAUTH_DISALLOWED_SCOPES",
        "OAuth Error",
        (_CANNOT, "OAUTH_DISALLOWED_SCOPES : The requested scope is not allowed"),
    ),
    Picture(
        "password",
        "The sign-in page, with a complaint",
        "Log In",
        ("Your login attempt has failed.",),
        hint="Try again with the user that is expected; several wrong passwords lock a user.",
        is_form=True,
        is_inferred=True,
    ),
)
BY_ID: Final = {picture.id: picture for picture in PICTURES}
