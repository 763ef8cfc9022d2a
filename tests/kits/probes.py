"""Probes that lenient doubles of Salesforce answer with yes, each with what Salesforce says.

The words are those of the protocol notes (sections 1.5, 2, 3.3 to 3.5, 3.7 and 3.8), written down
here once more so that the emulator's own table of refusals cannot vouch for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs

import httpx2

from emulated_client import VERIFIER, Client, new_key, page_of
from evergrant.emulator import connected

Channel = Literal["token_json", "html_page", "raw_body", "rest_array", "plain_text"]
Send = Callable[[Client], httpx2.Response]
SANDBOX = "https://test.salesforce.com"
ERROR_PAGE = "/setup/secur/RemoteAccessErrorPage.apexp"


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says, by whichever channel."""

    channel: Channel
    status: int
    error: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that must be refused."""

    id: str
    send: Send
    said: Said
    log: str | None = None
    """The Status of the one Login History row that it leaves; None where it leaves none."""
    app: str = "orbit-sync"


def heard(answer: httpx2.Response) -> Said:
    """Read a refusal by the channel it came through; raises AssertionError for none of them."""
    kind = answer.headers.get("content-type", "")
    if answer.request.url.path == ERROR_PAGE:
        page = page_of(answer)
        return Said("html_page", answer.status_code, *page["error"], *page["error_description"])
    if kind.startswith("text/plain"):
        return Said("plain_text", answer.status_code, answer.text)
    if not kind:
        bare = parse_qs(answer.text)
        return Said("raw_body", answer.status_code, *bare["error"], *bare["error_description"])
    assert kind == "application/json", kind
    body = answer.json()
    if isinstance(body, list):
        return Said("rest_array", answer.status_code, body[0]["errorCode"], body[0]["message"])
    assert answer.headers["cache-control"] == "no-store"
    assert sorted(body) == ["error", "error_description"], body
    return Said("token_json", answer.status_code, body["error"], body["error_description"])


def _token(error: str, description: str) -> Said:
    return Said("token_json", 400, error, description)


def _page(error: str, description: str) -> Said:
    return Said("html_page", 200, error, description)


DEAD = _token("invalid_grant", "expired access/refresh token")
NO_SECRET = _token("invalid_client", "invalid client credentials")
NO_GRANT = _token("unsupported_grant_type", "grant type not supported")
NO_CLIENT = _token("invalid_client_id", "client identifier invalid")
OLD_CODE = _token("invalid_grant", "expired authorization code")
NO_VERIFIER = _token("invalid_grant", "invalid code verifier")
NO_ASSERTION = _token("invalid_grant", "invalid assertion")
UNAPPROVED = _token("invalid_grant", "user hasn't approved this consumer")
NOT_ADMITTED = _token("invalid_app_access", "user is not admin approved to access this app")
NO_SESSION = Said("rest_array", 401, "INVALID_SESSION_ID", "Session expired or invalid")
NO_IDENTITY = Said("plain_text", 403, "Bad_OAuth_Token")
BAD_VERIFIER = "Failed: Invalid Code Verifier"
NO_KEY = "Failed: Missing Consumer Key Parameter"
DENIED = "Failed: Not approved for access"


# --- what is sent -----------------------------------------------------------------------------


def _set(client: Client, **knobs: object) -> None:
    client.emulator.act("set_app", app=client.app["name"], **knobs)


def _refresh(token: str = "", **form: str) -> Send:
    return lambda client: client.refresh(token or client.connect()["refresh_token"], **form)


def _outlived(client: Client) -> httpx2.Response:
    _set(client, refresh_policy="specific_lifetime:2:HOURS")
    client.connect()
    client.emulator.clock.advance(seconds=2 * 3600 + 1)
    return client.refresh()


def _revoked(client: Client) -> httpx2.Response:
    token = client.connect()["refresh_token"]
    url = f"{client.emulator.url}/services/oauth2/revoke"
    assert client.http.post(url, data={"token": token}).status_code == 200
    return client.refresh()


def _replayed(client: Client) -> httpx2.Response:
    _set(client, rotation=True)
    client.connect()
    assert client.refresh().status_code == 200
    return client.refresh()


def _after_a_replay(client: Client) -> httpx2.Response:
    _set(client, rotation=True)
    client.connect()
    successor = client.refresh().json()["refresh_token"]
    assert client.refresh().status_code == 400
    return client.refresh(successor)


def _wrong_secret_where_none_is_due(client: Client) -> httpx2.Response:
    client.connect()
    _set(client, secret_for_refresh=False)
    return client.refresh(client_secret="wrong")


def _redeem(**form: str) -> Send:
    return lambda client: client.redeem(client.code(), **form)


def _redeem_twice(client: Client) -> httpx2.Response:
    code = client.code()
    assert client.redeem(code).status_code == 200
    return client.redeem(code)


def _redeem_late(client: Client) -> httpx2.Response:
    code = client.code()
    client.emulator.clock.advance(seconds=15 * 60 + 1)
    return client.redeem(code)


def _no_challenge(client: Client) -> httpx2.Response:
    _set(client, pkce_required=True)
    return client.authorize(code_challenge="")


def _plain_challenge(client: Client) -> httpx2.Response:
    code = client.code(code_challenge=VERIFIER, code_challenge_method="plain")
    return client.redeem(code)


def _no_secret_for_exchange(client: Client) -> httpx2.Response:
    name = client.app["name"]
    client.emulator.act("set_token_handler", name="h", apps=[name], subjects={"t": "sam@x"})
    _set(client, token_exchange=True)
    return client.token(
        grant_type="urn:ietf:params:oauth:grant-type:token-exchange", subject_token="t",
        subject_token_type="urn:ietf:params:oauth:token-type:access_token", client_secret="",
    )  # fmt: skip


def registered_key(client: Client) -> str:
    """The private key whose certificate the app has."""
    return connected.key_of(client.emulator.org, str(client.app["name"])).private_key


def now_s(client: Client) -> int:
    """The emulator's time in seconds."""
    return int(client.emulator.clock.now().timestamp())


