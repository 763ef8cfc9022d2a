"""The SDK: a token at hand, asked for anew when it should be, and only by one at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from client_kit import (
    Opened,
    given,
    open_fixture,  # noqa: F401 (a fixture)
)
from evergrant import keeper as verbs
from evergrant.client import AsyncTokenSource, Token, TokenSource
from evergrant.client.sources import PATIENCE_S, RECHECK_PATIENCE_S
from evergrant.errors import (
    BadInput,
    ComeBack,
    Malformed,
    Misuse,
    NotFound,
    OutcomeUnknown,
    Refused,
)
from evergrant.model import Secret
from keeper_kit import (
    BROWSER_APP,
    TOKEN,
    org_fixture,  # noqa: F401 (a fixture)
)
from parts_kit import WRITER, connected
from service_kit import (
    Up,
    up_fixture,  # noqa: F401 (a fixture)
)


class Ticks:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def served(up: Up) -> int:
    """How many tokens were handed out, by the log."""
    return sum(line.times for line in verbs.token_log(up.ground.keeper))


class Played:
    """A broker that answers from a list, the last one for ever; what it was asked is kept."""

    def __init__(self, *answers: httpx2.Response | Exception | Callable[[], None]) -> None:
        self._answers, self.asked = list(answers), list[httpx2.Request]()

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if callable(answer):
            answer()
            return self(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def source(self, ticks: Ticks) -> TokenSource:
        """A source that has it as its broker."""
        http = httpx2.Client(transport=httpx2.MockTransport(self), timeout=PATIENCE_S)
        return TokenSource("con_x", url="http://127.0.0.1:1", api_key="k", http=http, ticks=ticks)


def handed_out(word: str = "00D!one") -> httpx2.Response:
    """A broker's answer with this token."""
    told = {"access_token": word, "instance_url": "https://acme.my.salesforce.com"}
    return httpx2.Response(200, json=told | {"generation": f"1.1-{word}", "expires_hint": None})


def refusal(code: str, status: int, **more: str) -> httpx2.Response:
    """A broker's own refusal."""
    return httpx2.Response(
        status, json={"type": f"urn:evergrant:problem:{code}", "title": code, **more}
    )


def asked(answer: httpx2.Response) -> Token:
    """What a source makes of this answer of its broker."""
    with httpx2.Client(transport=httpx2.MockTransport(lambda _: answer)) as http:
        return TokenSource("con_x", url="http://127.0.0.1:1", api_key="k", http=http).token()


def test_a_token_is_asked_for_once_and_then_at_hand(up: Up) -> None:
    connection, ticks = up.ground.connected(), Ticks()
    with TokenSource(connection.id, **given(up), ticks=ticks) as source:
        first = source.token()
        assert first.access_token == up.ground.live(connection).credential.access_token
        assert source.token() is first
        ticks.now = 31
        assert source.token() is first  # the broker said that nothing is newer
    assert served(up) == 1


def test_a_source_of_a_part_is_given_that_part_and_renews_it_alone(up: Up) -> None:
    connection = connected(up.ground)
    main, old = up.ground.live(connection), up.ground.live(connection, WRITER)
    with TokenSource(connection.id, **given(up), part=WRITER) as source:
        first = source.token()
        assert first.access_token == old.credential.access_token
        assert source.token(refused=first.fingerprint).access_token != first.access_token
    assert up.ground.live(connection) == main


def test_a_newer_token_is_seen_when_the_one_at_hand_is_old_enough(up: Up) -> None:
    connection, ticks = up.ground.connected(), Ticks()
    with TokenSource(connection.id, **given(up), ticks=ticks) as source:
        first = source.token()
        verbs.check(up.ground.keeper, connection.id, renew=True)
        assert source.token() is first
        ticks.now = 31
        assert source.token().generation != first.generation


def test_of_many_threads_with_a_refused_token_one_asks_and_all_get_the_new_one(up: Up) -> None:
    connection = up.ground.connected()
    with TokenSource(connection.id, **given(up)) as source:
        first = source.token()
        up.ground.control.act("expire_sessions", app=BROWSER_APP)
        before = len(up.ground.requests(TOKEN))
        with ThreadPoolExecutor(30) as pool:
            refused = [first.fingerprint] * 30
            found = set(pool.map(lambda one: source.token(refused=one).fingerprint, refused))
        assert len(found) == 1
        assert found != {first.fingerprint}
        assert len(up.ground.requests(TOKEN)) == before + 1


def test_the_same_in_an_event_loop(up: Up) -> None:
    connection = up.ground.connected()

    async def many() -> tuple[Token, set[str]]:
        async with AsyncTokenSource(connection.id, **given(up)) as source:
            first = await source.token()
            up.ground.control.act("expire_sessions", app=BROWSER_APP)
            asked = (source.token(refused=first.fingerprint) for _ in range(30))
            return first, {each.fingerprint for each in await asyncio.gather(*asked)}

    first, found = asyncio.run(many())
    assert len(found) == 1
    assert first.fingerprint not in found


