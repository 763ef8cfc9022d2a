"""The good call: the cheapest question that only a working session can get answered."""

from __future__ import annotations

from evergrant.errors import Malformed
from evergrant.model import Session
from evergrant.org.query import VERSION
from evergrant.org.rest import get
from evergrant.wire import Conversation, host_of


def good_call(session: Session) -> Conversation[str]:
    """List the org's REST resources and return one sentence that says so.

    Raises `Refused` when the session is not (or no longer) good for the REST API.
    """
    path = f"/services/data/{VERSION}/"
    answer = yield from get(session, path)
    if not isinstance(answer, dict):
        raise Malformed("the org's list of resources is none")
    return f"GET {path} on {host_of(session.instance_url)} answered {len(answer)} resources"
