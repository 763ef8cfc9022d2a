"""Pasted text of any kind becomes facts; nothing that could be a credential is quoted."""

from __future__ import annotations

import json
from urllib.parse import quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evergrant.catalog.taught import TELLING
from evergrant.evidence.text import read
from evergrant.model import Fact

SECRETS = [
    "00D5g000004XyZq!AQEAQFakeAccessTokenForTests1234567890abcdefghijklmnopqrstuv",
    "5Aep861fakeRefreshTokenForTests1234567890abcdefghijklmnop",
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJmYWtlIn0.c2lnbmF0dXJlLWZha2U",
    "Xq7fakeConsumerSecret0123456789ABCDEF",
]


def values(facts: list[Fact]) -> dict[str, object]:
    return {fact.name: fact.value for fact in facts}


DEAD = "expired access/refresh token"
SHAPES = [
    json.dumps({"error": "invalid_grant", "error_description": DEAD}),
    json.dumps({"error": "invalid_grant", "error_description": DEAD}, indent=2),
    f"error=invalid_grant&error_description={quote_plus(DEAD)}",
    f"<OAuth><error>invalid_grant</error><error_description>{DEAD}</error_description></OAuth>",
    f"RefreshTokenError: {DEAD}\n    at OAuth2.refreshToken (/app/node_modules/jsforce/oauth2.js)",
    f"Restforce::AuthenticationError (invalid_grant: {DEAD} (400))",
    f"Error authenticating with the refresh token due to: {DEAD}  [audience=x login=y]",
    f"simple_salesforce.exceptions.SalesforceAuthenticationFailed: invalid_grant: {DEAD}",
    '2026-11-22T09:00:00Z ERROR sync - {\\"error\\":\\"invalid_grant\\",'
    f'\\"error_description\\":\\"{DEAD}\\"}}',
    "<p>error: invalid_grant<br/>expired access/refresh&nbsp;token</p>",
    f"INVALID_GRANT  -  {DEAD.upper()}",
]


@pytest.mark.parametrize("text", SHAPES)
def test_the_same_words_are_found_in_every_shape(text: str) -> None:
    assert values(read(text, flow="refresh_token"))["token_reply.description"] == DEAD


def test_an_error_page_is_told_from_the_token_endpoint() -> None:
    facts = values(
        read(
            "https://x.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp"
            "?error=invalid_client&error_description=app+must+be+installed+into+org&state=s\n"
            "OAUTH_APPROVAL_ERROR_GENERIC : An unexpected error has occured"
        )
    )
    assert facts["page.error"] == "invalid_client"
    assert facts["page.description"] == "app must be installed into org"
    assert facts["request.flow"] == "web_server"


def test_a_callback_that_carries_an_error_is_read() -> None:
    found = values(read("http://localhost:1717/cb?error=access_denied"
                        "&error_description=end-user+denied+authorization&state=s"))  # fmt: skip
    assert found["page.error"] == "access_denied"


def test_entities_and_curly_apostrophes_are_undone() -> None:
    for text in ("user hasn&#39;t approved this consumer", "user hasn’t approved this consumer",
                 "user hasn\\u0027t approved this consumer",
                 "error_description=user%20hasn%27t%20approved%20this%20consumer"):  # fmt: skip
        found = values(read(text, flow="jwt_bearer"))
        assert found["token_reply.description"] == "user hasn't approved this consumer"


def test_a_rest_error_array_is_an_api_refusal() -> None:
    body = '[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]'
    found = values(read(body))
    assert found["api_reply.error"] == "INVALID_SESSION_ID"
    assert found["api_reply.message"] == "session expired or invalid"


