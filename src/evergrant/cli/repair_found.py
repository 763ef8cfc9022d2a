"""From what an audit finds to what is repaired: a problem for each rule and app, users named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evergrant.cli.repaired import Wish, notice
from evergrant.errors import BadInput, NotFound

if TYPE_CHECKING:
    from evergrant.audit.model import Finding, OrgRows, Report
    from evergrant.catalog.rules import Rule
    from evergrant.model import Session
    from evergrant.repair.files import Files
    from evergrant.repair.model import Plan, Problem

Rules = tuple["Rule", ...]


def plans_of(wish: Wish, files: Files, session: Session | None = None) -> list[Plan]:
    """A plan for each finding; for a rule or a change that is named, in any case.

    With a session the org itself is judged: its metadata, its users, their approvals and logins.
    Raises `BadInput` and `NotFound` for an app that is not there or not the only one.
    """
    from evergrant.repair.plan import plan

    changes = [plan(_change(each, wish), files, wish.given) for each in wish.changes]
    if changes and not wish.rules:
        return changes
    wanted = rules_of(wish)
    found = list(problems(wish, wanted, session))
    plans = [made for each in found if (made := _planned(each, files, wish)) is not None]
    shown = {each.rule for each in found}
    asked = [_asked(each, wish) for each in wanted if not shown & {rule.id for rule in each}]
    return changes + plans + [plan(each, files, wish.given) for each in asked]


def _change(change: str, wish: Wish) -> Problem:
    """One change that is asked for by its id, whatever an audit would say."""
    from evergrant.repair.model import Problem

    return Problem(change, wish.app, change=change)


def rules_of(wish: Wish) -> list[Rules]:
    """The rules that each word names: one by its id, or all that share a code.

    Raises `BadInput` for a word that names none.
    """
    from evergrant.catalog.rule_reader import rule_book

    book = rule_book().rules.values()
    named = {word: tuple(r for r in book if word in (r.id, r.code)) for word in wish.rules}
    if strangers := [word for word, rules in named.items() if not rules]:
        raise BadInput(f"no rule is called {strangers[0]!r}", next_step="see `evergrant audit`")
    return list(dict.fromkeys(named.values()))


def _planned(problem: Problem, files: Files, wish: Wish) -> Plan | None:
    """The plan for a finding; None where its app cannot be told, or nothing is to be done."""
    from evergrant.repair.plan import plan

    try:
        return plan(problem, files, wish.given)
    except (NotFound, BadInput) as error:
        notice(f"{problem.code} at {problem.place or 'the org'} is left out: {error.what}")
        return None


def _asked(rules: Rules, wish: Wish) -> Problem:
    """A problem that no finding shows.

    Raises `BadInput` where the rules of a code are not mended alike.
    """
    from evergrant.catalog.repairs import repair_of
    from evergrant.repair.model import Problem

    first = rules[0]
    known = ((each.id, repair_of(each.id, each.code)) for each in rules)
    if len({repair.key if repair else id_ for id_, repair in known}) > 1:
        ids = ", ".join(each.id for each in rules)
        raise BadInput(
            f"the rules of {first.code} are mended in different ways",
            next_step=f"name one of {ids}", whose="you",
        )  # fmt: skip
    message = "planned because it was asked for; no finding shows it"
    return Problem(first.code, wish.app, message=message, fixes=first.fixes, rule=first.id)


def problems(
    wish: Wish, wanted: Iterable[Rules], session: Session | None = None
) -> Iterator[Problem]:
    """What an audit finds wrong, once for each rule and app; users of one app stand together."""
    report, rows = _judged(wish, session)
    ids = {rule.id for rules in wanted for rule in rules}
    groups: dict[tuple[str, str], list[Finding]] = {}
    for each in report.findings:
        is_wanted = each.status == "fail" and (not ids or each.rule in ids)
        if is_wanted and wish.app in ("", each.name, each.app):
            groups.setdefault((each.rule, _app_of(each)), []).append(each)
    yield from (_problem(each, rows) for each in groups.values())


def _judged(wish: Wish, session: Session | None) -> tuple[Report, OrgRows | None]:
    """NOTE: what an org told stands in no file of anybody's."""
    from evergrant.audit.model import Place
    from evergrant.audit.run import audit
    from evergrant.cli.output import progress
    from evergrant.keeper.audit import look_with

    if session is None:
        return audit(wish.paths or (Path(),)), None
    with progress("Looking into the org"):
        rows = look_with(session)
        report = audit((), rows)
    for each in report.problems:
        notice(f"{each.what}{f'; it would decide {each.hides}' if each.hides else ''}")
    found = tuple(replace(each, place=Place()) for each in report.findings)
    return replace(report, findings=found), rows


def _app_of(finding: Finding) -> str:
    """The app to repair; profiles and users are told apart by their own names."""
    if finding.subject == "app":
        return finding.name
    return finding.app or finding.name


def _problem(findings: Sequence[Finding], rows: OrgRows | None) -> Problem:
    from evergrant.repair.model import Problem

    first, many = findings[0], len(findings) - 1
    app = first.name if first.subject == "app" else first.app
    message = first.message + (f" (and {many} more)" if many else "")
    return Problem(
        first.code, app, first.app_kind, message, str(first.place), first.by.fixes,
        _given(findings, rows), first.rule,
    )  # fmt: skip


def _given(findings: Sequence[Finding], rows: OrgRows | None) -> Mapping[str, str]:
    """What the findings themselves fill in: the profile, or the users and what admits them."""
    from evergrant.audit.subjects.names import user_of_grant

    first = findings[0]
    if first.subject == "profile":
        return {"profile": first.name}
    if first.subject != "grant":
        return {}
    users = dict.fromkeys(user_of_grant(each.name, each.app) for each in findings)
    admitting = _admitting(first.app, rows) if rows else []
    sets = {"permission_set": admitting[0]} if len(admitting) == 1 else {}
    return {"user": ", ".join(users), **sets}


def _admitting(app: str, rows: OrgRows) -> list[str]:
    """The permission sets that the app admits, by API name; a profile's own set is none."""
    from evergrant.audit.subjects.rows import Table, text

    table = Table(rows)
    held = table.admitted(table.app(app)) or []
    own = {text(each, "Parent.Name") for each in held if not _is_of_profile(each)}
    return sorted(own - {""})


def _is_of_profile(row: Mapping[str, object]) -> bool:
    parent = row.get("Parent")
    return isinstance(parent, Mapping) and parent.get("IsOwnedByProfile") is True
