"""What the repair commands are given: metadata, findings, values, and an org to carry it out in."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evergrant.cli.output import harmless, progress
from evergrant.errors import BadInput, NotFound

if TYPE_CHECKING:
    from evergrant.audit.model import Finding, Report
    from evergrant.model import Session
    from evergrant.repair.draft import Draft
    from evergrant.repair.files import Files
    from evergrant.repair.model import Plan, Problem
    from evergrant.wire import Conversation


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line names."""

    paths: tuple[Path, ...]
    rules: tuple[str, ...] = ()
    app: str = ""
    values: Mapping[str, str] | None = None
    target_org: str = ""
    session: str = ""

    @property
    def given(self) -> Mapping[str, str]:
        """Values for placeholders."""
        return self.values or {}


ORG_OPTIONS = (
    click.option(
        "--target-org", default="", metavar="ALIAS",
        help="the org, with this login of the Salesforce CLI",
    ),
    click.option("--session", default="", metavar="FILE", help="or by an admin's session as JSON"),
)  # fmt: skip


def wishing(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and options that say what to repair; handed over as `wish`."""

    @wraps(command)
    def wrapped(
        paths: tuple[str, ...], rule: tuple[str, ...], app: str, values: tuple[str, ...],
        target_org: str, session: str, **more: Any,
    ) -> Any:  # fmt: skip
        named = tuple(map(Path, paths))
        wish = Wish(named, rule, app, dict(map(_pair, values)), target_org, session)
        return command(wish, **more)

    made: Callable[..., Any] = wrapped
    for decorate in reversed(_OPTIONS):
        made = decorate(made)
    return made


_OPTIONS = (
    click.argument("paths", metavar="[PATH]...", nargs=-1),
    click.option("--rule", multiple=True, metavar="RULE", help="only this rule, by code or id"),
    click.option("--app", default="", metavar="NAME", help="only this app, by name or label"),
    click.option(
        "--set", "values", multiple=True, metavar="NAME=VALUE",
        help="a value that the plan asks for; @FILE for what is in a file",
    ),
    *ORG_OPTIONS,
)  # fmt: skip


def _pair(text: str) -> tuple[str, str]:
    from evergrant.repair.patches import MEANINGS

    name, mark, value = text.partition("=")
    if not mark or name not in MEANINGS:
        known = ", ".join(MEANINGS)
        raise BadInput(f"{text!r} sets nothing", next_step=f"NAME=VALUE, NAME one of {known}")
    if value.startswith("@"):
        from evergrant.cli.reading import read_text

        value = read_text(value[1:], give=f"give {MEANINGS[name]}")
    return name, value.strip()


def session_of(wish: Wish, *, needed: bool = False) -> Session | None:
    """The admin's session for the org; None where no org is named.

    Raises `BadInput` where one is needed.
    """
    from evergrant.cli.doctor import lent_session

    found = lent_session(wish.target_org, wish.session)
    if found is None and needed:
        raise BadInput(
            "this is done in an org, and none is named",
            next_step="name it with --target-org ALIAS or --session FILE", whose="you",
        )  # fmt: skip
    return found


def said(conversation: Conversation[Any], waiting: str) -> Any:
    """Hold a conversation with the org, and say what is being waited for."""
    from evergrant import wire
    from evergrant.clock import SystemClock

    with progress(waiting):
        return wire.run(conversation, clock=SystemClock())


def files_of(wish: Wish, session: Session | None) -> Files:
    """The metadata to stand on: the org's own where one is named, else what the paths hold."""
    from evergrant.repair.apply import org_files
    from evergrant.repair.files import of_paths

    if session is None:
        return of_paths(wish.paths or (Path(),))
    profile = wish.given.get("profile", "")
    asked = org_files(session, [profile] if profile else [])
    return said(asked, "Retrieving the org's metadata")  # type: ignore[no-any-return]


def plans_of(wish: Wish, files: Files) -> list[Plan]:
    """A plan for each finding; for a rule that is named, in any case.

    Raises `BadInput` and `NotFound` for an app that is not there or not the only one.
    """
    from evergrant.repair.plan import plan

    found = list(problems(wish, files))
    plans = [made for each in found if (made := _planned(each, files, wish)) is not None]
    shown = {each.code for each in found}
    asked = [_asked(code, wish) for code in codes(wish) if code not in shown]
    return plans + [plan(each, files, wish.given) for each in asked]


def codes(wish: Wish) -> tuple[str, ...]:
    """The codes of the rules that were named, by code or id.

    Raises `BadInput` for a rule that nobody knows.
    """
    from evergrant.catalog.rule_reader import rule_book

    known = {each.id: each.code for each in rule_book().rules.values()}
    found = [known.get(word, word) for word in wish.rules]
    if strangers := sorted({*found} - {*known.values()}):
        raise BadInput(f"no rule is called {strangers[0]!r}", next_step="see `evergrant audit`")
    return tuple(dict.fromkeys(found))


def _planned(problem: Problem, files: Files, wish: Wish) -> Plan | None:
    """The plan for a finding; None where its app cannot be told, or nothing is to be done."""
    from evergrant.repair.plan import plan

    try:
        return plan(problem, files, wish.given)
    except (NotFound, BadInput) as error:
        notice(f"{problem.code} at {problem.place} is left out: {error.what}")
        return None


def notice(text: str) -> None:
    """Something to know, on standard error: what is asked for goes to standard output alone."""
    sys.stderr.write(f"{harmless(text)}\n")


def _asked(code: str, wish: Wish) -> Problem:
    from evergrant.repair.model import Problem

    return Problem(code, wish.app, message="planned because it was asked for; no finding shows it")


def problems(wish: Wish, files: Files) -> Iterator[Problem]:
    """What an audit finds wrong, each once."""
    seen, wanted = set[tuple[str, str]](), codes(wish)
    for finding in _findings(wish, files):
        problem = _problem(finding)
        key = (problem.code, problem.app)
        is_wanted = not wanted or problem.code in wanted
        if is_wanted and _is_of(wish.app, finding) and key not in seen:
            seen.add(key)
            yield problem


def _findings(wish: Wish, files: Files) -> Sequence[Finding]:
    """NOTE: what an org gave is judged as a zip of its own; findings then stand in no file."""
    from evergrant.audit.model import Place
    from evergrant.audit.run import audit
    from evergrant.repair.files import package

    if not (wish.target_org or wish.session):
        return _failed(audit(wish.paths or (Path(),)))
    with tempfile.TemporaryDirectory(prefix="evergrant-") as folder:
        path = Path(folder) / "org.zip"
        path.write_bytes(package(files))
        return [replace(each, place=Place()) for each in _failed(audit([path]))]


def _failed(report: Report) -> list[Finding]:
    return [each for each in report.findings if each.status == "fail"]


_ABOUT = {"profile": "profile", "user": "user"}


def _problem(finding: Finding) -> Problem:
    from evergrant.repair.model import Problem

    name = finding.name if finding.subject == "app" else finding.app
    known = {_ABOUT[finding.subject]: finding.name} if finding.subject in _ABOUT else {}
    return Problem(
        finding.code, name, finding.app_kind, finding.message, str(finding.place),
        finding.by.fixes, known,
    )  # fmt: skip


def _is_of(app: str, finding: Finding) -> bool:
    return app in ("", finding.name, finding.app)


def ready(plans: Sequence[Plan]) -> Sequence[Plan]:
    """The plans, all of them with every value filled in; raises `BadInput`."""
    for each in plans:
        if each.missing:
            wanted = " ".join(f"--set {name}=…" for name in each.missing)
            meant = "; ".join(f"{name}: {words}" for name, words in each.missing.items())
            raise BadInput(
                f"{each.problem.code} needs values", why=meant, next_step=f"add {wanted}"
            )
    return plans


def written(draft: Draft) -> Path:
    """The file of a draft, written; raises `BadInput` where it cannot be, or lies in a zip."""
    path = Path(draft.after.path)
    if not (draft.is_new or path.is_file()):
        raise BadInput(f"{path} lies in a zip", next_step="unpack it first", whose="you")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(draft.after.data)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadInput(f"cannot write {path}", why=why, whose="you") from error
    return path
