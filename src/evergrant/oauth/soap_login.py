"""SOAP login(): legacy; a session for a username and a password, as it was before OAuth.

It exists up to API version 64.0, is off by default in new orgs and ends with Summer '27
(SOAP API Developer Guide, login()).  No app and no consumer secret take part in it.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from evergrant.errors import Malformed
from evergrant.model import Credential, Password
from evergrant.oauth.answers import credential_of, refusal
from evergrant.oauth.formats import read
from evergrant.oauth.username_password import named, sent
from evergrant.wire import Conversation, Reply, Request, host_of, send

LAST_VERSION = "64.0"
"""The last API version that has login()."""
LOGIN_PATH = f"/services/Soap/u/{LAST_VERSION}"
KEPT = ("organizationId", "userId", "passwordExpired", "sandbox", "sessionSecondsValid")
"""What the answer says besides and that is no secret.

With an expired password the session comes all the same, and every call with it fails.
"""
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
    '<login xmlns="urn:partner.soap.sforce.com"><username>{}</username>'
    "<password>{}</password></login></env:Body></env:Envelope>"
)


def login(host: str, username: str, login: Password) -> Conversation[Credential]:
    """A session of the user; its id does as an access token.

    Raises `BadInput` without a username, `Refused` with the fault's exception code and message
    (channel `soap`), `Malformed`, and what the network throws.
    """
    body = _ENVELOPE.format(escape(named(username)), escape(sent(login).reveal()))
    headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""', "Accept": "text/xml"}
    request = Request("POST", host + LOGIN_PATH, headers, content=body.encode())
    return _session((yield from send(request)))


def _session(reply: Reply) -> Credential:
    said = {} if reply.truncated else read(reply).members
    if code := said.get("exceptionCode") or said.get("error"):
        words = said.get("exceptionMessage") or said.get("error_description", "")
        raise refusal(code, words, status=reply.status, channel="soap")
    if not said.get("sessionId") or not said.get("serverUrl"):
        raise Malformed(
            f"{host_of(reply.url)} answered {reply.status}: neither a session nor a fault",
            why="a proxy, a login page or an outage may stand in between",
            next_step="check the login host, and try again",
        )
    members = {
        "access_token": said["sessionId"],
        "instance_url": _origin(said["serverUrl"]),
        "token_type": "Bearer",
    }
    return credential_of(members, extras={name: said[name] for name in KEPT if name in said})


def _origin(url: str) -> str:
    """Scheme and host of the server URL, whose path names the API and the org."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.netloc}"