def test_a_soap_fault_of_login_is_a_soap_refusal() -> None:
    fault = (
        "<soapenv:Fault><faultcode>INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: "
        "Invalid username, password, security token; or user locked out.</faultstring>"
    )
    found = values(read(fault))
    assert found["soap_reply.error"] == "INVALID_LOGIN"
    assert found["request.flow"] == "soap_login"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Failed: Not approved for access", "failed: not approved for access"),
        ("Restricted IP", "restricted ip"),
        ("LOGIN_STATUS=LOGIN_ERROR_USER_INACTIVE", "user is inactive"),
        ("11/22/2026,int@acme.example,Remote Access 2.0,User Is Frozen,Orbit", "user is frozen"),
        ("Login History shows Success for every login", "success"),
    ],
)
def test_a_status_of_login_history_is_known_by_its_words_or_its_code(
    text: str, status: str
) -> None:
    assert values(read(text))["login_history.status"] == status


def test_success_in_a_sentence_is_no_login_history() -> None:
    assert "login_history.status" not in values(read("the deployment was a success"))


def test_of_several_failures_the_first_counts_and_the_last_is_known() -> None:
    found = read("1: user hasn't approved this consumer\n2: audience is invalid", flow="jwt_bearer")
    assert values(found)["token_reply.description"] == "user hasn't approved this consumer"
    assert values(found)["text.last_failure"] == "audience is invalid"


def test_a_fact_knows_its_line_and_quotes_it() -> None:
    found = next(
        fact
        for fact in read("start\n\ninvalid_grant: inactive user\nend")
        if fact.name == "token_reply.description"
    )
    assert (found.line, found.quote) == (3, "invalid_grant: inactive user")


def test_a_description_that_nobody_knows_is_kept_as_it_came() -> None:
    text = '{"error":"invalid_grant","error_description":"something quite new"}'
    assert values(read(text))["token_reply.description"] == "something quite new"


def test_the_given_flow_beats_what_the_text_suggests() -> None:
    assert values(read("jwt refresh_token", flow="device"))["request.flow"] == "device"
    assert values(read("grant_type=client_credentials"))["request.flow"] == "client_credentials"


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("POST https://acme.lightning.force.com/services/oauth2/token", "lightning host"),
        (
            "POST https://<MYDOMAIN>-dev-ed.develop.lightning.force.com/services/Soap/u",
            "lightning host",
        ),
        ("POST http://login.salesforce.com/services/oauth2/token", "plain http"),
        ("POST test.salesforce.com/services/oauth2/token", "no scheme"),
        ("https://www.salesforce.com/services/Soap/u/60.0", "not a login host"),
        (
            "sf org login web --instance-url https://acme--uat.sandbox.lightning.com",
            "lightning host",
        ),
        ("The instance URL should not be a Lightning domain", "lightning host"),
    ],
)
def test_what_is_wrong_with_a_host_is_seen(text: str, flaw: str) -> None:
    assert values(read(text))["request.host_flaw"] == flaw


def test_a_production_host_for_a_sandbox_is_seen_from_text_and_context() -> None:
    found = values(read("POST https://login.salesforce.com/services/oauth2/token",
                        context="the user lives in a sandbox"))  # fmt: skip
    assert found["request.host_flaw"] == "production host for a sandbox"


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        (
            "redirect_uri=http%3A%2F%2Fa.example%3A80http%3A%2F%2Flocalhost%2Fcb",
            "two addresses in one",
        ),
        ("redirectUri: 'https://app.example/#/signed-in'", "has a fragment"),
        ("redirect_uri=https://app.example/callback&state=1", None),
    ],
)
def test_a_callback_address_that_cannot_be_registered_is_seen(text: str, flaw: str | None) -> None:
    assert values(read(text)).get("request.callback_flaw") == flaw


def test_a_page_that_is_only_cited_is_no_host_of_the_client() -> None:
    found = values(read("see https://help.salesforce.com/s/articleView?id=x for more"))
    assert not {"request.host", "request.host_flaw"} & set(found)


def test_a_sound_host_has_no_flaw() -> None:
    assert "request.host_flaw" not in values(read("POST https://a.my.salesforce.com/services/x"))


@pytest.mark.parametrize(
    ("context", "name"),
    [
        ("several workers refresh it", "context.parallel"),
        ("since September 2025", "context.uninstalled_restriction"),
        ("it happens overnight", "context.time_passed"),
        ("our addresses are allowlisted", "context.ip"),
        ("the password was reset", "context.password_changed"),
        ("a full sandbox", "context.sandbox"),
    ],
)
def test_context_in_prose_becomes_facts(context: str, name: str) -> None:
    assert values(read("", context=context))[name] is True