def _assertion(**claims: Callable[[Client], object]) -> Send:
    def send(client: Client) -> httpx2.Response:
        key = registered_key(client)
        said = {name: claim(client) for name, claim in claims.items()}
        return client.jwt_bearer(client.assertion(key, **said))

    return send


def _foreign_key(client: Client) -> httpx2.Response:
    registered_key(client)
    return client.jwt_bearer(client.assertion(new_key()))


def _unsigned(client: Client) -> httpx2.Response:
    head, _, rest = client.assertion(registered_key(client)).partition(".")
    assert head
    return client.jwt_bearer(f"eyJhbGciOiJub25lIn0.{rest.partition('.')[0]}.")


def _never_approved(client: Client) -> httpx2.Response:
    return client.jwt_bearer(client.assertion(registered_key(client)))


def _not_admitted(client: Client) -> httpx2.Response:
    client.emulator.act("unassign_permission_set", user="integration",
                        permission_set="Orbit_Sync_Access")  # fmt: skip
    return client.jwt_bearer(client.assertion(registered_key(client)))


def _idle(client: Client) -> httpx2.Response:
    client.connect()
    client.emulator.clock.advance(seconds=2 * 3600 + 1)
    return client.call()


def _ask(path: str, **headers: str) -> Send:
    return lambda client: client.http.get(f"{client.emulator.url}{path}", headers=headers)


