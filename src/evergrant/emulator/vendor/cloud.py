"""The vendor's side, played by the emulator: a client of the org's own token endpoint."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

from evergrant.emulator import state
from evergrant.emulator.asked import Asked
from evergrant.emulator.oauth.authorize_request import PATH as AUTHORIZE
from evergrant.emulator.oauth.token_endpoint import exchange
from evergrant.emulator.vendor import connections, package
from evergrant.emulator.web import ClientWords, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrant.emulator.org import Org
    from evergrant.emulator.web import Fields

_LETTERS: Final = 43
"""Of a state word and of a code verifier (RFC 7636 section 4.1)."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One round through the browser that has begun."""

    state: str
    direction: str
    verifier: str
    account: str
    """Who signed in at the vendor, once somebody did."""


def begin(org: Org, direction: connections.Direction) -> Flow:
    """Begin a round; one at a time, so that an abandoned one is worth nothing."""
    org.db.execute("DELETE FROM x_vendor_flow WHERE direction = ?", (direction,))
    flow = Flow(_word(org), direction, _word(org), "")
    state.put(
        org.db, "x_vendor_flow", state=flow.state, direction=direction, verifier=flow.verifier,
        account="",
    )  # fmt: skip
    return flow


def _word(org: Org) -> str:
    return "".join(org.random.choices(ascii_letters + digits, k=_LETTERS))


def under_way(org: Org, word: str, direction: connections.Direction) -> Flow | None:
    """The round with that state word; None where none has begun, or it is over."""
    row = state.one(
        org.db, "SELECT * FROM x_vendor_flow WHERE state = ? AND direction = ?", word, direction
    )
    if row is None:
        return None
    return Flow(row["state"], row["direction"], row["verifier"], row["account"])


def sign_in(org: Org, flow: Flow, account: str) -> None:
    """Somebody signed in at the vendor and let the org in."""
    org.db.execute("UPDATE x_vendor_flow SET account = ? WHERE state = ?", (account, flow.state))


def end(org: Org, flow: Flow) -> None:
    """A round is over, whatever came of it."""
    org.db.execute("DELETE FROM x_vendor_flow WHERE state = ?", (flow.state,))


def authorize_address(org: Org, flow: Flow, *, as_other: bool) -> str:
    """Where the vendor sends the browser: the org's authorize endpoint."""
    app = package.app(org)
    digest = hashlib.sha256(flow.verifier.encode()).digest()
    words = {
        "response_type": "code", "client_id": app.consumer_key,
        "redirect_uri": package.callback(org), "scope": state.words(app.scopes),
        "state": flow.state, "code_challenge_method": "S256",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
    }  # fmt: skip
    prompt = {"prompt": "login"} if as_other else {}
    return f"{AUTHORIZE}?{urlencode({**words, **prompt})}"


def redeem(org: Org, flow: Flow, code: str) -> str:
    """Exchange the code and keep the connection; gives Salesforce's words where it refused."""
    fields = _ask(org, {
        "grant_type": "authorization_code", "code": code,
        "redirect_uri": package.callback(org), "code_verifier": flow.verifier,
    })  # fmt: skip
    if "error" in fields:
        return _words(fields)
    user_id = str(fields["id"]).rpartition("/")[2]
    connections.keep(org, "inbound", user_id, "", str(fields["refresh_token"]))
    return ""


def call(org: Org) -> None:
    """Let the vendor come now, as it does at every sync: a refresh, whose outcome it keeps."""
    row = connections.find(org, "inbound")
    if row is None:
        return
    fields = _ask(org, {"grant_type": "refresh_token", "refresh_token": row["secret"]})
    connections.note_trouble(org, "inbound", _words(fields) if "error" in fields else "")
    if "refresh_token" in fields:
        org.db.execute(
            "UPDATE x_connection SET secret = ? WHERE direction = 'inbound'",
            (fields["refresh_token"],),
        )


def _words(fields: Fields) -> str:
    return f"{fields['error']}: {fields['error_description']}"


def _ask(org: Org, form: Mapping[str, str]) -> Fields:
    app = package.app(org)
    row = state.one(
        org.db, "SELECT secret FROM x_secret WHERE app_id = ? AND until IS NULL", app.id
    )
    client = ClientWords(app.consumer_key, row["secret"] if row else None)
    place = Place("my_domain", org.base_url, urlsplit(org.base_url).hostname or "")
    return exchange(org, Asked(place, form, client))
