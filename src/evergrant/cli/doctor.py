"""`evergrant doctor`: look, ask, and go on until the cause is clear."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.diagnosis.question import Question
    from evergrant.evidence import Gathered
    from evergrant.keeper import Examination, Keeper, Looked, Looking, Means, Visit, Watch
    from evergrant.model import Session, Value

FINDING, NOT_CLEAR, COULD_NOT_LOOK = 1, 3, 4
ENDS = {"works": 0, "clear": FINDING, "asks": NOT_CLEAR, "unclear": NOT_CLEAR}
"""Status of a visit → exit code."""


@click.command()
@click.option("--connection", default="", help="id or name of the connection that fails")
@click.option(
    "--target-org",
    default="",
    metavar="ALIAS",
    help="look into the org with this login of the Salesforce CLI",
)
@click.option("--session", default="", metavar="FILE", help="or with an admin's session as JSON")
@click.option(
    "--evidence",
    multiple=True,
    metavar="FILE",
    help="error texts, logs, exports; again for each file, - for standard input",
)
@click.option("--app", default="", metavar="LABEL", help="label of the app, without a connection")
@click.option("--user", default="", metavar="USERNAME", help="who fails, without a connection")
@click.option("--resume", default="", metavar="ID", help="go on with an examination")
@click.option("--no-input", is_flag=True, help="ask nothing; list what would settle it")
@format_option
def doctor(
    connection: str,
    target_org: str,
    session: str,
    evidence: tuple[str, ...],
    app: str,
    user: str,
    resume: str,
    no_input: bool,
    form: Format,
) -> None:
    """Find out why a connection fails: look, ask, look again.

    Looks at the connection's own history, tries the connection, and looks into the org where an
    admin's login is given; what it may not see itself, it asks you. It stops when the first cause
    is clear, or says which query, export or click would settle it, and which gate comes next.

    Ends with 0 when the connection works, 1 when a cause is clear, 3 when something is missing,
    4 when it could not look.
    """  # fmt: skip
    from evergrant.keeper import Means, open_keeper
    from evergrant.settings import load

    _one_subject(connection, evidence, resume, app)
    lent = lent_session(target_org, session)
    with open_keeper(load()) as keeper:
        examination = _examination(keeper, connection, resume, app, user)
        brought = _brought(keeper, examination, evidence)
        means = Means(lent, brought.facts, brought, _watch(form))
        seen = _visit(keeper, examination, means, no_input, form)
        _show(keeper, seen, form)
    if code := _end(seen):
        raise Exit(code)


def _end(seen: Visit) -> int:
    """A cause that is clear without the look is a finding all the same."""
    could_not = seen.is_shut_out and ENDS[seen.status] == NOT_CLEAR
    return COULD_NOT_LOOK if could_not else ENDS[seen.status]


def _one_subject(connection: str, evidence: tuple[str, ...], resume: str, app: str) -> None:
    if resume and (connection or app):
        raise BadInput(
            "--resume knows what it is about",
            next_step="leave out --connection and --app",
            whose="you",
        )
    if connection and app:
        raise BadInput("a connection knows its app", next_step="leave out --app", whose="you")
    if not (connection or resume or evidence or app):
        raise BadInput(
            "there is nothing to examine",
            next_step="name what fails with --connection or --app, or give --evidence",
            whose="you",
        )


def lent_session(alias: str, name: str) -> Session | None:
    """An admin's evidence session: a login of the Salesforce CLI, or a file; None without both.

    Raises `BadInput`, and `CouldNotLook` where the CLI has no such login.
    """
    if alias and name:
        raise BadInput("--target-org and --session exclude each other", whose="you")
    if alias:
        from evergrant.cli.salesforce_cli import session_of
        from evergrant.settings import load

        return session_of(alias, load().allowed_hosts)
    if name:
        from evergrant.cli.session import read_session

        return read_session(name)
    return None


def _examination(keeper: Keeper, connection: str, resume: str, app: str, user: str) -> Examination:
    from evergrant.keeper import begin_examination, resume_examination

    if resume:
        return resume_examination(keeper, resume)
    return begin_examination(keeper, connection_id=connection, app=app, user=user)


def _brought(keeper: Keeper, examination: Examination, names: tuple[str, ...]) -> Gathered:
    """What the files show of the app and user that fail."""
    from evergrant.cli.gathering import Asked, gathered
    from evergrant.evidence import Gathered
    from evergrant.keeper import subject_of

    if not names:
        return Gathered()
    app, user = subject_of(keeper, examination)
    return gathered(names, Asked("unknown", "", app, user, "")).gathered


def _watch(form: Format) -> Watch:
    """Shows on standard error what is being looked at; programs are told at the end."""
    from evergrant.cli.visited import print_look, print_looking
    from evergrant.keeper import Looking

    def watch(step: Looking | Looked) -> None:
        if form is Format.TEXT:
            print_looking(step) if isinstance(step, Looking) else print_look(step)

    return watch


def _visit(
    keeper: Keeper, examination: Examination, means: Means, no_input: bool, form: Format
) -> Visit:
    """Look, and ask as long as somebody answers."""
    from evergrant.keeper import look_further, take_answer

    seen = look_further(keeper, examination, means)
    may_ask = not no_input and form is Format.TEXT and sys.stdin.isatty()
    while may_ask and seen.question is not None:
        try:
            value = _ask(seen.question)
        except EOFError:
            break
        seen = take_answer(keeper, seen.examination, seen.question, value)
    return seen


def _ask(question: Question) -> Value | None:
    """A person's answer; None for *I do not know*.  Raises EOFError when nobody answers."""
    from evergrant.cli.visited import UNKNOWN, print_question
    from evergrant.diagnosis.question import read_answer

    print_question(question)
    while True:
        sys.stderr.write("Answer: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        if line.strip() == UNKNOWN:
            return None
        if (value := read_answer(question, line)) is not None:
            return value
        sys.stderr.write(f"Type the number of a choice, or {UNKNOWN}.\n")


def _show(keeper: Keeper, seen: Visit, form: Format) -> None:
    from evergrant.cli.visited import as_data, print_visit

    if form is Format.JSON:
        emit("examination", as_data(seen))
        return
    sys.stderr.write("\n")
    sys.stderr.flush()
    print_visit(seen, keeper.catalog)
