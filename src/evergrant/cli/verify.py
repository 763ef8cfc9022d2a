"""`evergrant emulator verify`: the emulated org, compared with a real one by its own users."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, harmless, progress, say
from evergrant.cli.tested_app import Apps, read_apps
from evergrant.errors import BadInput, CouldNotLook, Refused

if TYPE_CHECKING:
    from evergrant.fidelity import OrgFacts, Report, Writes

FINDING = 1
GROUPS = ("rows", "tokens")
"""What may be written, each asked for; what writes nothing is not."""
KINDS = ("connected_app", "external_client_app")


@click.command()
@click.option("--target-org", default="", metavar="ALIAS", help="a login of the Salesforce CLI")
@click.option("--replay", default="", metavar="FILE", help="judge a recording again, offline")
@click.option("--list", "is_list", is_flag=True, help="what would be asked, and what it writes")
@click.option("--record", default="", metavar="FILE", help="where the recording goes")
@click.option("--app-file", default="", metavar="FILE", help="integration file of an app to test")
@click.option("--app-kind", type=click.Choice(KINDS), default=KINDS[0], show_default=True)
@click.option(
    "--app-setting",
    multiple=True,
    metavar="NAME=VALUE",
    help="how the app is set, where not by default",
)
@click.option(
    "--refresh-token-env", default="", metavar="NAME", help="variable with a refresh token to spend"
)
@click.option(
    "--allow-writes", multiple=True, type=click.Choice(GROUPS), help="do not ask before these"
)
@click.option(
    "--i-know-this-is-production", "is_known", is_flag=True, help="go on although the org is one"
)
@format_option
def verify(
    target_org: str, replay: str, is_list: bool, record: str, app_file: str, app_kind: str,
    app_setting: tuple[str, ...], refresh_token_env: str, allow_writes: tuple[str, ...],
    is_known: bool, form: Format,
) -> None:  # fmt: skip
    """Ask the emulator and a real org the same, and compare.

    Use a Developer Edition or scratch org. What only reads is asked first; before anything that
    writes, you are asked. Leaves a redacted, dated recording, which --replay judges again.

    Ends with 0 when no mark is refuted, 1 when one is, 2 on bad input or an org that looks like
    production, 4 when the org could not be asked.
    """
    if sum(map(bool, (target_org, replay, is_list))) != 1:
        raise BadInput(
            "give one of --target-org, --replay and --list",
            next_step="see `evergrant emulator verify --help`",
            whose="you",
        )
    if is_list:
        _list(form)
        return
    if replay:
        report, kept = _replayed(replay), replay
    else:
        app = read_apps(app_file, app_kind, app_setting, refresh_token_env)
        kept = _place(record)
        report = _recorded(target_org, app, allow_writes, is_known=is_known, kept=kept)
    _show(report, kept, form)
    if report.refuted:
        raise Exit(FINDING)


def _list(form: Format) -> None:
    from evergrant.fidelity import behaviours

    rows = [
        {"id": each.id, "asks": each.asks, "writes": each.writes.value, "needs": sorted(each.needs),
         "marks": sorted(each.marks())}
        for each in behaviours().values()
    ]  # fmt: skip
    if form is Format.JSON:
        emit("behaviours", {"behaviours": rows})
        return
    for row in rows:
        needs = f"; needs {', '.join(row['needs'])}" if row["needs"] else ""
        say(f"{row['id']}  (writes {row['writes']}{needs})")
        say(f"  {row['asks']}")


def _replayed(name: str) -> Report:
    from evergrant.cli.reading import read_text
    from evergrant.fidelity import judged, read_recording

    recording = read_recording(read_text(name, give="give a recording of this command"))
    with progress("Asking the emulator the same"):
        return judged(recording)


def _place(name: str) -> str:
    """Where the recording goes; what is there already is left alone."""
    from datetime import UTC, datetime

    chosen = Path(name or f"evergrant-fidelity-{datetime.now(UTC):%Y-%m-%d}.json")
    path, number = chosen, 2
    while not name and path.exists():
        path = chosen.with_stem(f"{chosen.stem}-{number}")
        number += 1
    if path.exists() or not path.parent.is_dir():
        raise BadInput(
            f"cannot write the recording to {path}",
            why="It is there already." if path.exists() else "There is no such folder.",
            next_step="name another file with --record",
            whose="you",
        )
    return str(path)


def _recorded(
    alias: str, app: Apps | None, allowed: tuple[str, ...], *, is_known: bool, kept: str
) -> Report:
    from importlib.metadata import version

    from evergrant.fidelity import OrgFacts, judged, record, written

    with progress(f"Looking which org {alias} is"):
        org = _org(alias)
    _refuse_production(org, is_known=is_known)
    if app is not None:
        org = OrgFacts(org.kind, org.edition, org.side.with_app(app.tested))
    consent = _consent(org, allowed)
    with progress(f"Asking {alias}"):
        recording = record(org, consent, app.twin if app else None, version("evergrant"))
    # Kept at once: what was spent for it cannot be spent again.
    Path(kept).write_text(written(recording, [], org.side.names), "utf-8")
    with progress("Asking the emulator the same"):
        report = judged(recording)
    Path(kept).write_text(written(recording, report.judged, org.side.names), "utf-8")
    return report


def _org(alias: str) -> OrgFacts:
    from evergrant.cli.salesforce_cli import session_of
    from evergrant.fidelity import learn
    from evergrant.settings import load
    from evergrant.wire import run

    session = session_of(alias, load().allowed_hosts)
    try:
        return run(learn(session))
    except Refused as error:
        # NOTE: not a finding: exit 1 is for marks that are refuted.
        raise CouldNotLook(
            "no_permission",
            f"the org does not say which it is: {error.what}",
            next_step=f"log in again: sf org login web --alias {alias}",
            whose="you",
        ) from error


def _refuse_production(org: OrgFacts, *, is_known: bool) -> None:
    if org.kind == "production" and not is_known:
        raise BadInput(
            f"this looks like a production org ({org.edition or 'no edition told'})",
            why="Only sandboxes, scratch orgs and Developer Edition are asked without more ado.",
            next_step="use another org, or say --i-know-this-is-production",
            whose="you",
        )


def _consent(org: OrgFacts, allowed: tuple[str, ...]) -> frozenset[Writes]:
    """What may be written: what was allowed beforehand, and what a person agrees to now."""
    from evergrant.fidelity import Writes, behaviours, possible

    able = list(possible(behaviours().values(), org.side))
    given = {Writes.NOTHING}
    for group in map(Writes, GROUPS):
        asks = [each.asks for each in able if each.writes is group]
        if asks and (group.value in allowed or _agreed(group, asks)):
            given.add(group)
    return frozenset(given)


_TOLD = {
    "rows": "These may leave failed rows in Login History and the event logs, for the app's user:",
    "tokens": "These open and end sessions, and spend and revoke the refresh token you gave:",
}


def _agreed(group: Writes, asks: list[str]) -> bool:
    told = "\n".join([_TOLD[group.value], *(f"  - {each}" for each in asks)])
    if not sys.stdin.isatty():
        hint = f"Left out, for nobody can be asked: --allow-writes {group.value} allows them.\n"
        sys.stderr.write(harmless(f"{told}\n{hint}"))
        return False
    click.echo(harmless(told), err=True)
    return click.confirm("Ask these too?", default=False, err=True)


def _show(report: Report, kept: str, form: Format) -> None:
    from evergrant.cli.verified import as_data, lines

    if form is Format.JSON:
        emit("verified", {**as_data(report), "recording": kept})
        return
    lines(report, kept)
