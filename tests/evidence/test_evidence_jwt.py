"""An assertion: claims against the rules and the clock, signature against the certificate."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrant.evidence.requests.assertion import looks_like
from evidence_kit import NOW, all_of, evidence, values

KEY, OTHER = (generate_private_key(65537, 2048) for _ in range(2))
CLAIMS = {"iss": "3MVG9fake", "sub": "ann@acme.example", "aud": "https://login.salesforce.com",
          "exp": int(NOW.timestamp()) + 120}  # fmt: skip


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def jwt(key: RSAPrivateKey = KEY, alg: str = "RS256", **claims: Any) -> str:
    told = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    signed = f"{part({'alg': alg})}.{part(told)}"
    made = key.sign(signed.encode(), PKCS1v15(), hashes.SHA256())
    return f"{signed}.{urlsafe_b64encode(made).rstrip(b'=').decode()}"


def certificate(key: RSAPrivateKey = KEY, days: int = 90) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "orbit")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=400))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def pem(key: RSAPrivateKey, password: bytes = b"") -> str:
    how = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(*form, how).decode()


def test_a_good_assertion_has_no_flaw() -> None:
    seen = evidence(jwt())
    assert all_of(seen, "jwt.flaw") == ["none"]
    assert values(seen)["jwt.audience"] == "login"
    assert values(seen)["request.flow"] == "jwt_bearer"


@pytest.mark.parametrize(
    ("claims", "flaw"),
    [
        ({"iss": None}, "iss missing"),
        ({"iss": "https://orbit.example"}, "iss is no consumer key"),
        ({"sub": ""}, "sub missing"),
        ({"aud": None}, "aud missing"),
        ({"aud": "https://acme.lightning.force.com"}, "aud is a lightning host"),
        ({"aud": "https://login.salesforce.com/services/oauth2/token"},
         "aud is the token endpoint"),
        ({"aud": "login.salesforce.com"}, "aud is no address"),
        ({"exp": None}, "exp missing"),
        ({"exp": "soon"}, "exp missing"),
        ({"exp": (int(NOW.timestamp()) + 300) * 1000}, "exp in milliseconds"),
        ({"exp": int(NOW.timestamp()) - 3600}, "expired"),
        ({"exp": str(int(NOW.timestamp()) - 3600)}, "expired"),
        ({"exp": int(NOW.timestamp()) - 60}, "exp within the skew"),
        ({"exp": int(NOW.timestamp()) + 10**6}, "exp far ahead"),
        ({"nbf": int(NOW.timestamp()) + 900, "exp": int(NOW.timestamp()) + 1000},
         "not yet valid"),
        ({"alg": "HS256"}, "wrong alg"),
    ],
)  # fmt: skip
def test_each_flaw_of_an_assertion_is_named(claims: dict[str, Any], flaw: str) -> None:
    assert flaw in all_of(evidence(jwt(**claims)), "jwt.flaw")


def test_an_assertion_without_signature_is_told() -> None:
    assert "not signed" in all_of(evidence(jwt().rpartition(".")[0] + "."), "jwt.flaw")


def test_an_assertion_is_judged_at_the_time_it_failed() -> None:
    late = evidence(jwt(), at=NOW + timedelta(hours=2))
    assert all_of(late, "jwt.flaw") == ["expired"]


@pytest.mark.parametrize(("key", "fits"), [(KEY, True), (OTHER, False)])
def test_the_signature_is_compared_with_the_certificate(key: RSAPrivateKey, fits: bool) -> None:
    seen = values(evidence(jwt(key), certificate(KEY)))
    assert (seen["own.key_fits_certificate"], seen["own.certificate_ended"]) == (fits, False)


@pytest.mark.parametrize(("key", "fits"), [(KEY, True), (OTHER, False)])
def test_key_and_certificate_are_compared_and_the_key_is_not_shown(
    key: RSAPrivateKey, fits: bool
) -> None:
    seen = evidence(certificate(KEY, days=-1) + pem(key))
    assert values(seen)["own.key_fits_certificate"] is fits
    assert values(seen)["own.certificate_ended"] is True
    assert pem(key).splitlines()[2] not in repr(seen)


def test_a_key_with_a_pass_phrase_is_unreadable_and_said_so() -> None:
    seen = evidence(pem(KEY, b"x"))
    assert values(seen)["client.complaint"] == "private key unreadable"
    assert seen.gathered.readings[0].skipped == 1


def test_an_assertion_within_a_request_is_judged_with_it() -> None:
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    command = (
        f"curl https://login.salesforce.com/services/oauth2/token -d grant_type={grant}"
        f" -d assertion={jwt(exp=int(NOW.timestamp()) - 900)}"
    )
    seen = evidence(command)
    assert all_of(seen, "jwt.flaw") == ["expired"]
    assert jwt().split(".")[1][:40] not in repr(seen.facts)


def test_claims_are_never_quoted_whole() -> None:
    assert "ann@acme.example" not in repr(evidence(jwt()).facts)


@given(st.lists(st.text(alphabet="eyJabc0123456789_-", max_size=40), min_size=3, max_size=3))
@settings(max_examples=100, deadline=None)
def test_no_token_breaks_the_reading(parts: list[str]) -> None:
    token = "eyJ" + ".".join(parts)
    seen = evidence(token)
    assert not looks_like(token) or "jwt.flaw" in values(seen)


@given(st.dictionaries(st.sampled_from(["iss", "sub", "aud", "exp", "nbf"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3), max_leaves=5)))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_no_claims_break_the_reading(claims: dict[str, Any]) -> None:
    assert all_of(evidence(f"{part({'alg': 'RS256'})}.{part(claims)}.AAAA"), "jwt.flaw")
