"""Rendering: text for people (colour on a terminal, plain elsewhere) and JSON for programs."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

import click

from evergrant import log
from evergrant.errors import BadInput
from evergrant.model import as_json

if TYPE_CHECKING:
    from evergrant.diagnosis.layout import Section

PLAIN_COLUMNS, MOST_COLUMNS = 80, 100
PATIENCE_S = 1.0
"""Seconds after which it is said what is being waited for."""

_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Characters that could steer a terminal or turn the direction of a text."""


class Format(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"


format_option = click.option(
    "--format",
    "form",
    type=click.Choice([each.value for each in Format]),
    default=Format.TEXT.value,
    callback=lambda _context, _option, value: Format(value),
    help="text for people (as if left out), json for programs",
)
"""What every command answers to."""


def harmless(text: str) -> str:
    """The text with control characters written out (`\\u001b`): it is shown, never obeyed.

    Written so, they are also what JSON asks for.
    """
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say(text: str = "") -> None:
    """One line (or some) of plain text to standard output."""
    sys.stdout.write(harmless(text) + "\n")


COLOURS: Mapping[str, Callable[[str], str]] = {
    "decision": partial(click.style, fg="yellow", bold=True),
    "heading": partial(click.style, bold=True),
    "quote": partial(click.style, fg="cyan"),
    "warning": partial(click.style, fg="red"),
    "faint": partial(click.style, dim=True),
}
"""Part of an explanation → how it is coloured; the rest stays plain."""


def say_sections(sections: Iterable[Section]) -> None:
    """An explanation to standard output, coloured where colour is wanted."""
    from evergrant.diagnosis.layout import laid_out

    sys.stdout.write(laid_out(sections, columns(), _painted if wants_colour() else _plain))


def wants_colour() -> bool:
    """Whether standard output is a terminal that wants colour; FORCE_COLOR and NO_COLOR decide."""
    if os.environ.get("NO_COLOR"):
        return False
    is_able = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return is_able or bool(os.environ.get("FORCE_COLOR"))


def _plain(_part: str, text: str) -> str:
    return harmless(text)


def _painted(part: str, text: str) -> str:
    if part not in COLOURS:
        return harmless(text)
    inside = text.lstrip()
    return text[: len(text) - len(inside)] + COLOURS[part](harmless(inside))


def painting() -> Callable[[str, str], str]:
    """How a piece of an answer is painted: coloured where colour is wanted, harmless anyhow."""
    return _painted if wants_colour() else _plain


def deliver(output: str, document: str | bytes) -> None:
    """Write a document to a file, or to standard output for `-`; bytes are written as they are.

    Raises `BadInput` where the file cannot be written.
    """
    if isinstance(document, str):
        document = f"{harmless(document.rstrip())}\n".encode()
    if output == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(document)
        return
    try:
        Path(output).write_bytes(document)
    except OSError as error:
        raise BadInput(
            f"cannot write {output}",
            why=error.strerror or type(error).__name__,
            next_step="check the folder, or use - for standard output",
            whose="you",
        ) from error


def emit(schema: str, data: Mapping[str, Any]) -> None:
    """One JSON document, with the schema it follows; secrets masked."""
    say(as_document(schema, data))


def as_document(schema: str, data: Mapping[str, Any]) -> str:
    """Data as one JSON document, with the schema it follows; secrets masked."""
    body = {"schema": f"evergrant.{schema}/1", **as_json(data)}
    return json.dumps(body, ensure_ascii=False, indent=2)


def line(data: Mapping[str, Any]) -> None:
    """One JSON line, flushed: readers of long runs see it at once."""
    say(json.dumps(as_json(data), ensure_ascii=False))
    sys.stdout.flush()


def columns() -> int:
    """How wide an answer may be: as the terminal, within reason; 80 where there is none."""
    if not sys.stdout.isatty():
        return PLAIN_COLUMNS
    return min(shutil.get_terminal_size().columns, MOST_COLUMNS)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], styles: Mapping[str, str]) -> None:
    """A table whose first column gives way where it is too wide.

    `styles` says how a cell that reads so is coloured where colour is wanted.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, collapse_padding=True)
    made.add_column(titles[0], overflow="fold")
    for title in titles[1:]:
        made.add_column(title, no_wrap=True)
    for row in rows:
        # NOTE: `Text` keeps its words: rich would take "[red]" in a plain string for its markup.
        made.add_row(*(Text(harmless(cell), styles.get(cell, "")) for cell in row))
    console = Console(width=columns(), highlight=False)
    with console.capture() as drawn:
        console.print(made)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in drawn.get().splitlines())


def hush() -> None:
    """Keep the log out of a story that tells the same; a level that somebody set stays."""
    if "EVERGRANT_LOG_LEVEL" not in os.environ:
        log.configure("ERROR")


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Say on standard error what is being waited for: a spinner on a terminal, else a line.

    The line comes only when the waiting takes longer than a second.
    """
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True).status(Text(harmless(text))):
            yield
        return
    late = Timer(PATIENCE_S, sys.stderr.write, [f"{harmless(text)} …\n"])
    late.daemon = True
    late.start()
    try:
        yield
    finally:
        late.cancel()
