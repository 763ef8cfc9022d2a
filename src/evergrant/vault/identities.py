"""What single sealed texts are bound to: one name for each kind of row that holds one."""

from __future__ import annotations


def of_flow(flow_id: str) -> str:
    """A flow's PKCE verifier, or the session that an admin lent to it."""
    return f"flow:{flow_id}"


def of_answer(connection_id: str, seq: int) -> str:
    """The raw answer to a token request."""
    return f"answer of {connection_id}, token request {seq}"


def of_revocation(revocation_id: str) -> str:
    """A token that waits to be revoked."""
    return f"revocation:{revocation_id}"
