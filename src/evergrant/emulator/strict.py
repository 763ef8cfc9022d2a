"""Strict mode: what rests on inference alone is not answered but named, with 501.

It looks at four things: the text of a refusal, the gate that refused, the Login History status
that would be written, and every inferred knob of the app, profile and org concerned that does not
stand at its default. Sign-in, grants, calls, revoking and SOAP login() pass here; acts and Setup
pages are the tester's own doing and do not.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from starlette.responses import JSONResponse

from evergrant.emulator.gates import Evaluation, evaluate, refusal_of
from evergrant.emulator.gates.verdict import Refused
from evergrant.emulator.policies import KNOBS, AppPolicy, OrgPolicy, ProfilePolicy
from evergrant.emulator.records import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from starlette.requests import Request

    from evergrant.emulator.gates.attempt import Attempt
    from evergrant.emulator.org import Org
    from evergrant.emulator.refusals.refusal import Refusal

Policy = AppPolicy | ProfilePolicy | OrgPolicy
_PLACES: Final[dict[str, type[Policy]]] = {
    "app": AppPolicy, "profile": ProfilePolicy, "org": OrgPolicy,
}  # fmt: skip
_KNOBS: Final = tuple(
    (_PLACES[each.where], each) for each in KNOBS.values() if each.mark == "inferred"
)


@dataclass(frozen=True, slots=True)
class Inferred:
    """One thing that no source states."""

    kind: Literal["refusal", "gate", "history", "knob"]
    id: str
    """As in the reference: a refusal as user_frozen/token, a knob as org.jwt_skew_seconds."""


class OnlyInferred(Exception):
    """The answer would rest on inference; strict mode gives none."""

    def __init__(self, found: tuple[Inferred, ...]) -> None:
        super().__init__(", ".join(f"{each.kind} {each.id}" for each in found))
        self.found = found


def judge(org: Org, attempt: Attempt) -> Refusal | None:
    """Ask the gates; in strict mode raises OnlyInferred where the outcome rests on inference."""
    if not org.strict:
        return refusal_of(attempt)
    evaluation = evaluate(attempt)
    profile = attempt.user.profile if attempt.user else None
    policies = (attempt.app, profile, attempt.org)
    demand(
        org, evaluation, policies, lambda: told(attempt, evaluation),
        has_user=attempt.user is not None,
    )  # fmt: skip
    return evaluation.refusal


def demand(
    org: Org, evaluation: Evaluation, policies: Iterable[Policy | None],
    tell: Callable[[], dict[str, Any]], *, has_user: bool,
) -> None:  # fmt: skip
    """Raise OnlyInferred, and trace it, where an org is strict and an outcome is inferred.

    Without a user there is nobody whose Login History could get a row.
    """
    found = tuple(_assumed(evaluation, policies, has_user=has_user)) if org.strict else ()
    if not found:
        return
    named = [asdict(each) for each in found]
    org.attempts.keep(lambda: {**tell(), "outcome": "not_answered", "inferred": named})
    raise OnlyInferred(found)


def demand_refusal(org: Org, refusal: Refusal) -> None:
    """The same for a refusal that no gate gave: a sign-in page's, the revoke endpoint's."""
    bare = Evaluation((), refusal)
    tell = {"flow": "none", "refusal": asdict(refusal)}
    demand(org, bare, (), lambda: tell, has_user=True)


def _assumed(
    evaluation: Evaluation, policies: Iterable[Policy | None], *, has_user: bool
) -> Iterator[Inferred]:
    refusal = evaluation.refusal
    if refusal is not None and refusal.mark == "inferred":
        yield Inferred("refusal", f"{refusal.id}/{refusal.leg}")
    is_written = refusal is not None and has_user and refusal.login_status is not None
    if refusal is not None and is_written and refusal.history_mark == "inferred":
        yield Inferred("history", f"{refusal.id}/{refusal.leg}")
    for question, said in evaluation.steps:
        if isinstance(said, Refused):
            if question.mark == "inferred":
                yield Inferred("gate", question.id)
            break
    for policy in policies:
        for kind, knob in _KNOBS:
            if isinstance(policy, kind) and getattr(policy, knob.name) != knob.default:
                yield Inferred("knob", f"{knob.where}.{knob.name}")


async def refuse(_request: Request, error: Exception) -> JSONResponse:
    """501, naming what is inferred."""
    found = error.found if isinstance(error, OnlyInferred) else ()
    body = {
        "error": "inferred_only",
        "detail": f"Strict mode answers nothing that is only inferred: {error}.",
        "inferred": [asdict(each) for each in found],
    }
    return JSONResponse(body, 501)
