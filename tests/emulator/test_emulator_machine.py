"""Whatever clients and admins do in whatever order, the org says what a second opinion says."""

from __future__ import annotations

import asyncio
from functools import cache

import httpx2
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from emulated_client import JWT_BEARER, sign
from evergrant.emulator import connected, levels, state, tokens
from evergrant.emulator.accounts import approvals_of, is_granted, user_facts, user_id_of
from evergrant.emulator.app import create_app
from evergrant.emulator.inventory import inventory
from evergrant.emulator.org import HOME_IP
from evergrant.emulator.stage import Stage
from grant_oracle import DAY, DEAD, GRANTED, HOUR, App, Family, Oracle, Profile, Said, User

QUERY = "/services/data/v66.0/query?q=SELECT+Id+FROM+User"
ELSEWHERE_IP = "203.0.113.9"
ACCESS = {"orbit-sync": "Orbit_Sync_Access", "orbit-jwt": "Orbit_Sync_Access",
          "ledger-mirror": "Ledger_Mirror_Access"}  # fmt: skip
POLICIES = [("infinite", 0), ("zero", 0), ("specific_lifetime", 30), ("specific_inactivity", 7)]
SPANS = [60, HOUR, 2 * HOUR, 3 * HOUR, DAY, 6 * DAY, 8 * DAY, 31 * DAY]
picks = st.integers(0, 50)


@cache
def stage() -> Stage:
    """One org for all stories; each begins with a reset."""
    made = Stage()
    made.org.clock.freeze()
    return made


@cache
def http() -> tuple[asyncio.AbstractEventLoop, httpx2.AsyncClient]:
    """The way to it, in process."""
    transport = httpx2.ASGITransport(create_app(stage().org))
    return asyncio.new_event_loop(), httpx2.AsyncClient(transport=transport, base_url="http://org")


def world() -> tuple[list[User], list[App]]:
    """The world of the beginning, as its documentation tells it."""
    machine, standard = Profile("Integration User"), Profile("Standard User")
    integration = User("integration", machine, {"Orbit_Sync_Access"})
    rita = User("rita", standard, {"Ledger_Mirror_Access"})
    return [integration, rita], [
        App("orbit-sync"),
        App("ledger-mirror", admin_approved=True, sets={"Ledger_Mirror_Access"},
            policy=("specific_inactivity", 30)),
        App("orbit-jwt", "jwt_bearer", admin_approved=True, sets={"Orbit_Sync_Access"}),
        App("orbit-server", "client_credentials", run_as=integration, external=True),
    ]  # fmt: skip


