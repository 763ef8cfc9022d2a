"""Retrieving metadata from an org: a package is asked for, waited for, and comes as a zip.

SOAP Metadata API, `retrieve()` and `checkRetrieveStatus()` (Metadata API Developer Guide); needs
Modify Metadata Through Metadata API Functions, or Modify All Data.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree  # only read, never parsed here
from xml.sax.saxutils import escape

from evergrant.errors import Malformed
from evergrant.log import mask
from evergrant.model import Session
from evergrant.org.metadata_call import API_VERSION, NAMESPACE, PAUSE_S, POLLS, say, text
from evergrant.wire import Conversation, Pause

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
    job = text((yield from say(session, asked)), "id")
    for _ in range(POLLS):
        status = (
            f'<checkRetrieveStatus xmlns="{NAMESPACE}"><asyncProcessId>{escape(job)}'
            "</asyncProcessId><includeZip>true</includeZip></checkRetrieveStatus>"
        )
        found = yield from say(session, status)
        if text(found, "done") == "true":
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


def _zip(root: ElementTree.Element) -> bytes:
    try:
        data = base64.b64decode(text(root, "zipFile"), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        problem = text(root, "errorMessage") or text(root, "problem")
        raise Malformed("the org's retrieve brought no zip", why=mask(problem)[:300])
    return data
