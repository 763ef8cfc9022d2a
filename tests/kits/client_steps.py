"""The steps of scenarios, done by a client of the tests: sound, or with one named thing wrong."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx2

import saml_kit
from emulated_client import JWT_BEARER, VERIFIER, Client, new_key

SAML_BEARER = "urn:ietf:params:oauth:grant-type:saml2-bearer"
SANDBOX = "https://test.salesforce.com"


def do(client: Client, step: str, mutation: str | None) -> None:
    """Do one step of a scenario's client, broken as it says."""
    if mutation == "generic-host":
        client.host = "login.salesforce.com"
    if mutation == "sandbox-host":
        client.host = "test.salesforce.com"
    steps = {
        "connect": _connect, "authorize": _authorize, "refresh": _refresh, "call": _call,
        "jwt_bearer": _jwt, "client_credentials": _client_credentials, "password": _password,
        "soap_login": _soap_login, "device": _device, "saml_bearer": _saml, "live_on": _live_on,
    }  # fmt: skip
    steps[step](client, mutation)


def _connect(client: Client, mutation: str | None) -> None:
    code = client.code()
    if mutation == "late-code":
        client.emulator.clock.advance(seconds=16 * 60)
    if mutation == "reuse-code":
        client.redeem(code)
    code = quote(code, safe="") if mutation == "mangled-code" else code
    verifiers = {"no-verifier": "", "wrong-verifier": VERIFIER[:-1] + "X"}
    client.redeem(code, code_verifier=verifiers.get(mutation or "", VERIFIER))


def _authorize(client: Client, mutation: str | None) -> None:
    if mutation == "person-denies":
        client.authorize(prompt="consent", decision="deny")
        return
    words = {
        "wrong-redirect": {"redirect_uri": f"{client.callback}/x"},
        "foreign-scope": {"scope": "web"},
        "no-challenge": {"code_challenge": ""},
        "immediate": {"immediate": "true"},
    }
    client.authorize(**words.get(mutation or "", {}))


def _refresh(client: Client, mutation: str | None) -> None:
    if mutation == "refresh-twice-at-once":
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(client.refresh)
            time.sleep(0.05)
            pool.submit(client.refresh).result()
            first.result()
        return
    key, secret = client.app["consumer_key"], client.app["consumer_secret"]
    forms = {
        "no-secret": {"client_secret": ""},
        "misspelled-grant-type": {"grant_type": "refresh-token"},
        "wrong-key": {"client_id": f"{key[:-1]}X"},
        "wrong-secret": {"client_secret": f"{secret}X"},
        "scope-on-token": {"scope": "api"},
    }
    token = client.credential["refresh_token"]
    sent = f"{token[:-1]}~" if mutation == "mangled-token" else token
    client.refresh(sent, **forms.get(mutation or "", {}))
    if mutation == "replay-old-refresh-token":
        client.refresh()


def _call(client: Client, mutation: str | None) -> None:
    token = client.credential["access_token"]
    if mutation == "no-bearer":
        url = f"{client.emulator.url}/services/data/v66.0/limits"
        client.http.get(url, headers={"Authorization": token})
        return
    if mutation == "narrow-token":
        code = client.code(scope="id openid refresh_token", prompt="consent")
        token = client.redeem(code).json()["access_token"]
    client.call(token)


def _live_on(client: Client, _mutation: str | None) -> None:
    for _ in range(4):
        client.emulator.clock.advance(days=7)
        client.refresh()
    client.emulator.clock.advance(days=3)


def _key(client: Client) -> str:
    with httpx2.Client() as control:
        url = f"{client.emulator.control_url}/key/{client.app['name']}"
        return str(control.get(url).json()["private_key"])


def _jwt(client: Client, mutation: str | None) -> None:
    key = new_key() if mutation == "wrong-private-key" else _key(client)
    changes: dict[str, dict[str, Any]] = {
        "wrong-audience": {"aud": SANDBOX},
        "expired-exp": {"exp": int(client.emulator.clock.now().timestamp()) - 600},
        "wrong-subject": {"sub": "nobody@acme.example"},
        "wrong-issuer": {"iss": client.app["label"]},
    }
    if mutation == "mangled-key":
        bare = client.assertion(key).rpartition(".")[0]
        client.token(grant_type=JWT_BEARER, assertion=bare, client_secret="")
        return
    client.jwt_bearer(client.assertion(key, **changes.get(mutation or "", {})))


def _saml(client: Client, mutation: str | None) -> None:
    audience = SANDBOX if mutation == "wrong-audience" else client.emulator.url
    assertion = saml_kit.assertion(
        _key(client),
        issuer=client.app["consumer_key"],
        subject=client.user["username"],
        audience=audience,
        recipient=f"{client.emulator.url}/services/oauth2/token",
        end=client.emulator.clock.now().replace(microsecond=0, year=2100),
    )
    client.token(grant_type=SAML_BEARER, assertion=assertion)


def _client_credentials(client: Client, _mutation: str | None) -> None:
    client.token(grant_type="client_credentials")


def _sent_password(client: Client, mutation: str | None) -> str:
    token = "" if mutation == "no-security-token" else client.user["security_token"]
    return ("wrong" if mutation == "wrong-password" else client.user["password"]) + token


def _password(client: Client, mutation: str | None) -> None:
    username, password = client.user["username"], _sent_password(client, mutation)
    client.token(grant_type="password", username=username, password=password)


def _soap_login(client: Client, mutation: str | None) -> None:
    words = f"<username>{client.user['username']}</username>"
    words += f"<password>{_sent_password(client, mutation)}</password>"
    body = f'<e:Envelope xmlns:e="x"><e:Body><login>{words}</login></e:Body></e:Envelope>'
    client.http.post(f"{client.emulator.url}/services/Soap/u/64.0", content=body.encode())


def _device(client: Client, mutation: str | None) -> None:
    count = 2 if mutation == "two-devices-at-once" else 1
    begun = [client.token(response_type="device_code").json() for _ in range(count)]
    for each in begun:
        page = client.http.get(each["verification_uri"], params={"user_code": each["user_code"]})
        client.walk(page)
    client.token(grant_type="device", code=begun[0]["device_code"])
