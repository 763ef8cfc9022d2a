"""One call of the SOAP Metadata API, and reading what it answers.

The session goes in the header; a fault becomes `Refused` (Metadata API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree  # what has a DOCTYPE is refused before it is parsed
from xml.sax.saxutils import escape

from evergrant.errors import Malformed, Refused
from evergrant.log import mask
from evergrant.model import Session
from evergrant.wire import Conversation, Reply, Request, host_of, send

API_VERSION = "66.0"
NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
MAX_ZIP = 64 << 20
"""Bytes of an answer; Salesforce's own limit is 50 MB (Metadata API limits)."""
POLLS = 60
PAUSE_S = 1.0
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Header>'
    '<SessionHeader xmlns="{namespace}"><sessionId>{session}</sessionId></SessionHeader>'
    "</env:Header><env:Body>{body}</env:Body></env:Envelope>"
)


def say(session: Session, body: str) -> Conversation[ElementTree.Element]:
    """One call, and the body of its answer."""
    token = escape(session.access_token.reveal())
    whole = _ENVELOPE.format(namespace=NAMESPACE, session=token, body=body)
    headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""', "Accept": "text/xml"}
    url = f"{session.instance_url.rstrip('/')}/services/Soap/m/{API_VERSION}"
    request = Request("POST", url, headers, content=whole.encode(), max_body=MAX_ZIP)
    reply = yield from send(request)
    root = _root(reply)
    if code := text(root, "faultcode"):
        words = text(root, "faultstring")
        raise Refused(
            code.rpartition(":")[2], mask(words)[:300], status=reply.status, channel="soap"
        )
    return root


def _root(reply: Reply) -> ElementTree.Element:
    if not reply.truncated and b"<!DOCTYPE" not in reply.body and b"<!ENTITY" not in reply.body:
        try:
            return ElementTree.fromstring(reply.body)  # noqa: S314  # no DOCTYPE, no entities
        except (ElementTree.ParseError, ValueError, LookupError):
            pass
    raise Malformed(
        f"{host_of(reply.url)} answered {reply.status}: no SOAP envelope",
        why="a proxy, a login page or an outage may stand in between",
        next_step="check that the instance URL is the org's own My Domain, and try again",
    )


def text(root: ElementTree.Element, name: str) -> str:
    """The text of the first element of that name; empty when there is none."""
    return next(((each.text or "").strip() for each in named(root, name)), "")


def named(root: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """The elements of that name, at any depth."""
    return (each for each in root.iter() if each.tag.rpartition("}")[2] == name)


def own(element: ElementTree.Element, name: str) -> str:
    """The text of an element's own child; those further down may bear the same name."""
    found = (each for each in element if each.tag.rpartition("}")[2] == name)
    return next(((each.text or "").strip() for each in found), "")
