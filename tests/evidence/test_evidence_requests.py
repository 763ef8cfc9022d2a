"""The request that failed: its flaws, whichever way it is given, and never its secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrant.evidence import Wanted, of_request
from evergrant.evidence.requests.curl import sent_in
from evergrant.evidence.requests.flaws import FLAWS
from evergrant.evidence.requests.sent import of_request as opened
from evergrant.model import Fact, Secret
from evergrant.wire import Request
from evidence_kit import all_of, evidence, values

TOKEN = "https://acme.my.salesforce.com/services/oauth2/token"
API = "https://acme.my.salesforce.com/services/data/v66.0/limits"
FORM_TYPE = "application/x-www-form-urlencoded"
KEY = "3MVG9fakefakefake"
HUSH = "S3cretS3cretS3cret"
GOOD = {"grant_type": "refresh_token", "refresh_token": f"5Aep{HUSH}5", "client_id": KEY,
        "client_secret": HUSH}  # fmt: skip


def told(
    form: dict[str, str] | None = None, method: str = "POST", url: str = TOKEN, **how: Any
) -> dict[str, list[Any]]:
    """Fact → values of one of our own requests."""
    words: dict[str, str | Secret] = {**(GOOD if form is None else form)}
    facts = of_request(opened(Request(method, url, form=words, **how)), Wanted())
    assert HUSH not in "".join(each.quote for each in facts)
    found: dict[str, list[Any]] = {}
    for each in facts:
        found.setdefault(each.name, []).append(each.value)
    return found


def test_a_request_in_order_has_no_flaw() -> None:
    found = told()
    assert found["request.flaw"] == ["none"]
    assert found["request.flow"] == ["refresh_token"]
    assert found["own.secret_sent"] == [True]
    assert found["request.host"] == ["my domain"]


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"grant_type": ""}, "missing grant_type"),
        ({"grant_type": "refreshtoken"}, "unknown grant_type"),
        ({"refresh_token": ""}, "missing parameter"),
        ({"scope": "api"}, "scope on token"),
        ({"grant_type": "authorization_code", "code": "aPrx%253D%253D", "redirect_uri": "x"},
         "encoded twice"),
    ],
)  # fmt: skip
def test_each_flaw_of_the_form_is_named(changes: dict[str, str], flaw: str) -> None:
    form = {name: value for name, value in (GOOD | changes).items() if value}
    assert flaw in told(form)["request.flaw"]


@pytest.mark.parametrize(
    ("how", "flaw"),
    [
        ({"headers": {"Content-Type": "application/json"}}, "wrong content type"),
        ({"headers": {"Content-Type": "text/plain"}}, "wrong content type"),
        ({"headers": {"Authorization": "Basic a2V5OnNlY3JldA=="}}, "basic and body credentials"),
        ({"headers": {"Authorization": "Basic key:secret"}}, "malformed basic header"),
        ({"url": "https://acme.my.salesforce.com/services/oauth2/device"}, "wrong path"),
        ({"url": "https://acme.my.salesforce.com/oauth2/token"}, "wrong path"),
        (
            {"url": API, "headers": {"Authorization": f"Bearer '00D!{HUSH}'"}},
            "malformed authorization header",
        ),
        (
            {"url": API, "headers": {"Authorization": f"00D!{HUSH}"}},
            "malformed authorization header",
        ),
        ({"url": API, "headers": {"Authorization": f"Bearer 00D!{HUSH}"}}, "none"),
    ],
)
def test_each_flaw_of_headers_and_path_is_named(how: dict[str, Any], flaw: str) -> None:
    assert flaw in told(**how)["request.flaw"]


def test_every_flaw_of_the_vocabulary_can_be_seen() -> None:
    from evergrant.catalog import load

    known = set(load().facts["request.flaw"].background) - {"none", "*"}
    assert {flaw for flaw, _, _ in FLAWS} == known


@pytest.mark.parametrize(
    ("url", "form", "flaw"),
    [
        ("https://acme.lightning.force.com/services/oauth2/token", GOOD, "lightning host"),
        ("http://login.salesforce.com/services/oauth2/token", GOOD, "plain http"),
        ("https://login.salesforce.com/services/oauth2/token",
         {"grant_type": "client_credentials", "client_id": KEY},
         "generic host for client credentials"),
    ],
)  # fmt: skip
def test_the_host_is_judged_apart(url: str, form: dict[str, str], flaw: str) -> None:
    assert told(form, url=url)["request.host_flaw"] == [flaw]


def test_a_device_request_may_have_a_scope_and_no_grant_type() -> None:
    form = {"response_type": "device_code", "client_id": KEY, "scope": "api"}
    assert told(form)["request.flaw"] == ["none"]


COMMANDS = (
    f"curl -X POST {TOKEN} -d grant_type=refresh_token -d refresh_token={HUSH} -d client_id={KEY}",
    f"$ curl {TOKEN} \\\n  --data 'grant_type=refresh_token&refresh_token={HUSH}' \\\n"
    f"  --data-urlencode 'client_id={KEY}'\n",
    f'curl --request POST --url "{TOKEN}" --header "content-type: application/x-www-form-'
    f'urlencoded" --data-raw grant_type=refresh_token --data=refresh_token={HUSH} '
    f"--data-raw client_id={KEY}",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_curl_command_is_read_as_what_it_sends(command: str) -> None:
    found = evidence(command)
    assert all_of(found, "request.flaw") == ["none"]
    assert values(found)["request.flow"] == "refresh_token"
    assert HUSH not in repr(found)


def test_a_command_and_the_answer_behind_it_are_both_read() -> None:
    answer = '{"error":"unsupported_grant_type","error_description":"grant type not supported"}'
    text = f"curl {TOKEN} -H 'Content-Type: application/json' -d '{{\"a\":1}}'\n{answer}\n"
    found = values(evidence(text))
    assert found["request.flaw"] == "wrong content type"
    assert found["token_reply.error"] == "unsupported_grant_type"


def test_credentials_on_the_command_line_count_as_a_basic_header() -> None:
    sent = sent_in(f"curl -u {KEY}:{HUSH} -d grant_type=client_credentials {TOKEN}")
    assert sent is not None
    assert sent.headers["authorization"].startswith("Basic ")
    assert HUSH not in repr(sent)


def har(*entries: dict[str, Any]) -> str:
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": [*entries]}})


def entry(
    url: str, status: int, text: str = "", at: str = "2026-11-22T11:00:00.000Z", **more: Any
) -> dict[str, Any]:
    request = {"method": "POST", "url": url, "headers": [], **more}
    answer = {
        "status": status,
        "headers": [{"name": "Date", "value": "Sun, 22 Nov 2026 11:10:00 GMT"}],
        "content": {"text": text, "mimeType": "application/json"},
        "redirectURL": "",
    }
    return {"startedDateTime": at, "time": 100, "request": request, "response": answer}


DEAD = '{"error":"invalid_grant","error_description":"expired access/refresh token"}'
FORM = f"grant_type=refresh_token&refresh_token={HUSH}&client_id={KEY}"
POSTED: dict[str, Any] = {"postData": {"mimeType": FORM_TYPE, "text": FORM}}


def test_a_har_file_gives_the_failing_request_its_answer_and_the_clock() -> None:
    text = har(entry("https://shop.example/x", 500), entry(TOKEN, 400, DEAD, **POSTED))
    found = evidence(text)
    seen = values(found)
    assert seen["token_reply.description"] == "expired access/refresh token"
    assert seen["request.flow"] == "refresh_token"
    assert seen["own.clock_off_s"] == 600
    assert found.gathered.readings[0].read == 1
    assert found.timeline.first_failure is not None
    assert HUSH not in repr(found)


def test_a_cut_har_file_gives_its_whole_entries() -> None:
    text = har(entry(TOKEN, 400, DEAD, **POSTED), entry(TOKEN, 200))[:-60]
    found = evidence(text)
    assert values(found)["token_reply.error"] == "invalid_grant"
    assert found.gathered.readings[0].skipped == 1


def test_parameters_of_a_har_file_count_as_its_body() -> None:
    params = [{"name": name, "value": value} for name, value in GOOD.items()]
    data: dict[str, Any] = {"postData": {"mimeType": FORM_TYPE, "params": params}}
    assert all_of(evidence(har(entry(TOKEN, 400, DEAD, **data))), "request.flaw") == ["none"]


def test_a_body_that_was_left_out_of_a_har_file_is_no_missing_parameter() -> None:
    assert all_of(evidence(har(entry(TOKEN, 400, DEAD))), "request.flaw") == ["none"]


def test_the_address_of_salesforces_error_page_is_read_in_a_har_file() -> None:
    page = ("https://acme.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp?"
            "error=OAUTH_APP_BLOCKED&error_description=this+app+is+blocked+by+admin")  # fmt: skip
    seen = values(evidence(har(entry(page, 200))))
    assert seen["page.error"] == "OAUTH_APP_BLOCKED"


SF = {"name": "AuthCodeExchangeError", "message": "Error authenticating with the refresh token due "
      "to: expired access/refresh token", "exitCode": 1, "context": "OrgDisplay",
      "stack": "Error: x\n    at a (b.js:1:1)", "status": 1, "commandName": "OrgDisplay",
      "warnings": []}  # fmt: skip


@pytest.mark.parametrize("more", ["", "\n", "\n" + json.dumps({"status": 0, "result": {}})])
def test_what_the_salesforce_cli_printed_is_read(more: str) -> None:
    found = evidence(json.dumps(SF) + more)
    assert values(found)["token_reply.description"] == "expired access/refresh token"
    assert found.gathered.readings[0].source == "sf_output"
    assert "the CLI ended with 1" in found.gathered.readings[0].notes


def test_a_dead_login_is_seen_in_a_good_answer_of_the_cli() -> None:
    shown = {"status": 0, "result": {"accessToken": f"00D000000000001!{HUSH}", "connectedStatus":
             "Unable to refresh session due to: expired access/refresh token"}}  # fmt: skip
    found = evidence(json.dumps(shown))
    assert values(found)["token_reply.description"] == "expired access/refresh token"
    assert HUSH not in repr(found)


def test_a_cut_answer_of_the_cli_is_still_a_text() -> None:
    found = evidence(json.dumps(SF)[:150])
    assert values(found)["token_reply.description"] == "expired access/refresh token"
    assert found.gathered.readings[0].skipped == 1


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_command_line_breaks_the_reading(text: str) -> None:
    assert evidence(f"curl {text}".replace("\0", "")).gathered.readings


@given(st.text(max_size=60), st.dictionaries(st.text(max_size=12), st.text(max_size=30)))
@settings(max_examples=80, deadline=None)
def test_no_har_entry_breaks_the_reading(url: str, members: dict[str, str]) -> None:
    odd = {"request": {"url": f"{TOKEN}{url}", "headers": members}, "response": members,
           "startedDateTime": url}  # fmt: skip
    facts: tuple[Fact, ...] = evidence(har(entry(TOKEN, 400, DEAD, **POSTED), odd)).facts
    assert facts
