"""The page with the box: it judges as the Python judge does, and it asks nobody for anything."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from evergrant.catalog import load
from evergrant.catalog.entries import OTHER
from evergrant.diagnosis import diagnose
from evergrant.evidence.text import read

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

paste: Any = import_module("generator.paste")
"""A page's generator is no package of ours."""

JUDGE = ROOT / "docs" / "generator" / "paste" / "judge.js"
RUNNER = """
const lines = require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean).map(JSON.parse);
const data = lines.shift();
for (const given of lines) {
  const found = diagnosed(given.text, data, given);
  console.log(JSON.stringify({
    facts: found.facts.map(fact => [fact.name, String(fact.value), fact.quote ?? ""]),
    ranked: found.ranked.map(each => [each.cause, each.refined, each.word]),
    shares: found.ranked.map(each => each.confidence),
    isNamed: found.isNamed, next: found.nextCheck,
    reasons: found.ranked[0]?.supports.map(each => each.fact.name) ?? [] }));
}
"""
TEXTS = (
    "",
    "nothing that anybody knows",
    '{"error":"invalid_grant","error_description":"expired access\\/refresh token"}',
    "https://acme.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp"
    "?error=OAUTH_APP_BLOCKED&error_description=this+app+is+blocked+by+admin&state=x",
    "error=invalid_grant&error_description=user%20hasn%27t%20approved%20this%20consumer",
    "&lt;p&gt;user hasn&#39;t approved this consumer&lt;/p&gt;",
    "simple_salesforce.exceptions.SalesforceAuthenticationFailed: INVALID_LOGIN: Invalid username, "
    "password, security token; or user locked out.",
    "POST http://test.salesforce.com/services/oauth2/token\n< HTTP/1.1 400\ninvalid_client_id",
    "ERROR Authorization: Bearer 00D000000000001!AQ8AQFabcdefghijklmnop\ninvalid_session_id",
    'client_secret="A1B2C3D4E5F6A7B8" password: hunter22\naccess token: 99aa88bb77cc',
    "refresh_token=5Aep861TSESvWeug_abcdefghijklmnopqrst&grant_type=refresh_token\ninvalid_grant",
    "time,user,status\n2026-11-22,a@b.example,Restricted IP,Remote Access 2.0",
    "LOGIN_ERROR_USER_FROZEN\nAppBlocked\nClientUnapproved",
    "Error: getaddrinfo ENOTFOUND login.salesforce.com\n    at GetAddrInfoReqWrap (node:dns:1:1)",
    "x" * 5000 + " invalid_grant",
    "invalid_grant: authentication failures! authentication failure!",
    "日本語のログ invalid_grant: inactive user です",
    "tab\tand\x0bvertical\x85next invalid_grant\u2028expired authorization code",
)


@pytest.fixture(scope="module", name="data")
def data_fixture() -> dict[str, Any]:
    return dict(paste.data(load()))


def node() -> str:
    """A JavaScript engine, or a loud skip."""
    found = shutil.which("node")
    if found is None:
        told = "node is missing: the page's judge cannot be compared with ours"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return found


def judged_there(cases: Sequence[dict[str, str]], data: dict[str, Any]) -> list[dict[str, Any]]:
    """What the page's judge says of each case."""
    lines = "\n".join([json.dumps(data), *map(json.dumps, cases)])
    script = JUDGE.read_text("utf-8") + RUNNER
    done = subprocess.run(
        [node(), "-e", script], input=lines, capture_output=True, text=True, timeout=250, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def judged_here(case: dict[str, str]) -> dict[str, Any]:
    """The same of our own judge."""
    given = read(case["text"], flow=case["flow"], context=case["context"])
    facts = [fact for fact in given if fact.name != "text.last_failure"]
    found = diagnose(facts, load())
    return {
        "facts": [[fact.name, _text(fact.value), fact.quote] for fact in facts],
        "ranked": [[each.cause, each.refined, each.word] for each in found.ranked],
        "shares": [each.confidence for each in found.ranked],
        "isNamed": found.is_named,
        "next": found.next_check.ask if found.next_check else "",
        "reasons": [each.fact.name for each in found.first.supports] if found.first else [],
    }


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def known_words() -> Iterator[str]:
    """Every word that the vocabulary has, in a sentence."""
    for kind in load().facts.values():
        for value in (*kind.background, *kind.same):
            if value != OTHER:
                yield f"it said: {value}, again"
        for phrases in kind.mentions.values():
            yield from phrases


def assert_agree(cases: Sequence[dict[str, str]], data: dict[str, Any]) -> None:
    for case, there in zip(cases, judged_there(cases, data), strict=True):
        here = judged_here(case)
        assert shares(there) == pytest.approx(shares(here), abs=2e-4), case
        assert settled(there) == settled(here), case


def shares(told: dict[str, Any]) -> dict[str, float]:
    """The share of each cause, which settles the order, too; of equal ones it is no one's."""
    causes = [cause for cause, _, _ in told["ranked"]]
    return dict(zip(causes, told["shares"], strict=True))


def settled(told: dict[str, Any]) -> dict[str, Any]:
    """The answer without its shares, causes in the order of their names."""
    return {key: told[key] for key in told if key != "shares"} | {"ranked": sorted(told["ranked"])}


def test_both_judges_say_the_same_of_texts_of_every_kind(data: dict[str, Any]) -> None:
    flows = ("unknown", "refresh_token", "soap_login")
    cases = [
        {"text": text, "flow": flow, "context": context}
        for text in TEXTS
        for flow in flows
        for context in ("", "It worked until a sandbox refresh; the proxy changed, MFA is on.")
    ]
    assert_agree(cases, data)


@pytest.mark.slow
def test_both_judges_say_the_same_of_every_word_that_is_known(data: dict[str, Any]) -> None:
    cases = [{"text": text, "flow": "unknown", "context": ""} for text in known_words()]
    assert len(cases) > 500
    assert_agree(cases, data)


@pytest.mark.slow
@pytest.mark.shared
def test_both_judges_say_the_same_of_cases_from_the_field(data: dict[str, Any]) -> None:
    shared = Path(os.environ.get("EVERGRANT_SHARED", ROOT.parent / "shared")) / "corpus"
    if not shared.is_dir():
        pytest.skip(f"EVERGRANT_SHARED holds no corpus: {shared.name}")
    rows = [
        json.loads(r) for f in sorted(shared.glob("*.jsonl")) for r in f.read_text().splitlines()
    ]
    cases = [
        {"text": row["symptom"], "flow": row.get("flow") or "unknown",
         "context": row.get("context") or ""}
        for row in rows
    ]  # fmt: skip
    assert_agree(cases, data)


def test_the_page_carries_no_address_that_it_could_ask_and_no_secret_of_a_text() -> None:
    text = paste.page()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    for door in (
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "sendBeacon",
        "innerHTML",
        "<img",
        "src=",
    ):
        assert door not in text.replace("sha256", ""), door
    assert "</script" not in re.findall(r'id="data">(.*?)</script>', text, re.S)[0]