def test_context_that_is_not_mentioned_is_not_known() -> None:
    assert [fact for fact in read("", context="hello") if fact.name.startswith("context.")] == []


WIRE = """\
* Connected to login.salesforce.com (85.222.155.4) port 443 (#0)
> Content-Type: application/x-www-form-urlencoded
< HTTP/1.1 400 Bad Request
{"error":"invalid_grant","error_description":"authentication failure"}
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
  File "/srv/corporate/proxy.py", line 12, in upgraded
"""


def test_what_programs_write_for_programs_is_no_story() -> None:
    assert [f.name for f in read(WIRE) if f.name.startswith("context.")] == []


REFUSED = '{"error":"invalid_grant","error_description":"authentication failure"}'
MACHINES = {
    "status and headers": "HTTP/1.1 400 Bad Request\nDate: Sat, 21 Nov 2026 08:00:00 GMT\n"
    "Content-Type: application/json\nCache-Control: no-cache\nSet-Cookie: BrowserId=a; path=/\n",
    "request": "POST /services/oauth2/token HTTP/1.1\nAccept: */*\n",
    "trace": 'Traceback (most recent call last):\n  File "/app/sync.py", line 12, in <module>\n'
    "    client = Salesforce(username=user, password=word, security_token=token)\n",
    "log": "2026-11-21 08:00:00,123 INFO connecting to the sandbox of the customer\n",
    "level": "[DEBUG] starting the session of the sandbox in the background\n",
    "json": '{"level":"info","message":"starting the nightly job for the customer"}\n',
}


@pytest.mark.parametrize("written", MACHINES.values(), ids=MACHINES)
def test_what_a_program_wrote_beside_a_refusal_adds_nothing_to_it(written: str) -> None:
    assert values(read(written + REFUSED)) == values(read(REFUSED))


def test_what_a_person_says_in_a_line_of_a_log_is_heard() -> None:
    told = values(read("INFO we see this since our sandbox was copied again"))
    assert "sandbox" in str(told[TELLING])


@given(st.integers(0, 12_000), st.integers(0, 300))
def test_a_refusal_is_found_wherever_it_stands_in_a_long_line(before: int, after: int) -> None:
    facts = read("x " * (before // 2) + REFUSED + " y" * after)
    assert values(facts)["token_reply.description"] == "authentication failure"


def test_names_of_parameters_say_nothing_about_the_failure() -> None:
    found = values(read("GET /services/oauth2/authorize?redirect_uri=https://x/y&scope=api"))
    assert not [name for name in found if name.startswith("context.")]


@given(st.one_of(st.text(), st.binary()), st.text(max_size=40), st.text(max_size=80))
@example(b"\xff\xfe\x00", "unknown", "")
@example("%%%&#x110000;\\ud800<" * 9, "unknown", "\x00")
def test_reading_never_raises(text: str | bytes, flow: str, context: str) -> None:
    read(text, flow=flow, context=context)


@given(
    st.sampled_from(SECRETS),
    st.sampled_from(["refresh_token", "access_token", "client_secret", "assertion", "password"]),
    st.sampled_from(["{name}={secret}", '"{name}": "{secret}"', "<{name}>{secret}</{name}>",
                     "'{name}' => '{secret}'", "Authorization: Bearer {secret}"]),
    st.sampled_from(SHAPES),
)  # fmt: skip
def test_no_planted_secret_is_ever_emitted(secret: str, name: str, shape: str, text: str) -> None:
    planted = shape.format(name=name, secret=secret)
    for given_text in (f"{planted} {text}", f"{text}\n{planted}", planted):
        for fact in read(given_text, context=planted):
            assert secret not in repr(fact)


def test_a_very_long_text_is_read_in_time() -> None:
    text = "2026-11-22 INFO nothing to see here\n" * 200_000 + "invalid_grant"
    assert values(read(text)).get("token_reply.error") is None
