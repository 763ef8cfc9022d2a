"""Random words that may travel in a URL or a cookie once: the store keeps only their hashes."""

from __future__ import annotations

import hashlib
import secrets

from evergrant.model import Secret


def new_ticket() -> Secret:
    """256 random bits, URL-safe."""
    return Secret(secrets.token_urlsafe(32))


def hashed(ticket: Secret | str) -> str:
    """What the store keeps of a ticket: SHA-256, in hex."""
    word = ticket.reveal() if isinstance(ticket, Secret) else ticket
    return hashlib.sha256(word.encode()).hexdigest()
