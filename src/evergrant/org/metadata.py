"""Retrieving metadata from an org: a package is asked for, waited for, and comes as a zip.

SOAP Metadata API, `retrieve()` and `checkRetrieveStatus()` (Metadata API Developer Guide); needs
Modify Metadata Through Metadata API Functions, or Modify All Data.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree  # what has a DOCTYPE is refused before it is parsed
from xml.sax.saxutils import escape

from evergrant.errors import Malformed, Refused
from evergrant.log import mask
from evergrant.model import Session
from evergrant.wire import Conversation, Pause, Reply, Request, host_of, send

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
Members = Mapping[str, Sequence[str]]
"""Metadata type → names of components; `*` for all."""


def manifest(members: Members) -> str:
    """The package that is asked for, as `package.xml`."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Package xmlns="{NAMESPACE}">'
        f"{_types(members)}</Package>"
    )


def retrieve(session: Session, members: Members) -> Conversation[bytes]:
    """The zip with these components; those that the org does not hold are left out of it.

    Raises `Refused` with the fault's code and words (channel `soap`), `Malformed` when no zip comes
    in time, and what the network throws.
    """
    asked = (
        f'<retrieve xmlns="{NAMESPACE}"><retrieveRequest><apiVersion>{API_VERSION}</apiVersion>'
        f"<singlePackage>true</singlePackage><unpackaged>{_types(members)}</unpackaged>"
        "</retrieveRequest></retrieve>"
    )
    job = _text((yield from _say(session, asked)), "id")
    for _ in range(POLLS):
        status = (
            f'<checkRetrieveStatus xmlns="{NAMESPACE}"><asyncProcessId>{escape(job)}'
            "</asyncProcessId><includeZip>true</includeZip></checkRetrieveStatus>"
        )
        found = yield from _say(session, status)
        if _text(found, "done") == "true":
            return _zip(found)
        yield Pause(PAUSE_S, "waiting for the org's metadata")
    raise Malformed(
        f"the org did not finish a retrieve within {POLLS} polls",
        next_step="try again, or retrieve the app with the Salesforce CLI and give the files",
    )


def _types(members: Members) -> str:
    types = []
    for type_, names in members.items():
        inner = "".join(f"<members>{escape(name)}</members>" for name in names)
        types.append(f"<types>{inner}<name>{escape(type_)}</name></types>")
    return f"{''.join(types)}<version>{API_VERSION}</version>"


def _say(session: Session, body: str) -> Conversation[ElementTree.Element]:
    """One call, and the body of its answer."""
    token = escape(session.access_token.reveal())
    whole = _ENVELOPE.format(namespace=NAMESPACE, session=token, body=body)
    headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""', "Accept": "text/xml"}
    url = f"{session.instance_url.rstrip('/')}/services/Soap/m/{API_VERSION}"
    request = Request("POST", url, headers, content=whole.encode(), max_body=MAX_ZIP)
    reply = yield from send(request)
    root = _root(reply)
    if code := _text(root, "faultcode"):
        words = _text(root, "faultstring")
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


def _text(root: ElementTree.Element, name: str) -> str:
    """The text of the first element of that name; empty when there is none."""
    for each in root.iter():
        if each.tag.rpartition("}")[2] == name:
            return (each.text or "").strip()
    return ""


def _zip(root: ElementTree.Element) -> bytes:
    try:
        data = base64.b64decode(_text(root, "zipFile"), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        problem = _text(root, "errorMessage") or _text(root, "problem")
        raise Malformed("the org's retrieve brought no zip", why=mask(problem)[:300])
    return data
