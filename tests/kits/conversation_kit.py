"""One long conversation with an emulated org, written down; run as a script it prints it."""

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.testclient import TestClient

from evergrant.emulator.app import create_app
from evergrant.emulator.connected import key_of
from evergrant.emulator.inventory import inventory
from evergrant.emulator.stage import Stage

WHEN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TOKEN = "/services/oauth2/token"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+0000|Z)")
"""Rows of the world's beginning bear the machine's time."""
_QUERIES = (
    "SELECT Id, Status, Application, LoginSubType, SourceIp FROM LoginHistory ORDER BY Id",
    "SELECT Id, AppName, UseCount, DeleteToken FROM OauthToken",
    "SELECT Id, Username, ProfileId FROM User",
    "SELECT Id, Action, Display FROM SetupAuditTrail",
)


class Conversation:
    """Plays the conversation with an org of a seed and notes every answer whole."""

    def __init__(self, seed: int) -> None:
        self.stage = Stage(seed)
        self.stage.org.clock.freeze()
        self.stage.org.clock.set(WHEN)
        base = f"https://{self.stage.org.home.host}"
        self.stage.org.base_url = base
        self.http = TestClient(create_app(self.stage.org), base_url=base, follow_redirects=False)
        self.noted: list[Any] = []

    def play(self) -> list[Any]:
        """Everything that was answered, in order."""
        world = inventory(self.stage.org)
        app, user = world["apps"][0], world["users"][1]
        self.note("GET", "/.well-known/openid-configuration")
        self.note("GET", "/id/keys")
        granted = self.connect(app, user)
        self.stage.act("set_app", app="orbit-sync", rotation=True)
        after = self.token(app, grant_type="refresh_token", refresh_token=granted["refresh_token"])
        self.ask_around(after["access_token"])
        self.stage.act("lay_fault", preset="server-error", chance=0.5, times=9)
        for _ in range(8):
            self.token(app, grant_type="refresh_token", refresh_token="garbage")
        self.stage.act("lift_faults")
        self.others(world)
        self.note("POST", "/services/oauth2/revoke", data={"token": after["refresh_token"]})
        self.token(app, grant_type="refresh_token", refresh_token=after["refresh_token"])
        self.noted.append(self.stage.trace(50))
        self.stage.close()
        return self.noted

    def note(self, method: str, path: str, **how: Any) -> Any:
        """One request; its answer is noted with status, headers and body."""
        answer = self.http.request(method, path, **how)
        body = _TIME.sub("TIME", answer.text)
        self.noted.append([answer.status_code, sorted(answer.headers.items()), body])
        return answer

    def token(self, app: dict[str, Any], **form: str) -> dict[str, str]:
        """One request at the token endpoint with the app's key and secret."""
        own = {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"]}
        return dict(self.note("POST", TOKEN, data={**own, **form}).json())

    def connect(self, app: dict[str, Any], user: dict[str, Any]) -> dict[str, str]:
        """The web server flow through sign-in and consent."""
        asked = {"response_type": "code", "client_id": app["consumer_key"], "nonce": "n1",
                 "redirect_uri": app["callbacks"][0], "state": "s1"}  # fmt: skip
        page = self.note("GET", "/services/oauth2/authorize", params=asked)
        signed = self.submit(page, username=user["username"], password=user["password"])
        consent = self.note("GET", signed.headers["location"])
        back = self.submit(consent, decision="allow").headers["location"]
        [code] = parse_qs(urlsplit(back).query)["code"]
        return self.token(
            app, grant_type="authorization_code", code=code, redirect_uri=app["callbacks"][0]
        )

    def submit(self, page: Any, **filled: str) -> Any:
        """Post a page's form."""
        found = re.search(r'action="([^"]+)"', page.text)
        assert found is not None
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        return self.note("POST", unescape(found[1]), data={**hidden, **filled})

    def ask_around(self, token: str) -> None:
        """Who am I, and what does the org say."""
        headers = {"Authorization": f"Bearer {token}"}
        self.note("GET", "/services/oauth2/userinfo", headers=headers)
        for query in _QUERIES:
            self.note("GET", "/services/data/v66.0/query", params={"q": query}, headers=headers)

    def others(self, world: dict[str, Any]) -> None:
        """Client credentials, a JWT, a device."""
        apps = {each["name"]: each for each in world["apps"]}
        self.token(apps["orbit-server"], grant_type="client_credentials")
        self.noted.append(key_of(self.stage.org, "orbit-jwt").certificate)
        self.stage.act("set_app", app="orbit-sync", device_flow=True)
        self.token(apps["orbit-sync"], response_type="device_code")


def words(played: list[Any]) -> Iterator[str]:
    """One line an answer, for comparing."""
    for each in played:
        yield json.dumps(each, sort_keys=True)


if __name__ == "__main__":
    sys.stdout.write("\n".join(words(Conversation(int(sys.argv[1])).play())))
