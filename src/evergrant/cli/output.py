"""Rendering: text for people (colour on a terminal, plain elsewhere) and JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer

from evergrant.model import as_json


class Format(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[
    Format, typer.Option("--format", help="text for people, json for programs")
]


def say(text: str = "") -> None:
    """One line (or some) of plain text to standard output."""
    sys.stdout.write(text + "\n")


def emit(schema: str, data: Mapping[str, Any]) -> None:
    """One JSON document, with the schema it follows; secrets masked."""
    body = {"schema": f"evergrant.{schema}/1", **as_json(data)}
    say(json.dumps(body, ensure_ascii=False, indent=2))


def line(data: Mapping[str, Any]) -> None:
    """One JSON line, flushed: readers of long runs see it at once."""
    say(json.dumps(as_json(data), ensure_ascii=False))
    sys.stdout.flush()


def show(renderable: object) -> None:
    """A table or other rich thing; 80 columns and no colour where there is no terminal."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() else 80
    Console(width=wide, highlight=False, soft_wrap=False).print(renderable)


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Say on standard error what is being waited for: a spinner on a terminal, a line elsewhere."""
    if not sys.stderr.isatty():
        sys.stderr.write(f"{text} …\n")
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield
