"""What a browser brings back, and what a person copies from it."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.errors import BadInput
from evergrant.model import Secret
from evergrant.oauth.callback import Denied, Granted, read_callback

HERE = "https://vendor.example/oauth/callback"
PAGE = "https://acme.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp"
CODE = "aPrxplanted.CODE==x"


def test_a_code_is_decoded_and_masked() -> None:
    back = read_callback(f"{HERE}?code=aPrxplanted.CODE%3D%3Dx&state=s1")
    assert back == Granted(Secret(CODE), "s1")
    assert "planted" not in repr(back)


def test_a_parameter_that_looks_like_an_entity_does_not_spoil_the_code() -> None:
    assert read_callback(f"{HERE}?code=abc&region=eu&copy=1&state=s") == Granted(Secret("abc"), "s")


@pytest.mark.parametrize(
    ("url", "denied"),
    [
        (
            f"{HERE}?error=access_denied&error_description=end-user+denied+authorization&state=s",
            Denied("access_denied", "end-user denied authorization", "s"),
        ),
        (
            f"{HERE}#error=access_denied&error_description=end-user%20denied%20authorization",
            Denied("access_denied", "end-user denied authorization"),
        ),
        (
            f"{PAGE}?error=OAUTH_APP_BLOCKED&error_description=this+app+is+blocked+by+admin",
            Denied("OAUTH_APP_BLOCKED", "this app is blocked by admin", channel="html"),
        ),
        (
            f"{PAGE}?error=invalid_client&amp;error_description=app+must+be+installed+into+org",
            Denied("invalid_client", "app must be installed into org", channel="html"),
        ),
        (
            "/setup/secur/RemoteAccessErrorPage.apexp?error=invalid_grant"
            "&error_description=user%20hasn%26%2339%3Bt%20approved%20this%20consumer",
            Denied("invalid_grant", "user hasn't approved this consumer", channel="html"),
        ),
    ],
)
def test_a_refusal_keeps_its_words_and_says_who_showed_it(url: str, denied: Denied) -> None:
    assert read_callback(f"  {url}\n") == denied


def test_a_denial_can_be_raised_with_salesforces_words() -> None:
    back = read_callback(f"{PAGE}?error=OAUTH_APP_BLOCKED&error_description=blocked")
    assert isinstance(back, Denied)
    said = back.refusal()
    assert (said.error, said.description, said.channel) == ("OAUTH_APP_BLOCKED", "blocked", "html")


@pytest.mark.parametrize(
    "url",
    [
        "",
        HERE,
        "https://[bad",
        f"{HERE}?state=only",
        f"{HERE}?code=",
        f"{HERE}?error=",
        f"{HERE}?code=plantedCODE1&error=access_denied",
        f"{HERE}?code=plantedCODE1&code=plantedCODE2",
        f"{HERE}?code=plantedCODE1&state=a&state=b",
        f"{HERE}?code=plantedCODE1#code=plantedCODE2",
    ],
)
def test_an_address_that_says_nothing_or_too_much_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_callback(url)
    assert "planted" not in refused.value.diagnostics()


@given(st.text(min_size=1).filter(lambda text: text.isprintable()), st.text())
def test_a_code_comes_back_as_it_was_encoded(code: str, state: str) -> None:
    back = read_callback(f"{HERE}?{urlencode({'code': code, 'state': state})}")
    assert back == Granted(Secret(code), state)


@given(st.text())
def test_any_text_is_read_or_refused_as_input(text: str) -> None:
    try:
        read_callback(text)
    except BadInput:
        pass
    else:
        assert "=" in text
