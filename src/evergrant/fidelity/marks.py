"""Every mark that the emulator's own tables carry, under one id each.

`refusal:…` an exact answer, `history:…` the Login History row after it, `knob:…` a policy's
effect, `gate:…` the place of a question among the gates, `object:…` the fields of an object,
`prefix:…` its key prefix, `visible:…` who sees its rows, `soql:…` and `rest:…` texts of the data
API, `cors:…` rules by path, `answer:…` the shape of a good answer or of a small endpoint's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from evergrant.emulator.data import errors as rest_errors
from evergrant.emulator.gates import GATES
from evergrant.emulator.oauth.cors import RULES
from evergrant.emulator.objects import OBJECTS
from evergrant.emulator.policies import KNOBS
from evergrant.emulator.refusals import REFUSALS
from evergrant.emulator.schema import Mark
from evergrant.emulator.soql import errors as soql_errors

ANSWERS: dict[str, tuple[Mark, str]] = {
    "discovery": ("official", "o-disc t-chilkat"),
    "jwks": ("official", "o-disc"),
    "auth-configuration": ("inferred", "o-ep"),
    "versions": ("inferred", "REST API Developer Guide, Versions"),
    "resources": ("inferred", "REST API Developer Guide, Resources by Version"),
    "limits": ("official", "REST API Developer Guide, Limits"),
    "userinfo": ("inferred", "o-ep"),
    "identity": ("inferred", "o-openid c-msdk"),
    "token-xml": ("recorded", "o-rt198 t-oauthdoctor"),
    "token-urlencoded": ("official", "o-rt198"),
    "no-store": ("official", "o-err"),
    "token-members": ("official", "o-chatter3 o-hltoken"),
    "no-expires-in": ("inferred", "o-chatter3 o-hltoken"),
    "revoked": ("official", "o-revoke o-revokemsdk"),
    "revoke-invalid": ("official", "o-revokemsdk"),
    "revoke-invalid-words": ("inferred", "3.7"),
    "revoke-unsupported": ("official", "o-revokemsdk"),
    "revoke-unsupported-words": ("inferred", "3.7"),
    "introspect-unknown-client": ("inferred", "o-intro"),
    "introspect-members": ("official", "o-intro c-postman"),
    "introspect-dead": ("official", "RFC 7662 section 2.2"),
    "refresh-row": ("inferred", "org-model 7"),
    "login-type": ("recorded", "SFS-ITSM"),
    "aggregate-logins": ("official", "OBJ-loginhistory"),
}
"""Shapes of answers that the emulator keeps in no table of its own: mark and source."""
_REST_CORS = "/services/data"


@dataclass(frozen=True, slots=True)
class Marked:
    """One thing that the emulator believes, and how well it is known."""

    id: str
    mark: Mark
    source: str = ""


@cache
def marks() -> dict[str, Marked]:
    """All of them, by id."""
    return {each.id: each for each in _all()}


def refusal(id_: str, leg: str = "token") -> str:
    """The id of a refusal's mark."""
    return f"refusal:{id_}/{leg}"


def history(id_: str, leg: str = "token") -> str:
    """The id of the mark of the Login History row that follows a refusal."""
    return f"history:{id_}/{leg}"


def _all() -> Iterator[Marked]:
    for (id_, leg), row in REFUSALS.items():
        yield Marked(refusal(id_, leg), row.mark, row.source)
        if leg != "api":
            yield Marked(history(id_, leg), row.history_mark, row.source)
    for name, knob in KNOBS.items():
        yield Marked(f"knob:{name}", knob.mark, knob.source)
    for gate in GATES:
        yield Marked(f"gate:{gate.id}", gate.mark)
    for name, each in OBJECTS.items():
        yield Marked(f"object:{name}", each.fields_mark)
        yield Marked(f"prefix:{name}", each.prefix_mark)
        yield Marked(f"visible:{name}", each.visible.mark)
    for key, text in soql_errors.TEXTS.items():
        yield Marked(f"soql:{key}", text.mark, text.source)
    for key, said in rest_errors.TEXTS.items():
        yield Marked(f"rest:{key}", said.mark)
    for path in (*RULES, _REST_CORS):
        yield Marked(f"cors:{path}", "official", "o-cors o-corsrest")
    for name, (mark, source) in ANSWERS.items():
        yield Marked(f"answer:{name}", mark, source)
