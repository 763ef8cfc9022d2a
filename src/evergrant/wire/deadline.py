"""One deadline for a whole exchange over httpx2, which by itself starts its timeout anew with
every read: a server that drips its headers could hold a lease for hours."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import httpcore2
import httpx2

_now = threading.local()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Everything that this thread reads or writes in the block ends by then."""
    _now.ends = monotonic() + seconds
    try:
        yield
    finally:
        _now.ends = None


def _left(timeout: float | None) -> float | None:
    ends = getattr(_now, "ends", None)
    if ends is None:
        return timeout
    left: float = ends - monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time for the whole exchange is over")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore2.SyncBackend):
    def connect_tcp(self, *where: Any, **how: Any) -> httpcore2.NetworkStream:
        return _Stream(super().connect_tcp(*where, **how))


class BoundedTransport(httpx2.HTTPTransport):
    """httpx2's own transport, its reads and writes held to the deadline of `within`."""

    def __init__(self) -> None:
        super().__init__(trust_env=True)
        # NOTE: httpx2 offers no parameter for the backend of its pool; a test holds us to it.
        self._pool._network_backend = _Backend()
