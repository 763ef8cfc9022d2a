"""An admin's evidence session, as people have it at hand."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from evergrant.cli.reading import read_text
from evergrant.errors import BadInput
from evergrant.model import Secret, Session
from evergrant.oauth.hosts import LOOPBACK

GIVE = "give what `sf org display --json` prints, or the two members alone"


def read_session(name: str) -> Session:
    """An evidence session from a file (or `-`): JSON with `access_token` and `instance_url`.

    The words of Salesforce CLI (`accessToken`, `instanceUrl`, under `result`) are understood too.
    Raises `BadInput`, which never quotes what was read.
    """
    text = read_text(name, give=GIVE)
    try:
        told = json.loads(text)
        told = told.get("result", told)
        url = told.get("instance_url") or told["instanceUrl"]
        token = told.get("access_token") or told["accessToken"]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise _unreadable() from error
    if not (isinstance(url, str) and isinstance(token, str) and url.startswith("http")):
        raise _unreadable()
    if url.startswith("http:") and urlsplit(url).hostname not in LOOPBACK:
        raise BadInput(
            "the evidence session's instance_url is plain http",
            why="The token would cross the network unencrypted.",
            next_step="use the org's https:// address",
            whose="you",
        )
    return Session(url.rstrip("/"), Secret(token))


def _unreadable() -> BadInput:
    return BadInput(
        "the evidence session cannot be read",
        why="Expected JSON with access_token and instance_url.",
        next_step=GIVE,
        whose="you",
    )
