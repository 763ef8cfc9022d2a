"""The SAML bearer flow: a signed SAML assertion stands for the user's consent.

(Salesforce Help, OAuth 2.0 SAML Bearer Assertion Flow; RFC 7522.)
"""

from __future__ import annotations

import base64
import secrets
from datetime import datetime

from evergrant.errors import BadInput
from evergrant.model import App, Credential, Secret
from evergrant.oauth.answers import complete
from evergrant.oauth.client import LIFETIME, TOKEN_PATH, ask
from evergrant.oauth.saml import Bearer, signed
from evergrant.wire import Conversation
from evergrant.wire.conversation import Text

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:saml2-bearer"


def assertion(app: App, host: str, audience: str, subject: str, now: datetime) -> Secret:
    """The signed assertion, Base64url without padding: the issuer is the consumer key, the subject
    the username, the recipient the token endpoint; good for three minutes.

    Raises `BadInput` when the app has no usable private key, no username is given, or XML cannot
    carry what is.
    """
    if not app.private_key or not subject:
        missing = "a private key" if subject else "a username"
        raise BadInput(
            f"the SAML bearer flow needs {missing}",
            next_step=f"give the integration {missing}",
            whose="integration",
        )
    claims = Bearer(
        id=f"_{secrets.token_hex(16)}",
        issuer=app.consumer_key,
        subject=subject,
        audience=audience,
        recipient=host + TOKEN_PATH,
        issued_at=now,
        ends_at=now + LIFETIME,
    )
    raw = signed(claims, app.private_key)
    return Secret(base64.urlsafe_b64encode(raw).rstrip(b"=").decode())


def mint(
    app: App, host: str, subject: str, *, now: datetime, audience: str = ""
) -> Conversation[Credential]:
    """A new access token for the user; no refresh token comes with it.

    `audience` is the login host unless given.  No secret is sent.  Login ranges of the profile bind
    this flow even where the app relaxes them.  Raises `BadInput`, `Refused`, `Malformed`, and what
    the network throws.
    """
    sent = assertion(app, host, audience or host, subject, now)
    form: dict[str, Text] = {"grant_type": GRANT_TYPE, "assertion": sent}
    return complete((yield from ask(host, app, form)))
