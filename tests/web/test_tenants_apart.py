"""Tenants side by side in one console: nobody sees, reaches or changes what another one has."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest

import embed_kit
from console_routes import routes_of_console
from evergrant import keeper as verbs
from evergrant.testing.robot import walk
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from link_kit import Customer
from tenant_kit import NOTHING, THEIRS, Rival, ground_of, rival
from web_kit import CSRF, Web, web_fixture, words_of  # noqa: F401 (a fixture)

OTHER_PARAMETERS = {
    "cause": "app-blocked", "number": "1", "rule_id": "EG001", "how": "refused", "break_id": "heal",
    "ticket": "x" * 30, "word": "x.y",
}  # fmt: skip
"""Parameters of paths that name nothing of a tenant's."""
PAGES = (
    "/", "/connections", "/connections?q=Zebra", "/connections.csv", "/fleet", "/integrations",
    "/log", "/connections/new", "/explain",
)  # fmt: skip
SECRET_WORDS = ("Zebra", THEIRS)
MOVING = re.compile(r'value="[0-9a-f]{64}"|datetime="[^"]*"|Perhaps: [^<]*')
"""What differs from one answer to the next, whoever asks: words against forgery, times, and which
of one's own names are the nearest."""


@pytest.fixture(name="theirs")
def rival_fixture(web: Web) -> Rival:
    """The other tenant; the first has a connection, too."""
    web.ground.connected()
    return rival(web.ground)


@pytest.fixture(name="rivals")
def rivals_browser(web: Web, theirs: Rival) -> Iterator[httpx2.Client]:
    """A browser in which an operator of the other tenant is signed in."""
    with httpx2.Client(follow_redirects=False, timeout=60) as opened:
        assert opened.get(verbs.invite(theirs.keeper).reveal()).status_code == 303
        yield opened


def routes() -> Iterator[tuple[str, str]]:
    """Method and path of every route of the console that names something."""
    for route in routes_of_console():
        if NOTHING.keys() & set(parameters(route.path)):
            yield from ((method, route.path) for method in sorted(route.methods or ()))


def parameters(path: str) -> list[str]:
    return re.findall(r"{(\w+)}", path)


ROUTES = sorted(routes())


def asked(web: Web, method: str, path: str, ids: dict[str, str], csrf: str) -> tuple[int, str]:
    """What the first tenant's operator is answered; what names the asked-for is taken out."""
    known = OTHER_PARAMETERS | ids
    at = re.sub(r"{(\w+)}", lambda found: known[found[1]], path)
    answer = web.get(at) if method == "GET" else web.post(at, csrf, picture="", text="x")
    text = MOVING.sub("", answer.text + answer.headers.get("location", ""))
    for each in ids.values():
        text = text.replace(each, "…").replace(each.replace("@", "%40"), "…")
    return answer.status_code, text


def test_every_route_answers_for_another_tenants_as_for_what_is_not_there(
    web: Web, theirs: Rival
) -> None:
    assert len(ROUTES) > 50
    before, csrf = theirs.everything(), web.token()
    for method, path in ROUTES:
        status, text = asked(web, method, path, dict(theirs.ids), csrf)
        assert (status, text) == asked(web, method, path, dict(NOTHING), csrf), (method, path)
        assert status in (404, 422) or status == 303, (method, path, status)
        assert not [each for each in SECRET_WORDS if each in text], (method, path)
    assert theirs.everything() == before


def test_no_list_search_figure_or_log_tells_of_another_tenant(web: Web, theirs: Rival) -> None:
    for page in PAGES:
        answer = web.get(page)
        assert answer.status_code == 200, page
        told = [each for each in (*SECRET_WORDS, *theirs.ids.values()) if each in answer.text]
        assert [each for each in told if each not in page] == [], page


def test_an_operator_of_the_other_tenant_sees_theirs_and_only_theirs(
    web: Web, theirs: Rival, rivals: httpx2.Client
) -> None:
    shown = {page: rivals.get(web.url + page).text for page in PAGES}
    assert "Zebra Trading" in shown["/connections"]
    assert "Acme" not in "".join(shown.values())
    assert THEIRS in words_of(rivals.get(web.url))
    page = rivals.get(f"{web.url}/connections/{theirs.ids['connection_id']}")
    assert page.status_code == 200
    assert rivals.get(f"{web.url}/demo").status_code == 404


