"""`evergrant serve`: the service with its console, until interrupted; and the way in."""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import click

from evergrant.cli.output import Format, emit, format_option, progress, say
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.api.service import Role

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
@click.option(
    "--role",
    type=click.Choice(["all", "web", "worker"]),
    default="all",
    show_default=True,
    help="on PostgreSQL: answer requests, watch connections, or both",
)
@format_option
def serve(port: int, host: str, role: Role, form: Format) -> None:
    """Run the service: console, OAuth callback, watch, health, API.

    On PostgreSQL any number of `web` and `worker` processes share the work.

    Prints a link that signs the operator in to the console, once.

    Ends with 0 on Ctrl-C or SIGTERM, when it has cleaned up.
    """
    need_server_extra()
    with ExitStack() as held:
        with progress("Starting the service"):
            from evergrant.api.collector import settle
            from evergrant.api.service import serving
            from evergrant.keeper import invite, require_tenant
            from evergrant.settings import load
            from evergrant.web import mount

            settings = load()
            service = held.enter_context(serving(settings, host, port, faces=(mount,), role=role))
            settle()
        if role == "worker":
            _tell_worker(service.url, form)
            until_stopped()
            return
        callback = service.keeper.settings.callback_url
        link = invite(require_tenant(service.keeper, settings.tenant)).reveal()
        if form is Format.JSON:
            emit("service", {"url": service.url, "callback": callback, "sign_in": link})
        else:
            say(f"Evergrant listens on {service.url}")
            say(f"Callback URL for your app: {callback}")
            say(f"Sign in to the console: {link}")
            say("  (good once, for ten minutes; another: evergrant sign-in)")
            say("Press Ctrl-C to stop.")
        sys.stdout.flush()
        until_stopped()


def _tell_worker(url: str, form: Format) -> None:
    if form is Format.JSON:
        emit("service", {"url": url})
    else:
        say(f"Evergrant watches connections; health and metrics on {url}")
        say("Press Ctrl-C to stop.")
    sys.stdout.flush()


@click.command("sign-in")
@click.option("--viewer", is_flag=True, help="may look at everything and change nothing")
@format_option
def sign_in(viewer: bool, form: Format) -> None:
    """Print a link that signs you in to the running console, once.

    It ends after ten minutes.
    """
    from evergrant.cli.service import Service
    from evergrant.settings import load

    link = Service(load()).invite("viewer" if viewer else "operator")
    if form is Format.JSON:
        emit("sign-in", {"link": link})
    else:
        say(link)
