"""Notices through their channels: signed, told once a line, and silent about where they go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from evergrant import log
from evergrant.errors import BadInput, NotSent, OutcomeUnknown, Refused
from evergrant.model import Notice, Secret
from evergrant.notify import CHANNELS, Delivery, Targets, channels, targets
from evergrant.notify.webhook import WebhookRefused, signature
from evergrant.settings import Settings
from evergrant.wire import Reply, Request, rehearse, run

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NOTICE = Notice("con_acme", "broken", "acme is broken", "Reconnect it.", NOW, {"cause": "x"})
DELIVERY = Delivery("not_1", NOTICE, NOW)
HOOK = "https://hooks.example/services/T0/planted-path"
SECRET = Secret("planted-signing-secret")
TARGETS = Targets(Secret(HOOK), SECRET)


def posted(given: Targets = TARGETS, reply: Reply | None = None) -> Request:
    return rehearse(CHANNELS["webhook"](DELIVERY, given), reply or Reply(204)).requests[0]


# --- webhook -------------------------------------------------------------------------------------


def test_a_notice_is_posted_as_json_with_its_id_and_the_time_of_the_attempt() -> None:
    request = posted()
    assert (request.method, request.url) == ("POST", HOOK)
    assert json.loads(request.content or b"") == {
        "connection": "con_acme",
        "kind": "broken",
        "title": "acme is broken",
        "text": "Reconnect it.",
        "at": "2026-11-22T09:00:00Z",
        "data": {"cause": "x"},
    }
    headers = request.sent_headers()
    assert headers["Content-Type"] == "application/json"
    assert headers["webhook-id"] == "not_1"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("plain words", b"plain words"),
        (f"whsec_{base64.b64encode(b'0123456789').decode()}", b"0123456789"),
    ],
)
def test_the_signature_is_what_a_receiver_computes(secret: str, key: bytes) -> None:
    request = posted(Targets(Secret(HOOK), Secret(secret)))
    headers = request.sent_headers()
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode()
    expected = hmac.new(key, signed + (request.content or b""), hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(expected).decode()}"


def test_the_signature_of_the_published_example_is_the_published_one() -> None:
    # The example that the reference libraries of Standard Webhooks are tested with.
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_without_a_secret_nothing_is_signed() -> None:
    assert "webhook-signature" not in posted(Targets(Secret(HOOK))).sent_headers()


@pytest.mark.parametrize("status", [199, 301, 404, 500])
def test_an_answer_other_than_2xx_is_a_refusal_that_does_not_blame_salesforce(status: int) -> None:
    with pytest.raises(WebhookRefused) as met:
        posted(reply=Reply(status, body=b"planted body"))
    assert isinstance(met.value, Refused)
    assert str(met.value) == f"the webhook at hooks.example answered HTTP {status}"
    assert "Salesforce" not in met.value.diagnostics() + str(met.value)
    assert met.value.status == status


@pytest.mark.parametrize("error", [NotSent, OutcomeUnknown])
def test_a_network_error_names_the_host_and_not_the_address(error: type[Any]) -> None:
    with pytest.raises(error) as met:
        rehearse(CHANNELS["webhook"](DELIVERY, TARGETS), error(f"could not reach {HOOK}"))
    assert "hooks.example" in str(met.value)
    assert "planted" not in str(met.value)


@pytest.mark.parametrize("address", ["", "hooks.example/planted", "ftp://planted", "https://"])
def test_an_address_that_cannot_be_called_is_the_operators_to_correct(address: str) -> None:
    with pytest.raises(BadInput) as met:
        posted(Targets(Secret(address)))
    assert met.value.whose == "operator"
    assert "planted" not in met.value.diagnostics()


def test_a_secret_that_is_spelt_wrong_is_not_shown() -> None:
    with pytest.raises(BadInput, match="not base64") as met:
        posted(Targets(Secret(HOOK), Secret("whsec_pl@nted")))
    assert "pl@nted" not in met.value.diagnostics()


def test_targets_show_neither_address_nor_secret() -> None:
    assert "planted" not in f"{TARGETS!r} {TARGETS}"


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    got: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (inherited)
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", got
        server.shutdown()
        thread.join()


def test_a_real_receiver_gets_what_was_signed(
    receiver: tuple[str, list[tuple[dict[str, str], bytes]]],
) -> None:
    url, got = receiver
    given = targets(Settings(webhook_url=url), {"EVERGRANT_WEBHOOK_SECRET": "shared"})
    run(CHANNELS["webhook"](DELIVERY, given))
    [(headers, body)] = got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"shared", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


# --- log, and the table --------------------------------------------------------------------------


def test_a_logged_notice_is_one_masked_line() -> None:
    stream, root = io.StringIO(), logging.getLogger()
    before, level = root.handlers[:], root.level
    log.configure("WARNING", stream)
    try:
        text = "line one\n2026 CRITICAL forged line\nrefresh_token=planted"
        notice = Notice("con_acme", "on hold", "acme waits", text, NOW)
        rehearse(CHANNELS["log"](Delivery("not_1", notice, NOW), Targets()))
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    said = stream.getvalue()
    assert said.count("\n") == 1
    assert "[on hold] acme waits: line one 2026 CRITICAL forged line" in said
    assert "(connection con_acme)" in said
    assert "planted" not in said


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_every_channel_delivers_and_learns_nothing(name: str) -> None:
    answers = [Reply(200)] if name == "webhook" else []
    assert rehearse(CHANNELS[name](DELIVERY, TARGETS), *answers).result is None


def test_notices_go_to_the_log_and_to_the_webhook_when_one_is_set() -> None:
    assert channels(Settings()) == ("log",)
    assert channels(Settings(webhook_url=HOOK)) == ("log", "webhook")
    assert set(channels(Settings(webhook_url=HOOK))) == set(CHANNELS)
    assert targets(Settings(), {}) == Targets()
