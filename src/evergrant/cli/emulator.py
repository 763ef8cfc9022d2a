"""`evergrant emulator`: a local Salesforce org."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evergrant.cli.output import Format, emit, format_option, progress, say
from evergrant.cli.serve import PORT, until_stopped
from evergrant.errors import BadInput, NotFound, PortInUse

if TYPE_CHECKING:
    from evergrant.emulator import Emulator, Fleet


@dataclass(frozen=True, slots=True)
class Asked:
    """How the emulator is to be served, as the command line says it."""

    port: int
    control_port: int
    orgs: str
    instances: str
    scenario: str
    seed: int
    state: str
    strict: bool
    tls: str
    host: str
    public_url: str

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of org asked for."""
        return tuple(each.strip() for each in self.orgs.split(",") if each.strip())

    def common(self) -> dict[str, Any]:
        """What one org and a fleet are served with alike."""
        return {
            "seed": self.seed, "port": self.port, "control_port": self.control_port,
            "state": self.state or ":memory:", "tls": bool(self.tls), "strict": self.strict,
            "host": self.host,
        }  # fmt: skip


@click.command()
@click.option("--port", type=PORT, default=8080, show_default=True, help="port of the org")
@click.option("--control-port", type=PORT, default=8081, show_default=True, help="to steer it")
@click.option(
    "--orgs",
    default="production",
    show_default=True,
    metavar="KIND,…",
    help="one org each: production, sandbox, scratch",
)
@click.option(
    "--instances",
    default="",
    metavar="NAME,…",
    help="a port for each, to move the org between them: USA1,USA2",
)
@click.option("--scenario", default="", metavar="ID", help="begin with a scenario already broken")
@click.option("--seed", default=7, show_default=True, help="same seed, same ids and keys")
@click.option("--state", default="", metavar="FILE", help="keep the org and its time in this file")
@click.option("--strict", is_flag=True, help="refuse, with 501, what is only inferred")
@click.option("--tls", default="", metavar="DIR", help="serve https; ca.pem to trust goes there")
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option(
    "--public-url", default="", metavar="URL", help="address that clients use, where it is another"
)
@format_option
def serve(form: Format, **asked: Any) -> None:
    """Serve an emulated Salesforce org, or several, until interrupted.

    Nothing of it is Salesforce. Port 0 takes a free one. Ends with 0 on Ctrl-C or SIGTERM.
    """
    with ExitStack() as held:
        with progress("Starting the emulated org"):
            served = _started(held, Asked(**asked))
        _ready(served, form)
        sys.stdout.flush()
        until_stopped()


def _started(held: ExitStack, asked: Asked) -> Emulator | Fleet:
    from evergrant.emulator.homes import BadHome
    from evergrant.emulator.scenario import BadScenario
    from evergrant.emulator.server import PortInUse as Taken
    from evergrant.emulator.state_file import BadState

    try:
        served = _made(asked)
        if served.authority is not None:
            served.authority.save(Path(asked.tls))
        held.enter_context(served)
        return served
    except Taken as error:
        raise PortInUse(
            error.strerror or str(error),
            next_step="choose other ports with --port and --control-port",
            whose="you",
        ) from error
    except BadHome as error:
        raise BadInput(str(error), next_step="give --orgs kinds of org", whose="you") from error
    except BadScenario as error:
        raise _unknown(asked.scenario) from error
    except BadState as error:
        raise BadInput(
            f"cannot go on with {asked.state}",
            why=str(error),
            next_step="name a new file with --state, or ask for the org that this one holds",
            whose="you",
        ) from error
    except (sqlite3.Error, OSError) as error:
        where = f"cannot keep the org in {asked.state}" if asked.state else "cannot serve the org"
        raise BadInput(
            where,
            why=str(error),
            next_step="name another file with --state, or leave it out",
            whose="you",
        ) from error


def _made(asked: Asked) -> Emulator | Fleet:
    from evergrant.emulator.fleet import Fleet
    from evergrant.emulator.homes import homes
    from evergrant.emulator.server import Emulator

    instances = tuple(filter(None, asked.instances.split(",")))
    if len(asked.kinds) != 1:
        if asked.scenario or instances or asked.public_url:
            raise BadInput(
                "a scenario, instances to move between and a public address need one org",
                next_step="leave them out, or name one kind in --orgs",
                whose="you",
            )
        return Fleet(asked.kinds, **asked.common())
    [home] = homes(asked.kinds)
    return Emulator(
        scenario=asked.scenario or None, kind=home.kind, instances=instances,
        public_url=asked.public_url.rstrip("/"), **asked.common(),
    )  # fmt: skip


def _unknown(scenario: str) -> NotFound:
    from difflib import get_close_matches

    from evergrant.emulator.scenario import scenarios as known

    near = get_close_matches(scenario, list(known()))
    return NotFound(
        f"no scenario is called {scenario!r}",
        why=f"Near: {', '.join(near)}." if near else "",
        next_step="`evergrant emulator scenarios` lists them",
        whose="you",
    )


def _ready(served: Emulator | Fleet, form: Format) -> None:
    from evergrant.emulator.fleet import Fleet

    if isinstance(served, Fleet):
        _fleet_ready(served, form)
        return
    url, control = served.url, served.control_url
    doors = {door.plays: door.url for door in served.org.doors.values()}
    if form is Format.JSON:
        emit("emulator", {"url": url, "control_url": control, "instances": doors})
        return
    say(f"Emulated org   {url}   (not Salesforce)")
    for name, address in doors.items():
        say(f"Instance {name:<5} {address}")
    say(f"Control port   {control}   (its API: {control}/openapi.json)")
    say(f"Look around    curl '{control}/world'")
    say(f"Break it       curl -X POST {control}/scenario/demo")
    say("Press Ctrl-C to stop.")


def _fleet_ready(fleet: Fleet, form: Format) -> None:
    from evergrant.emulator.fleet import told

    if form is Format.JSON:
        emit("emulator", {"control_url": fleet.control_url, **told(fleet)})
        return
    say("Emulated orgs, none of them Salesforce:")
    for name, each in fleet.orgs.items():
        say(f"  {name:<13} {each.url}   users …@{each.org.home.users}")
    for role, address in fleet.login_urls.items():
        say(f"  {role + '.':<13} {address}   plays {role}.salesforce.com")
    say(f"Control port    {fleet.control_url}   (each org's: {fleet.control_url}/orgs/NAME)")
    say("Press Ctrl-C to stop.")


@click.command()
@format_option
def scenarios(form: Format) -> None:
    """List the scenarios: what breaks, and what it shows."""
    from evergrant.emulator.scenario import scenarios as known

    if form is Format.JSON:
        rows = [
            {"id": each.id, "title": each.title, "cause": each.cause} for each in known().values()
        ]
        emit("scenarios", {"scenarios": rows})
        return
    for each in known().values():
        say(each.id)
        say(f"  {each.title}")
