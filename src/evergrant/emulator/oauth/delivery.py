"""How the browser's side of a flow is answered: back to the client, or on a page that never is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from evergrant.emulator import pages, web

if TYPE_CHECKING:
    from evergrant.emulator.oauth.authorize_request import Visit
    from evergrant.emulator.org import Org
    from evergrant.emulator.refusals.refusal import Refusal

ERROR_PAGE: Final = "/setup/secur/RemoteAccessErrorPage.apexp"


def refuse(org: Org, visit: Visit, refusal: Refusal) -> Response:
    """Say no by the refusal's own channel."""
    match refusal.channel:
        case "redirect":
            return back(visit, error=refusal.error, error_description=refusal.description)
        case "html_page":
            query = urlencode({"error": refusal.error, "error_description": refusal.description})
            return RedirectResponse(f"{visit.place.base}{ERROR_PAGE}?{query}", 302)
        case "raw_body":
            fields = {"error": refusal.error, "error_description": refusal.description}
            return Response(urlencode(fields), refusal.status)
        case "login_page":
            return pages.login(org, visit.action, "", refusal.description)
        case "token_json" | "rest_array" | "plain_text" | "soap_fault":
            raise AssertionError(f"{refusal.id} cannot be refused at the authorize endpoint")
        case _:
            assert_never(refusal.channel)


def back(visit: Visit, **fields: str) -> RedirectResponse:
    """The way back to the client: in the query, or in the fragment of the user-agent flow."""
    written = web.with_fragment if visit.flow == "user_agent" else web.with_query
    state_word = {"state": visit.word("state")} if visit.word("state") else {}
    return RedirectResponse(written(visit.word("redirect_uri"), **fields, **state_word), 302)
