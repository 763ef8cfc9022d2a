"""Sealed rows that no master key opens: what each of them is, and what brings it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from evergrant.errors import NotFound
from evergrant.store import Tx, connections
from evergrant.store.sealed import SealedRow


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One row that was swapped or damaged, in words for whoever can mend it."""

    what: str
    of: str
    """Name of the integration or connection it belongs to; may be ''."""
    next_step: str


_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "canary": ("the text that finds a wrong master key", "restore a backup"),
    "integration": ("the secrets of an integration", "describe {of} anew, with its secrets"),
    "credential": ("a credential", "reauthorize it: `evergrant reauthorize {of}`"),
    "flow": ("a sign-in that was under way", "begin that sign-in again"),
    "answer": ("an answer of Salesforce that is not committed",
               "check {of}, and reauthorize it if it is dead"),
    "revocation": ("a token that is to be revoked",
                   "revoke the app for the user of {of} in its org, in Setup"),
}  # fmt: skip
"""Kind of a sealed row → what it is, and what to do when it is lost."""


def unreadable(tx: Tx, sealed: SealedRow) -> Unreadable:
    """A row that cannot be opened, told with the name of what it belongs to."""
    what, step = _WORDS[sealed.kind]
    of = _name(tx, sealed.row)
    return Unreadable(what, of, step.format(of=of or "it"))


def _name(tx: Tx, row: Mapping[str, Any]) -> str:
    if connection := row.get("connection"):
        try:
            return connections.by_id(tx, connection).name
        except NotFound:
            return str(connection)
    return str(row.get("name") or "")
