"""What an audit and a forecast are given: paths, an org, a profile, and how the time is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.audit.model import Options, OrgRows, Progress, Report, Subject
    from evergrant.model import Session

EVERY_S = 1.0
"""Seconds before it is said how far the reading is, and between two such lines."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line names to look at."""

    paths: tuple[Path, ...]
    connection: str = ""
    target_org: str = ""
    session: str = ""
    profile: str = ""
    rules: tuple[str, ...] = ()
    is_default: bool = False
    """Whether the current folder is read because nothing was named."""
    requests: tuple[str, ...] = ()
    """Files with requests that clients were seen to send."""
    register: str = ""
    """File with the register of apps."""

    @property
    def name(self) -> str:
        """What it is, in a few words."""
        org = self.connection or self.target_org or ("the org" if self.session else "")
        return " and ".join([*map(str, self.paths), *([org] if org else [])])

    @property
    def is_whole_org(self) -> bool:
        """Whether a connection's org is to be judged by everything, and nothing else is."""
        chosen = self.paths, self.profile, self.rules, self.requests, self.register
        return bool(self.connection) and not any(chosen)

    @property
    def has_org(self) -> bool:
        """Whether an org is to be looked into."""
        return bool(self.connection or self.target_org or self.session)


def given(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and the options that say what to look at; handed over as `what`."""

    @wraps(command)
    def wrapped(
        paths: tuple[str, ...],
        org: str,
        target_org: str,
        session: str,
        profile: str,
        rule: tuple[str, ...],
        requests: tuple[str, ...],
        register: str,
        **more: Any,
    ) -> Any:
        has_org = bool(org or target_org or session)
        named = paths or (() if has_org else (".",))
        places = tuple(map(Path, named))
        what = Given(
            places, org, target_org, session, profile, rule,
            is_default=not paths, requests=requests, register=register,
        )  # fmt: skip
        return command(what, **more)

    made: Callable[..., Any] = wrapped
    for decorate in reversed(_OPTIONS):
        made = decorate(made)
    return made


_OPTIONS = (
    click.argument("paths", metavar="[PATH]...", nargs=-1),
    click.option("--org", default="", metavar="CONNECTION", help="look into this org, too"),
    click.option(
        "--target-org", default="", metavar="ALIAS", help="with this login of the Salesforce CLI"
    ),
    click.option("--session", default="", metavar="FILE", help="or an admin's session as JSON"),
    click.option("--profile", default="", metavar="ID", help="only the rules of a profile"),
    click.option("--rule", multiple=True, metavar="RULE", help="only this rule, by id or code"),
    click.option(
        "--requests", multiple=True, metavar="FILE", help="what clients send: a HAR file, commands"
    ),
    click.option("--register", default="", metavar="FILE", help="a register of apps"),
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at, and the report on it."""

    what: Given
    org: OrgRows | None
    report: Report


def audited(what: Given) -> Looked:
    """The report on everything that was named; an empty one where nothing was."""
    from evergrant.audit.model import Report
    from evergrant.audit.run import audit

    if not what.paths and not what.has_org:
        return Looked(what, None, Report((), at=options(what).now))
    if what.is_whole_org:
        return _whole_org(what)
    org = org_rows(what)
    with counted("Reading") as progress:
        return Looked(what, org, audit(what.paths, org, options(what, progress)))


def _whole_org(what: Given) -> Looked:
    """The audit of a connection's whole org: what it finds is kept with the connection."""
    from evergrant.cli.doctor import lent_session
    from evergrant.cli.output import progress
    from evergrant.keeper import open_keeper
    from evergrant.keeper.org_audits import audit_org
    from evergrant.settings import load

    lent = lent_session(what.target_org, what.session)
    with progress("Looking into the org"), open_keeper(load()) as keeper:
        done = audit_org(keeper, what.connection, lent)
    return Looked(what, done.org, done.report)


def subjects(what: Given) -> list[Subject]:
    """Everything that was named, as subjects, not judged."""
    from evergrant.audit.subjects.every import every_subject
    from evergrant.clock import SystemClock

    for path in what.paths:
        if not path.exists():
            raise BadInput(f"{path} is not there", next_step="check the path", whose="you")
    return list(every_subject(what.paths, org_rows(what), SystemClock().now()))


def options(what: Given, progress: Progress | None = None) -> Options:
    """How the command line wants it judged."""
    from evergrant.audit.model import Options
    from evergrant.clock import SystemClock

    return Options(what.profile, frozenset(what.rules), SystemClock().now(), progress)


def org_rows(what: Given) -> OrgRows | None:
    """What the org tells, where one was named, with what clients send and the register.

    Raises `NotFound` for a connection that nobody knows, `BadInput` for a file that cannot be read,
    and what reaching the org raises.
    """
    told = _told_by_files(what)
    shown = _looked_into(what)
    if shown is None:
        from evergrant.audit.model import OrgRows

        return OrgRows("files", told) if told else None
    return replace(shown, rows={**shown.rows, **told})


def _told_by_files(what: Given) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Rows that no org holds: the requests of clients, and the register of apps."""
    told: dict[str, tuple[Mapping[str, Any], ...]] = {}
    if what.requests:
        from evergrant.evidence.audit_requests import requests_in
        from evergrant.evidence.given.document import Document

        texts = ((name, given_text(name)) for name in what.requests)
        told["Request"] = requests_in(Document.of_text(text, name) for name, text in texts)
    if what.register:
        from evergrant.audit.register import read_register

        told["Register"] = read_register(what.register, given_text(what.register))
    return told


def _looked_into(what: Given) -> OrgRows | None:
    """What the org shows, where one was named."""
    if not what.has_org:
        return None
    from evergrant.cli.doctor import lent_session
    from evergrant.cli.output import progress
    from evergrant.keeper.audit import look_with

    lent = lent_session(what.target_org, what.session)
    with progress("Looking into the org"):
        if lent is not None and not what.connection:
            return look_with(lent)
        return _of_connection(what.connection, lent)


def _of_connection(name: str, lent: Session | None) -> OrgRows:
    from evergrant.keeper import open_keeper
    from evergrant.keeper.audit import look_for_audit
    from evergrant.settings import load

    with open_keeper(load()) as keeper:
        return look_for_audit(keeper, name, lent)


def given_text(name: str) -> str:
    """The text of a file that an option names.  Raises `BadInput`."""
    from evergrant.cli.reading import read_text

    return read_text(name, give="give the file that was meant, or leave the option out")


@contextmanager
def counted(verb: str) -> Iterator[Progress]:
    """Says on standard error how far the reading is, once it takes longer than a second."""

    last = monotonic()
    is_terminal = sys.stderr.isatty()
    said = False

    def tell(read: int, found: int) -> None:
        nonlocal last, said
        now = monotonic()
        if now - last >= EVERY_S:
            last, said = now, True
            begin, end = ("\r\x1b[2K", "") if is_terminal else ("", "\n")
            sys.stderr.write(f"{begin}{verb} {read} of {found} files …{end}")
            sys.stderr.flush()

    try:
        yield tell
    finally:
        if said and is_terminal:
            sys.stderr.write("\r\x1b[2K")
