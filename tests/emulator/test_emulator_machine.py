"""Whatever clients and admins do in whatever order, tokens keep their promises."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from starlette.testclient import TestClient

from evergrant.emulator import connected, state
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.app import create_app
from evergrant.emulator.stage import Stage

LIMIT = 5


class Tokens(RuleBasedStateMachine):
    """A model of one user's approvals of one app, beside the real org."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()
        self.http = TestClient(create_app(self.stage.org, self.stage.faults))
        self.app = app_by_name(self.stage.org.db, "orbit-sync")
        row = state.one(self.stage.org.db, "SELECT secret FROM x_secret WHERE app_id = ?",
                        self.app.id)  # fmt: skip
        self.secret = row["secret"] if row else ""
        self.live: list[list[str]] = []
        """Families, oldest first: every refresh token given, the current one last."""
        self.dead: list[str] = []
        self.blocked = self.rotation = False

    def teardown(self) -> None:
        self.http.close()
        self.stage.close()

    def refresh(self, token: str) -> dict[str, str]:
        form = {
            "grant_type": "refresh_token", "refresh_token": token,
            "client_id": self.app.consumer_key, "client_secret": self.secret,
        }  # fmt: skip
        answer: dict[str, str] = self.http.post("/services/oauth2/token", data=form).json()
        return answer

    @rule()
    def approve(self) -> None:
        given = connected.connect(self.stage.org, "orbit-sync")["refresh_token"]
        self.live.append([given])
        for gone in self.live[:-LIMIT]:
            self.dead += gone
        self.live = self.live[-LIMIT:]

    @precondition(lambda self: self.live)
    @rule(pick=st.integers(0, LIMIT - 1))
    def use_the_current_token(self, pick: int) -> None:
        family = self.live[pick % len(self.live)]
        answer = self.refresh(family[-1])
        assert ("access_token" in answer) == (not self.blocked)
        if self.rotation and not self.blocked:
            family.append(answer["refresh_token"])

    @precondition(lambda self: any(len(family) > 1 for family in self.live))
    @rule()
    def replay_a_spent_token(self) -> None:
        family = next(each for each in self.live if len(each) > 1)
        answer = self.refresh(family[0])
        assert "access_token" not in answer
        if not self.blocked:
            self.live.remove(family)
            self.dead += family

    @precondition(lambda self: self.dead)
    @rule(pick=st.integers(0, 50))
    def use_a_dead_token(self, pick: int) -> None:
        answer = self.refresh(self.dead[pick % len(self.dead)])
        assert answer["error"] == ("app_blocked" if self.blocked else "invalid_grant")

    @precondition(lambda self: self.live)
    @rule(pick=st.integers(0, LIMIT - 1))
    def revoke(self, pick: int) -> None:
        family = self.live.pop(pick % len(self.live))
        self.dead += family
        assert self.http.post(
            "/services/oauth2/revoke", data={"token": family[-1]}
        ).status_code == 200  # fmt: skip

    @rule(value=st.booleans())
    def block(self, value: bool) -> None:
        self.stage.act("block_app" if value else "unblock_app", app="orbit-sync")
        self.blocked = value

    @rule(value=st.booleans())
    def rotate(self, value: bool) -> None:
        self.stage.act("set_app", app="orbit-sync", rotation=value)
        self.rotation = value

    @rule(days=st.integers(0, 400))
    def wait(self, days: int) -> None:
        self.stage.org.clock.advance(seconds=days * 86400)

    @invariant()
    def tokens_on_record_are_those_of_the_model(self) -> None:
        rows = state.every(self.stage.org.db, 'SELECT "AccessToken" FROM "OauthToken"')
        assert sorted(row["AccessToken"] for row in rows) == sorted(f[-1] for f in self.live)

    @invariant()
    def no_session_outlives_its_approval(self) -> None:
        rows = state.every(
            self.stage.org.db,
            "SELECT 1 FROM x_session WHERE ended IS NULL AND family NOT IN"
            ' (SELECT "Id" FROM "OauthToken")',
        )
        assert rows == []

    @invariant()
    def sessions_on_record_are_the_live_ones(self) -> None:
        rows = state.every(
            self.stage.org.db,
            'SELECT 1 FROM "AuthSession" WHERE "Id" NOT IN'
            " (SELECT id FROM x_session WHERE ended IS NULL)",
        )
        assert rows == []


TestTokens = Tokens.TestCase
TestTokens.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
