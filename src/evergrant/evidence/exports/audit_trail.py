"""Setup Audit Trail: the download from Setup and a query's JSON, as moments of the timeline.

Which act was the last before the first failure is told by the timeline, where it meets the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from evergrant.evidence.exports.audit_acts import concerns, named
from evergrant.evidence.exports.columns import AUDIT_TRAIL
from evergrant.evidence.exports.sheets import Row, Sheeted
from evergrant.evidence.gathered import Gathered, Moment, Wanted, fact, is_id, short
from evergrant.evidence.given.document import Document
from evergrant.model import Fact

SOURCE = AUDIT_TRAIL.kind
KEPT = 2_000
"""Of acts that have a word, the newest."""


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """The acts that somebody may have broken a connection with; rows are streamed.

    Whether an act concerns the app and user that fail, the timeline tells, which knows them.
    """
    sheeted, unnamed = Sheeted(AUDIT_TRAIL, documents), 0
    kept: list[Moment] = []
    for row in sheeted:
        moment = _moment(row)
        unnamed += not moment.act
        if moment.act:
            kept.append(moment)
        if len(kept) > 2 * KEPT:
            kept = _newest(kept)
    readings = list(sheeted.readings)
    if unnamed and readings:
        note = f"{unnamed} acts have nothing to do with connections, or no word of ours"
        readings[0] = replace(readings[0], notes=(*readings[0].notes, note))
    return Gathered(
        tuple(_frozen(kept, sheeted, wanted)), tuple(_newest(kept)), (), tuple(readings)
    )


def _frozen(kept: Sequence[Moment], sheeted: Sheeted, wanted: Wanted) -> Iterator[Fact]:
    """Whether somebody froze the user; a line names the user by username."""
    whole = sum(each.read for each in sheeted.readings)
    if not whole or not wanted.user or is_id(wanted.user):
        return
    froze = [each for each in kept if each.act == "user frozen"]
    ours = [each for each in froze if concerns(each.act, each.text, wanted.user)]
    last = ours[-1] if ours else None
    quote = last.text if last else f"no line of {whole} says that {wanted.user} was frozen"
    yield fact("audit.user_frozen", bool(ours), SOURCE, quote=quote, mark="derived",
               at=last.at if last else None, line=last.line if last else None)  # fmt: skip


def _newest(moments: Sequence[Moment]) -> list[Moment]:
    return sorted(moments, key=lambda moment: moment.at)[-KEPT:]


def _moment(row: Row) -> Moment:
    action, display = row.cell("action"), row.cell("display")
    act, mark = named(action, display or action)
    text = f"{row.at:%Y-%m-%d %H:%M:%S} UTC {row.cell('who') or 'somebody'}: {display or action}"
    return Moment(row.at, "change", short(text), act=act, mark=mark, source=SOURCE, line=row.line)
