"""The window with Salesforce is closed and no callback came: the page notices by itself."""

from __future__ import annotations

import pytest

from console_kit import Desk, desk_fixture  # noqa: F401 (one is a fixture)
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from sight import LOOKS
from web_kit import Web, web_fixture  # noqa: F401 (a fixture)


@pytest.mark.parametrize("look", LOOKS[3:], ids=str, indirect=True)
def test_a_window_that_is_closed_without_a_callback_leads_to_what_was_seen_there(
    desk: Desk,
) -> None:
    connection = desk.web.ground.connected()
    desk.open(connection.name)
    desk.reauthorize()
    window = desk.go(sign_in=False)
    # The page asks for news less often than it looks after the window, which is open still.
    desk.wait("Waiting for Salesforce")
    assert not desk.page.get_by_text("No callback came, or the window was closed").count()
    window.close()
    desk.wait("No callback came, or the window was closed")
    desk.wait("What did you see there?")
    desk.seen("flow-window-closed")
    # It is still the same attempt: whoever signs in after all is not turned away.
    tab = desk.go("Open Salesforce again")
    tab.get_by_text("Reauthorized and proven").wait_for()
    tab.close()
    desk.wait("Reauthorized and proven")
    assert not desk.page.get_by_text("No callback came, or the window was closed").count()


def test_what_was_pasted_before_the_window_was_closed_is_kept(desk: Desk) -> None:
    connection = desk.web.ground.connected()
    desk.open(connection.name)
    desk.reauthorize()
    window = desk.go(sign_in=False)
    desk.wait("Waiting for Salesforce")
    box = desk.page.get_by_label("The address or the text that Salesforce shows")
    box.fill("OAUTH_APP_BLOCKED")
    with desk.page.expect_response(lambda answer: "closed=yes" in answer.url) as asked:
        window.close()
    asked.value.finished()
    desk.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
    assert box.input_value() == "OAUTH_APP_BLOCKED"
    desk.page.get_by_role("button", name="Tell me what it means").click()
    desk.wait("app-blocked-by-admin")
