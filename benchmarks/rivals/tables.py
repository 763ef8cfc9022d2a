"""The three tables: the community playbook's, the most frequent cause per code, the base rate.

All three see what the diagnosis sees of the symptom: the error code.  The last two are learned from
the other rows of the same file (leave one out), which flatters them; the diagnosis learns nothing
from the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from rivals.cases import Answer, Row, right

PLAYBOOK = {
    "invalid_grant": ("refresh-token-revoked", "refresh-token-expired-by-policy",
                      "no-refresh-token-issued"),
    "invalid_client_id": ("wrong-consumer-key",),
    "invalid_client_credentials": ("wrong-consumer-secret",),
    "unsupported_grant_type": ("flow-not-enabled-on-app",),
    "redirect_uri_mismatch": ("redirect-uri-mismatch",),
    "inactive_user": ("user-inactive",),
    "ip_restricted": ("ip-restricted",),
    "login_required": ("session-expired",),
    "oauth_app_blocked": ("app-blocked-by-admin", "user-not-preauthorized"),
}  # fmt: skip
"""Error code → causes, as the error catalog of the community playbook gives them.

(PranavNagrecha/AwesomeSalesforceSkills, skills/admin/connected-app-troubleshooting, 2026-05-05.)
"""
NO_CODE = "no code"
_CODE = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b", re.I)
LIKELY = 0.5


def code(row: Row) -> str:
    """The first word of the symptom that looks like an error code, in lower case."""
    for found in _CODE.finditer(str(row["symptom"])):
        word = found.group().lower()
        if word in PLAYBOOK or word.startswith(("invalid_", "oauth_", "login_", "inactive_")):
            return word
    return NO_CODE


def playbook(rows: Sequence[Row]) -> Iterator[Answer]:
    """What the playbook's table says; it knows no confidence, so it is taken at its word."""
    for row in rows:
        causes = PLAYBOOK.get(code(row), ())
        shares = {cause: float(number == 0) for number, cause in enumerate(causes)}
        yield Answer(shares, is_likely=bool(causes))


def most_frequent(rows: Sequence[Row]) -> Iterator[Answer]:
    """The causes most often seen with the same code in the other rows."""
    codes = [code(row) for row in rows]
    for number, own in enumerate(codes):
        others = [row for other, row in enumerate(rows) if other != number and codes[other] == own]
        yield _by_count(others)


def base_rate(rows: Sequence[Row]) -> Iterator[Answer]:
    """The causes most often seen in all the other rows."""
    for number in range(len(rows)):
        yield _by_count([row for other, row in enumerate(rows) if other != number])


def _by_count(rows: Sequence[Row]) -> Answer:
    counted = Counter(cause for row in rows for cause in sorted(right(row)))
    whole = sum(counted.values())
    shares = {cause: count / whole for cause, count in counted.most_common()}
    return Answer(shares, is_likely=next(iter(shares.values()), 0.0) >= LIKELY)
