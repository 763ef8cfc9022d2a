"""simple-salesforce, unmodified: it keeps no refresh token and logs in again (client credentials).

It writes https and salesforce.com itself, so its transport is led to loopback.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "conformance" / "clients"))

from answering import serve
from loopback import MY_DOMAIN, session
from simple_salesforce.api import Salesforce
from simple_salesforce.login import SalesforceLogin

DOMAIN = MY_DOMAIN.removesuffix(".salesforce.com")
held: dict[str, Any] = {}


def rate(url: str, seconds: float, at_once: int) -> float:
    ends = time.perf_counter() + seconds

    def one(_: int) -> int:
        done = 0
        with session(url) as made:
            while time.perf_counter() < ends:
                SalesforceLogin(
                    session=made, consumer_key="key", consumer_secret="secret", domain=DOMAIN
                )
                done += 1
        return done

    with ThreadPoolExecutor(at_once) as pool:
        return sum(pool.map(one, range(at_once))) / seconds


def hold(url: str, client_id: str, client_secret: str, **_: str) -> None:
    held["client"] = Salesforce(
        session=session(url), consumer_key=client_id, consumer_secret=client_secret,
        domain=DOMAIN, version="66.0",
    )  # fmt: skip


def call(callers: int) -> dict[str, Any]:
    def one(_: int) -> bool:
        try:
            return bool(held["client"].query("SELECT Id FROM User")["done"])
        except Exception:
            return False

    with ThreadPoolExecutor(callers) as pool:
        return {"served": sum(pool.map(one, range(callers))), "refresh_token": ""}


serve({"rate": rate, "hold": hold, "call": call})
