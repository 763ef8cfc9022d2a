"""The commands, in the order in which somebody meets them."""

from __future__ import annotations

import click

from evergrant.cli.lazily import Commands, InOrder, one, several

HELP = """Keep Salesforce OAuth integrations connected.

Exit codes: 0 yes or done, 1 a finding or not proven, 2 bad input, 3 not known, 4 could not look,
130 interrupted, 70 a bug of ours.
"""

COMMANDS = {
    "diagnose": one("diagnose.diagnose"),
    "doctor": one("doctor.doctor"),
    "audit": one("audit.audit"),
    "forecast": one("forecast.forecast"),
    "preflight": one("preflight.preflight"),
    "explain": one("explain.explain"),
    "demo": one("demo.demo"),
    "status": one("connections.status"),
    "check": one("connections.check"),
    "connect": one("authorize.connect"),
    "reauthorize": one("authorize.reauthorize"),
    "release": one("connections.release"),
    "pause": one("connections.pause"),
    "resume": one("connections.resume"),
    "remove": one("connections.remove"),
    "contain": one("contain.contain"),
    "rotate": one("rotate.rotate"),
    "link": one("links.link"),
    "audit-log": one("audit_log.audit_log"),
    "keep-alive": one("keep_alive.keep_alive"),
    "token": one("token.token"),
    "serve": one("serve.serve"),
    "sign-in": one("serve.sign_in"),
    "backup": one("backup.backup"),
    "restore": one("backup.restore"),
    "drill": one("drill.drill"),
    "mcp": one("agents.mcp"),
    "jwt": several("Assertions of the JWT bearer flow.", "jwt.mint", "jwt.inspect"),
    "emulator": several(
        "A local Salesforce org to rehearse in.",
        "emulator.serve", "emulator.scenarios", "faults.faults", "faults.fault", "verify.verify",
    ),
    "incident": several(
        "What broke, why, and what was done.", "incident.list_", "incident.report"
    ),
    "tokens": several(
        "Approvals of apps in an org: which can go, and revoking them.", "tokens.COMMANDS"
    ),
    "app": several(
        "Apps: made as they should be, and the register of those that reach an org.",
        "new_app.COMMANDS", "app_list.list_",
    ),
    "repair": several(
        "Mend what the audit found: plan, try, apply, prove.", "repair.COMMANDS"
    ),
    "api-keys": several(
        "Keys of applications that read access tokens, and the log of what they read.",
        "token.COMMANDS",
    ),
    "keys": several("Master keys, which seal the store.", "keys.COMMANDS"),
    "tenant": several(
        "Tenants: each has its own connections, keys and people, and sees no other’s.",
        "tenant.COMMANDS",
    ),
    "bundle": several(
        "Evidence as one redacted file, judged elsewhere with the same answer.", "bundle.COMMANDS"
    ),
}  # fmt: skip


def build() -> click.Group:
    """The whole command line."""
    whole = InOrder(help=HELP, no_args_is_help=True, callback=_begin, commands=Commands(COMMANDS))
    whole.params.append(
        click.Option(["--tenant"], metavar="NAME", default=None,
                     help="Work for this tenant.  [default: EVERGRANT_TENANT, or default]")
    )  # fmt: skip
    whole.params.append(
        click.Option(["--version"], is_flag=True, is_eager=True, callback=_print_version,
                     expose_value=False, help="Show the version and exit.")
    )  # fmt: skip
    return whole


def _print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"evergrant {version('evergrant')}")
        context.exit()


def _begin(tenant: str | None) -> None:
    from evergrant import log, settings
    from evergrant.cli.audit_log import myself

    context = click.get_current_context()
    if tenant is not None:
        from evergrant.cli.tenant import working_for

        context.with_resource(working_for(tenant))
    known = settings.load()
    log.configure(known.log_level, form=known.log_format)
    context.with_resource(log.acting_as(myself()))
