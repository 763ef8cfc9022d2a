"""Login rows of any table, told as they come: who failed, since when, and who did not.

Memory is bounded whatever the number of rows: of each user and app the first failures since the
last success are kept and the newest, of pairs the first thousands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from evergrant.evidence.gathered import Moment, Standing, Wanted, is_id, short

SUCCESS = frozenset({"success", "login_no_error", "成功"})
"""In lower case; the Japanese word is inferred."""
MAX_PAIRS = 2_000
KEPT = 64
"""Failures kept at each end of a pair's failures."""
MAX_ADDRESSES = 64
NEAR = timedelta(hours=1)
"""Around the time that was asked about."""
FLOWS = {
    "oauthwebserver": "web_server", "oauthhybridwebserver": "web_server", "oauthcode": "web_server",
    "oauthhybridauthcode": "web_server", "oauthuseragent": "user_agent",
    "oauthhybriduseragent": "user_agent", "oauthuseragentidtoken": "user_agent",
    "oauthtoken": "user_agent", "oauthhybridtoken": "user_agent", "oauthtokenidtoken": "user_agent",
    "oauthusernamepassword": "username_password", "oauthpassword": "username_password",
    "oauthclientcredentials": "client_credentials", "oauthclientcredential": "client_credentials",
    "oauthrefreshtoken": "refresh_token", "oauthhybridrefreshtoken": "refresh_token",
    "oauthtokenexchange": "token_exchange", "oauthhybridtokenexchange": "token_exchange",
}  # fmt: skip
"""LoginSubType, lower case → flow (Object reference, LoginHistory and LoginEventLog)."""
OAUTH_TYPES = frozenset({"remote access 2.0", "oauth2", "i"})


@dataclass(frozen=True, slots=True)
class Login:
    """One row."""

    at: datetime
    status: str
    user: str = ""
    user_id: str = ""
    app: str = ""
    org: str = ""
    ip: str = ""
    type: str = ""
    subtype: str = ""
    line: int | None = None

    @property
    def is_success(self) -> bool:
        """Anything else than the word for success is a failure (org-model 3.0)."""
        return self.status.casefold() in SUCCESS

    @property
    def is_oauth(self) -> bool:
        """Whether it came through OAuth 2.0."""
        return self.type.casefold() in OAUTH_TYPES

    @property
    def quote(self) -> str:
        """The row as it is quoted."""
        who = " ".join(each for each in (self.app, self.user or self.user_id) if each)
        place = f" from {self.ip}" if self.ip else ""
        return f"{self.at:%Y-%m-%d %H:%M:%S} UTC {who}: {self.status}{place}"


Pair = tuple[str, str, str]
"""Org, app, user."""


@dataclass(slots=True)
class Record:
    """What is remembered of one user of one app."""

    failures: list[Login] = field(default_factory=list)
    """Since the last success, oldest first once `settle` was called."""
    success: Login | None = None
    good_addresses: set[str] = field(default_factory=set)
    count: int = 0

    def add(self, row: Login) -> None:
        """Remember a row; rows may come in any order."""
        self.count += 1
        if row.is_success:
            self._worked(row)
        elif self.success is None or row.at > self.success.at:
            self.failures.append(row)
            if len(self.failures) > 4 * KEPT:
                self.settle()
                del self.failures[KEPT:-KEPT]

    def _worked(self, row: Login) -> None:
        if row.ip and len(self.good_addresses) < MAX_ADDRESSES:
            self.good_addresses.add(row.ip)
        if self.success is None or row.at > self.success.at:
            self.success = row
            self.failures = [each for each in self.failures if each.at > row.at]

    def settle(self) -> None:
        """Bring the failures into order."""
        self.failures.sort(key=lambda row: row.at)

    @property
    def newest(self) -> Login:
        """The newest row of all."""
        rows: list[Login] = [*self.failures, *([self.success] if self.success else ())]
        return max(rows, key=lambda row: row.at)

    def nearest(self, at: datetime | None) -> Login:
        """The failing row next to a time, or the newest row."""
        if at is None or not self.failures:
            return self.newest
        asked: datetime = at
        nearest: Login = min(self.failures, key=lambda row: abs(row.at - asked))
        return nearest


