"""The list of connections: found among ten thousand, page by page, and as a safe file."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from crowd_kit import BLOCKED, EVIL, crowd, name_of
from evergrant import keeper as verbs
from evergrant.web.spreadsheet import STARTS, cell
from keeper_kit import BROWSER_APP, org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)

ROWS = re.compile(
    r'<th scope="row" role="rowheader" data-label="Name"><a href="/connections/(\w+)"'
)
MOST_BYTES = 100_000
MOST_QUERIES = 25


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that any database is given meanwhile."""
    told: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        told.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield told
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


def shown(web: Web, query: str = "") -> list[str]:
    """Ids of the connections on a page of the list."""
    answer = web.get(f"/connections{query}")
    assert answer.status_code == 200, answer.text
    return ROWS.findall(answer.text)


PAGES = (
    "/", "/connections", "/connections?q=volga", "/connections?state=broken&order=newest",
    "/fleet", "/log",
)  # fmt: skip


@pytest.mark.slow
def test_among_ten_thousand_a_page_is_small_and_asks_the_database_a_few_times(web: Web) -> None:
    crowd(web.ground.keeper, web.ground.integration().id, 10_000, blocked=312)
    for path in PAGES:
        with counted() as told:
            answer = web.get(path)
        assert answer.status_code == 200
        assert len(gzip.compress(answer.content)) < MOST_BYTES, path
        assert len(answer.content) < 3 * MOST_BYTES, path
        assert len(told) < MOST_QUERIES, (path, told)


def test_page_after_page_shows_every_connection_once_and_in_order(web: Web) -> None:
    crowd(web.ground.keeper, web.ground.integration().id, 130)
    seen: list[str] = []
    address = "/connections"
    for _ in range(3):
        page = web.get(address).text
        seen += ROWS.findall(page)
        further = re.search(r'href="(/connections\?[^"]*after=[^"]*)">Next page', page)
        address = further[1].replace("&amp;", "&") if further else ""
    assert address == ""
    assert len(seen) == len(set(seen)) == 130
    names = [name_of(int(each.removeprefix("con_"), 16)) for each in seen]
    assert names == sorted(names)


def test_the_newest_change_comes_first_where_that_is_asked_for(web: Web) -> None:
    known = crowd(web.ground.keeper, web.ground.integration().id, 60, blocked=4)
    assert shown(web, "?order=newest")[:4] == list(known.blocked[::-1])


def test_connections_are_found_by_name_username_org_state_cause_and_age(web: Web) -> None:
    known = crowd(web.ground.keeper, web.ground.integration().id, 40, blocked=3)
    first = known.ids[0]
    for query, expected in (
        (f"?q={name_of(7)[:12]}", known.ids[7]),
        ("?q=INTEGRATION@customer9.example", known.ids[9]),
        ("?q=customer11.my.salesforce", known.ids[11]),
        ("?org=00D000000000012", known.ids[12]),
        ("?org=00D000000000012AAA", known.ids[12]),
    ):
        assert expected in shown(web, query), query
        assert len(shown(web, query)) < 4, query
    assert set(shown(web, "?state=broken")) == set(known.blocked)
    assert set(shown(web, f"?cause={BLOCKED}")) == set(known.blocked)
    assert set(shown(web, "?age=day")) == set(known.blocked)
    assert first not in shown(web, "?age=over-day")
    assert first not in shown(web, "?state=connected")
    assert shown(web, "?cause=unknown") == []


def test_removed_connections_are_listed_only_where_they_are_asked_for(web: Web) -> None:
    connection = web.ground.connected()
    verbs.remove(web.ground.keeper, connection.id)
    assert shown(web) == []
    assert shown(web, "?state=removed") == [connection.id]


def test_the_list_says_what_to_do_when_it_is_empty_and_when_nothing_fits(web: Web) -> None:
    assert "No connections yet" in words_of(web.get("/connections"))
    web.ground.connected()
    assert "No connection fits" in words_of(web.get("/connections?q=nobody"))


@pytest.mark.parametrize(
    "query",
    ["?state=nonsense", "?age=soon", "?after=con_nothing", "?order=sideways", "?broke_from=x",
     "?q=%25_%5C%27%22", "?q=%00", "?cause=%27+OR+1=1", "?broke_to=9999-12-31T23:59:59%2B00:00"],
)  # fmt: skip
def test_a_word_in_the_address_that_is_none_of_ours_breaks_nothing(web: Web, query: str) -> None:
    web.ground.connected()
    assert web.get(f"/connections{query}").status_code == 200
    assert web.get(f"/connections.csv{query}").status_code == 200


def test_the_file_holds_all_that_fit_and_no_cell_that_a_spreadsheet_carries_out(web: Web) -> None:
    keeper = web.ground.keeper
    known = crowd(keeper, web.ground.integration().id, 620)
    evil = ('=HYPERLINK("https://evil.example")', "@SUM(A1)", "+1+cmd|' /C calc'!A0", "-2+3", EVIL)
    for each, name in zip(known.ids, evil, strict=False):
        verbs.configure(keeper, each, name=name, settings={})
    answer = web.get("/connections.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="connections.csv"'
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert {row["id"] for row in rows} == set(known.ids)
    assert not [value for row in rows for value in row.values() if value.startswith(STARTS)]
    assert f"'{evil[0]}" in {row["name"] for row in rows}
    narrowed = web.get("/connections.csv?q=HYPERLINK").text
    assert narrowed.count("\r\n") == 2


@given(st.text(max_size=40))
def test_no_text_becomes_a_cell_that_begins_a_formula(text: str) -> None:
    assert not cell(text).lstrip(" ").startswith(STARTS)


def test_names_that_are_script_are_shown_as_text_in_list_and_fleet(web: Web) -> None:
    keeper = web.ground.keeper
    known = crowd(keeper, web.ground.integration().id, 5, blocked=4)
    verbs.configure(keeper, known.ids[0], name=EVIL, settings={})
    for path in ("/", "/connections", "/fleet", f"/connections?q={EVIL[:30]}", "/log"):
        page = web.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text, path
        assert "<img" not in page.text.replace('<img src="/static/icon.svg"', ""), path
        assert "\u202e" not in page.text, path


def test_with_many_connections_the_first_screen_shows_a_few_and_leads_to_all(web: Web) -> None:
    crowd(web.ground.keeper, web.ground.integration().id, 60, blocked=12)
    page = web.get("/")
    words = words_of(page)
    assert "All 12 that are broken" in words
    assert "All 60" in words
    assert page.text.count(">Reauthorize</button>") == 8
    answer = web.post("/readings", text="OAUTH_APP_BLOCKED", about=name_of(50))
    assert answer.status_code == 303
    assert verbs.reading_of(web.ground.keeper, answer.headers["location"].rsplit("/", 1)[1])[2]


def test_a_connection_whose_check_failed_is_found_by_its_cause(web: Web) -> None:
    broken = web.ground.connected("Globex")
    web.ground.connected("Acme")
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, broken.id)
    incident = web.ground.incident(broken)
    assert incident
    assert shown(web, f"?cause={incident.cause}") == [broken.id]
    before = (incident.opened_at - timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert shown(web, f"?broke_from={before}") == [broken.id]
    assert shown(web, f"?broke_to={before}") == []