def test_a_token_that_is_refused_right_after_its_renewal_is_not_renewed_again(up: Up) -> None:
    connection, ticks = up.ground.connected(), Ticks()
    with TokenSource(connection.id, **given(up), ticks=ticks, recheck_s=1) as source:
        second = source.token(refused=source.token().fingerprint)
        before = len(up.ground.requests(TOKEN))
        for ticks.now in (0.5, 5, 50):
            assert source.token(refused=second.fingerprint) is second
        assert len(up.ground.requests(TOKEN)) == before
        ticks.now = 61
        assert source.token(refused=second.fingerprint).fingerprint != second.fingerprint


def test_while_the_broker_is_away_the_token_at_hand_goes_on(up: Up) -> None:
    connection, ticks = up.ground.connected(), Ticks()
    is_away = False

    def way(request: httpx2.Request) -> httpx2.Response:
        if is_away:
            raise httpx2.ConnectError("refused")
        return httpx2.request(request.method, request.url, headers=request.headers)

    with httpx2.Client(transport=httpx2.MockTransport(way)) as http:
        source = TokenSource(connection.id, **given(up), http=http, ticks=ticks)
        first, is_away, ticks.now = source.token(), True, 100
        assert source.token().access_token == first.access_token
        assert "does not answer" in source.token().stale
        with pytest.raises(OutcomeUnknown):
            source.token(refused=first.fingerprint)


IN_TROUBLE = {
    "proxy 502": httpx2.Response(502, content=b"<html>bad gateway"),
    "proxy 504": httpx2.Response(504, content=b"<html>"),
    "proxy 200": httpx2.Response(200, content=b"<html>sign in"),
    "proxy 302": httpx2.Response(302, headers={"Location": "https://sso.example"}),
    "gateway 403": httpx2.Response(403, json={"message": "Forbidden"}),
    "gateway 404": httpx2.Response(404, json={"message": "no route"}),
    "defect": refusal("defect", 500),
    "trouble": refusal("trouble", 503),
    "not now": refusal("not-now", 503),
    "too often": refusal("too-often", 429),
    "silent": httpx2.ReadTimeout("no answer"),
    "garbled": httpx2.DecodingError("not gzip"),
}


@pytest.mark.parametrize("answer", IN_TROUBLE.values(), ids=IN_TROUBLE.keys())
def test_a_token_that_works_outlives_every_trouble_of_the_broker(
    answer: httpx2.Response | Exception,
) -> None:
    broker, ticks = Played(handed_out(), answer, handed_out("00D!two")), Ticks()
    with broker.source(ticks) as source:
        first = source.token()
        ticks.now = 31
        kept = source.token()
        assert (kept.access_token, bool(kept.stale)) == (first.access_token, True)
        ticks.now = 60
        assert source.token() == kept, "after a failed look the next one waits as long again"
        assert len(broker.asked) == 2
        ticks.now = 62
        newer = source.token()
        assert (newer.access_token.reveal(), newer.stale) == ("00D!two", "")


@pytest.mark.parametrize("answer", IN_TROUBLE.values(), ids=IN_TROUBLE.keys())
def test_a_refused_token_is_no_answer_to_the_brokers_trouble(
    answer: httpx2.Response | Exception,
) -> None:
    broker = Played(handed_out(), answer)
    with broker.source(Ticks()) as source:
        dead = source.token().fingerprint
        with pytest.raises((ComeBack, Malformed, OutcomeUnknown)):
            source.token(refused=dead)
        assert "if-none-match" not in broker.asked[-1].headers


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal("no-key", 401), BadInput),
        (refusal("not-found", 404), NotFound),
        (refusal("no-token", 409), Misuse),
        (refusal("refused", 409, salesforce_error="invalid_grant"), Refused),
    ],
)
def test_what_the_broker_itself_refuses_ends_the_token_at_hand(
    answer: httpx2.Response, error: type[Exception]
) -> None:
    broker, ticks = Played(handed_out(), answer), Ticks()
    with broker.source(ticks) as source:
        source.token()
        ticks.now = 31
        for _ in range(2):
            with pytest.raises(error):
                source.token()


def test_nobody_waits_for_a_newer_token_but_the_one_who_asks_for_it() -> None:
    is_asked, goes_on, ticks = threading.Event(), threading.Event(), Ticks()

    def hang() -> None:
        is_asked.set()
        assert goes_on.wait(60)

    broker = Played(handed_out(), hang, handed_out("00D!two"))
    with broker.source(ticks) as source, ThreadPoolExecutor(1) as pool:
        first = source.token()
        ticks.now = 31
        asking = pool.submit(source.token)
        assert is_asked.wait(60)
        assert [source.token() for _ in range(8)] == [first] * 8
        goes_on.set()
        assert asking.result(60).access_token.reveal() == "00D!two"
    assert patience(broker.asked[0]) == {PATIENCE_S}
    assert patience(broker.asked[1]) == {RECHECK_PATIENCE_S}
    assert len(broker.asked) == 3  # the one that hung counts twice


