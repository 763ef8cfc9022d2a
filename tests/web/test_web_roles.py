"""Operator and viewer: one may change things, the other may only look."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest

from console_routes import routes_of_console
from evergrant import keeper as verbs
from evergrant.web.access import VIEWERS_FORMS, posted
from evergrant.web.link_access import posted as posted_through_link
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from web_kit import CSRF, Web, web_fixture, words_of  # noqa: F401 (a fixture)


@pytest.fixture
def viewer(web: Web) -> Iterator[httpx2.Client]:
    """A browser in which a viewer is signed in."""
    with httpx2.Client(follow_redirects=False, timeout=60) as opened:
        opened.get(verbs.invite(web.ground.keeper, role="viewer").reveal())
        yield opened


def sent(web: Web, viewer: httpx2.Client, path: str, **fields: str) -> httpx2.Response:
    """A form of a page of ours, sent by the viewer."""
    found = CSRF.search(viewer.get(web.url).text)
    assert found
    data = {"csrf": found[1], **fields}
    return viewer.post(web.url + path, data=data, headers={"Origin": web.url})


def test_every_form_of_the_console_passes_the_one_place_that_refuses_strangers_and_viewers() -> (
    None
):
    found = [each for each in routes_of_console() if "POST" in (each.methods or ())]
    assert len(found) > 15
    for route in found:
        asked = {each.call for each in route.dependant.dependencies}
        assert asked & {posted, posted_through_link}, route.path


def test_a_viewer_sees_what_an_operator_sees(web: Web, viewer: httpx2.Client) -> None:
    connection = web.ground.connected()
    page = viewer.get(f"{web.url}/connections/{connection.id}")
    assert page.status_code == 200
    assert "Signed in as viewer" in words_of(page)


def test_a_viewer_changes_nothing(web: Web, viewer: httpx2.Client) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    for path in (
        "/connections",
        *(f"/connections/{connection.id}/{verb}"
          for verb in ("reauthorize", "check", "pause", "resume", "configure", "remove", "links")),
        *(f"/flows/{flow}/{verb}" for verb in ("attempts", "seen", "settle", "prove")),
    ):  # fmt: skip
        answer = sent(web, viewer, path, name="Other", picture="blocked")
        assert answer.status_code == 403, path
        assert "You may look, and change nothing" in words_of(answer)
    now = web.ground.now(connection.id)
    assert (now.state, now.name) == ("connected", "Acme")
    assert verbs.links_of(web.ground.keeper) == []


def test_a_viewer_may_have_a_text_read_and_sign_out(web: Web, viewer: httpx2.Client) -> None:
    assert {"/sign-out", "/readings"} == VIEWERS_FORMS
    read = sent(web, viewer, "/readings", text="invalid_grant: expired access/refresh token")
    assert re.match(r"/readings/read_", read.headers["location"])
    assert sent(web, viewer, "/sign-out").headers["location"] == "/sign-in"
    assert viewer.get(web.url).status_code == 303


def test_the_command_line_invites_a_viewer(web: Web) -> None:
    key = {"Authorization": f"Bearer {web.key}"}
    answer = httpx2.post(f"{web.url}/v1/sign-in-links", json={"role": "viewer"}, headers=key)
    with httpx2.Client(follow_redirects=False) as browser:
        browser.get(answer.json()["link"])
        assert "Signed in as viewer" in words_of(browser.get(web.url))


def test_nobody_is_invited_as_what_does_not_exist(web: Web) -> None:
    key = {"Authorization": f"Bearer {web.key}"}
    answer = httpx2.post(f"{web.url}/v1/sign-in-links", json={"role": "owner"}, headers=key)
    assert answer.status_code == 422
