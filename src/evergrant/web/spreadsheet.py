"""Files for spreadsheets: what a customer named their org is text in them, never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from evergrant.web.uploads import readable

STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet may carry out (OWASP, CSV Injection; and wide forms)."""
BOM: Final = "\ufeff"
"""By this mark a spreadsheet knows UTF-8."""


def lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The rows as the lines of a file (RFC 4180), every cell quoted."""
    yield BOM
    for row in rows:
        made = io.StringIO()
        csv.writer(made, quoting=csv.QUOTE_ALL).writerow([cell(each) for each in row])
        yield made.getvalue()


def cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe goes before one."""
    clean = readable(text)
    return f"'{clean}" if clean.lstrip().startswith(STARTS) or clean.startswith(STARTS) else clean
