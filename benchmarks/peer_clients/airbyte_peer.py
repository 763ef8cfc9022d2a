"""airbyte-cdk's authenticator for refresh tokens that are good once, unmodified."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "conformance" / "clients"))

import requests
from airbyte_cdk.sources.streams.http.requests_native_auth import (
    SingleUseRefreshTokenOauth2Authenticator,
)
from answering import serve

TOKEN, QUERY = "/services/oauth2/token", "/services/data/v66.0/query/"
LONG_AGO = "2020-01-01T00:00:00Z"
held: dict[str, Any] = {}


def _made(url: str, **credentials: str) -> SingleUseRefreshTokenOauth2Authenticator:
    config = {"credentials": {**credentials, "token_expiry_date": LONG_AGO}}
    return SingleUseRefreshTokenOauth2Authenticator(config, url + TOKEN)


def rate(url: str, seconds: float, at_once: int) -> float:
    ends = time.perf_counter() + seconds

    def one(number: int) -> int:
        app = {"client_id": "key", "client_secret": "secret", "access_token": "a"}
        made, done = _made(url, refresh_token=f"r{number}", **app), 0
        while time.perf_counter() < ends:
            made.refresh_and_set_access_token()
            done += 1
        return done

    with ThreadPoolExecutor(at_once) as pool:
        return sum(pool.map(one, range(at_once))) / seconds


def hold(**words: Any) -> None:
    held.update(words)


def call(callers: int) -> dict[str, Any]:
    made = _made(**held)

    def one(_: int) -> bool:
        try:
            words = {"q": "SELECT Id FROM User"}
            answer = requests.get(held["url"] + QUERY, params=words, auth=made, timeout=20)
        except Exception:
            return False
        return answer.status_code == 200

    with ThreadPoolExecutor(callers) as pool:
        served = sum(pool.map(one, range(callers)))
    return {"served": served, "refresh_token": made.get_refresh_token()}


def renew() -> str:
    made = _made(**held)
    made.refresh_and_set_access_token()
    return str(made.get_refresh_token())


serve({"rate": rate, "hold": hold, "call": call, "renew": renew})
