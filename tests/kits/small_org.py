"""A small org for the tests of the queryable data: an admin, a plain user, logins, tokens."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.applications import Starlette
from starlette.testclient import TestClient

from evergrant.emulator import sessions, soql, state
from evergrant.emulator.data import data_routes
from evergrant.emulator.objects import insert
from evergrant.emulator.org import Org
from evergrant.emulator.permissions import COLUMN, PERMISSIONS
from evergrant.emulator.policies import OrgPolicy, ProfilePolicy
from evergrant.emulator.soql.errors import SoqlError
from evergrant.emulator.soql.scope import Caller

BASE: Final = "/services/data/v67.0"
NOW: Final = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
"""A Wednesday."""
STATUSES: Final = ("Success", "Failed: Not approved for access")


@dataclass(frozen=True, slots=True)
class SmallOrg:
    """The org and the ids that tests name."""

    org: Org
    admin: str
    plain: str
    permission_set: str
    app: str
    client: TestClient

    def caller(self, user_id: str, *, is_tooling: bool = False) -> Caller:
        """One of the users, asking at NOW."""
        return Caller(user_id, self.org.permissions_of(user_id), NOW, is_tooling)

    def query(self, text: str, user_id: str | None = None) -> soql.Answer:
        """The answer to the admin, or to the user named."""
        return soql.run(self.org.db, text, self.caller(user_id or self.admin), BASE)

    def column(self, text: str, key: str, user_id: str | None = None) -> list[soql.Json]:
        """One value of every record of an answer."""
        return [each[key] for each in self.query(text, user_id).records]

    def refused(self, text: str, user_id: str | None = None) -> SoqlError:
        """The error that the query gets."""
        try:
            answer = self.query(text, user_id)
        except SoqlError as error:
            return error
        raise AssertionError(f"not refused: {text}: {answer.records}")

    def headers(self, user_id: str) -> dict[str, str]:
        """An open session of the user, as a request carries it."""
        token = sessions.open_session(self.org, user_id, None, "", None)
        return {"Authorization": f"Bearer {token}"}


def small_org() -> SmallOrg:
    """A new one, always the same."""
    org = Org(seed=11)
    org.clock.offset = NOW - datetime.now(UTC)
    org_id = org.ids.new("00D")
    insert(org.db, "Organization", Id=org_id, Name="Acme Manufacturing", IsSandbox=False)
    state.note(org.db, "org_id", org_id)
    state.save_policy(org.db, "org", OrgPolicy())
    everything = dict.fromkeys((f"{COLUMN}{name}" for name in PERMISSIONS), True)
    admin = _user(org, "System Administrator", "admin@acme.example", everything)
    plain = _user(org, "Standard User", "plain@acme.example", {f"{COLUMN}ApiEnabled": True})
    state.note(org.db, "admin_id", admin)
    permission_set, app = _app(org)
    _logins(org, admin, plain)
    _tokens(org, admin, plain, app)
    client = TestClient(Starlette(routes=data_routes(org)), raise_server_exceptions=True)
    return SmallOrg(org, admin, plain, permission_set, app, client)


def _user(org: Org, profile: str, username: str, permissions: dict[str, bool]) -> str:
    profile_id, user_id = org.ids.new("00e"), org.ids.new("005")
    insert(org.db, "Profile", Id=profile_id, Name=profile, **permissions)
    state.save_policy(org.db, profile_id, ProfilePolicy())
    insert(
        org.db, "User", Id=user_id, Username=username, Name=username.partition("@")[0],
        IsActive=True, ProfileId=profile_id, UserType="Standard", CreatedDate=NOW,
    )  # fmt: skip
    insert(org.db, "UserLogin", Id=org.ids.new("0Yw"), UserId=user_id)
    return user_id


def _app(org: Org) -> tuple[str, str]:
    permission_set, app = org.ids.new("0PS"), org.ids.new("0H4")
    insert(org.db, "PermissionSet", Id=permission_set, Name="Orbit", Label="Orbit Sync Access")
    insert(org.db, "ConnectedApplication", Id=app, Name="Orbit Sync")
    return permission_set, app


def _logins(org: Org, admin: str, plain: str) -> None:
    for number in range(6):
        insert(
            org.db, "LoginHistory", Id=org.ids.new("0Ya"), UserId=(admin, plain)[number % 2],
            LoginTime=NOW - timedelta(days=number), LoginType="Remote Access 2.0",
            Status=STATUSES[number % 3 == 0], Application="Orbit Sync", SourceIp="198.51.100.10",
        )  # fmt: skip


def _tokens(org: Org, admin: str, plain: str, app: str) -> None:
    item = org.ids.new("0DS")
    insert(org.db, "AppMenuItem", Id=item, Label="Orbit Sync", Name="Orbit", ApplicationId=app)
    for user_id, menu_item in ((admin, item), (plain, None)):
        insert(
            org.db, "OauthToken", Id=org.ids.new("0CQ"), UserId=user_id, AppName="Orbit Sync",
            AppMenuItemId=menu_item, CreatedDate=NOW, UseCount=3, AccessToken="opaque",
        )  # fmt: skip
