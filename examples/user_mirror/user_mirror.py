"""Mirrors the active users of a Salesforce org: a small integration, as a vendor writes one.

It knows requests and simple-salesforce, and nothing of how it is tested.
"""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession

QUERY = "SELECT Id, Username FROM User WHERE IsActive = true ORDER BY Username"
WAITS_S = (0.5, 1.0, 2.0)
"""How long to wait before each new try of a refresh that may succeed later."""
TIMEOUT_S = 20


class Reconnect(Exception):
    """The credential is dead: a person has to authorize the app again."""


class TryLater(Exception):
    """Nothing is known to be wrong with the credential; Salesforce could not answer now."""


@dataclass(frozen=True)
class App:
    """What Salesforce gave the vendor for the app."""

    client_id: str
    client_secret: str
    callback: str
    login_url: str


@dataclass(frozen=True)
class Credential:
    """What Salesforce gave for one customer's org."""

    instance_url: str
    access_token: str
    refresh_token: str


class UserMirror:
    """One customer's connection, kept in a file."""

    def __init__(self, app: App, path: Path, sleep: Any = time.sleep) -> None:
        self._app, self._path, self._sleep = app, path, sleep
        self._verifier = secrets.token_urlsafe(64)
        self._state = secrets.token_urlsafe(16)

    def authorize_url(self) -> str:
        """Where to send the customer's admin."""
        digest = hashlib.sha256(self._verifier.encode()).digest()
        words = {
            "response_type": "code", "client_id": self._app.client_id, "state": self._state,
            "redirect_uri": self._app.callback, "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        }  # fmt: skip
        return f"{self._app.login_url}/services/oauth2/authorize?{urlencode(words)}"

    def finish(self, callback_url: str) -> None:
        """Take the callback in; raises Reconnect where the customer refused."""
        said = {name: values[0] for name, values in parse_qs(urlsplit(callback_url).query).items()}
        if said.get("state") != self._state:
            raise ValueError("the callback is not an answer to our question")
        if "error" in said:
            raise Reconnect(f"{said['error']}: {said.get('error_description', '')}")
        answer = self._token(
            self._app.login_url, grant_type="authorization_code", code=said["code"],
            redirect_uri=self._app.callback, code_verifier=self._verifier,
        )  # fmt: skip
        self._keep(Credential(*(answer[name] for name in Credential.__annotations__)))

    def usernames(self) -> list[str]:
        """The active users; raises Reconnect or TryLater."""
        try:
            return self._query(self._credential())
        except SalesforceExpiredSession:
            return self._query(self._refreshed())

    def _query(self, credential: Credential) -> list[str]:
        salesforce = Salesforce(
            instance_url=credential.instance_url, session_id=credential.access_token, version="66.0"
        )
        return [each["Username"] for each in salesforce.query_all(QUERY)["records"]]

    def _refreshed(self) -> Credential:
        """Refresh, waiting where that may help, and keep the result before it is used."""
        old = self._credential()
        for wait_s in (*WAITS_S, None):
            try:
                answer = self._token(
                    old.instance_url, grant_type="refresh_token", refresh_token=old.refresh_token
                )
                new = {name: answer[name] for name in Credential.__annotations__ if name in answer}
                return self._keep(replace(old, **new))
            except TryLater:
                if wait_s is None:
                    raise
                self._sleep(wait_s)
        raise AssertionError("unreachable")

    def _token(self, host: str, **form: str) -> dict[str, str]:
        known = {"client_id": self._app.client_id, "client_secret": self._app.client_secret}
        try:
            answer = requests.post(
                f"{host}/services/oauth2/token", data={**known, **form}, timeout=TIMEOUT_S
            )
        except requests.ConnectionError as error:
            raise TryLater("no answer") from error
        if answer.ok:
            return dict(answer.json())
        if answer.status_code >= 500 or answer.status_code == 429:
            raise TryLater(f"status {answer.status_code}")
        said = answer.json()
        told = f"{said['error']}: {said.get('error_description', '')}"
        raise TryLater(told) if "already being processed" in told else Reconnect(told)

    def _credential(self) -> Credential:
        return Credential(**json.loads(self._path.read_text("utf-8")))

    def _keep(self, credential: Credential) -> Credential:
        self._path.touch(mode=0o600)
        self._path.write_text(json.dumps(asdict(credential)), "utf-8")
        return credential
