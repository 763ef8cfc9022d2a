"""A small client for the emulator's tests: plain HTTP, a form robot, and the named mutations."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from evergrant.emulator.inventory import inventory
from evergrant.emulator.server import Served

VERIFIER = base64.urlsafe_b64encode(b"v" * 128).rstrip(b"=").decode()
"""171 characters, as shipping clients send."""
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def challenge(verifier: str) -> str:
    """The S256 challenge (RFC 7636 section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass
class Client:
    """One app's client and the browser of its user."""

    emulator: Served
    app: dict[str, Any]
    user: dict[str, Any]
    http: httpx2.Client
    credential: dict[str, str] = field(default_factory=dict)
    host: str | None = None

    @property
    def callback(self) -> str:
        return str(self.app["callbacks"][0])

    def token(self, **form: str) -> httpx2.Response:
        """One request at the token endpoint, with the client's key and secret unless given."""
        key, secret = self.app["consumer_key"], self.app["consumer_secret"]
        words = {"client_id": key, "client_secret": secret, **form}
        sent = {name: value for name, value in words.items() if value}
        headers = {"Host": self.host} if self.host else {}
        url = f"{self.emulator.url}/services/oauth2/token"
        return self.http.post(url, data=sent, headers=headers)

    def authorize(self, *, decision: str = "allow", **words: str) -> httpx2.Response:
        """Walk the browser through sign-in and consent; gives the last answer, never followed."""
        query = {
            "response_type": "code", "client_id": self.app["consumer_key"],
            "redirect_uri": self.callback, "state": "s1",
            "code_challenge": challenge(VERIFIER), **words,
        }  # fmt: skip
        sent = {name: value for name, value in query.items() if value}
        answer = self.http.get(f"{self.emulator.url}/services/oauth2/authorize", params=sent)
        return self.walk(answer, decision)

    def walk(self, answer: httpx2.Response, decision: str = "allow") -> httpx2.Response:
        """Fill the forms and follow redirects inside the org, up to eight steps."""
        for _ in range(8):
            where = answer.headers.get("location", "")
            if where.startswith(("/", self.emulator.url)):
                answer = self.http.get(self.emulator.url + where.removeprefix(self.emulator.url))
            elif 'id="login_form"' in answer.text and 'role="alert"' not in answer.text:
                answer = self.submit(
                    answer, username=self.user["username"], password=self.user["password"]
                )
            elif 'id="approval_form"' in answer.text:
                answer = self.submit(answer, decision=decision)
            else:
                return answer
        raise AssertionError("the walk does not end")

    def submit(self, page: httpx2.Response, **filled: str) -> httpx2.Response:
        """Post the page's form with its hidden fields."""
        found = re.search(r'action="([^"]+)"', page.text)
        assert found is not None
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        return self.http.post(self.emulator.url + unescape(found[1]), data={**hidden, **filled})

    def code(self, **words: str) -> str:
        """An authorization code, fetched through the browser."""
        return returned(self.authorize(**words))["code"]

    def redeem(self, code: str, **form: str) -> httpx2.Response:
        """Exchange a code."""
        words = {"redirect_uri": self.callback, "code_verifier": VERIFIER, **form}
        return self.token(**{"grant_type": "authorization_code", "code": code, **words})

    def connect(self) -> dict[str, str]:
        """Connect as a good client does."""
        answer = self.redeem(self.code())
        assert answer.status_code == 200, answer.text
        self.credential = answer.json()
        return self.credential

    def refresh(self, token: str | None = None, **form: str) -> httpx2.Response:
        """Use the refresh token."""
        sent = token or self.credential["refresh_token"]
        return self.token(**{"grant_type": "refresh_token", "refresh_token": sent, **form})

    def assertion(self, key: str, **claims: Any) -> str:
        """A signed assertion for the user."""
        base = {
            "iss": self.app["consumer_key"], "sub": self.user["username"],
            "aud": self.emulator.url, "exp": int(self.emulator.clock.now().timestamp()) + 180,
        }  # fmt: skip
        return sign({**base, **claims}, key)

    def jwt_bearer(self, assertion: str, **form: str) -> httpx2.Response:
        """Present an assertion."""
        return self.token(
            grant_type=JWT_BEARER, assertion=assertion, client_id="", client_secret="", **form
        )

    def call(self, token: str | None = None) -> httpx2.Response:
        """A REST call."""
        sent = token or self.credential["access_token"]
        url = f"{self.emulator.url}/services/data/v66.0/query"
        return self.http.get(
            url, params={"q": "SELECT Id FROM User"}, headers={"Authorization": f"Bearer {sent}"}
        )


ClientFor = Callable[..., Client]
"""Makes clients: app name and user name in, client out."""


def client_of(emulator: Served, app: str, http: httpx2.Client, user: str = "integration") -> Client:
    """A client of one of the world's apps."""
    known = inventory(emulator.org)
    found = next(each for each in known["apps"] if each["name"] == app)
    who = next(each for each in known["users"] if each["username"].startswith(f"{user}@"))
    return Client(emulator, found, who, http)


def returned(answer: httpx2.Response) -> dict[str, str]:
    """The parameters a redirect carries back."""
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def page_of(answer: httpx2.Response) -> dict[str, list[str]]:
    """The parameters in the address of the page an answer is."""
    return parse_qs(answer.request.url.query.decode())


def new_key() -> str:
    """A private key nobody registered."""
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def sign(claims: dict[str, Any], pem: str) -> str:
    """An RS256 JWT, made without the emulator's own code."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    parts = [
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=")
        for each in ({"alg": "RS256"}, claims)
    ]
    signature = key.sign(b".".join(parts), padding.PKCS1v15(), hashes.SHA256())
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()
