"""Identity Provider Event Log: Salesforce's own word for why an authorization failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from evergrant.evidence.exports.columns import IDP_EVENTS
from evergrant.evidence.exports.logins import NEAR
from evergrant.evidence.exports.sheets import Row, Sheeted
from evergrant.evidence.gathered import Gathered, Moment, Wanted, fact, is_id, short
from evergrant.evidence.given.document import Document
from evergrant.model import Fact

CODES = {
    "error: app access denied": "AppAccessDenied",
    "error: app blocked": "AppBlocked",
    "error: invalid grant": "ClientUnapproved",
    "expired authorization code": "CodeExpired",
    "invalid authorization code": "InvalidCode",
    "invalid client credentials": "InvalidClientCredentials",
    "invalid user credentials": "InvalidUserCredentials",
    "invalid scope(s)": "InvalidScope",
    "invalid session level": "InvalidSessionLevel",
    "oauth error": "OauthError",
}
"""Label on the Setup page → code (Object reference, IdpEventLog)."""
KEPT = 50


def read(documents: Sequence[Document], wanted: Wanted) -> Gathered:
    """The newest code of the app and user in question, or the one next to the failure."""
    sheeted = Sheeted(IDP_EVENTS, documents)
    moments = sorted(_of_ours(sheeted, wanted), key=lambda moment: moment.at)[-KEPT:]
    readings = tuple(sheeted.readings)
    if sum(each.read for each in readings) == 0:
        return Gathered(readings=readings)
    shown = _shown(moments, wanted)
    if sheeted.is_inferred and shown is not None:
        shown = replace(shown, mark="inferred")
    return Gathered((_fact(shown),), tuple(moments), readings=readings)


def _of_ours(rows: Iterable[Row], wanted: Wanted) -> Iterator[Moment]:
    """NOTE: the log names the app by id, while people know its label; an id that is named is
    compared, a label only where the log has labels."""
    for row in rows:
        app, user = row.cell("app"), row.cell("user_id")
        is_other_app = wanted.app and app and not is_id(app) and not wanted.is_app(app)
        named = [each for each in (row.cell("user"), user) if each and _alike(each, wanted)]
        if is_other_app or (named and not wanted.is_user(*named)):
            continue
        said = row.cell("status")
        code = CODES.get(said.casefold(), said)
        is_good = code.casefold() == "success"
        what: Literal["success", "failure"] = "success" if is_good else "failure"
        text = f"{row.at:%Y-%m-%d %H:%M:%S} UTC {row.cell('by')} {code}"
        yield Moment(row.at, what, short(text), app, row.cell("user") or user, act=code,
                     source=IDP_EVENTS.kind, line=row.line)  # fmt: skip


def _alike(name: str, wanted: Wanted) -> bool:
    """Whether both are ids, or both are usernames: others cannot be compared."""
    return is_id(name) == is_id(wanted.user)


def _shown(moments: Sequence[Moment], wanted: Wanted) -> Moment | None:
    asked = wanted.at
    if asked is None:
        return moments[-1] if moments else None
    near = [(abs(each.at - asked), each) for each in moments if abs(each.at - asked) <= NEAR]
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _fact(shown: Moment | None) -> Fact:
    if shown is None:
        return fact("idp.error_code", "none", IDP_EVENTS.kind, mark="derived",
                    quote="no event of this app and user at that time")  # fmt: skip
    return fact("idp.error_code", shown.act, IDP_EVENTS.kind, quote=shown.text, at=shown.at,
                mark=shown.mark, line=shown.line)  # fmt: skip
