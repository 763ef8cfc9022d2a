"""The JWT bearer flow: a signature stands for the user's consent.

(Salesforce Help, OAuth 2.0 JWT Bearer Flow; RFC 7523.)
"""

from __future__ import annotations

from datetime import datetime

from evergrant.errors import BadInput
from evergrant.model import App, Credential, Secret
from evergrant.oauth.answers import complete
from evergrant.oauth.assertions import signed
from evergrant.oauth.client import LIFETIME, ask
from evergrant.wire import Conversation
from evergrant.wire.conversation import Text

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def assertion(app: App, audience: str, subject: str, now: datetime) -> Secret:
    """The signed claims: `iss` the consumer key, `sub` the username, good for three minutes.

    Raises `BadInput` when the app has no usable private key or no username is given.
    """
    if not app.private_key or not subject:
        missing = "a private key" if subject else "a username"
        raise BadInput(
            f"the JWT bearer flow needs {missing}",
            next_step=f"give the integration {missing}",
            whose="integration",
        )
    claims = {
        "iss": app.consumer_key,
        "sub": subject,
        "aud": audience,
        "exp": int((now + LIFETIME).timestamp()),
    }
    return signed(claims, app.private_key)


def mint(
    app: App, host: str, subject: str, *, now: datetime, audience: str = ""
) -> Conversation[Credential]:
    """A new access token for the user; no refresh token comes with it.

    `audience` is the login host unless given: login., test., the org's My Domain or a site.  For
    external client apps only the My Domain is seen to work, as host and as audience.  No secret is
    sent.  Raises `BadInput`, `Refused`, `Malformed`, and what the network throws.
    """
    claims = assertion(app, audience or host, subject, now)
    form: dict[str, Text] = {"grant_type": GRANT_TYPE, "assertion": claims}
    return complete((yield from ask(host, app, form)))
