"""Reading the token endpoint: every channel, verbatim words, nothing secret by accident."""

from __future__ import annotations

import json
import logging
import string
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.errors import Malformed, Refused
from evergrant.log import mask
from evergrant.model import Credential, Secret
from evergrant.oauth.answers import merge, read_token, signature_holds, strangers
from evergrant.oauth.formats import read
from evergrant.wire import Reply

TOKEN = "00D5f000000IZ3ZEAW!AQcAQH0dMHplantedACCESS"
SECRET = Secret("1955279925675241571")
GOOD = {
    "access_token": TOKEN,
    "refresh_token": "5Aep861plantedREFRESH",
    "signature": "RjMNmGMLm8dPD6ZWl09xjpi7iozbAu9EL0fOtw5RJrY=",
    "scope": "refresh_token api id",
    "id_token": "eyJplanted.ID.token",
    "instance_url": "https://acme.my.salesforce.com",
    "id": "https://login.salesforce.com/id/00D5f000000IZ3ZEAW/0055f000007QgTaAAK",
    "token_type": "Bearer",
    "issued_at": "1763802000123",
}
"""Shaped as the help pages print it; the values are made up."""


def a_reply(body: str | bytes, content_type: str = "", status: int = 200, **more: str) -> Reply:
    headers = {"content-type": content_type} if content_type else {}
    encoded = body.encode() if isinstance(body, str) else body
    url = "https://acme.my.salesforce.com/services/oauth2/token"
    return Reply(status, headers | more, encoded, url)


def an_xml(members: dict[str, str]) -> str:
    inner = "".join(
        f"<{name}>{value.replace('&', '&amp;')}</{name}>" for name, value in members.items()
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><OAuth>{inner}</OAuth>'


WRITTEN = {
    "json": (json.dumps(GOOD), "application/json;charset=UTF-8"),
    "form": (urlencode(GOOD), "application/x-www-form-urlencoded"),
    "xml": (an_xml(GOOD), "application/xml"),
}


@pytest.mark.parametrize("channel", WRITTEN)
@pytest.mark.parametrize("says_its_type", [True, False])
def test_a_credential_is_the_same_in_every_format(channel: str, says_its_type: bool) -> None:
    body, media = WRITTEN[channel]
    expected = Credential(
        access_token=Secret(TOKEN),
        instance_url="https://acme.my.salesforce.com",
        refresh_token=Secret("5Aep861plantedREFRESH"),
        identity_url=GOOD["id"],
        issued_at=datetime(2025, 11, 22, 9, 0, 0, 123000, tzinfo=UTC),
        scopes=("refresh_token", "api", "id"),
        token_format="opaque",
        extras={"token_type": "Bearer"},
    )
    assert read_token(a_reply(body, media if says_its_type else "")) == expected


NO = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
REFUSALS = {
    "json": json.dumps(NO),
    "json with entities": json.dumps(NO).replace("'", "&#39;"),
    "form": urlencode(NO),
    "xml": an_xml(NO).replace("'", "&apos;"),
}


@pytest.mark.parametrize("written", REFUSALS)
@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
def test_a_refusal_keeps_salesforces_words_in_every_format_and_at_any_status(
    written: str, status: int
) -> None:
    with pytest.raises(Refused) as refused:
        read_token(a_reply(REFUSALS[written], status=status))
    said = refused.value
    assert (said.error, said.description) == (NO["error"], NO["error_description"])
    assert (said.channel, said.status) == (written.split(maxsplit=1)[0], status)


@pytest.mark.parametrize(
    ("body", "error", "description", "channel"),
    [
        (
            '[{"message":"Destination URL not reset.","errorCode":"URL_NOT_RESET"}]',
            "URL_NOT_RESET",
            "Destination URL not reset.",
            "rest",
        ),
        (
            "<html><body>OAUTH_APP_BLOCKED : this app is blocked by admin</body></html>",
            "OAUTH_APP_BLOCKED",
            "this app is blocked by admin",
            "html",
        ),
        (
            "<html>error=invalid_client&amp;error_description=app+must+be installed into org",
            "invalid_client",
            "app must be installed into org",
            "html",
        ),
        ("Bad_OAuth_Token", "Bad_OAuth_Token", "", "text"),
        (
            "<e:Fault xmlns:e='x'><faultcode>LOGIN_OAUTH_INVALID_TOKEN(db=1703)</faultcode>"
            "<faultstring>Invalid token</faultstring></e:Fault>",
            "LOGIN_OAUTH_INVALID_TOKEN(db=1703)",
            "Invalid token",
            "xml",
        ),
    ],
)
def test_a_refusal_in_an_unusual_shape_is_still_a_refusal(
    body: str, error: str, description: str, channel: str
) -> None:
    with pytest.raises(Refused) as refused:
        read_token(a_reply(body, status=400))
    said = refused.value
    assert (said.error, said.description, said.channel) == (error, description, channel)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (a_reply("<html><title>Data Not Available</title>", "text/html"), "maintenance"),
        (a_reply("<!DOCTYPE html><h1>We are down for maintenance.", "", 503), "maintenance"),
        (a_reply("", "", 302, location="https://acme.my.salesforce.com/x"), "acme.my.salesforce"),
        (a_reply("", "", 302, location="http://[bad"), "redirects to nowhere"),
        (a_reply("", "application/json"), "neither a token nor an error"),
        (a_reply("{}", "application/json"), "neither"),
        (a_reply("{" * 100_000, "application/json"), "neither"),
        (a_reply('["' + "[" * 100_000, "application/json"), "neither"),
        (a_reply("<html>Login</html>", "text/html"), "neither"),
        (a_reply(b"\xff\xfe\x00", "application/json"), "neither"),
        (a_reply('{"access_token": ""}'), "access_token"),
        (a_reply('{"access_token": "a\\r\\nX-Evil: 1"}'), "access_token"),
        (a_reply('{"access_token": "\\ud800"}'), "access_token"),
        (a_reply('{"access_token": "a", "refresh_token": "b c"}'), "refresh_token"),
        (a_reply('{"access_token": "a", "instance_url": "http://evil.example"}'), "instance_url"),
        (a_reply('{"access_token": "a", "instance_url": "https://u:p@evil/"}'), "instance_url"),
        (a_reply('{"access_token": "a", "instance_url": "https://[bad"}'), "instance_url"),
    ],
)
def test_nonsense_is_malformed_and_says_what_it_looks_like(reply: Reply, words: str) -> None:
    with pytest.raises(Malformed) as malformed:
        read_token(reply)
    assert words in malformed.value.diagnostics()
    assert "X-Evil" not in malformed.value.diagnostics()


