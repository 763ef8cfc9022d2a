"""Token exchange: the token of another identity provider for one of Salesforce's.

(Salesforce Help, OAuth 2.0 Token Exchange Flow; RFC 8693.)
"""

from __future__ import annotations

from datetime import datetime

from evergrant.errors import BadInput
from evergrant.model import App, Credential, Exchange, Secret
from evergrant.oauth.answers import complete
from evergrant.oauth.client import ask, proof
from evergrant.wire import Conversation
from evergrant.wire.conversation import Text

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPES = ("access_token", "id_token", "JWT", "refresh_token", "saml2")
"""Kinds of token that a handler may take (Metadata API, OauthTokenExchangeHandler)."""
_URN = "urn:ietf:params:oauth:token-type:"


def exchange(
    app: App, host: str, token: Secret, way: Exchange, *, now: datetime | None = None
) -> Conversation[Credential]:
    """A credential for the user whom the org's handler finds in the token.

    A refresh token comes with it where the app has that scope; the renewals live on it, for `token`
    is short-lived and not ours.  `host` must be the org's My Domain or a site.  `now` is for
    clients that sign assertions.  Raises `BadInput` for a kind of token that Salesforce does not
    take, `Refused` (with the handler's own words where it has some), `Malformed`, and what the
    network throws.
    """
    if way.token_type not in TYPES:
        raise BadInput(
            f"no kind of token is called {way.token_type!r}",
            next_step=f"one of {', '.join(TYPES)}",
            whose="integration",
        )
    form: dict[str, Text] = {
        "grant_type": GRANT_TYPE,
        "subject_token": token,
        "subject_token_type": _URN + way.token_type,
        **proof(app, host, now),
    }
    if way.handler:
        form["token_handler"] = way.handler
    return complete((yield from ask(host, app, form)))
