"""A port of this machine, taken before anything is promised on it."""

from __future__ import annotations

import socket

from evergrant.errors import PortInUse


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises `PortInUse`.
    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise PortInUse(
            f"cannot listen on {host}:{port}",
            why=error.strerror or str(error),
            next_step="choose another port with --port, or stop what listens there",
            whose="operator",
        ) from error
    opened.listen(128)
    return opened
