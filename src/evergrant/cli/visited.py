"""A visit of the doctor as a person reads it: looks, questions, the verdict, gates, the way on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from textwrap import fill
from typing import IO, TYPE_CHECKING, Any

import click

from evergrant.cli.output import columns, harmless, say_sections

if TYPE_CHECKING:
    from evergrant.catalog import Catalog
    from evergrant.diagnosis.gates import Passage
    from evergrant.diagnosis.question import Question
    from evergrant.keeper import Looked, Looking, Visit, Way
    from evergrant.model import Proof

MARKS = {"refuses": ("✗", "red"), "will refuse": ("✗", "red"), "open": ("✓", "green"),
         "not known": ("?", "yellow")}  # fmt: skip
SAYS = {"refuses": "refuses now", "will refuse": "will refuse next", "open": "open",
        "not known": "not looked at"}  # fmt: skip
PROVEN = {True: ("✓", "green", "proven"), False: ("✗", "red", "NOT PROVEN"),
          None: ("?", "yellow", "unproven")}  # fmt: skip
UNKNOWN = "?"
"""What a person types who does not know."""
TAKE_BACK = "\r\x1b[2K"
"""Clears the line that the cursor stands on."""


def paint(text: str, colour: str, stream: IO[str] | None = None, *, bold: bool = False) -> str:
    """The text in a colour where the stream is a terminal that wants one."""
    to = stream or sys.stdout
    if not to.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb":
        return text
    return click.style(text, fg=colour or None, bold=bold or None)


def print_line(
    text: str = "", *, mark: str = "", colour: str = "", indent: int = 0, label: str = ""
) -> None:
    """One wrapped line to standard output; the mark before it is coloured, the text is not.

    What is wrapped stands below the text, right of mark and label.
    """
    _write(sys.stdout, text, mark, colour, indent, label)


def _write(
    stream: IO[str], text: str, mark: str, colour: str, indent: int, label: str = ""
) -> None:
    head = " " * indent + (f"{mark} " if mark else "") + label
    whole = fill(
        harmless(text), columns(), initial_indent=head, subsequent_indent=" " * len(head),
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
    if mark:
        painted = paint(mark, colour, stream)
        whole = whole.replace(mark, painted, 1)
    stream.write(f"{whole}\n")
    stream.flush()


def heading(text: str) -> None:
    """A heading on standard output, after an empty line."""
    sys.stdout.write(f"\n{paint(text, '', bold=True)}\n")


def print_looking(look: Looking) -> None:
    """A look that begins, on standard error: only where the line can be taken back."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        sys.stderr.write(f"  … {harmless(look.title)}")
        sys.stderr.flush()


def print_look(look: Looked) -> None:
    """One look that was taken, on standard error."""
    mark, colour = ("✓", "green") if look.could_look else ("?", "yellow")
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        sys.stderr.write(TAKE_BACK)
    _write(sys.stderr, f"{look.title}: {look.told}", mark, colour, 2)


def print_question(question: Question) -> None:
    """A question and its choices, on standard error."""
    sys.stderr.write("\n")
    _write(sys.stderr, question.ask, "", "", 0)
    for number, choice in enumerate(question.choices, start=1):
        _write(sys.stderr, choice.text, str(number), "cyan", 2)
    _write(sys.stderr, "I do not know", UNKNOWN, "cyan", 2)


def print_visit(visit: Visit, catalog: Catalog) -> None:
    """The whole verdict, on standard output."""
    if visit.status == "works":
        _print_works(visit)
        return
    from evergrant.cli.gathering import show
    from evergrant.diagnosis.explain import sections

    for each in visit.warnings:
        print_line(each[:1].upper() + each[1:], mark="!", colour="red")
    if visit.warnings:
        print_line()
    say_sections(sections(visit.diagnosis, catalog))
    if visit.evidence is not None:
        show(visit.evidence, columns())
    _print_gates(visit.gates)
    _print_missing(visit.missing)
    _print_way_on(visit)


def _print_works(visit: Visit) -> None:
    connection = visit.connection
    print_line(f"{connection.name if connection else ''}: it works.", mark="✓", colour="green")
    for proof in visit.proofs:
        _print_proof(proof)


def _print_proof(proof: Proof) -> None:
    mark, colour, word = PROVEN[proof.proven]
    print_line(f"{proof.kind.replace('_', ' ')}, {word}: {proof.detail}", mark=mark, colour=colour,
               indent=2)  # fmt: skip


def _print_gates(gates: tuple[Passage, ...]) -> None:
    if len(gates) < 2:
        return
    heading("Gates, in Salesforce's order")
    for each in gates:
        mark, colour = MARKS[each.how]
        cause = f" ({each.cause})" if each.cause else ""
        print_line(f"{each.title}: {SAYS[each.how]}{cause}", mark=mark, colour=colour, indent=2)


def _print_missing(missing: tuple[Way, ...]) -> None:
    if not missing:
        return
    heading("What would settle it")
    for each in missing:
        print_line(f"{each.title} ({each.why})", mark="-", indent=2)
        for line in _ways(each):
            print_line(line, indent=6)


def _ways(way: Way) -> Iterator[str]:
    if way.click:
        yield f"look: {way.click}"
    for each in way.query.splitlines():
        yield f"query: {each}"
    if way.export:
        yield f"export: {way.export}; give it with --evidence"
    if way.permission:
        yield f"needs {way.permission}"


def _print_way_on(visit: Visit) -> None:
    heading("Then")
    after = "After the repair" if visit.status == "clear" else "With more to go by"
    print_line(f"{after}: evergrant doctor --resume {visit.examination.id}", mark="-", indent=2)


def as_data(visit: Visit) -> dict[str, Any]:
    """The visit for programs."""
    from evergrant.cli.diagnose import ranking
    from evergrant.cli.gathering import as_data as by_time

    return {
        "id": visit.examination.id,
        "status": visit.status,
        "connection": visit.connection,
        **ranking(visit.diagnosis),
        "warnings": visit.warnings,
        "looked": visit.examination.looked,
        "gates": visit.gates,
        "question": visit.question,
        "missing": visit.missing,
        "proofs": visit.proofs,
        "diagnosis": visit.diagnosis,
        "evidence": by_time(visit.evidence) if visit.evidence else None,
    }
