"""Which hosts secrets may be sent to."""

from __future__ import annotations

import string
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evergrant.errors import HostRefused
from evergrant.oauth.hosts import login_host

OWN = ("127.0.0.1:8410", "sso.acme.example", "sso.acme.example:8443")


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("production", "https://login.salesforce.com"),
        (" Sandbox ", "https://test.salesforce.com"),
        ("login.salesforce.com", "https://login.salesforce.com"),
        ("https://login.salesforce.com/", "https://login.salesforce.com"),
        ("https://test.salesforce.com/services/oauth2/token", "https://test.salesforce.com"),
        ("http://login.salesforce.com", "https://login.salesforce.com"),
        ("login.salesforce.com.", "https://login.salesforce.com"),
        ("login.salesforce.com:443", "https://login.salesforce.com"),
        ("acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("HTTPS://Acme.My.Salesforce.com/home?x=1#y", "https://acme.my.salesforce.com"),
        (
            "https://acme--uat.sandbox.my.salesforce.com",
            "https://acme--uat.sandbox.my.salesforce.com",
        ),
        (
            "acme-dev-ed.develop.my.salesforce.com",
            "https://acme-dev-ed.develop.my.salesforce.com",
        ),
        ("data-1.scratch.my.salesforce.com", "https://data-1.scratch.my.salesforce.com"),
        ("acme.my.site.com", "https://acme.my.site.com"),
        ("https://acme.my.site.com/customers/", "https://acme.my.site.com/customers"),
        ("https://acme.my.site.com/customers/s/login?a=b", "https://acme.my.site.com/customers"),
        (
            "acme--uat.sandbox.my.site.com/partners/services/oauth2/token",
            "https://acme--uat.sandbox.my.site.com/partners",
        ),
    ],
)
def test_a_login_host_is_understood_however_it_is_written(text: str, origin: str) -> None:
    assert login_host(text) == origin
    assert login_host(origin) == origin


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("acme.lightning.force.com", "https://acme.my.salesforce.com"),
        ("https://acme.lightning.force.com/lightning/setup", "https://acme.my.salesforce.com"),
        (
            "acme--uat.sandbox.lightning.force.com",
            "https://acme--uat.sandbox.my.salesforce.com",
        ),
        ("acme--uat.lightning.force.com", "https://acme--uat.sandbox.my.salesforce.com"),
        (
            "acme-dev-ed.develop.lightning.force.com",
            "https://acme-dev-ed.develop.my.salesforce.com",
        ),
        ("acme.my.salesforce-setup.com", "https://acme.my.salesforce.com"),
        (
            "acme--uat.sandbox.my.salesforce-setup.com",
            "https://acme--uat.sandbox.my.salesforce.com",
        ),
        ("acme--c.visualforce.com", "https://acme.my.salesforce.com"),
        ("acme--c.na40.visual.force.com", "https://acme.my.salesforce.com"),
        ("acme--uat--c.sandbox.vf.force.com", "https://acme--uat.sandbox.my.salesforce.com"),
        ("acme--pkg.vf.force.com", "https://acme.my.salesforce.com"),
        ("acme.file.force.com", "https://acme.my.salesforce.com"),
        ("acme--uat.sandbox.file.force.com", "https://acme--uat.sandbox.my.salesforce.com"),
        ("acme.na40.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("acme--uat.cs12.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"),
        ("acme.force.com", "https://acme.my.site.com"),
        ("acme", "https://acme.my.salesforce.com"),
        ("login.salesforce.com:8443", "https://login.salesforce.com"),
        ("na40.salesforce.com", "Setup > My Domain"),
        ("https://cs12.salesforce.com", "Setup > My Domain"),
        ("usa654.salesforce.com", "Setup > My Domain"),
        ("na111.lightning.force.com", "Setup > My Domain"),
    ],
)
def test_a_wrong_host_of_salesforce_is_refused_and_the_right_one_named(
    text: str, right: str
) -> None:
    with pytest.raises(HostRefused) as refused:
        login_host(text)
    assert right in refused.value.next_step


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "https://",
        "evil-salesforce.com",
        "evilmy.salesforce.com",
        "my.salesforce.com",
        ".my.salesforce.com",
        "acme..my.salesforce.com",
        "-acme.my.salesforce.com",
        "login.salesforce.com.evil.com",
        "login-salesforce.com",
        "login.salesforce.co",
        "https://login.salesforce.com@evil.com",
        "https://evil.com@login.salesforce.com",
        "https://evil.com/login.salesforce.com",
        "https://evil.com?login.salesforce.com",
        "https://evil.com#.my.salesforce.com",
        "https://evil.com\\.my.salesforce.com",
        "https://login.salesforce.com\\@evil.com",
        "https://login.salesforce.com%2eevil.com",
        "https://login.sales\nforce.com",
        "https://login.salesforce.com\t.evil.com",
        "https://lоgin.salesforce.com",
        "https://login。salesforce。com",
        "https://ⅼogin.salesforce.com",
        "ftp://login.salesforce.com",
        "javascript://login.salesforce.com",
        "https://login.salesforce.com:99999",
        "https://login.salesforce.com:x",
        "https://[::1",
        "www.salesforce.com",
        "api.salesforce.com",
        "login.example.salesforce.com",
        "acme.my.site.com.evil.com",
        "https://acme.my.site.com/../../x",
        "https://acme.my.site.com/a%2f..",
        "sso.acme.example",
        "http://127.0.0.1:8410",
    ],
)
def test_a_host_that_is_not_salesforces_or_cannot_be_read_for_sure_is_refused(text: str) -> None:
    with pytest.raises(HostRefused):
        login_host(text)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(HostRefused) as refused:
        login_host("https://me:hunter2@login.salesforce.com")
    assert "hunter2" not in refused.value.diagnostics()


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://127.0.0.1:8410", "http://127.0.0.1:8410"),
        ("127.0.0.1:8410", "http://127.0.0.1:8410"),
        ("https://127.0.0.1:8410/", "https://127.0.0.1:8410"),
        ("sso.acme.example", "https://sso.acme.example"),
        ("https://SSO.acme.example:8443/portal", "https://sso.acme.example:8443/portal"),
    ],
)
def test_a_host_that_the_operator_allows_is_accepted(text: str, origin: str) -> None:
    assert login_host(text, allowed=OWN) == origin


