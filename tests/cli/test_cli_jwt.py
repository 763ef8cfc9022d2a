"""`evergrant jwt mint` and `inspect`: each variable alone, and Salesforce's answer beside it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from cli_kit import Ended, assert_told
from desk_kit import Desk, desk_fixture  # noqa: F401 (a fixture)


@dataclass(frozen=True, slots=True)
class Signer:
    """An app's key and certificate as files, and the words that a sound assertion has."""

    desk: Desk
    words: dict[str, str]
    certificate: str

    def mint(self, *more: str, **other: str) -> Ended:
        words = self.words | other
        options = [each for name, value in words.items() for each in (f"--{name}", value)]
        return self.desk.run("jwt", "mint", *options, *more)


@pytest.fixture(name="signer")
def signer_fixture(desk: Desk) -> Signer:
    pair = httpx2.get(f"{desk.control}/key/orbit-jwt", timeout=60).json()
    words = {
        "key": desk.file("key.pem", pair["private_key"]),
        "iss": desk.app("orbit-jwt")["consumer_key"],
        "sub": desk.user("integration")["username"],
    }
    return Signer(desk, words, desk.file("app.pem", pair["certificate"]))


def claims_of(token: str) -> dict[str, Any]:
    piece = token.split(".")[1]
    return dict(json.loads(urlsafe_b64decode(piece + "=" * (-len(piece) % 4))))


def test_the_assertion_is_printed_only_on_demand_and_then_alone(signer: Signer) -> None:
    shown = signer.mint("--print")
    token = shown.out.strip()
    assert (shown.code, token.count(".")) == (0, 2)
    assert claims_of(token)["sub"] == signer.words["sub"]
    looked = signer.mint("--certificate", signer.certificate)
    assert looked.code == 0
    assert "eyJ" not in looked.out + looked.err
    assert "✓ signature: " in looked.out


def test_salesforces_answer_stands_beside_the_inspection(signer: Signer) -> None:
    sound = signer.mint("--try")
    assert sound.code == 0
    assert "an access token of" in " ".join(sound.out.split())
    late = signer.mint("--try", exp="-900")
    told = " ".join(late.out.split())
    assert late.code == 1
    assert "✗ expired: exp was" in told
    assert "answers: invalid_grant: expired authorization code" in told


def test_a_token_that_was_given_to_try_is_revoked_at_once(signer: Signer) -> None:
    assert signer.mint("--try").code == 0
    sent = httpx2.get(f"{signer.desk.control}/history", timeout=60).json()
    paths = [each["path"] for each in sent if each["path"].startswith("/services/oauth2/")]
    assert paths[-2:] == ["/services/oauth2/token", "/services/oauth2/revoke"]


def test_a_token_that_cannot_be_revoked_says_nothing_against_the_assertion(signer: Signer) -> None:
    busy = json.dumps({"error": "rate_limit_exceeded"})
    fault = {"path": "/services/oauth2/revoke", "status": 429, "body": busy}
    httpx2.post(f"{signer.desk.control}/faults", json=[fault], timeout=60)
    end = signer.mint("--try")
    told = " ".join(end.out.split())
    assert end.code == 0
    assert "an access token of" in told
    assert "which lives until its session ends" in told
    assert "rate_limit_exceeded" in told


def test_another_key_is_seen_by_the_certificate_and_refused(signer: Signer) -> None:
    other = httpx2.get(f"{signer.desk.control}/key/orbit-server", timeout=60).json()
    path = signer.desk.file("other.pem", other["private_key"])
    end = signer.mint("--try", "--certificate", signer.certificate, key=path)
    assert end.code == 1
    assert "✗ signature: " in end.out
    assert "invalid_grant: invalid assertion" in " ".join(end.out.split())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sub": ""}, "sub missing"),
        ({"iss": "https://acme.example"}, "iss is no consumer key"),
        ({"exp": "-900"}, "expired"),
    ],
)
def test_each_flaw_of_the_claims_is_named(
    signer: Signer, changed: dict[str, str], said: str
) -> None:
    made = signer.mint("--print", **changed).out
    end = signer.desk.run("jwt", "inspect", "--format", "json", stdin=made)
    looks = {look["about"]: look["outcome"] for look in end.json()["looks"]}
    assert (end.code, looks[said]) == (1, "fail")
    assert made.split(".")[2].strip() not in end.out


def test_what_is_no_jwt_and_no_key_is_said_without_quoting_it(signer: Signer) -> None:
    end = signer.desk.run("jwt", "inspect", stdin="not a token")
    assert (end.code, "malformed" in end.out) == (1, True)
    broken = signer.desk.file("broken.pem", "-----BEGIN PRIVATE KEY-----\nMIIEplanted\n")
    refused = signer.mint(key=broken)
    assert_told(refused, 2, "the private key cannot be used")
    assert "planted" not in refused.err + refused.out
