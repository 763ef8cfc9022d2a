"""In which line of a TOML file an entry stands: the standard parser does not say."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[+\s*(?P<name>[^\]]+?)\s*\]+\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*(?P<key>"[^"]*"|'[^']*'|[\w.*-]+)\s*=""")
_AT = re.compile(r"at line (\d+)")


def line_of(text: str, table: str = "", number: int = 0, key: str = "") -> int:
    """The 1-based line of a key, of the n-th element of an array of tables, or of a table.

    `table` is a header or the name of an array of inline tables, `number` counts its elements from
    0.  Falls back to the header, then to line 1.
    """
    start = _start(text, table, number) if table else 0
    if not key:
        return start + 1
    lines = text.splitlines()
    is_inline = bool(table) and lines[start].lstrip().startswith("{")
    for index, line in enumerate(lines[start : start + 1 if is_inline else None], start):
        if table and index > start and _HEADER.match(line):
            break
        found = _KEY.match(line)
        if (found and found["key"].strip("\"'") == key) or re.search(rf"[{{,]\s*{key}\s*=", line):
            return index + 1
    return start + 1


def _start(text: str, table: str, number: int) -> int:
    """0-based line in which the n-th table (or inline table) of that name begins."""
    seen, inside = -1, False
    for index, line in enumerate(text.splitlines()):
        header = _HEADER.match(line)
        if header:
            inside = False
            seen += header["name"].replace('"', "") == table
        elif (found := _KEY.match(line)) and found["key"] == table:
            inside = True
            seen += "{" in line
        elif inside and line.lstrip().startswith("{"):
            seen += 1
        if seen == number:
            return index
    return 0


def line_in_message(message: str) -> int:
    """The line that the parser's own message names, or 1."""
    found = _AT.search(message)
    return int(found[1]) if found else 1
