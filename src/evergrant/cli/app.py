"""The commands, in the order in which somebody meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from evergrant.cli import (
    agents,
    app_list,
    audit,
    audit_log,
    authorize,
    backup,
    bundle,
    connections,
    contain,
    demo,
    diagnose,
    doctor,
    drill,
    emulator,
    explain,
    faults,
    forecast,
    incident,
    jwt,
    keep_alive,
    keys,
    links,
    new_app,
    preflight,
    repair,
    rotate,
    serve,
    token,
    tokens,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

HELP = """Keep Salesforce OAuth integrations connected.

Exit codes: 0 yes or done, 1 a finding or not proven, 2 bad input, 3 not known, 4 could not look,
130 interrupted, 70 a bug of ours.
"""

COMMANDS: tuple[click.Command, ...] = (
    diagnose.diagnose,
    doctor.doctor,
    audit.audit,
    forecast.forecast,
    preflight.preflight,
    explain.explain,
    demo.demo,
    connections.status,
    connections.check,
    authorize.connect,
    authorize.reauthorize,
    connections.release,
    connections.pause,
    connections.resume,
    connections.remove,
    contain.contain,
    rotate.rotate,
    links.link,
    audit_log.audit_log,
    keep_alive.keep_alive,
    token.token,
    serve.serve,
    serve.sign_in,
    backup.backup,
    backup.restore,
    drill.drill,
    agents.mcp,
)
JWT_COMMANDS: tuple[click.Command, ...] = (jwt.mint, jwt.inspect)
INCIDENT_COMMANDS: tuple[click.Command, ...] = (incident.list_, incident.report)
EMULATOR_COMMANDS: tuple[click.Command, ...] = (
    emulator.serve,
    emulator.scenarios,
    faults.faults,
    faults.fault,
    verify.verify,
)


class InOrder(click.Group):
    """A group that lists its commands in the order in which they were added."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names as they were added."""
        return list(self.commands)


def build() -> click.Group:
    """The whole command line."""
    whole = _group(HELP, COMMANDS, callback=_begin)
    whole.params.append(
        click.Option(["--version"], is_flag=True, is_eager=True, callback=_print_version,
                     expose_value=False, help="Show the version and exit.")
    )  # fmt: skip
    signing = _group("Assertions of the JWT bearer flow.", JWT_COMMANDS, name="jwt")
    whole.add_command(signing)
    inner = _group("A local Salesforce org to rehearse in.", EMULATOR_COMMANDS, name="emulator")
    whole.add_command(inner)
    whole.add_command(
        _group("What broke, why, and what was done.", INCIDENT_COMMANDS, name="incident")
    )
    of_tokens = "Approvals of apps in an org: which can go, and revoking them."
    whole.add_command(_group(of_tokens, tokens.COMMANDS, name="tokens"))
    of_apps = "Apps: made as they should be, and the register of those that reach an org."
    of_app = (*new_app.COMMANDS, app_list.list_)
    whole.add_command(_group(of_apps, of_app, name="app"))
    of_repairs = "Mend what the audit found: plan, try, apply, prove."
    whole.add_command(_group(of_repairs, repair.COMMANDS, name="repair"))
    of_keys = "Keys of applications that read access tokens, and the log of what they read."
    whole.add_command(_group(of_keys, token.COMMANDS, name="api-keys"))
    whole.add_command(_group("Master keys, which seal the store.", keys.COMMANDS, name="keys"))
    of_bundles = "Evidence as one redacted file, judged elsewhere with the same answer."
    whole.add_command(_group(of_bundles, bundle.COMMANDS, name="bundle"))
    return whole


def _group(text: str, commands: Iterable[click.Command], **how: object) -> click.Group:
    made = InOrder(help=text, no_args_is_help=True, **how)  # type: ignore[arg-type]
    for each in commands:
        made.add_command(each)
    return made


def _print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"evergrant {version('evergrant')}")
        context.exit()


def _begin() -> None:
    from evergrant import log, settings

    known = settings.load()
    log.configure(known.log_level, form=known.log_format)
    click.get_current_context().with_resource(log.acting_as(audit_log.myself()))
