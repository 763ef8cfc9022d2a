"""The user-agent flow and its hybrid sister, read only: legacy; the token comes in an address.

We never send anybody into it: the web server flow with PKCE does the same without showing a token
to the browser.  Clients that still live on it hand over what came behind the `#` (Salesforce Help,
OAuth 2.0 User-Agent Flow and OAuth 2.0 Hybrid App Token Flow).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from evergrant.errors import BadCallback, BadInput, Malformed
from evergrant.model import App, Credential
from evergrant.oauth.answers import complete, credential_of, report
from evergrant.oauth.callback import Denied, read_callback
from evergrant.oauth.identity import is_trusted
from evergrant.oauth.introspect import introspect
from evergrant.wire import Conversation


def take(
    app: App, host: str, url: str, state: str, *, now: datetime | None = None
) -> Conversation[Credential]:
    """The credential in a callback address, once the login host has said that it is this app's.

    What came through a browser may be somebody else's doing: `state` must be the one that was sent,
    the instance must be Salesforce's or `host` itself, and an app that can prove itself asks by
    introspection whose token it is; of a public client's nothing can be asked.  The sessions and
    cookies of the hybrid flow are dropped: they belong into the browser parts of a mobile app and
    end with the token.  `now` is for clients that sign assertions.
    Raises `BadInput`, `BadCallback`, `Refused`, `Malformed`, and what the network throws.
    """
    said = _fragment(url)
    if not hmac.compare_digest(said.get("state", "").encode(), state.encode()):
        raise BadCallback(
            "the state in the address is not the one that was sent",
            why="the address belongs to another sign-in, or was made by somebody else",
            next_step="begin again",
        )
    report(said, app.consumer_secret)
    credential = complete(credential_of(said))
    if not is_trusted(credential.instance_url, host):
        raise Malformed("the address names an instance to which no token may be sent")
    if app.consumer_secret or app.private_key:
        yield from _belongs(app, host, credential, now)
    return credential


def _fragment(url: str) -> Mapping[str, str]:
    """The members behind the `#`, where they count; a token anywhere else is none."""
    try:
        text = urlsplit(url.strip().replace("&amp;", "&")).fragment
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        pairs = []
    said = dict(pairs)
    if len(said) < len(pairs):
        raise _unreadable("it says one thing twice")
    if "access_token" in said and "error" not in said:
        return said
    back = read_callback(url)
    if isinstance(back, Denied):
        raise back.refusal()
    raise _unreadable("it holds a code, which is for the web server flow")


def _unreadable(why: str) -> BadInput:
    # NOTE: the address is not repeated: it may hold a token.
    return BadInput(
        "this is no answer of the user-agent flow",
        why=why,
        next_step="copy the whole address from the browser's address bar, or begin again",
    )


def _belongs(
    app: App, host: str, credential: Credential, now: datetime | None
) -> Conversation[None]:
    known = yield from introspect(app, host, credential.access_token, now=now)
    if not known.active or known.client_id != app.consumer_key:
        raise Malformed(
            "the token in the address is not one that works for this app",
            why="it has ended, or was given to another app",
            next_step="begin again",
        )
