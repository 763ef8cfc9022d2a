"""What people paste and choose: decoded, freed of terminal codes, bounded."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from evergrant.errors import BadInput
from evergrant.evidence.text import MAX_LINES
from evergrant.web.forms import MOST_BODY, MOST_FIELD, Form, read_form
from evergrant.web.uploads import CUT, MOST_FILE, MOST_TEXT, SIFTED, Upload, readable, sifted

LINE = b"2026-11-22 INFO heartbeat of worker 7 is on time, nothing to tell about it\n"
FAILURE = b'{"error":"invalid_grant","error_description":"expired access/refresh token"}\n'
BOUNDARY = "egboundary"


def uploaded(raw: bytes, step: int = 65_536) -> Upload:
    upload = Upload()
    for start in range(0, len(raw), step):
        upload.feed(raw[start : start + step])
    return upload


def form_of(body: bytes, kind: str, step: int = 65_536) -> Form:
    """What is read of a request's body, sent in pieces."""
    pieces = [body[start : start + step] for start in range(0, len(body), step)]

    async def receive() -> dict[str, object]:
        piece = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    scope = {"type": "http", "headers": [(b"content-type", kind.encode())], "method": "POST"}
    return asyncio.run(read_form(Request(scope, receive)))


def multipart(**fields: bytes) -> bytes:
    parts = b"".join(
        b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (
            BOUNDARY.encode(),
            name.encode(),
            b'; filename="a.log"' if name == "file" else b"",
            value,
        )
        for name, value in fields.items()
    )
    return parts + b"--%s--\r\n" % BOUNDARY.encode()


MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
URLENCODED = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_a_file_in_any_encoding_is_read(codec: str) -> None:
    text = "Fehler: invalid_grant, expired access/refresh token"
    assert text in uploaded(text.encode(codec), step=7).text()


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_are_read_without_controls(raw: bytes, step: int) -> None:
    text = uploaded(raw, step).text()
    assert not set(text) & {"\x00", "\x1b", "\u202e"}


def test_terminal_codes_do_not_hide_the_words() -> None:
    raw = b"\x1b[31merror:\x1b[0m invalid\x1b[1m_grant\x1b]8;;http://x\x07\x1b]8;;\x07"
    assert uploaded(raw).text() == "error: invalid_grant"


@given(st.text())
def test_readable_text_stays_as_it_is_when_read_again(text: str) -> None:
    assert readable(readable(text)) == readable(text)


def test_a_long_log_is_sifted_and_the_failure_at_its_end_is_found() -> None:
    upload = uploaded(LINE * 40_000 + FAILURE.rstrip())
    assert upload.note == SIFTED
    assert "expired access/refresh token" in upload.text()
    assert len(upload.text()) <= MOST_TEXT
    assert upload.text().count("\n") < MAX_LINES, "the judge reads all that is kept"


def test_a_long_paste_is_sifted_as_a_file_is() -> None:
    text, note = sifted((LINE * 9_000 + FAILURE).decode())
    assert "expired access/refresh token" in text
    assert note == SIFTED
    assert sifted("invalid_grant") == ("invalid_grant", "")


def test_of_very_many_failures_the_first_and_the_last_are_kept() -> None:
    middle = b"error: " + b"x" * 3_000 + b"\n"
    text = uploaded(b"error: the first\n" + middle * 6_000 + b"error: the last\n").text()
    assert "error: the first" in text
    assert "error: the last" in text
    assert len(text) <= MOST_TEXT


def test_fifty_megabytes_and_more_are_cut_with_a_plain_message_and_little_memory() -> None:
    block = LINE * 13_000
    upload = Upload()
    upload.feed(FAILURE)
    tracemalloc.start()
    for _ in range(MOST_FILE // len(block) + 2):
        upload.feed(block)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert upload.note == CUT
    assert "expired access/refresh token" in upload.text()
    assert peak < MOST_FILE / 2


def test_a_line_without_an_end_is_bounded() -> None:
    upload = uploaded(b"x" * 3_000_000 + b" invalid_grant")
    assert len(upload.text()) < 10_000


def test_a_form_of_both_kinds_is_read_in_pieces_of_any_size() -> None:
    body = multipart(csrf=b"abc", text="é invalid_grant".encode(), file=b"a log\nwith lines")
    for step in (1, 7, 65_536):
        form = form_of(body, MULTIPART, step)
        assert (form.get("csrf"), form.get("text")) == ("abc", "é invalid_grant")
        assert form.upload is not None
        assert form.upload.text() == "a log\nwith lines"
    assert form_of(b"csrf=abc&text=%C3%A9+x&text=last", URLENCODED).get("text") == "last"


def test_a_file_that_was_not_chosen_is_none() -> None:
    assert form_of(multipart(csrf=b"a", file=b""), MULTIPART).upload is None


def test_a_pasted_text_is_cut_at_its_bound() -> None:
    form = form_of(multipart(text=b"y" * (MOST_FIELD + 1000)), MULTIPART)
    assert len(form.get("text")) == MOST_FIELD


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"", ""),
        (b"a=b&" * 500, URLENCODED),
        (b"a=" + b"b" * (MOST_BODY + 1), URLENCODED),
        (b"no boundary here", MULTIPART),
    ],
    ids=["json", "nothing", "many fields", "large", "no boundary"],
)
def test_what_is_no_form_of_ours_is_refused_plainly(body: bytes, kind: str) -> None:
    with pytest.raises(BadInput, match="could not be read"):
        form_of(body, kind)


@given(st.binary(max_size=300))
def test_any_bytes_as_a_form_are_read_or_refused(body: bytes) -> None:
    for kind in (URLENCODED, MULTIPART):
        try:
            assert isinstance(form_of(body, kind), Form)
        except BadInput:
            continue