def test_the_shorter_patience_of_a_client_of_ones_own_is_kept() -> None:
    broker, ticks = Played(handed_out()), Ticks()
    way = httpx2.MockTransport(broker)
    with httpx2.Client(transport=way, timeout=httpx2.Timeout(None, read=1)) as http:
        source = TokenSource("con_x", url="http://127.0.0.1:1", api_key="k", http=http, ticks=ticks)
        source.token()
        ticks.now = 31
        source.token()
    assert patience(broker.asked[0]) == {None, 1}
    assert patience(broker.asked[1]) == {RECHECK_PATIENCE_S, 1}


def patience(request: httpx2.Request) -> set[float | None]:
    """How long a request was to be waited for."""
    return set(request.extensions["timeout"].values())


def test_who_waits_while_the_broker_is_silent_shares_the_end_of_that_silence() -> None:
    async def all_at_once() -> tuple[int, set[type]]:
        goes_on, asked = asyncio.Event(), 0

        async def way(_: httpx2.Request) -> httpx2.Response:
            nonlocal asked
            asked += 1
            if asked == 1:
                return handed_out()
            await goes_on.wait()
            raise httpx2.ReadTimeout("no answer")

        http = httpx2.AsyncClient(transport=httpx2.MockTransport(way))
        source = AsyncTokenSource("con_x", url="http://127.0.0.1:1", api_key="k", http=http)
        dead = (await source.token()).fingerprint
        asking = [asyncio.ensure_future(source.token(refused=dead)) for _ in range(8)]
        await asyncio.sleep(0)  # now one asks, and seven wait for their turn
        goes_on.set()
        ends = await asyncio.gather(*asking, return_exceptions=True)
        await http.aclose()
        return asked, {type(each) for each in ends}

    assert asyncio.run(all_at_once()) == (2, {OutcomeUnknown})


def test_what_the_broker_refuses_is_told_as_what_it_is(up: Up, opened: Opened) -> None:
    connection = up.ground.connected()
    up.ground.connected("Globex")
    with pytest.raises(BadInput, match="API key"):
        opened(connection.id, **given(up) | {"api_key": "evgk_wrong"}).token()
    with pytest.raises(NotFound):
        opened(connection.id, **given(up, "Globex")).token()
    source = opened(connection.id, **given(up))
    dead = source.token().fingerprint
    up.ground.control.act("revoke_app", app=BROWSER_APP)
    with pytest.raises(Refused) as met:
        source.token(refused=dead)
    assert (met.value.error, met.value.status) == ("invalid_grant", 409)
    verbs.pause(up.ground.keeper, connection.id)
    with pytest.raises(Misuse, match="paused"):
        opened(connection.id, **given(up)).token()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<html>", Malformed),
        (200, b"[]", Malformed),
        (200, b"{}", Malformed),
        (502, b"<html>", Malformed),
        (304, b"", Malformed),
        (500, b'{"title": "x"}', ComeBack),
        (403, b'{"message": "x"}', Malformed),
    ],
)
def test_an_answer_that_is_none_of_the_brokers_is_malformed(
    status: int, body: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        asked(httpx2.Response(status, content=body))


@pytest.mark.parametrize(
    ("told", "wait_s"), [("7", 7.0), ("soon", 1.0), ("inf", 1.0), ("9" * 400, 1.0)]
)
def test_when_to_come_back_is_passed_on(told: str, wait_s: float) -> None:
    answer = httpx2.Response(503, json={"title": "Not now"}, headers={"Retry-After": told})
    with pytest.raises(ComeBack) as met:
        asked(answer)
    assert met.value.retry_after_s == wait_s


@pytest.mark.parametrize("url", ["", "ftp://x", "broker.example", "http://broker.example"])
def test_a_broker_without_an_address_or_without_encryption_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        TokenSource("con_x", url=url, api_key="k", environ={})


def test_address_and_key_come_from_the_environment() -> None:
    with pytest.raises(BadInput, match="no API key"):
        TokenSource("con_x", environ={"EVERGRANT_URL": "https://broker.example"})
    both = {"EVERGRANT_URL": "https://broker.example/", "EVERGRANT_API_KEY": "k"}
    TokenSource("a/b", environ=both).close()
    TokenSource("con_x", url="http://broker.internal", api_key="k", plain_http=True).close()


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://acme.my.salesforce.com/services/data", True),
        ("http://acme.my.salesforce.com/services/data", False),
        ("https://acme.my.salesforce.com.evil.example/", False),
        ("https://acme.my.salesforce.com:8443/", False),
        ("https://acme.my.salesforce.com@evil.example/", False),
        ("https://evil.example/?https://acme.my.salesforce.com", False),
    ],
)
def test_a_token_goes_to_its_own_org_only(url: str, may: bool) -> None:
    token = Token(Secret("00D!a"), "https://acme.my.salesforce.com", "1.0", None)
    assert token.may_go_to(url) is may
    assert "00D!a" not in repr(token)
