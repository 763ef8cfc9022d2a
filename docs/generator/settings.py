"""docs/reference/settings.md: the fields of `Settings` and the strings underneath them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import MISSING, fields
from itertools import pairwise

from evergrant import settings
from generator.markdown import code, table
from generator.markdown import page as whole

OTHERS = {
    "EVERGRANT_MASTER_KEY": "The master key, base64 of 32 bytes; wins over command and file. "
    "Former keys may follow after commas: they still open.",
    "EVERGRANT_URL": "Where `evergrant token` and the SDK ask for access tokens.",
    "EVERGRANT_API_KEY": "What they show there.",
    "EVERGRANT_WEBHOOK_SECRET": "Signs what is posted to the webhook (HMAC-SHA256).",
    "EVERGRANT_DEBUG": "Set to anything, an error that nobody expected shows its traceback.",
    "NO_COLOR": "Set to anything, nothing is coloured.",
}
"""Variables that are no settings: secrets, and what concerns one run."""


def page() -> str:
    """The whole page."""
    return whole(
        "Settings",
        "Evergrant is set up by environment variables; an empty one counts as unset.",
        table(["variable", "default", "meaning"], _rows()),
        "## Variables that are no settings",
        table(["variable", "meaning"], ((code(name), text) for name, text in OTHERS.items())),
    )


def _rows() -> Iterator[tuple[str, str, str]]:
    said = _docstrings()
    for each in fields(settings.Settings):
        default = "the user's data folder" if each.default is MISSING else each.default
        shown = default if each.default is MISSING else code(_shown(default))
        yield code(f"EVERGRANT_{each.name.upper()}"), str(shown), said.get(each.name, "")


def _shown(default: object) -> str:
    return ",".join(default) if isinstance(default, tuple) else str(default or "")


def _docstrings() -> dict[str, str]:
    """The string under each field of the class."""
    tree = ast.parse(inspect.getsource(settings.Settings)).body[0]
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    found = {}
    for one, after in pairwise(body):
        if isinstance(one, ast.AnnAssign) and isinstance(after, ast.Expr):
            text = ast.literal_eval(after.value)
            found[ast.unparse(one.target)] = " ".join(str(text).split())
    return found
