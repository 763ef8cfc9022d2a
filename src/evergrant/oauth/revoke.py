"""Revocation (Salesforce Help, Revoke OAuth Tokens; RFC 7009)."""

from __future__ import annotations

from evergrant.errors import Malformed
from evergrant.model import Secret
from evergrant.oauth.answers import read_answer
from evergrant.wire import Conversation, Request, host_of, send

REVOKE_PATH = "/services/oauth2/revoke"


def revoke(host: str, token: Secret) -> Conversation[None]:
    """End a token: an access token's session alone, or a refresh token with all that came of it.

    Raises `Refused`: `invalid_token` when it is unknown, expired or revoked already,
    `unsupported_token_type` when it is no token; and `Malformed`.
    """
    reply = yield from send(Request("POST", host + REVOKE_PATH, form={"token": token}))
    answer = read_answer(reply)
    if reply.status >= 300 or answer.channel == "html":
        raise Malformed(f"{host_of(host)} answered {reply.status} and did not revoke")
