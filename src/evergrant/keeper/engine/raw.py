"""Raw answers: how one is sealed, opened, and read again after a restart."""

from __future__ import annotations

import json
from collections.abc import Mapping

from evergrant.clock import Clock
from evergrant.errors import Malformed, Misuse, OurBug, Refused, WireError
from evergrant.keeper.engine.refreshing import ended
from evergrant.keeper.engine.steps import Ended, Ticket
from evergrant.keeper.renew import renewal
from evergrant.model import Credential, Secret
from evergrant.vault import Vault
from evergrant.vault.identities import of_answer
from evergrant.wire import Reply, rehearse

_ENCODE = json.JSONEncoder(separators=(",", ":")).encode
_HEADERS = ("content-type", "location", "retry-after", "date")


def seal(vault: Vault, ticket: Ticket, reply: Reply) -> bytes:
    """A raw answer, sealed for its request's row."""
    told = {
        "status": reply.status,
        "headers": {k: v for k, v in reply.headers.items() if k in _HEADERS},
        "body": reply.body.decode("latin-1"),
        "url": reply.url,
        "truncated": reply.truncated,
    }
    text = Secret(_ENCODE(told))
    return vault.seal_text(text, of_answer(ticket.connection.id, ticket.seq))


def unseal(vault: Vault, connection_id: str, seq: int, sealed: bytes) -> Reply:
    """A raw answer from its seal.  Raises `VaultTrouble`."""
    told: Mapping[str, object] = json.loads(
        vault.unseal_text(sealed, of_answer(connection_id, seq)).reveal()
    )
    body = str(told["body"]).encode("latin-1")
    return Reply(**{**told, "body": body})  # type: ignore[arg-type]


def read_again(ticket: Ticket, reply: Reply, clock: Clock) -> Credential | Ended:
    """Read a stored answer by the very conversation that asked for it; nothing is sent."""
    asked = renewal(ticket.integration, ticket.connection.login_host, ticket.kept, clock)
    try:
        came = rehearse(asked, reply).result
    except (Refused, Malformed, WireError) as failure:
        return ended(failure)
    except (Misuse, OurBug) as failure:
        # A flow of several requests is not read again from one answer: it is simply done again.
        return Ended("unknown", failure)
    return came if isinstance(came, Credential) else Ended("unknown", OurBug("no credential"))
