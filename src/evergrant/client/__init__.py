"""The SDK for applications: a connection's access token, from the broker, whenever it is needed.

`TokenSource` and `AsyncTokenSource` keep the token at hand and ask again when they should;
`httpx_auth`, `httpx2_auth`, `requests_auth` and `simple_salesforce` put it where a client wants it;
`jsforce.cjs` does the same in Node.  Only `errors` and `model` of the house are used here.
"""

from __future__ import annotations

from evergrant.client.asking import Token
from evergrant.client.sources import AsyncTokenSource, TokenSource

__all__ = ["AsyncTokenSource", "Token", "TokenSource"]
