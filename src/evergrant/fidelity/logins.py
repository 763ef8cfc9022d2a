"""What Login History says after a request: the rows that were not there before it."""

from __future__ import annotations

from evergrant.fidelity.behaviour import Ask, Observation, Scalar
from evergrant.fidelity.side import Side
from evergrant.org import query
from evergrant.wire import Conversation, Pause

_LOOKS = 3
_FIELDS = "Id, Status, LoginType, LoginSubType, Application"
_NEWEST = f"SELECT {_FIELDS} FROM LoginHistory ORDER BY LoginTime DESC, Id DESC LIMIT 100"
"""Of all users: which of them a grant runs as is the app's affair. Nothing is asked by time, for
two clocks need not agree."""


def with_row(ask: Ask) -> Ask:
    """The behaviour, and under `row` what it left in Login History for the app."""

    def asking(side: Side) -> Conversation[Observation]:
        before = yield from newest(side)
        seen = yield from ask(side)
        return {**seen, **(yield from row_since(side, before))}

    return asking


def newest(side: Side) -> Conversation[frozenset[str]]:
    """Ids of the newest rows.

    Raises `Refused` and `Malformed` as `query` does.
    """
    rows = yield from query(side.session, _NEWEST)
    return frozenset(str(row["Id"]) for row in rows)


def row_since(side: Side, before: frozenset[str]) -> Conversation[Observation]:
    """The app's newest row that was not there before; `none` is a finding too."""
    for look in range(_LOOKS):
        rows = yield from query(side.session, _NEWEST)
        new = [row for row in rows if row["Id"] not in before and _is_ours(side, row)]
        if new:
            return _shown(new[0])
        if look < _LOOKS - 1 and side.row_wait_s:
            yield Pause(side.row_wait_s, "a row of Login History may come late")
    return {"row": "none"}


def _is_ours(side: Side, row: dict[str, object]) -> bool:
    """Whether a row may be the app's; a refusal may leave the application unnamed (`N/A`)."""
    return row.get("Application") in (side.tested().label, "N/A", None)


def _shown(row: dict[str, object]) -> Observation:
    told: dict[str, Scalar] = {"row": "one"}
    for name in ("Status", "LoginType", "LoginSubType"):
        value = row.get(name)
        told[f"row.{name}"] = value if isinstance(value, str) else None
    return told
