"""A simple-salesforce client whose session is kept alive: `salesforce(source).query(...)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evergrant.client.requests_auth import SalesforceAuth
from evergrant.client.sources import TokenSource

if TYPE_CHECKING:
    import requests
    from simple_salesforce.api import Salesforce


def salesforce(
    source: TokenSource, *, session: requests.Session | None = None, **how: Any
) -> Salesforce:
    """The client; `how` goes to `simple_salesforce.Salesforce`, `session` is a session of your own.

    Its requests carry the token of the moment, whatever `session_id` it was made with.
    """
    import requests
    from simple_salesforce.api import Salesforce

    own = session or requests.Session()
    own.auth = SalesforceAuth(source)
    token = source.token()
    return Salesforce(
        instance_url=token.instance_url,
        session_id=token.access_token.reveal(),
        session=own,
        **how,
    )
