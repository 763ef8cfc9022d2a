"""Trouble in docs/reference/emulator.md: faults, events of an org, orgs side by side."""

from __future__ import annotations

from collections.abc import Iterator

from evergrant.emulator.acts.org_life import CONSEQUENCES
from evergrant.emulator.homes import GENERIC, KINDS, homes
from evergrant.emulator.trouble.presets import PRESETS
from generator.markdown import code, table


def parts() -> tuple[str, ...]:
    """Headings, sentences and tables."""
    return (
        "## Faults",
        "`evergrant emulator fault ID` lays one on a served emulator, `lay_fault` in a scenario, "
        "and `POST /faults` with `preset` at the control port.\n"
        "Each can be narrowed to a path, a grant type, an app or a user, happen so many times, and "
        "happen by chance, whose dice have a seed.\n"
        "Those without a mark are the network's doing; of the others the mark is that of status "
        "and text together.\nWhat Login History shows is a documented status; that it goes with "
        "this answer is inferred.",
        table(["fault", "what happens", "where", "Login History", "source", "mark"], _faults()),
        "## What befalls a whole org",
        "Acts for what Salesforce does, or is asked to do, to an org.",
        table(["act", "what follows", "source", "mark"], _consequences()),
        "## Orgs side by side",
        "`evergrant emulator serve --orgs production,sandbox,production,scratch` serves each on a "
        "port of its own.\nTwo more ports play the generic login hosts and find the org by the "
        "token, code, user or session that the client brings; in process the Host header does "
        "the same.\nThey hold the same apps with the same keys, and share one clock, which a "
        "reset of one org leaves alone: what a client carries from one org to another happens in "
        "one time.\nThe control port has each org under `/orgs/NAME` and the first one at its "
        "root; `GET /orgs` lists them and `POST /orgs/reset` sets all of them back.",
        table(["kind", "My Domain", "users", "login host", "IsSandbox"], _homes()),
    )


def _faults() -> Iterator[tuple[object, ...]]:
    for each in PRESETS.values():
        where, status = code(each.words["path"]), each.login_status
        yield code(each.id), each.does, where, status, each.source, each.mark or ""


def _consequences() -> Iterator[tuple[object, ...]]:
    for each in CONSEQUENCES:
        yield code(each.event), each.what, each.source, each.mark


def _homes() -> Iterator[tuple[object, ...]]:
    names = {role: name for name, role in GENERIC.items()}
    for home in homes((*KINDS, "production")):
        yield home.name, home.host, f"…@{home.users}", names[home.role], _yes(home.is_sandbox)


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
