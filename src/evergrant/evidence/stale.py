"""What is too old to be of the failure: a login that worked before somebody changed something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from evergrant.model import Fact, Unknown

STATUS, ACT = "login_history.status", "audit.last_act"
_SUCCESS = frozenset({"success", "login_no_error"})


def without_stale(facts: Iterable[Fact]) -> list[Fact]:
    """The facts, where a success that is older than the last change is *not known*.

    It is the newest row that Login History has, and none of the failure: many refusals leave no
    row, and a failure that was told of may not have been tried since.
    """
    given = list(facts)
    last = max((f for f in given if _is_act(f)), key=_when, default=None)
    return [_settled(fact, last) for fact in given] if last else given


def _when(fact: Fact) -> datetime:
    return fact.observed_at or datetime.min.replace(tzinfo=UTC)


def _is_act(fact: Fact) -> bool:
    return fact.name == ACT and fact.is_known and fact.value != "none" and bool(fact.observed_at)


def _settled(fact: Fact, last: Fact) -> Fact:
    at, changed = fact.observed_at, last.observed_at
    if fact.name != STATUS or str(fact.value).casefold() not in _SUCCESS or not at or not changed:
        return fact
    if at >= changed:
        return fact
    reason = f"the newest row is a success, older than the last change ({last.quote})"[:200]
    return replace(fact, value=Unknown(reason, "let it fail once more, and look again"), quote="")