_LIMITS, _USERINFO = "/services/data/v66.0/limits", "/services/oauth2/userinfo"
_STRANGE = "Bearer 00Dnothing!here"
PROBES = (
    Probe("a refresh token never given", _refresh("5Aep861garbage"), DEAD),
    Probe("an empty refresh token", lambda client: client.token(grant_type="refresh_token"), DEAD),
    Probe("a refresh token past its lifetime", _outlived, DEAD),
    Probe("a revoked refresh token", _revoked, DEAD),
    Probe("a rotated refresh token, replayed", _replayed, DEAD),
    Probe("the successor of a replayed refresh token", _after_a_replay, DEAD),
    Probe("a wrong secret at refresh", _refresh(client_secret="wrong"), NO_SECRET, NO_KEY),
    Probe("a wrong secret where none is due", _wrong_secret_where_none_is_due, NO_SECRET, NO_KEY),
    Probe("no secret at refresh", _refresh(client_secret=""), NO_SECRET, NO_KEY),
    Probe("no secret for a code", _redeem(client_secret=""), NO_SECRET, NO_KEY),
    Probe("no secret for the client credentials", lambda client: client.token(
        grant_type="client_credentials", client_secret=""), NO_SECRET, NO_KEY, "orbit-server"),
    Probe("no secret for a token exchange", _no_secret_for_exchange, NO_SECRET),
    Probe("no grant type", lambda client: client.token(), NO_GRANT),
    Probe("an unknown grant type", lambda client: client.token(grant_type="nonsense"), NO_GRANT),
    Probe("an unknown client", _refresh(client_id="3MVG9nobody"), NO_CLIENT),
    Probe("an unknown client at authorize", lambda client: client.authorize(
        client_id="3MVG9nobody"), _page("invalid_client_id", "client identifier invalid")),
    Probe("a callback never registered", lambda client: client.authorize(
        redirect_uri="https://evil.example/"),
        _page("redirect_uri_mismatch", "redirect_uri must match configuration")),
    Probe("a callback with a slash more", lambda client: client.authorize(
        redirect_uri=f"{client.callback}/"),
        _page("redirect_uri_mismatch", "redirect_uri must match configuration")),
    Probe("a code never given", lambda client: client.redeem("aPrxnothing"),
          _token("invalid_grant", "invalid authorization code")),
    Probe("a code redeemed before", _redeem_twice, OLD_CODE),
    Probe("a code of sixteen minutes ago", _redeem_late, OLD_CODE),
    Probe("no challenge where one is due", _no_challenge,
          Said("raw_body", 400, "invalid_request", "missing required code challenge")),
    Probe("no verifier", _redeem(code_verifier=""), NO_VERIFIER, BAD_VERIFIER),
    Probe("a wrong verifier", _redeem(code_verifier=f"{VERIFIER[:-1]}X"), NO_VERIFIER,
          BAD_VERIFIER),
    Probe("a plain challenge", _plain_challenge, NO_VERIFIER, BAD_VERIFIER),
    Probe("an assertion for another audience", _assertion(aud=lambda _: "https://example.com"),
          _token("invalid_grant", "audience is invalid"), app="orbit-jwt"),
    Probe("an assertion for the sandbox host", _assertion(aud=lambda _: SANDBOX),
          _token("invalid_grant", "audience is invalid"), app="orbit-jwt"),
    Probe("an assertion past its end", _assertion(exp=lambda client: now_s(client) - 600),
          OLD_CODE, app="orbit-jwt"),
    Probe("an assertion without an end", _assertion(exp=lambda _: None), OLD_CODE,
          app="orbit-jwt"),
    Probe("an assertion signed with another key", _foreign_key, NO_ASSERTION, NO_KEY, "orbit-jwt"),
    Probe("an assertion signed with nothing", _unsigned, NO_ASSERTION, NO_KEY, "orbit-jwt"),
    Probe("an assertion for nobody", _assertion(sub=lambda _: "nobody@acme.example"), UNAPPROVED,
          app="orbit-jwt"),
    Probe("an assertion for a user who never approved", _never_approved, UNAPPROVED, DENIED),
    Probe("an assertion for a user not admitted", _not_admitted, NOT_ADMITTED, DENIED,
          "orbit-jwt"),
    Probe("a bearer that idled away", _idle, NO_SESSION),
    Probe("a bearer never given", _ask(_LIMITS, Authorization=_STRANGE), NO_SESSION),
    Probe("no bearer", _ask(_LIMITS), NO_SESSION),
    Probe("a bearer never given at userinfo", _ask(_USERINFO, Authorization=_STRANGE),
          NO_IDENTITY),
    Probe("no bearer at userinfo", _ask(_USERINFO), NO_IDENTITY),
)  # fmt: skip
