"""Revocation (Salesforce Help, Revoke OAuth Tokens; RFC 7009)."""

from __future__ import annotations

from typing import Literal

from evergrant.errors import Malformed, Refused
from evergrant.model import Secret
from evergrant.oauth.answers import read_answer
from evergrant.wire import Conversation, Request, host_of, send

REVOKE_PATH = "/services/oauth2/revoke"
Ended = Literal["revoked", "not known"]
"""Both say that the token opens nothing any more."""


def revoke(host: str, token: Secret) -> Conversation[Ended]:
    """End a token: an access token's session alone, or a refresh token with all that came of it.

    Two answers confirm that, and no other does: 200, and `invalid_token`, which Salesforce says of
    a token that is unknown, expired or revoked already (Mobile SDK Guide, Revoking OAuth Tokens).
    After all else the token must be taken for alive (RFC 7009 §2.2.1).  Raises `Refused`:
    `unsupported_token_type`, or whatever else stands in the way; and `Malformed`.
    """
    reply = yield from send(Request("POST", host + REVOKE_PATH, form={"token": token}))
    try:
        answer = read_answer(reply)
    except Refused as refused:
        if refused.error != "invalid_token":
            raise
        return "not known"
    if reply.status != 200 or answer.channel == "html":
        raise Malformed(f"{host_of(host)} answered {reply.status} and did not revoke")
    return "revoked"
