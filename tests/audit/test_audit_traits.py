"""Ranges, callbacks, names and certificates: what is said of them."""

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.audit.subjects.names import heard, look_alike
from evergrant.audit.traits import callbacks, certificates, ranges
from evergrant.audit.traits.strangers import SCOPES
from evergrant.catalog.rule_reader import rule_book
from evergrant.model import Unknown


@pytest.mark.parametrize(
    ("start", "end", "word"),
    [
        ("0.0.0.0", "255.255.255.255", "4,294,967,296 addresses"),
        ("203.0.113.0", "203.0.113.255", ""),
        ("203.0.0.0", "203.0.255.255", ""),
        ("203.0.0.0", "203.1.0.0", "65,537 addresses"),
        ("10.0.0.1", "10.0.0.9", "private"),
        ("192.168.1.1", "192.168.1.2", "private"),
        ("203.0.113.9", "203.0.113.1", "no range"),
        ("everywhere", "", "no range"),
        ("2001:db8::", "2001:db8::ffff", ""),
        ("2001:db8::", "203.0.113.1", "no range"),
        ("::", "ffff:ffff::", "addresses"),
    ],
)
def test_a_range_is_called_flawed_for_its_width_or_its_kind(
    start: str, end: str, word: str
) -> None:
    found = ranges.flawed([(start, end)])
    assert word in found if word else found == ""


@given(st.ip_addresses(v=4), st.integers(0, 2**16 - 1))
def test_an_address_lies_in_the_range_that_begins_with_it(address: object, width: int) -> None:
    first = ip_address(str(address))
    last = ip_address(min(int(first) + width, 2**32 - 1))
    assert ranges.outside([str(first), str(last)], [(str(first), str(last))]) == ""


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_breaks_the_reading_of_ranges(start: str, end: str) -> None:
    assert isinstance(ranges.flawed([(start, end)]), str)
    assert isinstance(ranges.outside([start], [(start, end)]), str)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://ledger.acme.io/callback", ""),
        ("http://ledger.acme.io/callback", "not encrypted"),
        ("https://*.acme.io/callback", "wildcard"),
        ("https://example.com/callback", "placeholder"),
        ("https://REPLACE_HOST/callback", "placeholder"),
        ("https://your-app.herokuapp.com/cb", "placeholder"),
        ("https://www.google.co.in/", "somebody else's"),
        ("https://", "no host"),
        ("https://[broken", ""),
        ("http://localhost:1717/OauthRedirect", ""),
        ("http://127.0.0.1/x", ""),
        ("ledger://done", ""),
        ("https://events.acme.io/?callback=x", ""),
    ],
)
def test_a_callback_is_unsafe_for_a_reason_that_is_said(url: str, word: str) -> None:
    assert word in callbacks.unsafe([url]) if word else callbacks.unsafe([url]) == ""


@pytest.mark.parametrize(
    ("url", "is_local"),
    [("http://localhost:1/x", True), ("http://127.0.0.1/", True), ("ledger://done", True),
     ("com.acme.ledger:/oauth", True), ("https://acme.io/localhost", False), ("", False)],
)  # fmt: skip
def test_a_local_callback_is_one_that_only_this_machine_answers(url: str, is_local: bool) -> None:
    assert callbacks.is_local(url) is is_local


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_callbacks(url: str) -> None:
    assert isinstance(callbacks.unsafe([url]) + callbacks.local([url]), str)


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("Data Loader", ""),
        ("DataLoader", "Data Loader"),
        ("Data-L0ader", "Data Loader"),
        ("Data Loaders", "Data Loader"),
        ("Data Louder", "Data Loader"),
        ("Salesforce CL1", "Salesforce CLI"),
        ("Ledger Sync", ""),
        ("Loader", ""),
        ("", ""),
    ],
)
def test_a_label_looks_like_a_well_known_one_but_for_one_sign(label: str, other: str) -> None:
    assert look_alike(label, {}) == other


def test_two_apps_of_one_project_whose_names_sound_alike_are_told() -> None:
    others = {heard("Ledger Sync"): "Ledger Sync"}
    assert look_alike("Ledger-Sync", others) == "Ledger Sync"
    assert look_alike("Ledger Sync", others) == ""
    assert look_alike("Ledger Sink", others) == ""


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading_of_certificates(text: str) -> None:
    flaw, ends = certificates.judged(text)
    assert flaw
    assert isinstance(ends, Unknown)


def test_a_certificate_is_read_as_a_pem_and_as_its_bare_base64() -> None:
    rule = rule_book().rules["certificate-ending"]
    text = next(iter(rule.examples[0].files.values()))
    pem = text.partition("<certificate>")[2].partition("</certificate>")[0]
    bare = "".join(pem.splitlines()[1:-1])
    assert certificates.judged(pem) == ("", datetime(2026, 12, 24, tzinfo=UTC))
    assert certificates.judged(bare) == certificates.judged(pem)


def test_the_scopes_are_those_of_the_schema() -> None:
    assert len(SCOPES) == 37
    assert {"Full", "RefreshToken", "OfflineAccess", "SFApiPlatform"} <= SCOPES
