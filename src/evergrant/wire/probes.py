"""The two probes: can the name be resolved, does TLS come up."""

from __future__ import annotations

import socket
import ssl

from evergrant.wire.conversation import Probe, Probed


def look(question: Probe) -> Probed:
    """Resolve a host, or shake hands with it; a failure is an answer, not an exception."""
    try:
        return _PROBES[question.kind](question)
    except (OSError, ssl.SSLError) as error:
        return Probed(ok=False, error=str(error) or type(error).__name__)


def _dns(question: Probe) -> Probed:
    found = socket.getaddrinfo(question.host, question.port, type=socket.SOCK_STREAM)
    return Probed(ok=True, addresses=tuple(sorted({str(row[4][0]) for row in found})))


def _tls(question: Probe) -> Probed:
    context, where = ssl.create_default_context(), (question.host, question.port)
    with (
        socket.create_connection(where, timeout=question.timeout_s) as raw,
        context.wrap_socket(raw, server_hostname=question.host) as secured,
    ):
        certificate = secured.getpeercert() or {}
        return Probed(
            ok=True,
            addresses=(str(raw.getpeername()[0]),),
            tls_version=secured.version() or "",
            certificate_ends=str(certificate.get("notAfter", "")),
        )


_PROBES = {"dns": _dns, "tls": _tls}
