"""Login History: the download from Setup, in any order of columns, and a query's JSON."""

from __future__ import annotations

from collections.abc import Sequence

from evergrant.evidence.exports.columns import LOGIN_HISTORY
from evergrant.evidence.exports.login_facts import Table, told
from evergrant.evidence.exports.logins import Login, Tally
from evergrant.evidence.exports.sheets import Row, Sheeted
from evergrant.evidence.gathered import Gathered, Wanted
from evergrant.evidence.given.document import Document


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """What the rows show of the app and user in question; rows are streamed."""
    sheeted, tally = Sheeted(LOGIN_HISTORY, documents), Tally(wanted)
    for row in sheeted:
        tally.add(_login(row))
    table = Table(LOGIN_HISTORY.kind, sheeted.is_inferred, readings=tuple(sheeted.readings))
    return told(tally, table)


def _login(row: Row) -> Login:
    cell = row.cell
    return Login(
        row.at, cell("status"), cell("user"), cell("user_id"), cell("app"),
        ip=cell("ip"), type=cell("type"), subtype=cell("subtype"), line=row.line,
    )  # fmt: skip
