"""`evergrant serve`: the service, until interrupted."""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack, suppress

import click

from evergrant.cli.output import Format, emit, format_option, progress, say
from evergrant.errors import BadInput

PORT = click.IntRange(0, 65535)


def need_server_extra() -> None:
    """Raise `BadInput` saying what to install when the extra `server` is not there."""
    from importlib.util import find_spec

    if find_spec("fastapi") is None:
        raise BadInput(
            "the service needs the extra `server`",
            next_step='install it with: pip install "evergrant[server]"',
            whose="operator",
        )


def until_stopped() -> None:
    """Wait for Ctrl-C or a request to terminate, which is how what runs on is meant to end."""
    with suppress(KeyboardInterrupt):
        # In turns: a wait without an end would not hear Ctrl-C on Windows.
        while not threading.Event().wait(1.0):
            pass


@click.command()
@click.option("--port", type=PORT, default=8400, show_default=True, help="0 takes a free one")
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on")
@format_option
def serve(port: int, host: str, form: Format) -> None:
    """Run the service: OAuth callback, watch, health, API.

    Ends with 0 on Ctrl-C or SIGTERM, when it has cleaned up.
    """
    need_server_extra()
    with ExitStack() as held:
        with progress("Starting the service"):
            from evergrant.api.service import serving
            from evergrant.settings import load

            service = held.enter_context(serving(load(), host, port))
        callback = service.keeper.settings.callback_url
        if form is Format.JSON:
            emit("service", {"url": service.url, "callback": callback})
        else:
            say(f"Evergrant listens on {service.url}")
            say(f"Callback URL for your app: {callback}")
            say("Press Ctrl-C to stop.")
        sys.stdout.flush()
        until_stopped()
