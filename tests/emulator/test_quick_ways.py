"""The short ways that a token request takes lead where the long ones do."""

import asyncio
from typing import Any
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse

from evergrant.emulator import web
from evergrant.emulator.bodies import header, with_body

FORM = [(b"content-type", b"application/x-www-form-urlencoded")]
names = st.sampled_from([b"host", b"accept", b"origin"])


def request(body: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None) -> Request:
    asked: dict[str, Any] = {
        "type": "http", "method": "POST", "query_string": b"", "headers": headers or FORM,
    }  # fmt: skip
    return Request(with_body(asked, "/services/oauth2/token", body))


@given(st.text("ab=&%+2C\xe9;", max_size=30).map(lambda text: text.encode("latin-1")))
def test_a_form_reads_as_the_standard_library_reads_it(body: bytes) -> None:
    expected = parse_qsl(body.decode("latin-1"), keep_blank_values=True)
    assert asyncio.run(web.fields_of(request(body))) == expected


def test_a_form_of_more_than_a_thousand_fields_is_none() -> None:
    assert len(asyncio.run(web.fields_of(request(b"&".join([b"a=1"] * 1000))))) == 1000
    assert asyncio.run(web.fields_of(request(b"&".join([b"a=1"] * 1001)))) == []


@given(st.lists(st.tuples(names, st.binary(max_size=8)), max_size=5), names)
def test_a_header_reads_as_starlette_reads_it(sent: list[tuple[bytes, bytes]], name: bytes) -> None:
    assert header({"headers": sent}, name) == Headers(raw=sent).get(name.decode(), "")


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=9)), st.sampled_from([200, 400]))
def test_an_answer_is_that_of_a_json_response(fields: dict[str, str], status: int) -> None:
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    try:
        expected = JSONResponse(fields, status, headers=headers)
    except UnicodeEncodeError:  # half a surrogate pair, which neither can write
        return
    made = web.token_reply(request(), {}, fields, status)
    assert (made.status_code, made.body) == (status, expected.body)
    assert made.raw_headers == expected.raw_headers
