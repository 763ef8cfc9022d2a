"""Faults by name: what each does, who says that Salesforce does so, and how sure that is.

Command line, control port, scenarios and reference all read this one table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from evergrant.emulator.refusals import REFUSALS
from evergrant.emulator.trouble.fault import BadFault, Fault, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrant.emulator.schema import Mark

TOKEN: Final = "/services/oauth2/token"
REST: Final = "/services/data/*"
_HTML: Final = "text/html;charset=UTF-8"
_MAINTENANCE: Final = (
    "<!DOCTYPE html><html><head><title>Data Not Available</title></head><body>"
    "<h1>Data Not Available</h1><p>This is Evergrant's emulator, not Salesforce.</p></body></html>"
)
"""Only its heading is documented (o-clierr)."""


Gate = Literal["network", "limits", "refresh_token_free"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A fault with a name."""

    id: str
    does: str
    source: str
    mark: Mark | None
    """Of the answer's status and text; None: the network's doing, not Salesforce's."""
    words: Mapping[str, Any]
    gate: Gate = "network"
    """What stands in the way, in the trace."""
    login_status: str = ""
    """What Login History then shows; the status is documented, that it goes with this answer is
    inferred."""


def _answer(
    id_: str, does: str, source: str, mark: Mark, path: str, status: int, body: str,
    content_type: str = "application/json;charset=UTF-8",
) -> Preset:  # fmt: skip
    words = {"path": path, "status": status, "body": body, "content_type": content_type}
    return Preset(id_, does, source, mark, MappingProxyType(words))


def _oauth(id_: str, does: str, source: str, mark: Mark, status: int, *said: str) -> Preset:
    body = dict(zip(("error", "error_description"), said, strict=False))
    return _answer(id_, does, source, mark, TOKEN, status, json.dumps(body))


def _rest(
    id_: str, does: str, source: str, mark: Mark, status: int, code: str, message: str
) -> Preset:
    body = json.dumps([{"message": message, "errorCode": code}])
    return _answer(id_, does, source, mark, REST, status, body)


def _network(id_: str, does: str, path: str = "*", **words: Any) -> Preset:
    return Preset(id_, does, "", None, MappingProxyType({"path": path, **words}))


_BUSY: Final = REFUSALS["refresh_token_busy", "token"]
_ROWS: Final = (
    _oauth("contention", "a refresh is told that another one is under way", _BUSY.source,
           _BUSY.mark, _BUSY.status, _BUSY.error, _BUSY.description),
    _oauth("login-rate", "the token endpoint counts too many logins of the user",
           "o-loginrate 3.3", "recorded", 400, "rate_limit_exceeded", "logins exceeded"),
    _oauth("token-429", "the token endpoint answers 429; no source says that it ever does",
           "3.2", "inferred", 429, "rate_limit_exceeded", "logins exceeded"),
    _oauth("retry-request", "the token endpoint fails for once and says so", "c-cli150",
           "recorded", 400, "unknown_error", "retry your request"),
    _oauth("server-error", "the token endpoint breaks", "c-errenum", "inferred", 500,
           "server_error", "unexpected error"),
    _oauth("system-down", "the token endpoint is out of order", "c-errenum", "inferred", 503,
           "system_down", "system is down"),
    _rest("request-limit", "the org's API requests are used up", "o-reststatus o-exc", "official",
          403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    _rest("too-many-requests", "Connect REST counts too many requests; its body is not known",
          "o-chatstatus", "inferred", 429, "REQUEST_LIMIT_EXCEEDED",
          "TotalRequests Limit exceeded."),
    _rest("rest-error", "the REST API breaks; the code is not known", "o-reststatus", "inferred",
          500, "UNKNOWN_EXCEPTION", "An unexpected error occurred."),
    _rest("unavailable", "the REST API is overloaded or under maintenance; the text is not known",
          "o-reststatus o-exc", "inferred", 503, "SERVER_UNAVAILABLE", "Server is too busy."),
    _answer("maintenance", "every path answers with an HTML page; its status is not known",
            "o-clierr", "inferred", "*", 503, _MAINTENANCE, _HTML),
    _answer("edge-unreachable", "the edge cannot reach the instance; its body is not known",
            "o-reststatus", "inferred", "*", 502, "Bad Gateway", "text/plain"),
    _network("slow", "the answer is right and comes after five seconds", delay_s=5.0),
    _network("reset-before", "the connection is cut before the request is looked at",
             drop="before"),
    _network("reset-after", "done, rotated where the app rotates, and cut without a byte of answer",
             TOKEN, drop="after"),
    _network("reset-midway", "done, rotated where the app rotates, and the answer breaks off",
             TOKEN, drop="midway"),
)  # fmt: skip

_LIMITS: Final = ("login-rate", "token-429", "request-limit", "too-many-requests")
_GATES: Final[dict[str, Gate]] = {
    "contention": "refresh_token_free",
    **dict.fromkeys(_LIMITS, "limits"),
}
_EXCEEDED: Final = "Failed: Get Access Token Limit Exceeded"
_STATUSES: Final = {"login-rate": _EXCEEDED, "token-429": _EXCEEDED}
PRESETS: Final = MappingProxyType({
    row.id: replace(
        row, gate=_GATES.get(row.id, "network"), login_status=_STATUSES.get(row.id, "")
    )
    for row in _ROWS
})  # fmt: skip
"""Presets by id."""


def preset(id_: str) -> Preset:
    """A preset by id; raises BadFault."""
    if id_ not in PRESETS:
        raise BadFault(f"no fault is named {id_}; there are {', '.join(PRESETS)}")
    return PRESETS[id_]


def make(words: Any) -> Fault:
    """A fault from JSON, on the ground of the preset it names, if any; raises BadFault."""
    if isinstance(words, dict) and words.get("preset"):
        return read({**preset(str(words["preset"])).words, **words})
    return read(words)
