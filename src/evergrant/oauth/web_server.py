"""The web server flow: authorization code, with PKCE.

(Salesforce Help, OAuth 2.0 Web Server Flow; RFC 6749 §4.1, RFC 7636.)
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from evergrant.model import App, Credential, Secret
from evergrant.oauth.answers import complete
from evergrant.oauth.client import ask, proof
from evergrant.wire import Conversation
from evergrant.wire.conversation import Text

AUTHORIZE_PATH = "/services/oauth2/authorize"


@dataclass(frozen=True, slots=True)
class Authorization:
    """The way a browser takes to the consent page of one app on one login host."""

    app: App
    host: str

    def url(
        self,
        state: str,
        challenge: str = "",
        *,
        login_hint: str = "",
        prompt: str = "",
        scopes: tuple[str, ...] = (),
    ) -> str:
        """Where to send the browser.

        `prompt` is `login`, `consent`, `select_account` or several of them; without `scopes` the
        app's own are asked for, and where it names none Salesforce grants all that are configured.
        """
        asked = {
            "response_type": "code",
            "client_id": self.app.consumer_key,
            "redirect_uri": self.app.redirect_uri,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256" if challenge else "",
            "login_hint": login_hint,
            "prompt": prompt,
            "scope": " ".join(scopes or self.app.scopes),
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{self.host}{AUTHORIZE_PATH}?{query}"


def pkce() -> tuple[Secret, str]:
    """A fresh code verifier and its S256 challenge (RFC 7636 §4.1, §4.2)."""
    verifier = secrets.token_urlsafe(48)
    return Secret(verifier), challenge_of(verifier)


def challenge_of(verifier: str) -> str:
    """The S256 challenge: base64url of SHA-256, without padding."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def exchange(
    app: App,
    host: str,
    code: Secret,
    verifier: Secret | None,
    *,
    now: datetime | None = None,
) -> Conversation[Credential]:
    """Redeem an authorization code, which works once and for minutes.

    `code` is decoded, as `read_callback` gives it.  `now` is for clients that sign assertions.
    Raises `Refused`, `Malformed`, and what the network throws: after `OutcomeUnknown` the code may
    be spent, and only a new authorization helps.
    """
    form: dict[str, Text] = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": app.redirect_uri,
        **proof(app, host, now),
    }
    if verifier:
        form["code_verifier"] = verifier
    return complete((yield from ask(host, app, form)))
