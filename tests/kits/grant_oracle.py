"""A second opinion on grants: users, apps, tokens, policies and the clock in plain Python.

Written from the protocol notes alone (sections 3.3, 4 and 5) and importing nothing of the emulator,
so that both may be wrong only in different ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

HOUR, DAY = 3600, 86400
Flow = Literal["refresh_token", "jwt_bearer", "client_credentials"]


@dataclass(frozen=True, slots=True)
class Said:
    """What is answered, and the Status of the row that it leaves."""

    error: str
    description: str
    log: str | None = None


GRANTED = Said("", "", "Success")
BLOCKED = Said("app_blocked", "this app is blocked by admin")
CROSS_ORG = Said(
    "invalid_client", "Cross-org OAuth flows are not supported for this external client app"
)
"""What a local external client app gets in an org that does not hold it (3.3)."""
UNINSTALLED = Said("invalid_client", "app must be installed into org")
DEAD = Said("invalid_grant", "expired access/refresh token")
INACTIVE = Said("invalid_grant", "inactive user", "User is Inactive")
FROZEN = Said("invalid_grant", "inactive user", "User Is Frozen")
NO_RUN_AS = Said("invalid_grant", "no client credentials user enabled")
NOT_ADMITTED = Said(
    "invalid_app_access", "user is not admin approved to access this app",
    "Failed: Not approved for access",
)  # fmt: skip
UNAPPROVED = Said(
    "invalid_grant", "user hasn't approved this consumer", "Failed: Not approved for access"
)
ELSEWHERE = Said("invalid_grant", "ip restricted or invalid login hours", "Restricted IP")
TOO_LATE = Said("invalid_grant", "ip restricted or invalid login hours", "Restricted time")


@dataclass(slots=True)
class Profile:
    """What a profile lays down for logins."""

    name: str
    ranged: bool = False
    """Whether login ranges hold the home address and no other."""
    days: frozenset[int] = frozenset()
    """Weekdays on which logins are let in; empty: all."""


@dataclass(slots=True)
class User:
    """Somebody who can be integrated."""

    name: str
    profile: Profile
    sets: set[str] = field(default_factory=set)
    active: bool = True
    frozen: bool = False


@dataclass(slots=True)
class App:
    """One app and what an admin set for it."""

    name: str
    flow: Flow = "refresh_token"
    run_as: User | None = None
    external: bool = False
    sets: set[str] = field(default_factory=set)
    """Permission sets on its list."""
    blocked: bool = False
    installed: bool = True
    admin_approved: bool = False
    rotation: bool = False
    policy: tuple[str, int] = ("infinite", 0)
    """The refresh token policy and its days."""
    idle_days: int | None = None
    minutes: int | None = None
    relaxed: bool = False


@dataclass(slots=True, eq=False)
class Family:
    """One approval: every refresh token it had, the current one last."""

    user: User
    app: App
    tokens: list[str]
    issued: float
    used: float
    live: bool = True
    uses: int = 1


@dataclass(slots=True, eq=False)
class Session:
    """What an access token stands for."""

    token: str
    user: User
    app: App
    family: Family | None
    seen: float
    seconds: int
    ended: bool = False


@dataclass(slots=True)
class Oracle:
    """What the org ought to hold and to say."""

    users: list[User]
    apps: list[App]
    now: float
    limit: int = 5
    home: bool = True
    """Whether callers come from the address that the login ranges hold."""
    families: list[Family] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    # --- what is so

    def approvals(self, user: User | None, app: App) -> list[Family]:
        """The live approvals, oldest first."""
        return [
            each for each in self.families if each.live and (each.user, each.app) == (user, app)
        ]

    def owner(self, token: str) -> Family | None:
        """The approval that a refresh token belongs to or once belonged to."""
        return next((each for each in self.families if token in each.tokens), None)

    def admits(self, user: User, app: App) -> bool:
        """Whether a permission set of the user is on the app's list."""
        return not app.admin_approved or bool(user.sets & app.sets)

    def died(self, family: Family) -> bool:
        """Whether the app's policy, looked at now, has ended a refresh token (4.3)."""
        kind, days = family.app.policy
        if kind == "zero":
            return True
        if family.app.idle_days is not None:
            return self.now - family.used > family.app.idle_days * DAY
        since = {"specific_lifetime": family.issued, "specific_inactivity": family.used}.get(kind)
        return since is not None and self.now - since > days * DAY

    def lives(self, session: Session) -> bool:
        """Whether a session answers: neither ended nor idle for longer than its window (4.1)."""
        return not session.ended and self.now <= session.seen + session.seconds

    # --- what is said

    def refreshed(self, token: str) -> Said:
        """A refresh with the right client; what follows from it is done."""
        family = self.owner(token)
        if family is None:
            return DEAD
        family.uses += 1
        said = self._app(family.app, family.user) or self._token(family, token)
        said = said or self._user(family.user, family.app, relaxes=True)
        if said is DEAD and token != family.tokens[-1]:
            self.end(family)
        return said or GRANTED

    def asserted(self, app: App, user: User) -> Said:
        """A JWT bearer request that is itself in order."""
        said = self._app(app, user) or self._standing(user)
        if said is None and app.admin_approved and not self.admits(user, app):
            said = NOT_ADMITTED
        if said is None and not app.admin_approved and not self.approvals(user, app):
            said = UNAPPROVED
        return said or self._place(user, relaxed=False) or GRANTED

    def by_itself(self, app: App) -> Said:
        """A client credentials request that is itself in order; Permitted Users do not bind it."""
        assert app.run_as is not None
        said = self._app(app, app.run_as)
        if said is None and not app.run_as.active:
            return NO_RUN_AS
        return said or self._user(app.run_as, app, relaxes=True, asks_list=False) or GRANTED

    def _app(self, app: App, user: User) -> Said | None:
        if app.external and not app.installed:
            return CROSS_ORG
        if app.blocked:
            return BLOCKED
        return UNINSTALLED if not app.installed and not self.approvals(user, app) else None

    def _token(self, family: Family, token: str) -> Said | None:
        is_current = family.live and token == family.tokens[-1]
        return None if is_current and not self.died(family) else DEAD

    def _user(self, user: User, app: App, *, relaxes: bool, asks_list: bool = True) -> Said | None:
        said = self._standing(user)
        if said is None and asks_list and not self.admits(user, app):
            return NOT_ADMITTED
        return said or self._place(user, relaxed=relaxes and app.relaxed)

    def _standing(self, user: User) -> Said | None:
        if not user.active:
            return INACTIVE
        return FROZEN if user.frozen else None

    def _place(self, user: User, *, relaxed: bool) -> Said | None:
        if user.profile.ranged and not self.home and not relaxed:
            return ELSEWHERE
        today = datetime.fromtimestamp(self.now, UTC).weekday()
        return TOO_LATE if user.profile.days and today not in user.profile.days else None

    def lets_in(self, user: User, app: App) -> bool:
        """Whether the user could approve the app in a browser now."""
        is_open = app.installed and not app.blocked
        return is_open and self._user(user, app, relaxes=True) is None

    # --- what happens

    def open(self, token: str, user: User, app: App, family: Family | None) -> None:
        """A session begins."""
        seconds = (app.minutes or 120) * 60
        self.sessions.append(Session(token, user, app, family, self.now, seconds))

    def approve(self, user: User, app: App, refresh: str, access: str) -> None:
        """One more approval; beyond the limit the oldest ends (4.4)."""
        family = Family(user, app, [refresh], self.now, self.now)
        self.families.append(family)
        self.open(access, user, app, family)
        for oldest in self.approvals(user, app)[: -self.limit]:
            self.end(oldest)

    def use(self, family: Family, access: str, successor: str | None) -> None:
        """A refresh went well: the idle window begins anew."""
        family.used = self.now
        if successor is not None:
            family.tokens.append(successor)
        self.open(access, family.user, family.app, family)

    def called(self, session: Session) -> bool:
        """A call; activity is written down once half of the window has passed (4.1)."""
        answers = self.lives(session)
        if answers and self.now - session.seen >= session.seconds / 2:
            session.seen = self.now
        return answers

    def end(self, family: Family) -> None:
        """An approval ends, and with it its sessions."""
        family.live = False
        for session in self.sessions:
            session.ended |= session.family is family

    def end_sessions(self, *, app: App | None = None, user: User | None = None) -> None:
        """Every session of an app or of a user ends."""
        for session in self.sessions:
            session.ended |= session.app is app or session.user is user

    def live_sessions(self) -> Iterator[Session]:
        """Sessions that nobody ended, idle or not."""
        return (each for each in self.sessions if not each.ended)