def test_an_answer_that_was_cut_off_is_not_read() -> None:
    whole = a_reply(json.dumps(GOOD))
    with pytest.raises(Malformed, match="longer than"):
        read_token(Reply(200, body=whole.body, url=whole.url, truncated=True))


def test_members_that_carry_secrets_and_members_nobody_knows_stay_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    odd = GOOD | {
        "lightning_sid": "plantedSID",
        "sfdc_community_id": "0DB000000000001",
        "new_member": "plantedSTRANGER",
        "nested": {"secret": "plantedNESTED"},
    }
    with caplog.at_level(logging.INFO):
        credential = read_token(a_reply(json.dumps(odd)), SECRET)
    assert credential.extras == {"sfdc_community_id": "0DB000000000001", "token_type": "Bearer"}
    assert "new_member" in caplog.text
    assert "planted" not in caplog.text + repr(credential)
    assert strangers({"new_member": "x", "id": "y"}) == ("new_member",)


def test_a_token_in_jwt_format_is_recognised_when_salesforce_does_not_say_so() -> None:
    short = {"access_token": "eyJhbGciOiJSUzI1NiJ9.e30.x", "instance_url": "https://a.example"}
    assert read_token(a_reply(json.dumps(short))).token_format == "jwt"
    said = short | {"token_format": "opaque"}
    assert read_token(a_reply(json.dumps(said))).token_format == "opaque"


@pytest.mark.parametrize("text", ["", "soon", "1e9", "9" * 30, "-" + "9" * 5000])
def test_a_time_that_cannot_be_read_is_not_known(text: str) -> None:
    members = {"access_token": "a", "issued_at": text}
    assert read_token(a_reply(json.dumps(members))).issued_at is None


def test_an_issue_time_that_comes_as_a_number_is_read_as_well() -> None:
    members = {"access_token": "a", "issued_at": 1763802000123}
    at = read_token(a_reply(json.dumps(members))).issued_at
    assert at == datetime(2025, 11, 22, 9, 0, 0, 123000, tzinfo=UTC)


# --- signature -----------------------------------------------------------------------------------

SIGNED = {
    "id": "https://login.salesforce.com/id/00Dx0000000BV7z/005x00000012Q9P",
    "issued_at": "1278448832702",
    "signature": "h5aoPvGtmeMDa+u1JcFLG1KQF+gvC3+XUBMtgKe/Xh8=",
}