@pytest.mark.parametrize(
    "text",
    [
        "http://sso.acme.example",
        "http://sso.acme.example:8443",
        "http://127.0.0.1:8411",
        "http://127.0.0.1",
        "https://sso.acme.example:444",
        "https://a.sso.acme.example",
    ],
)
def test_an_allowed_host_is_allowed_exactly_and_in_plain_text_only_on_loopback(text: str) -> None:
    with pytest.raises(HostRefused):
        login_host(text, allowed=OWN)


def test_the_words_stand_for_the_operators_own_hosts() -> None:
    local = "http://127.0.0.1:8410"
    assert (
        login_host("production", production=local, sandbox="https://x.my.salesforce.com") == local
    )
    with pytest.raises(HostRefused, match="plain http"):
        login_host("sandbox", sandbox="http://intranet.example")


_NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z0-9](--[a-z]{2,8})?", fullmatch=True)
_PLACES = st.sampled_from(
    [
        "", ".lightning.force.com", ".sandbox.lightning.force.com", ".my.salesforce-setup.com",
        "--c.visualforce.com", ".file.force.com", ".na40.my.salesforce.com", ".salesforce.com",
        ".develop.vf.force.com", ".cs7.force.com", ".force.com",
    ]
)  # fmt: skip


@given(_NAMES, _PLACES)
def test_a_host_that_is_named_as_the_right_one_is_accepted(name: str, place: str) -> None:
    try:
        login_host(name + place)
    except HostRefused as refused:
        named = refused.next_step.removeprefix("use https://")
        if named != refused.next_step:
            assert login_host(named) == f"https://{named}"


_HOSTISH = st.text(string.ascii_lowercase + string.digits + ".-:/@\\%#?[] ._\t", max_size=40)
_TAILS = st.sampled_from(
    ["", ".my.salesforce.com", "salesforce.com", ".my.site.com", ".evil.com", ".force.com", "@x.y"]
)


@given(st.one_of(st.text(max_size=60), st.builds("{}{}{}".format, _HOSTISH, _TAILS, _HOSTISH)))
@example("https://evil.com/.my.salesforce.com")
def test_whatever_is_written_only_salesforces_own_hosts_come_out(text: str) -> None:
    try:
        origin = login_host(text)
    except HostRefused:
        return
    parts = urlsplit(origin)
    assert parts.scheme == "https"
    assert parts.netloc == parts.hostname
    assert not parts.query
    assert not parts.fragment
    assert parts.netloc in ("login.salesforce.com", "test.salesforce.com") or parts.netloc.endswith(
        (".my.salesforce.com", ".my.site.com")
    )


@given(st.text(max_size=40), st.lists(st.text(max_size=20), max_size=3))
def test_a_list_of_allowed_hosts_never_lets_another_in(text: str, allowed: list[str]) -> None:
    try:
        origin = login_host(text, allowed=tuple(allowed))
    except HostRefused:
        return
    host = urlsplit(origin).netloc
    assert host.endswith((".salesforce.com", ".my.site.com")) or host in {
        each.strip().lower() for each in allowed
    }