@dataclass(slots=True)
class Tally:
    """All rows of one table, remembered by pair."""

    wanted: Wanted
    records: dict[Pair, Record] = field(default_factory=dict)
    left_out: int = 0
    """Rows of pairs beyond the first thousands, which are not ours."""
    oldest: datetime | None = None
    newest: datetime | None = None

    def add(self, row: Login) -> None:
        """Remember one row."""
        self.oldest = min(self.oldest or row.at, row.at)
        self.newest = max(self.newest or row.at, row.at)
        pair = (row.org, row.app, row.user or row.user_id)
        record = self.records.get(pair)
        if record is None:
            if len(self.records) >= MAX_PAIRS and not self.is_ours(row):
                self.left_out += 1
                return
            record = self.records[pair] = Record()
        record.add(row)

    def is_ours(self, row: Login) -> bool:
        """Whether a row may be of the app and user that is asked about; what the table does not
        name fits any."""
        fits_app = self.wanted.is_app(row.app) if row.app else True
        return fits_app and self.is_users(row)

    def is_users(self, row: Login) -> bool:
        """Whether a row may be the user's: one that names nobody fits any, and an id cannot be
        compared with a username."""
        ours = self.wanted.user
        named = [each for each in (row.user, row.user_id) if each and is_id(each) == is_id(ours)]
        return not ours or not named or self.wanted.is_user(*named)

    def others(self) -> list[str]:
        """Labels and users that the table names, where none of its rows is ours."""
        pairs = [(app, user) for _, app, user in self.records]
        of_app = [user for app, user in pairs if not app or self.wanted.is_app(app)]
        return sorted({*of_app} if of_app else {app for app, _ in pairs if app})

    def unsure(self) -> list[str]:
        """Users whose rows all may be ours, for being named by id where we have a username."""
        ours = [record.newest for record in self.records.values() if self.is_ours(record.newest)]
        people = {row.user or row.user_id for row in ours} - {""}
        is_told = any(self.wanted.is_user(row.user, row.user_id) for row in ours)
        return sorted(people) if self.wanted.user and len(people) > 1 and not is_told else []

    def chosen(self) -> Record | None:
        """The record that the question is about: ours, failing, of OAuth, newest (or nearest)."""
        for record in self.records.values():
            record.settle()
        ours = [record for record in self.records.values() if self.is_ours(record.newest)]
        return max(ours, key=self._rank, default=None)

    def _rank(self, record: Record) -> tuple[bool, bool, bool, float]:
        row, at = record.nearest(self.wanted.at), self.wanted.at
        closeness = -abs((row.at - at).total_seconds()) if at else row.at.timestamp()
        is_near = at is None or abs(row.at - at) <= NEAR
        return is_near, bool(record.failures), row.is_oauth, closeness

    def standings(self) -> Iterator[Standing]:
        """How each pair stood last."""
        for (org, app, user), record in self.records.items():
            yield Standing(app, user, org, works=not record.failures)

    def moments(self, chosen: Record | None, source: str) -> Iterator[Moment]:
        """First and last failure and last success of the chosen pair, first failures of others."""
        for record in self.records.values():
            is_ours = record is chosen
            ends = record.failures[:1] + (record.failures[1:][-1:] if is_ours else [])
            for row in ends:
                yield _moment(row, is_ours, source)
            if is_ours and record.success:
                yield _moment(record.success, is_ours, source)


def _moment(row: Login, is_ours: bool, source: str) -> Moment:
    what: Literal["success", "failure"] = "success" if row.is_success else "failure"
    user = row.user or row.user_id
    return Moment(row.at, what, short(row.quote), row.app, user, row.org, is_ours=is_ours,
                  source=source, line=row.line)  # fmt: skip