def test_a_session_of_one_tenant_does_not_open_a_form_of_another(
    web: Web, theirs: Rival, rivals: httpx2.Client
) -> None:
    acme = web.ground.now("Acme")
    found = CSRF.search(rivals.get(web.url).text)
    assert found
    form, sender = {"csrf": found[1]}, {"Origin": web.url}
    answer = rivals.post(f"{web.url}/connections/{acme.id}/pause", data=form, headers=sender)
    assert answer.status_code == 404
    assert web.ground.now("Acme") == acme


def test_the_same_names_stand_side_by_side_and_each_log_has_its_own(
    web: Web, theirs: Rival
) -> None:
    same = theirs.ground.connected()
    mine = web.ground.keeper.of("default")
    own = verbs.case_of(mine, "Acme")
    assert same.name == own.connection.name
    assert same.id != own.connection.id
    assert own.integration.name == verbs.case_of(theirs.keeper, "Acme").integration.name
    page = web.get(f"/connections/{own.connection.id}")
    web.post(f"/connections/{own.connection.id}/pause")
    assert page.status_code == 200
    paused = "connected → paused"
    assert paused in [each.text for each in verbs.latest_deeds(mine, limit=5)]
    assert paused not in [each.text for each in verbs.latest_deeds(theirs.keeper, limit=99)]
    assert theirs.ground.now("Acme") == same


def test_a_flow_walked_in_the_other_tenants_console_ends_in_the_other_tenant(
    web: Web, theirs: Rival, rivals: httpx2.Client
) -> None:
    walker = Web(theirs.ground, web.url, rivals, web.key)
    flow = walker.post("/connections", integration=theirs.ids["integration_id"], name="Zebra New")
    flow_id = flow.headers["location"].removeprefix("/flows/")
    walker.walked(flow_id)
    ended = walker.ended(flow_id)
    assert ended["status"] == "done", ended
    assert theirs.ground.now("Zebra New").tenant == THEIRS
    assert "Zebra New" not in web.get("/connections").text
    assert web.get(f"/flows/{flow_id}").status_code == 404


def test_a_reconnect_link_leads_its_own_tenants_connection_back(web: Web, theirs: Rival) -> None:
    connection = theirs.ground.now("Zebra Spoken")
    made = verbs.make_link(theirs.keeper, connection.id)
    with httpx2.Client(follow_redirects=False, timeout=60) as browser:
        customer = Customer(web, browser)
        customer.opens(made.address.reveal())
        assert customer.page().status_code == 200
        callback = web.ground.keeper.settings.callback_url
        link = customer.attempts(where="my-domain", my_domain=web.ground.org.url)
        walk(link, web.ground.stage.person(), callback, browser=browser)
        assert customer.page().status_code == 200
    newest = verbs.links_of(theirs.keeper, connection.id)[0]
    assert newest.link.id == made.link.id
    assert verbs.flow_of(theirs.keeper, newest.link.flow).status in ("returned", "done")


def test_an_embedded_part_sees_the_connection_of_its_own_tenant(web: Web, theirs: Rival) -> None:
    ids = theirs.ids["connection_id"], web.ground.now("Acme").id
    words = (embed_kit.word(theirs.keeper, ids[0]), embed_kit.word(web.ground.keeper, ids[1]))
    states = [
        httpx2.get(
            f"{web.url}/embed/v1/state",
            headers={"Authorization": f"Bearer {word}", "Origin": embed_kit.HOST},
            timeout=60,
        )
        for word in words
    ]
    assert [each.status_code for each in states] == [200, 200]
    assert states[0].json()["state"] != states[1].json()["state"]


def test_a_bundle_that_is_taken_away_stands_in_the_log(web: Web) -> None:
    connection = web.ground.connected()
    assert web.get(f"/connections/{connection.id}/bundle").status_code == 200
    newest = verbs.latest_deeds(web.ground.keeper, limit=1)[0]
    assert (newest.act, newest.subject) == ("support bundle taken", connection.id)
    assert newest.actor.startswith("operator ")


def test_a_tenant_that_nobody_made_has_no_desk(web: Web) -> None:
    with httpx2.Client(follow_redirects=False, timeout=60) as stranger:
        for page in PAGES[:-1]:
            assert stranger.get(web.url + page).headers["location"] == "/sign-in"
    assert ground_of(web.ground, "empty").keeper.tenant == "empty"