class Grants(RuleBasedStateMachine):
    """Users, apps, tokens, policies and the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.org = stage().org
        stage().reset()
        self.key = connected.key_of(self.org, "orbit-jwt").private_key
        known = inventory(self.org)["apps"]
        self.known = {each["name"]: each for each in known}
        self.before = len(self.history())
        users, apps = world()
        self.oracle = Oracle(users, apps, self.org.clock.now().timestamp())
        self.strangers = ["5Aep861garbage"]

    # --- how it is asked

    def send(self, method: str, path: str, **how: object) -> httpx2.Response:
        loop, client = http()
        return loop.run_until_complete(client.request(method, path, **how))  # type: ignore[arg-type]

    def token(self, app: App, **form: str) -> tuple[Said, dict[str, str]]:
        known = self.known[app.name]
        words = {"client_id": known["consumer_key"], "client_secret": known["consumer_secret"]}
        body = self.send("POST", "/services/oauth2/token", data={**words, **form}).json()
        if "error" in body:
            return Said(body["error"], body["error_description"]), {}
        return GRANTED, body

    def agree(self, told: Said, expected: Said) -> None:
        """The words are the same, and the row that they leave is noted for the comparison."""
        assert (told.error, told.description) == (expected.error, expected.description)
        if expected.log is not None:
            self.oracle.log.append(expected.log)

    def history(self) -> list[str]:
        rows = state.every(self.org.db, 'SELECT "Status" FROM "LoginHistory" ORDER BY rowid')
        return [row["Status"] for row in rows]

    def act(self, name: str, **words: object) -> None:
        stage().act(name, **words)

    def app(self, pick: int) -> App:
        return self.oracle.apps[pick % len(self.oracle.apps)]

    def user(self, pick: int) -> User:
        return self.oracle.users[pick % len(self.oracle.users)]

    # --- clients

    @rule(pick=picks, who=picks)
    def approve(self, pick: int, who: int) -> None:
        app, user = self.oracle.apps[pick % 2], self.user(who)
        if not self.oracle.lets_in(user, app):
            return
        self.wait(1)
        given = connected.connect(self.org, app.name, user.name)
        self.oracle.approve(user, app, given["refresh_token"], given["access_token"])
        self.oracle.log.append("Success")

    def refresh(self, family: Family, token: str) -> None:
        told, given = self.token(family.app, grant_type="refresh_token", refresh_token=token)
        rotates = family.app.rotation
        self.agree(told, self.oracle.refreshed(token))
        assert ("refresh_token" in given) == (told is GRANTED and rotates)
        if told is GRANTED:
            self.oracle.use(family, given["access_token"], given.get("refresh_token"))

    @precondition(lambda self: self.oracle.families)
    @rule(pick=picks)
    def use_the_latest_token_of_a_family(self, pick: int) -> None:
        family = self.oracle.families[-1 - pick % len(self.oracle.families)]
        self.refresh(family, family.tokens[-1])

    @precondition(lambda self: any(len(each.tokens) > 1 for each in self.oracle.families))
    @rule(pick=picks)
    def replay_a_spent_token(self, pick: int) -> None:
        rotated = [each for each in self.oracle.families if len(each.tokens) > 1]
        family = rotated[-1 - pick % len(rotated)]
        self.refresh(family, family.tokens[pick % (len(family.tokens) - 1)])

    @precondition(lambda self: self.oracle.families)
    @rule(pick=picks)
    def use_a_token_of_another_app(self, pick: int) -> None:
        family = self.oracle.families[pick % len(self.oracle.families)]
        other = self.oracle.apps[1 - self.oracle.apps.index(family.app)]
        if not other.blocked:
            told, _ = self.token(other, grant_type="refresh_token", refresh_token=family.tokens[-1])
            self.agree(told, DEAD)

    @rule(who=picks)
    def bring_an_assertion(self, who: int) -> None:
        user, app = self.user(who), self.oracle.apps[2]
        claims = {
            "iss": self.known[app.name]["consumer_key"], "sub": f"{user.name}@acme.example",
            "aud": "http://org", "exp": int(self.oracle.now) + 180,
        }  # fmt: skip
        told, given = self.token(app, grant_type=JWT_BEARER, assertion=sign(claims, self.key))
        self.agree(told, self.oracle.asserted(app, user))
        self.keep(given, user, app)

    @rule()
    def ask_for_the_client_itself(self) -> None:
        app = self.oracle.apps[3]
        told, given = self.token(app, grant_type="client_credentials")
        self.agree(told, self.oracle.by_itself(app))
        assert app.run_as is not None
        self.keep(given, app.run_as, app)

    def keep(self, given: dict[str, str], user: User, app: App) -> None:
        assert "refresh_token" not in given
        if given:
            self.oracle.open(given["access_token"], user, app, None)

    @precondition(lambda self: self.oracle.sessions)
    @rule(pick=picks)
    def call(self, pick: int) -> None:
        session = self.oracle.sessions[-1 - pick % len(self.oracle.sessions)]
        headers = {"Authorization": f"Bearer {session.token}"}
        answer = self.send("GET", QUERY, headers=headers)
        if self.oracle.called(session):
            assert answer.status_code == 200, answer.text
        else:
            assert (answer.status_code, answer.json()[0]["errorCode"]) == (
                401,
                "INVALID_SESSION_ID",
            )

    @rule(pick=picks)
    def try_everything(self, pick: int) -> None:
        self.ask_for_the_client_itself()
        for index, _ in enumerate(self.oracle.users):
            self.bring_an_assertion(index)
        for family in self.oracle.families[-3:]:
            self.refresh(family, family.tokens[-1])
        if self.oracle.sessions:
            self.call(pick)

    @precondition(lambda self: self.oracle.families)
    @rule(pick=picks)
    def revoke_a_refresh_token(self, pick: int) -> None:
        family = self.oracle.families[-1 - pick % len(self.oracle.families)]
        answer = self.send("POST", "/services/oauth2/revoke", data={"token": family.tokens[-1]})
        assert answer.status_code == (200 if family.live else 400)
        self.oracle.end(family)

    @precondition(lambda self: self.oracle.sessions)
    @rule(pick=picks)
    def revoke_an_access_token(self, pick: int) -> None:
        session = self.oracle.sessions[-1 - pick % len(self.oracle.sessions)]
        answer = self.send("POST", "/services/oauth2/revoke", data={"token": session.token})
        assert answer.status_code == (400 if session.ended else 200)
        session.ended = True

    # --- admins

    @rule(pick=picks, value=st.booleans())
    def block(self, pick: int, value: bool) -> None:
        app = self.app(pick)
        self.act("block_app" if value else "unblock_app", app=app.name)
        app.blocked = value
        if value:
            self.oracle.end_sessions(app=app)

    @rule(pick=picks, value=st.booleans())
    def install(self, pick: int, value: bool) -> None:
        app = self.app(pick)
        self.act("install_app" if value else "uninstall_app", app=app.name)
        app.installed = value
        if not value:
            self.end_all(app)

    def end_all(self, app: App) -> None:
        self.oracle.end_sessions(app=app)
        for family in self.oracle.families:
            if family.app is app:
                self.oracle.end(family)

    @rule(pick=picks)
    def revoke_for_everyone(self, pick: int) -> None:
        app = self.app(pick)
        self.act("revoke_app", app=app.name)
        self.end_all(app)

    @rule(pick=picks, who=picks)
    def revoke_for_one_user(self, pick: int, who: int) -> None:
        app, user = self.app(pick), self.user(who)
        self.act("revoke_user_app", app=app.name, user=user.name)
        for family in self.oracle.approvals(user, app):
            self.oracle.end(family)

    @rule(pick=picks)
    def remove_the_sessions(self, pick: int) -> None:
        app = self.app(pick)
        self.act("remove_sessions", app=app.name)
        self.oracle.end_sessions(app=app)

    @rule(pick=picks, policy=st.sampled_from(POLICIES), idle=st.sampled_from([None, None, 3]))
    def set_the_refresh_policy(self, pick: int, policy: tuple[str, int], idle: int | None) -> None:
        app, text = self.oracle.apps[pick % 2], f"{policy[0]}:{policy[1]}:DAYS"
        self.act("set_app", app=app.name, idle_limit_days=idle,
                 refresh_policy=text if policy[1] else policy[0])  # fmt: skip
        app.policy, app.idle_days = policy, idle

    @rule(pick=picks, rotation=st.booleans(), minutes=st.sampled_from([None, 15, 1440]))
    def set_rotation_and_timeout(self, pick: int, rotation: bool, minutes: int | None) -> None:
        app = self.oracle.apps[pick % 2]
        self.act("set_app", app=app.name, rotation=rotation, session_minutes=minutes)
        app.rotation, app.minutes = rotation, minutes

    @rule(pick=picks, value=st.booleans())
    def let_only_admitted_users_in(self, pick: int, value: bool) -> None:
        app = self.oracle.apps[pick % 3]
        self.act("set_app", app=app.name, admin_approved=value)
        app.admin_approved = value

    @rule(pick=picks, value=st.booleans())
    def list_a_permission_set(self, pick: int, value: bool) -> None:
        app = self.oracle.apps[pick % 3]
        held = ACCESS[app.name]
        if value != (held in app.sets):
            self.act("grant_app" if value else "ungrant_app", app=app.name, permission_set=held)
            app.sets ^= {held}

    @rule(who=picks, held=st.sampled_from(sorted(set(ACCESS.values()))), value=st.booleans())
    def assign_a_permission_set(self, who: int, held: str, value: bool) -> None:
        user = self.user(who)
        if value != (held in user.sets):
            name = "assign_permission_set" if value else "unassign_permission_set"
            self.act(name, user=user.name, permission_set=held)
            user.sets ^= {held}

    @rule(who=picks, value=st.booleans())
    def activate(self, who: int, value: bool) -> None:
        user = self.user(who)
        self.act("activate_user" if value else "deactivate_user", user=user.name)
        user.active = value
        if not value:
            self.oracle.end_sessions(user=user)

    @rule(who=picks, value=st.booleans())
    def freeze(self, who: int, value: bool) -> None:
        user = self.user(who)
        self.act("freeze_user" if value else "unfreeze_user", user=user.name)
        user.frozen = value
        if value:
            self.oracle.end_sessions(user=user)

    @rule(who=picks, ranged=st.booleans(), days=st.sampled_from([[], [], [0, 1, 2], [5, 6]]))
    def bind_a_profile(self, who: int, ranged: bool, days: list[int]) -> None:
        profile = self.user(who).profile
        self.act("set_profile", profile=profile.name,
                 login_ranges=[[HOME_IP, HOME_IP]] if ranged else [],
                 login_hours=[[day, 0, 1440] for day in days])  # fmt: skip
        profile.ranged, profile.days = ranged, frozenset(days)

    @rule(pick=picks, value=st.booleans())
    def relax(self, pick: int, value: bool) -> None:
        app = self.app(pick)
        self.act("set_app", app=app.name, ip_relaxation="BYPASS" if value else "ENFORCE")
        app.relaxed = value

    @rule(home=st.booleans())
    def move(self, home: bool) -> None:
        self.act("set_ip", ip=HOME_IP if home else ELSEWHERE_IP)
        self.oracle.home = home

    @rule(limit=st.integers(1, 5))
    def set_the_limit(self, limit: int) -> None:
        self.act("set_org", approvals_limit=limit)
        self.oracle.limit = limit

    @rule(seconds=st.sampled_from(SPANS))
    def wait(self, seconds: int) -> None:
        self.org.clock.advance(seconds=seconds)
        self.oracle.now += seconds

    # --- what always holds

    @invariant()
    def approvals_on_record_are_those_of_the_oracle_with_their_use_counted(self) -> None:
        rows = state.every(self.org.db, 'SELECT "AccessToken", "UseCount" FROM "OauthToken"')
        live = [(each.tokens[-1], each.uses) for each in self.oracle.families if each.live]
        assert sorted((row["AccessToken"], row["UseCount"]) for row in rows) == sorted(live)

    @invariant()
    def sessions_on_record_are_those_that_nobody_ended(self) -> None:
        rows = state.every(
            self.org.db, 'SELECT s.token FROM x_session s JOIN "AuthSession" a ON a."Id" = s.id'
        )
        live = [each.token for each in self.oracle.live_sessions()]
        assert sorted(row["token"] for row in rows) == sorted(live)

    @invariant()
    def login_history_holds_one_row_an_attempt_and_no_other(self) -> None:
        assert self.history()[self.before :] == self.oracle.log

    @invariant()
    def what_is_remembered_is_what_is_stored(self) -> None:
        remembered = self.standing()
        self.org.db.forget()
        assert remembered == self.standing()

    def standing(self) -> list[object]:
        """What the gates would be told of every user, app and refresh token right now."""
        db, now = self.org.db, self.org.clock.now()
        users = [user_id_of(db, f"{each.name}@acme.example") or "" for each in self.oracle.users]
        apps = [each["id"] for each in self.known.values()]
        return [
            state.load_org(db),
            *(user_facts(db, each, now) for each in users),
            *(state.load_app(db, each) for each in apps),
            *(is_granted(db, user, app, now) for user in users for app in apps),
            *(approvals_of(db, user, app, now) for user in users for app in apps),
            *(self.refresh_token(token) for each in self.oracle.families for token in each.tokens),
        ]

    def refresh_token(self, token: str) -> tuple[object, ...]:
        row = tokens.find(self.org, token)
        assert row is not None
        app = state.load_app(self.org.db, row["app_id"])
        level = levels.of_family(self.org, app, row["family"])
        return (*row, tokens.last_use(self.org, token), level)


TestGrants = pytest.mark.slow(Grants.TestCase)
TestGrants.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