def test_a_signature_holds_for_its_secret_and_for_no_other() -> None:
    import base64
    import hmac

    key = SECRET.reveal().encode()
    signed = (SIGNED["id"] + SIGNED["issued_at"]).encode()
    true = SIGNED | {"signature": base64.b64encode(hmac.digest(key, signed, "sha256")).decode()}
    assert signature_holds(true, SECRET) is True
    assert signature_holds(true, Secret("another")) is False
    assert signature_holds(true | {"issued_at": "1"}, SECRET) is False


@pytest.mark.parametrize("missing", ["id", "issued_at", "signature"])
def test_whether_a_signature_holds_is_not_known_without_all_parts(missing: str) -> None:
    assert signature_holds({**SIGNED, missing: ""}, SECRET) is None
    assert signature_holds(SIGNED, None) is None


def test_a_signature_that_does_not_hold_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    read_token(a_reply(json.dumps(GOOD)), SECRET)
    assert "signature does not hold" in caplog.text
    assert SECRET.reveal() not in caplog.text


# --- merge ---------------------------------------------------------------------------------------

OLD = Credential(
    Secret("old"),
    "https://acme.my.salesforce.com",
    Secret("old-refresh"),
    "https://login.salesforce.com/id/x/y",
    datetime(2026, 1, 1, tzinfo=UTC),
    ("api",),
    extras={"token_type": "Bearer"},
)


def test_members_that_a_refresh_leaves_out_keep_their_value() -> None:
    merged = merge(OLD, read_token(a_reply('{"access_token": "new"}')))
    assert merged.access_token == Secret("new")
    assert merged.refresh_token == Secret("old-refresh")
    assert merged.instance_url == OLD.instance_url
    assert merged.identity_url == OLD.identity_url
    assert merged.scopes == ("api",)
    assert merged.extras == {"token_type": "Bearer"}


def test_members_that_a_refresh_brings_replace_the_old() -> None:
    fresh = read_token(a_reply(json.dumps(GOOD)))
    assert merge(OLD, fresh) == fresh


@given(st.one_of(st.none(), st.just(Secret("rotated"))), st.sampled_from(["", "https://n.example"]))
def test_a_merge_never_loses_the_refresh_token_or_the_instance(
    rotated: Secret | None, instance: str
) -> None:
    merged = merge(OLD, Credential(Secret("new"), instance, rotated))
    assert merged.refresh_token == (rotated or OLD.refresh_token)
    assert merged.instance_url == (instance or OLD.instance_url)


# --- anything at all -----------------------------------------------------------------------------

_MEDIA = st.sampled_from(["", "application/json", "text/html", "application/xml", "text/plain"])
_SCRAPS = st.sampled_from(
    ["{", "[", "<", "<html>", "<?xml?>", "error=", "OAUTH_", "&", '"access_token":', "<a>", "</a>"]
)
_BODIES = st.one_of(
    st.binary(max_size=200),
    st.lists(st.one_of(_SCRAPS, st.text(max_size=10)), max_size=12).map(
        lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
    ),
    st.dictionaries(
        st.sampled_from([*GOOD, "error", "errorCode", "x"]),
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.integers())),
    ).map(lambda members: json.dumps(members).encode()),
)


@given(_BODIES, _MEDIA, st.integers(100, 599))
def test_any_answer_is_a_credential_a_refusal_or_malformed(
    body: bytes, media: str, status: int
) -> None:
    try:
        credential = read_token(a_reply(body, media, status))
    except (Refused, Malformed):
        return
    assert credential.access_token.reveal().isascii()


_VALUES = st.text(string.ascii_letters + string.digits + "+/=%&; '", min_size=1, max_size=30)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), _VALUES, min_size=1))
def test_json_and_form_say_the_same(members: dict[str, str]) -> None:
    written = read(a_reply(json.dumps(members)))
    assert written.members == read(a_reply(urlencode(members))).members == members


@given(st.text(string.ascii_letters + string.digits, min_size=24, max_size=40))
def test_a_token_echoed_in_a_description_is_masked(planted: str) -> None:
    echoed = {"error": "invalid_grant", "error_description": f"refresh_token={planted} expired"}
    with pytest.raises(Refused) as refused:
        read_token(a_reply(json.dumps(echoed), status=400))
    assert planted not in refused.value.diagnostics()
    assert mask(refused.value.description) == refused.value.description
