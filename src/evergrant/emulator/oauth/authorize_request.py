"""What a request at the authorize endpoint amounts to, and what is given when it is granted."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from evergrant.emulator import propagation, staged, state
from evergrant.emulator.accounts import approvals_of, user_facts
from evergrant.emulator.gates.app import USER_AGENT
from evergrant.emulator.gates.attempt import Attempt, AuthorizeMaterial, Flow
from evergrant.emulator.sessions import live_session, opaque

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy
    from evergrant.emulator.web import Place

PATH: Final = "/services/oauth2/authorize"
_PRIVATE: Final = frozenset({"username", "password"})
"""Never put into an address."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser at the authorize endpoint: what it asks for and who it is signed in as."""

    place: Place
    words: Mapping[str, str]
    sid: str
    twice: str = ""
    """A parameter that was sent more than once."""

    def word(self, name: str) -> str:
        """A parameter; empty where it is missing."""
        return self.words.get(name, "")

    @property
    def prompts(self) -> frozenset[str]:
        """What the client wants the person asked: login, consent, select_account."""
        return frozenset(self.word("prompt").split())

    @property
    def action(self) -> str:
        """Where the forms of this visit come back to."""
        kept = {name: word for name, word in self.words.items() if name not in _PRIVATE}
        return f"{PATH}?{urlencode(kept)}"

    @property
    def flow(self) -> Flow:
        """Which flow begins here."""
        kind = self.word("response_type")
        if kind == "code_credentials":
            return "code_credentials"
        return "user_agent" if kind in USER_AGENT else "authorize"

    @property
    def is_hybrid(self) -> bool:
        """Whether the browser sessions of a mobile app are asked for."""
        return self.word("response_type") == "hybrid_token"

    def signed_in(self) -> Visit:
        """The same visit once the person has signed in: the wish for that is spent."""
        left = " ".join(sorted(self.prompts - {"login"}))
        return replace(self, words={**self.words, "prompt": left})

    def confirmation(self) -> str:
        """Binds the consent form to this browser and this request."""
        return hmac.new(self.sid.encode(), self.action.encode(), hashlib.sha256).hexdigest()


def read_visit(org: Org, visit: Visit, *, is_denied: bool = False) -> Attempt:
    """Gather the facts; the caller holds the org's lock."""
    app = propagation.app(org, staged.client(org, visit.word("client_id")))
    session = None if "login" in visit.prompts else live_session(org, visit.sid)
    attempt = Attempt(
        flow=visit.flow, at=org.clock.now(), host=visit.place.host, source_ip=org.ip,
        org=propagation.org_policy(org), app=app, user=None, is_hybrid=visit.is_hybrid,
        scopes=tuple(visit.word("scope").split()), twice=visit.twice,
        material=AuthorizeMaterial(
            redirect_uri=visit.words.get("redirect_uri"),
            response_type=visit.word("response_type"),
            has_challenge=bool(visit.word("code_challenge")),
            is_immediate=visit.word("immediate") == "true",
            is_denied=is_denied,
        ),
    )  # fmt: skip
    return attempt if session is None else with_user(org, attempt, session.user_id)


def with_user(org: Org, attempt: Attempt, user_id: str) -> Attempt:
    """The attempt with the person in it, and how the person stands to the app."""
    if attempt.app is None:
        return attempt
    return replace(
        attempt, user=propagation.user(org, user_facts(org.db, user_id, attempt.at)),
        approvals=approvals_of(org.db, user_id, attempt.app.id, attempt.at),
    )  # fmt: skip


def wanted_scopes(visit: Visit, app: AppPolicy) -> tuple[str, ...]:
    """The scopes asked for, in the app's order; all of the app's where none were asked for."""
    asked = visit.word("scope").split()
    return tuple(asked) if asked else app.scopes


def needs_consent(visit: Visit, attempt: Attempt, app: AppPolicy) -> bool:
    """Whether the person must be asked; approved before means not again (inferred)."""
    is_new = not set(wanted_scopes(visit, app)) <= attempt.approvals.scopes
    return not app.admin_approved and (is_new or "consent" in visit.prompts)


def give_code(org: Org, visit: Visit, app: AppPolicy, user_id: str) -> str:
    """A new authorization code; its value ends in == and must be decoded once, not twice."""
    code = opaque(org, "aPrx", 60, "code") + "=="
    state.put(org.db, "x_issued", secret=code, kind="code")
    state.put(
        org.db, "x_code", code=code, app_id=app.id, user_id=user_id,
        scopes=state.words(wanted_scopes(visit, app)), redirect_uri=visit.word("redirect_uri"),
        challenge=visit.word("code_challenge"), nonce=visit.word("nonce"),
        issued_at=org.clock.now().timestamp(), used_at=None,
        is_headless=visit.flow == "code_credentials",
    )  # fmt: skip
    return code
