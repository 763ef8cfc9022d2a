"""Auth classes for `httpx`: `httpx.Client(auth=SalesforceAuth(source))`."""

from __future__ import annotations

import httpx

from evergrant.client.bearing import AsyncBearing, Bearing


class SalesforceAuth(Bearing, httpx.Auth):
    """For `httpx.Client`; made with a `TokenSource`."""


class AsyncSalesforceAuth(AsyncBearing, httpx.Auth):
    """For `httpx.AsyncClient`; made with an `AsyncTokenSource`."""
