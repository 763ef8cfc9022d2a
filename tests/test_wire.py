"""The contract of the wire, kept by both drivers and by the rehearsal."""

from __future__ import annotations

import ast
import asyncio
import gc
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.clock import ManualClock
from evergrant.errors import BadInput, NotSent, OurBug, OutcomeUnknown, WireError
from evergrant.model import MASK, Secret
from evergrant.wire import (
    Conversation,
    Pause,
    Probe,
    Probed,
    Reply,
    Request,
    Seen,
    arun,
    client,
    host_of,
    probe,
    rehearse,
    run,
    send,
)

T = TypeVar("T")
Driver = Callable[..., object]


class RawServer:
    """A socket that answers bytes and counts what came; it knows nothing of HTTP.

    Each connection gets the answers one by one, and is closed after the last.
    """

    def __init__(self, *answers: bytes, then_wait_s: float = 0.0, drip_s: float = 0.0) -> None:
        self.answers, self.then_wait_s, self.drip_s = answers, then_wait_s, drip_s
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def serve(self) -> None:
        while not self._stop.is_set():
            try:
                talk, _ = self._socket.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._talk, args=(talk,)))
            self._threads[-1].start()

    def _talk(self, talk: socket.socket) -> None:
        with talk:
            talk.settimeout(5)
            with suppress(OSError):
                for answer in self.answers:
                    self.requests.append(self._whole_request(talk))
                    for piece in self._pieces(answer):
                        talk.sendall(piece)
                        self._stop.wait(self.drip_s)
                self._stop.wait(self.then_wait_s)

    def _pieces(self, answer: bytes) -> Iterator[bytes]:
        size = 8 if self.drip_s else len(answer) or 1
        for at in range(0, len(answer), size):
            yield answer[at : at + size]

    @staticmethod
    def _whole_request(talk: socket.socket) -> bytes:
        got = b""
        while b"\r\n\r\n" not in got:
            got += talk.recv(65536) or b"\r\n\r\n"
        head, _, body = got.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().splitlines():
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            body += talk.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        self._stop.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join()


@contextmanager
def raw(*answers: bytes, **how: float) -> Iterator[RawServer]:
    server = RawServer(*answers, **how)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


