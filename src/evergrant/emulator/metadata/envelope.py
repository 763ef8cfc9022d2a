"""SOAP envelopes of the Metadata API: results and faults as XML, requests as an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from evergrant.emulator.metadata.markup import Malformed, Node, read
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.shape import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_FAULTS: Final = "http://soap.sforce.com/2006/04/metadata"
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True, slots=True)
class Raw:
    """A value that is XML already, with the attributes of its element."""

    attributes: str
    inner: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: the session it brings, the operation, and the operation's element."""

    session: str
    operation: str
    node: Node


def asked(raw: bytes) -> Asked:
    """Read a request; raises Refused for what is no envelope with one operation."""
    try:
        root = read(raw)
    except Malformed as error:
        raise Refused("request", why=f"the message is no SOAP envelope: {error.message}") from error
    body = root.first("Body")
    if root.name != "Envelope" or body is None or len(body.children) != 1:
        raise Refused("request", why="the message is no SOAP envelope with one operation")
    operation = body.children[0]
    return Asked(root.word("Header", "SessionHeader", "sessionId"), operation.name, operation)


def response(operation: str, result: Any) -> str:
    """The envelope of a result; a list is a result that repeats."""
    inner = "".join(_element("result", result))
    return _wrapped(f'<{operation}Response xmlns="{NAMESPACE}">{inner}</{operation}Response>')


def fault(code: str, message: str) -> str:
    """The envelope of a fault; its code stands twice, as in Salesforce's."""
    return _wrapped(
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode>"
        f"<faultstring>{escape(f'{code}: {message}')}</faultstring></soapenv:Fault>"
    )


def _wrapped(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{_ENVELOPE}" xmlns:sf="{_FAULTS}"'
        f' xmlns:xsi="{_INSTANCE}"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
    )


def _element(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _element(name, each)
    elif isinstance(value, dict):
        yield f"<{name}>"
        for inner, each in value.items():
            yield from _element(inner, each)
        yield f"</{name}>"
    elif isinstance(value, Raw):
        yield f"<{name} {value.attributes}>{value.inner}</{name}>"
    elif isinstance(value, bool):
        yield f"<{name}>{'true' if value else 'false'}</{name}>"
    else:
        yield f"<{name}>{escape(str(value))}</{name}>"
