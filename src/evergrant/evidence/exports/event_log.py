"""EventLogFile: Login and Logout files, bound by the names of their columns (org-model 2.9).

A Login file names no app; a Logout row of an OAuth session is the trace of a revocation.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from evergrant.evidence.exports.columns import EVENT_LOG
from evergrant.evidence.exports.login_facts import Table, told
from evergrant.evidence.exports.logins import Login, Tally
from evergrant.evidence.exports.sheets import Row, Sheeted
from evergrant.evidence.gathered import Gathered, Moment, Wanted, fact, short
from evergrant.evidence.given.document import Document
from evergrant.model import Fact

OAUTH_APP = "2514"
"""`APP_TYPE` of a Logout row that ended an OAuth session (Object reference, Logout)."""
MAX_ENDED = 100


@dataclass(slots=True)
class _Log:
    """What both kinds of rows come to."""

    wanted: Wanted
    tally: Tally
    ended: deque[Moment] = field(default_factory=lambda: deque(maxlen=MAX_ENDED))
    logouts: int = 0

    def take(self, row: Row) -> None:
        event = row.cell("event").casefold()
        if event == "login" and row.cell("status"):
            login = _login(row)
            if login.is_oauth or not self.wanted.app:
                self.tally.add(login)
        elif event == "logout":
            self.logouts += 1
            self._logout(row)

    def _logout(self, row: Row) -> None:
        user = row.cell("user_id", "user_id_short")
        if row.cell("app_type") != OAUTH_APP or not self.wanted.is_user(user):
            return
        who = f"user {user}" if user else "several users at once"
        text = f"{row.at:%Y-%m-%d %H:%M:%S} UTC Logout event: an OAuth session of {who} was ended"
        self.ended.append(
            Moment(row.at, "change", short(text), user=user, org=row.cell("org"),
                   act="tokens revoked", mark="derived", source=EVENT_LOG.kind, line=row.line)
        )  # fmt: skip


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """What the events show of the user in question; rows are streamed."""
    sheeted, log = Sheeted(EVENT_LOG, documents), _Log(wanted, Tally(wanted))
    for row in sheeted:
        log.take(row)
    table = Table(EVENT_LOG.kind, names_apps=False, readings=tuple(sheeted.readings))
    of_logins = told(log.tally, table)
    return of_logins.with_(Gathered(tuple(_ended(log)), tuple(log.ended)))


def _ended(log: _Log) -> Iterator[Fact]:
    if not log.logouts:
        return
    last = log.ended[-1] if log.ended else None
    quote = last.text if last else f"no OAuth session among {log.logouts} Logout events"
    at, line = (last.at, last.line) if last else (None, None)
    yield fact("logout.oauth_ended", last is not None, EVENT_LOG.kind, quote=quote, at=at,
               mark="derived", line=line)  # fmt: skip


def _login(row: Row) -> Login:
    cell = row.cell
    return Login(
        row.at, cell("status"), cell("user"), cell("user_id", "user_id_short"), cell("app"),
        cell("org"), cell("ip"), cell("type"), cell("subtype"), row.line,
    )  # fmt: skip