def http(status: str = "200 OK", body: bytes = b"{}", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def in_a_loop(conversation: Conversation[T], **how: object) -> T:
    return asyncio.run(arun(conversation, **how))  # type: ignore[arg-type]


@pytest.fixture(params=[run, in_a_loop], ids=["run", "arun"])
def drive(request: pytest.FixtureRequest) -> Driver:
    """Each test plays once over httpx2 and once over aiohttp."""
    chosen: Driver = request.param
    return chosen


class Diary:
    """What a conversation lived through."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def talk(self, *requests: Request) -> Conversation[list[Reply]]:
        replies = []
        try:
            for request in requests:
                try:
                    replies.append((yield from send(request)))
                except WireError as error:
                    self.lines.append(type(error).__name__)
        finally:
            self.lines.append("finally")
        return replies


def test_a_request_goes_out_whole_and_opened(drive: Driver) -> None:
    with raw(http()) as server:
        form: dict[str, str | Secret] = {
            "grant_type": "refresh_token",
            "refresh_token": Secret("5Aep861&x=y"),
        }
        headers: dict[str, str | Secret] = {"Authorization": Secret("Bearer abc"), "X-Plain": "yes"}
        drive(send(Request("POST", f"{server.url}/services/oauth2/token", headers, form)))
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /services/oauth2/token HTTP/1.1\r\n")
    assert b"authorization: bearer abc" in head.lower()
    assert b"content-type: application/x-www-form-urlencoded" in head.lower()
    assert body == b"grant_type=refresh_token&refresh_token=5Aep861%26x%3Dy"


def test_a_reply_has_lower_case_headers_and_the_whole_body(drive: Driver) -> None:
    answer = http("400 Bad Request", b'{"error":"x"}', "Content-Type: Application/JSON; charset=x")
    with raw(answer) as server:
        reply = drive(send(Request("GET", server.url)))
    assert isinstance(reply, Reply)
    assert (reply.status, reply.json(), reply.truncated) == (400, {"error": "x"}, False)
    assert reply.content_type == "application/json"
    assert "content-length" in reply.headers


def test_a_host_that_cannot_be_reached_is_not_sent(drive: Driver) -> None:
    diary = Diary()
    drive(diary.talk(Request("GET", f"http://127.0.0.1:{closed_port()}/")))
    assert diary.lines == ["NotSent", "finally"]


def test_a_name_that_does_not_resolve_is_not_sent(drive: Driver) -> None:
    diary = Diary()
    drive(diary.talk(Request("GET", "http://no-such-host.invalid/")))
    assert diary.lines == ["NotSent", "finally"]


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", b"not http at all\r\n\r\n"],
    ids=["closed without a word", "broken off in the body", "not HTTP"],
)
def test_a_request_that_was_sent_and_not_answered_whole_has_an_unknown_outcome(
    drive: Driver, answer: bytes
) -> None:
    diary = Diary()
    with raw(answer) as server:
        drive(diary.talk(Request("POST", server.url, form={"a": "b"})))
    assert diary.lines == ["OutcomeUnknown", "finally"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_driver_never_sends_a_request_twice(drive: Driver, method: str) -> None:
    with raw(b"") as server:
        with pytest.raises(OutcomeUnknown):
            drive(send(Request(method, server.url)))
        time.sleep(0.05)
    assert len(server.requests) == 1


def twice_through_run(url: str) -> None:
    with client() as pool:
        run(send(Request("GET", f"{url}/first")), via=pool)
        run(send(Request("GET", f"{url}/again")), via=pool)


def twice_through_arun(url: str) -> None:
    async def talk() -> None:
        async with aiohttp.ClientSession() as session:
            await arun(send(Request("GET", f"{url}/first")), via=session)
            await arun(send(Request("GET", f"{url}/again")), via=session)

    asyncio.run(talk())


@pytest.mark.parametrize("twice", [twice_through_run, twice_through_arun])
def test_a_pooled_connection_that_dies_under_a_request_is_not_tried_again(
    twice: Callable[[str], None],
) -> None:
    # HTTP libraries like to repeat an idempotent request here; the contract says never.
    alive = http().replace(b"Connection: close\r\n", b"")
    with raw(alive, b"") as server:
        with pytest.raises(OutcomeUnknown):
            twice(server.url)
        time.sleep(0.05)
    assert [each.split(b" ")[1] for each in server.requests] == [b"/first", b"/again"]


def test_a_redirect_is_an_answer_and_is_not_followed(drive: Driver) -> None:
    with raw(http("302 Found", b"", "Location: /elsewhere")) as server:
        reply = drive(send(Request("GET", server.url)))
    assert isinstance(reply, Reply)
    assert (reply.status, reply.headers["location"]) == (302, "/elsewhere")
    assert len(server.requests) == 1


def test_a_body_longer_than_max_body_is_cut_and_says_so(drive: Driver) -> None:
    with raw(http(body=b"x" * 50_000)) as server:
        reply = drive(send(Request("GET", server.url, max_body=1000)))
    assert isinstance(reply, Reply)
    assert (reply.truncated, reply.body) == (True, b"x" * 1000)


def test_a_body_of_exactly_max_body_is_whole(drive: Driver) -> None:
    with raw(http(body=b"x" * 1000)) as server:
        reply = drive(send(Request("GET", server.url, max_body=1000)))
    assert isinstance(reply, Reply)
    assert (reply.truncated, len(reply.body)) == (False, 1000)


def test_a_sink_gets_the_whole_body_and_the_reply_none_of_it(drive: Driver) -> None:
    sink = io.BytesIO()
    with raw(http(body=b"y" * 300_000)) as server:
        reply = drive(send(Request("GET", server.url, max_body=10, sink=sink)))
    assert isinstance(reply, Reply)
    assert (sink.getvalue(), reply.body, reply.truncated) == (b"y" * 300_000, b"", False)


def test_an_answer_is_seen_before_the_conversation_gets_it(drive: Driver) -> None:
    order: list[str] = []

    def talk(url: str) -> Conversation[None]:
        yield from send(Request("GET", url))
        order.append("conversation")

    def see(reply: Reply) -> None:
        order.append(f"seen {reply.status}")

    with raw(http()) as server:
        drive(talk(server.url), seen=see)
    assert order == ["seen 200", "conversation"]


def test_an_answer_that_cannot_be_stored_is_never_handed_over(drive: Driver) -> None:
    diary = Diary()

    def full_disk(_: Reply) -> None:
        raise OSError("disk full")

    with raw(http()) as server, pytest.raises(OSError, match="disk full"):
        drive(diary.talk(Request("GET", server.url)), seen=full_disk)
    assert diary.lines == ["finally"]


DROPS_S = 25.0
"""How long four thousand bytes take in drops of eight, twenty a second."""


def test_the_timeout_counts_for_the_whole_exchange(drive: Driver) -> None:
    diary = Diary()
    began = time.monotonic()
    with raw(http(body=b"z" * 4000), drip_s=0.05) as server:
        drive(diary.talk(Request("GET", server.url, timeout_s=0.4)))
    assert diary.lines == ["OutcomeUnknown", "finally"]
    assert time.monotonic() - began < DROPS_S / 2


def dripping_headers(drive: Driver) -> float:
    """Seconds until a driver with a timeout of 0.2 s gives up on headers that come in drops."""
    began = time.monotonic()
    with raw(http("200 OK", b"{}", f"X-Long: {'y' * 4000}"), drip_s=0.05) as server:
        with pytest.raises(OutcomeUnknown):
            drive(send(Request("GET", server.url, timeout_s=0.2)))
        return time.monotonic() - began


def test_arun_counts_slow_headers_into_the_timeout() -> None:
    assert dripping_headers(in_a_loop) < DROPS_S / 2


def test_run_counts_slow_headers_into_the_timeout() -> None:
    assert dripping_headers(run) < DROPS_S / 2


def test_who_has_more_patience_than_the_request_waits_longer(drive: Driver) -> None:
    with raw(http(body=b"z" * 60), drip_s=0.02) as server:
        reply = drive(send(Request("GET", server.url, timeout_s=0.001)), patience_s=20.0)
    assert isinstance(reply, Reply)
    assert reply.body == b"z" * 60


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=5))
def test_a_form_says_on_the_wire_what_it_was_given(form: dict[str, str]) -> None:
    body = Request("POST", "https://login.salesforce.com", form=form).sent_body()
    assert body is not None
    assert dict(parse_qsl(body.decode("ascii"), keep_blank_values=True)) == form


def test_silence_after_the_request_is_an_unknown_outcome(drive: Driver) -> None:
    diary = Diary()
    with raw(b"", then_wait_s=3) as server:
        drive(diary.talk(Request("POST", server.url, form={"a": "b"}, timeout_s=0.3)))
    assert diary.lines == ["OutcomeUnknown", "finally"]


def test_waiting_follows_the_given_clock(drive: Driver) -> None:
    clock, began = ManualClock(), time.monotonic()

    def patient() -> Conversation[str]:
        yield Pause(3600, "until the device is approved")
        return "done"

    before = clock.now()
    assert drive(patient(), clock=clock) == "done"
    assert (clock.now() - before).total_seconds() == 3600
    assert time.monotonic() - began < 60


def test_a_probe_answers_instead_of_raising(drive: Driver) -> None:
    found = drive(probe(Probe("tls", "127.0.0.1", closed_port(), timeout_s=1)))
    assert isinstance(found, Probed)
    assert (found.ok, bool(found.error)) == (False, True)
    reached = drive(probe(Probe("dns", "localhost")))
    assert isinstance(reached, Probed)
    assert reached.ok


def test_a_text_that_is_no_url_is_the_callers_mistake(drive: Driver) -> None:
    with pytest.raises(BadInput):
        drive(send(Request("GET", "ftp://127.0.0.1/")))


def test_a_conversation_that_raises_has_its_finally_run(drive: Driver) -> None:
    lines: list[str] = []

    def talk() -> Conversation[None]:
        try:
            yield Pause(0)
            raise BadInput("nonsense")
        finally:
            lines.append("finally")

    with pytest.raises(BadInput):
        drive(talk(), clock=ManualClock())
    assert lines == ["finally"]


def test_a_cancelled_caller_closes_the_conversation() -> None:
    diary = Diary()

    async def cancel(url: str) -> None:
        task = asyncio.create_task(arun(diary.talk(Request("GET", url))))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with raw(b"", then_wait_s=3) as server:
        asyncio.run(cancel(server.url))
    assert diary.lines == ["finally"]


def test_cookies_of_one_conversation_do_not_ride_on_the_next() -> None:
    with raw(http("200 OK", b"{}", "Set-Cookie: sid=planted; Path=/")) as server, client() as pool:
        run(send(Request("GET", server.url)), via=pool)
        run(send(Request("GET", server.url)), via=pool)
    assert all(b"planted" not in each for each in server.requests)


# --- the rehearsal -------------------------------------------------------------------------------


def test_a_rehearsed_network_error_reaches_the_conversation_and_its_finally() -> None:
    diary = Diary()
    first, second = Request("GET", "https://a.example/"), Request("GET", "https://b.example/")
    played = rehearse(diary.talk(first, second), NotSent("dns"), OutcomeUnknown("reset"))
    assert diary.lines == ["NotSent", "OutcomeUnknown", "finally"]
    assert played.requests == [first, second]
    assert played.result == []


def test_a_script_that_is_too_short_or_too_long_is_our_bug() -> None:
    request = Request("GET", "https://a.example/")
    with pytest.raises(OurBug, match="no answer"):
        rehearse(send(request))
    with pytest.raises(OurBug, match="nobody asked"):
        rehearse(send(request), Reply(200), Reply(200))


def test_a_rehearsal_waits_on_the_clock_and_remembers_the_pause() -> None:
    clock = ManualClock()
    before = clock.now()

    def talk() -> Conversation[int]:
        yield Pause(5, "poll")
        reply = yield from send(Request("POST", "https://a.example/"))
        return reply.status

    played = rehearse(talk(), Reply(204), clock=clock)
    assert played.result == 204
    assert played.asked[0] == Pause(5, "poll")
    assert (clock.now() - before).total_seconds() == 5


def test_a_rehearsal_shows_answers_to_seen_first() -> None:
    seen: list[int] = []
    see: Seen = lambda reply: seen.append(reply.status)  # noqa: E731
    rehearse(send(Request("GET", "https://a.example/")), Reply(200), seen=see)
    assert seen == [200]


def test_a_wrong_kind_of_answer_is_our_bug() -> None:
    with pytest.raises(OurBug, match="Probed"):
        rehearse(send(Request("GET", "https://a.example/")), Probed(ok=True))
    with pytest.raises(OurBug, match="Reply"):
        rehearse(probe(Probe("dns", "a.example")), Reply(200))


# --- values --------------------------------------------------------------------------------------


@given(st.text(min_size=8).filter(lambda text: text not in MASK and text.strip()))
def test_no_secret_shows_in_the_repr_of_a_request_or_reply(text: str) -> None:
    planted = f"planted{text.encode().hex()}"
    secret = Secret(planted)
    request = Request("POST", "https://a.example/", {"Authorization": secret}, {"code": secret})
    assert planted not in repr(request) + str(request) + f"{request}"
    assert planted not in repr(Request("PUT", "https://a.example/", content=planted.encode()))
    assert planted not in repr(Reply(200, body=planted.encode()))


def test_the_host_of_a_url_leaves_out_user_and_case() -> None:
    assert host_of("https://user:pw@Acme.my.salesforce.com:8443/x") == "acme.my.salesforce.com:8443"


def _finals(tree: ast.AST) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            yield from node.finalbody


def test_no_conversation_in_the_house_yields_in_a_finally() -> None:
    src = Path(__file__).parents[1] / "src" / "evergrant"
    guilty = [
        f"{path.name}:{node.lineno}"
        for path in src.rglob("*.py")
        for statement in _finals(ast.parse(path.read_text(encoding="utf-8")))
        for node in ast.walk(statement)
        if isinstance(node, (ast.Yield, ast.YieldFrom))
    ]
    assert guilty == []


def test_nothing_is_left_open_by_the_drivers(drive: Driver) -> None:
    # ResourceWarnings are errors in this suite; they surface when the collector runs.
    with raw(http()) as server:
        drive(send(Request("GET", server.url)))
    gc.collect()
