"""Names that an org knows: whether a label or username that it does not show may be mistyped.

A label stands in the app's own row, on its tokens, and in Login History, where it outlives the app
(org-model 2.1, 2.2, 2.7).  One that stands nowhere was more likely mistyped than uninstalled.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from evergrant.errors import Refused
from evergrant.evidence.live_question import Question, rows
from evergrant.wire import Conversation

MOST = 2_000
ALIKE = 0.8
"""From this likeness on (0 to 1), a name may be another one mistyped."""
_APPS = (
    ("Name", "ConnectedApplication", ""),
    ("MasterLabel", "ExternalClientApplication", ""),
)
_TRACES = (
    ("AppName", "OauthToken", ""),
    ("Application", "LoginHistory", " ORDER BY LoginTime DESC"),
)
_CUT = 64
"""Characters of a label that Login History keeps."""


def left_traces(question: Question) -> Conversation[bool]:
    """Whether tokens or logins tell of an app of that label, which need not be there any more."""
    ours = _folded(question.app_label)
    told = yield from _names(question, _TRACES)
    return any(_folded(each) == ours for each in told)


def labels_like(question: Question) -> Conversation[list[str]]:
    """Labels of the org's apps that the label may be meant for; at most three."""
    told = yield from _names(question, (*_APPS, *_TRACES))
    return alike(question.app_label, told)


def usernames_like(question: Question) -> Conversation[list[str]]:
    """Usernames of the org that the username may be meant for; at most three."""
    told = yield from _names(question, (("Username", "User", ""),))
    return alike(question.username, told)


def alike(name: str, others: Iterable[str]) -> list[str]:
    """Those of the others that this name may be meant for, the most alike first."""
    by_fold = {_folded(each): each for each in others}
    found = get_close_matches(_folded(name), by_fold, n=3, cutoff=ALIKE)
    return [by_fold[each] for each in found]


def perhaps(names: Iterable[str]) -> str:
    """What to try instead, as a sentence; empty without a name."""
    told = ", ".join(repr(each) for each in names)
    return f"perhaps {told}" if told else ""


def _names(
    question: Question, places: Iterable[tuple[str, str, str]]
) -> Conversation[dict[str, None]]:
    found: dict[str, None] = {}
    for field, table, tail in places:
        soql = f"SELECT {field} FROM {table}{tail} LIMIT {MOST}"
        try:
            told = yield from rows(question, soql, most=MOST)
        except Refused:
            continue
        found |= {str(row[field]): None for row in told if row.get(field)}
    return found


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())[:_CUT]
