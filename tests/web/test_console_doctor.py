"""The doctor's page: each look as it comes, questions that are answered there, and its result."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import httpx2

from crowd_kit import secrets_of
from evergrant import keeper as verbs
from evergrant.keeper.sitting import PATIENCE
from evergrant.model import Connection
from keeper_kit import BROWSER_APP, org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)


def examined(web: Web, connection: Connection) -> httpx2.Response:
    """The page of an examination, once it is over."""
    answer = web.post(f"/connections/{connection.id}/doctor")
    assert answer.status_code == 303, words_of(answer)
    until = time.monotonic() + 60
    while 'hx-sse:connect="' in (page := web.get(answer.headers["location"])).text:
        assert time.monotonic() < until, words_of(page)
        time.sleep(0.02)
    return page


def test_what_works_is_tried_and_proven(web: Web) -> None:
    connection = web.ground.connected()
    words = words_of(examined(web, connection))
    for part in ("Own history", "Live check", "Renewed, and called: it works", "It works",
                 "Same org, same user Proven", "Success row in Login History"):  # fmt: skip
        assert part in words
    assert "One question" not in words


def test_what_is_refused_is_named_with_its_gates_and_steps(web: Web) -> None:
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    page = examined(web, connection)
    words = words_of(page)
    assert "An admin blocked the app" in words
    assert "Press Unblock" in words
    assert [each for each in secrets_of(web.ground.keeper) if each in page.text] == []


def test_a_question_is_answered_on_the_page_and_not_asked_again(web: Web) -> None:
    connection = web.ground.connected()
    verbs.observe_text(
        web.ground.keeper, connection.id, '{"error":"invalid_grant"}', flow="web_server",
        doing="renewing",
    )  # fmt: skip
    verbs.pause(web.ground.keeper, connection.id)
    page = examined(web, connection)
    asked = []
    for _ in range(12):
        found = re.search(r'slds-form-element__label">([^<]+)</legend>', page.text)
        if found is None:
            break
        asked.append(found[1])
        answer = web.post(f"{page.url.path}/answers", answer="?")
        assert answer.status_code == 303
        page = web.get(answer.headers["location"])
        assert "Own history" in words_of(page)
    assert asked
    assert len(asked) == len(set(asked))


def test_an_answer_that_is_none_of_the_choices_is_refused_and_the_question_stays(web: Web) -> None:
    connection = web.ground.connected()
    verbs.observe_text(
        web.ground.keeper, connection.id, '{"error":"invalid_grant"}', flow="web_server",
        doing="renewing",
    )  # fmt: skip
    verbs.pause(web.ground.keeper, connection.id)
    page = examined(web, connection)
    assert "One question" in words_of(page)
    answer = web.post(f"{page.url.path}/answers", answer="77")
    assert answer.status_code == 400
    assert "none of the answers" in words_of(answer)
    assert "One question" in words_of(answer)


def test_the_stream_tells_each_look_and_then_that_it_is_over(web: Web) -> None:
    connection = web.ground.connected()
    location = web.post(f"/connections/{connection.id}/doctor").headers["location"]
    with web.browser.stream("GET", f"{web.url}{location}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = "".join(stream.iter_text())
    assert told.endswith("event: over\ndata: over\n\n")
    messages = told.split("\n\n")
    assert "It works" in messages[-3]
    assert all(line.startswith(("data: ", "event: ")) for line in told.splitlines() if line)


def test_an_examination_whose_process_died_says_that_it_broke_off(web: Web) -> None:
    connection = web.ground.connected()
    begun = verbs.begin_sitting(web.ground.keeper, connection.id)
    address = f"/connections/{connection.id}/doctor/{begun}"
    assert "Under way" in words_of(web.get(address))
    web.ground.control.advance(PATIENCE + timedelta(seconds=1))
    words = words_of(web.get(address))
    assert "This examination broke off" in words
    assert "Under way" not in words


def test_an_examination_of_another_connection_is_not_shown(web: Web) -> None:
    connection, other = web.ground.connected(), web.ground.connected("Globex")
    begun = verbs.begin_sitting(web.ground.keeper, other.id)
    for path in (begun, f"{begun}/events"):
        assert web.get(f"/connections/{connection.id}/doctor/{path}").status_code == 404
    web.browser.cookies.clear()
    assert web.get(f"/connections/{other.id}/doctor/{begun}").status_code == 303
    assert web.get(f"/connections/{other.id}/doctor/{begun}/events").status_code == 303
