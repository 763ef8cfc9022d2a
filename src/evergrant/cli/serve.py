"""`evergrant serve`: the service, until interrupted."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from evergrant.cli.output import Format, FormatOption, emit, say
from evergrant.errors import BadInput


def need_server_extra() -> None:
    """Raise `BadInput` saying what to install when the extra `server` is not there."""
    from importlib.util import find_spec

    if find_spec("fastapi") is None:
        raise BadInput(
            "the service needs the extra `server`",
            next_step='install it with: pip install "evergrant[server]"',
            whose="operator",
        )


def serve(
    port: Annotated[int, typer.Option(help="port to listen on; 0 takes a free one")] = 8400,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Run the service: OAuth callback, watch, health, and the API behind the command line."""
    need_server_extra()
    from evergrant.api.service import serving
    from evergrant.settings import load

    with serving(load(), host, port) as service:
        if format is Format.JSON:
            emit("service", {"url": service.url, "callback": service.keeper.settings.callback_url})
        else:
            say(f"Evergrant listens on {service.url}")
            say(f"Callback URL for your app: {service.keeper.settings.callback_url}")
            say("Press Ctrl-C to stop.")
        threading.Event().wait()
