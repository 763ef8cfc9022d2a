"""Auth classes for `httpx2`: `httpx2.Client(auth=SalesforceAuth(source))`."""

from __future__ import annotations

import httpx2

from evergrant.client.bearing import AsyncBearing, Bearing


class SalesforceAuth(Bearing, httpx2.Auth):
    """For `httpx2.Client`; made with a `TokenSource`."""


class AsyncSalesforceAuth(AsyncBearing, httpx2.Auth):
    """For `httpx2.AsyncClient`; made with an `AsyncTokenSource`."""
