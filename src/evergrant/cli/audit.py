"""`evergrant audit`: what is loose, what is too tight to work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from click.exceptions import Exit

from evergrant.cli.audited import Given, Looked, audited, given, subjects
from evergrant.cli.output import as_document, columns, deliver, painting
from evergrant.cli.reviewing import SUPPRESSIONS, ensure_looked, foreseen, reviewed_as
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.audit.review import Review
    from evergrant.catalog.rules import Severity

FINDINGS = 1
SEVERITIES = ("critical", "high", "medium", "low", "info")
"""As the catalog has them; named here so that `--help` loads no catalog."""
NEVER = "never"


class Form(StrEnum):
    """How a review is written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "md"
    HTML = "html"


@click.command()
@given
@click.option(
    "--format",
    "form",
    type=click.Choice([each.value for each in Form]),
    default=Form.TEXT.value,
    callback=lambda _context, _option, value: Form(value),
    help="text for people (as if left out), or one of the others",
)
@click.option("-o", "--output", default="-", metavar="FILE", help="write to this file instead")
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, NEVER]),
    default="low",
    help="end with 1 for findings that are this bad or worse (low as if left out)",
)
@click.option("--explain", is_flag=True, help="every place, why, the way out, and the sources")
@click.option("--baseline", default="", metavar="FILE", help="only what it does not hold counts")
@click.option("--write-baseline", default="", metavar="FILE", help="write what counts there")
@click.option(
    "--suppressions",
    default="",
    metavar="FILE",
    help=f"what somebody answers for ({SUPPRESSIONS} where it is there)",
)
@click.option("--against", default="", metavar="PATH", help="say what differs from there instead")
@click.option("--against-org", default="", metavar="CONNECTION", help="or from this org")
def audit(
    what: Given,
    form: Form,
    output: str,
    fail_on: str,
    explain: bool,
    baseline: str,
    write_baseline: str,
    suppressions: str,
    against: str,
    against_org: str,
) -> None:
    """Say what is too loose in an org's OAuth apps, and what is too tight to work.

    PATH is a folder, a file or a zip with metadata: projects in source format, retrieved packages,
    single files. What is in a file is told by its content, never by its name. The current folder is
    read where neither a path nor an org is named.

    Ends with 0 when nothing is as bad as --fail-on, 1 when something is or something differs,
    2 when a path cannot be read, no file is recognized, or the command line is wrong.
    """
    if against or against_org:
        return _compare(what, against, against_org, form, output)
    looked = audited(what)
    review = reviewed_as(looked.report, baseline, suppressions)
    _write(review, looked, form, output, is_whole=explain)
    if write_baseline:
        from evergrant.audit.baseline import written

        deliver(write_baseline, written(review.counted))
    _end(review, NEVER if write_baseline else fail_on)
    return None


def _write(review: Review, looked: Looked, form: Form, output: str, *, is_whole: bool) -> None:
    if form is Form.TEXT:
        from evergrant.audit.output.text import text

        # Colours are painted piece by piece: painted text must not be made harmless again.
        told = partial(text, review, is_whole=is_whole)
        return print_or_deliver(told, output)
    return deliver(output, _FORMS[form](review, looked))


def print_or_deliver(told: Callable[..., str], output: str) -> None:
    """A text for people: painted and as wide as the terminal, or plain in a file."""
    if output != "-":
        return deliver(output, told())
    sys.stdout.write(told(width=columns(), paint=painting()))
    return None


def _json(review: Review, _looked: Looked) -> str:
    from evergrant.audit.output.document import json_text

    return json_text(review)


def _sarif(review: Review, _looked: Looked) -> str:
    from evergrant.audit.output.sarif import sarif

    return sarif(review)


def _junit(review: Review, _looked: Looked) -> str:
    from evergrant.audit.output.junit import junit

    return junit(review)


def _markdown(review: Review, _looked: Looked) -> str:
    from evergrant.audit.output.markdown import markdown

    return markdown(review)


def _html(review: Review, looked: Looked) -> str:
    from evergrant.audit.output.page import html
    from evergrant.audit.output.picture import svg

    is_empty = looked.report.is_empty
    return html(review, "" if is_empty else svg(foreseen(looked)))


_FORMS: dict[Form, Callable[[Review, Looked], str]] = {
    Form.JSON: _json,
    Form.SARIF: _sarif,
    Form.JUNIT: _junit,
    Form.MARKDOWN: _markdown,
    Form.HTML: _html,
}
"""Format → how it is written; each imports its own when it is first used."""


def _end(review: Review, fail_on: str) -> None:
    ensure_looked(review.report)
    if fail_on != NEVER and review.at_or_above(cast("Severity", fail_on)):
        raise Exit(FINDINGS)


def _compare(what: Given, path: str, connection: str, form: Form, output: str) -> None:
    """What differs from another path or org."""
    from evergrant.audit.diff import drift
    from evergrant.audit.output.drift import data, text

    if form not in (Form.TEXT, Form.JSON):
        raise BadInput(f"a comparison is not written as {form}", next_step="use text or json")
    other = Given((Path(path),) if path else (), connection)
    found = drift(subjects(what), subjects(other), (what.name, other.name))
    if form is Form.JSON:
        deliver(output, as_document("drift", data(found)))
    else:
        print_or_deliver(partial(text, found), output)
    if not found.is_none:
        raise Exit(FINDINGS)
