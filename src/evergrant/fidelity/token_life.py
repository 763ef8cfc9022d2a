"""One refresh token from first use to its end: the behaviour that spends what the person gave.

It is one conversation, for each step needs what the step before it gave; what is seen of each
stands under its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evergrant.errors import CouldNotLook
from evergrant.fidelity.anonymous import REVOKE_PATH
from evergrant.fidelity.asking import DATA, below, call, json_of, post, told
from evergrant.fidelity.behaviour import Behaviour, Need, Observation, Scalar, Setting, Writes
from evergrant.fidelity.logins import newest, row_since
from evergrant.fidelity.marks import refusal
from evergrant.fidelity.side import Side
from evergrant.model import Secret
from evergrant.oauth.answers import signature_holds
from evergrant.oauth.introspect import INTROSPECT_PATH
from evergrant.wire import Conversation, Reply
from evergrant.wire.conversation import Text

_NEEDS: frozenset[Need] = frozenset({"app", "secret", "refresh_token", "users"})
_BEARS: Mapping[str, tuple[str, ...]] = {
    "answer:token-members": ("refresh.status", "refresh.has", "refresh.signature_holds",
                             "refresh.issued_at"),
    "answer:no-expires-in": ("refresh.expires_in",),
    "answer:refresh-row": ("refresh.row",),
    "answer:introspect-members": ("introspect",),
    "answer:introspect-dead": ("introspect-dead",),
    "answer:revoked": ("revoke-access", "after-revoke", "revoke-refresh"),
    refusal("session_dead", "api"): ("after-revoke", "cascade"),
}  # fmt: skip


def behaviours() -> Iterator[Behaviour]:
    """The one conversation, for apps that rotate refresh tokens and for those that do not."""
    yield Behaviour(
        "token-life",
        "a refresh token used twice, an access token introspected and revoked, then the refresh "
        "token ended (replayed, where it rotates; else revoked) and used again",
        _live, _BEARS, Writes.TOKENS, _NEEDS, covers=True,
        either=(
            _ending(rotation=False, refused="refresh_token_revoked"),
            _ending(rotation=True, refused="refresh_token_rotated"),
        ),
    )  # fmt: skip


def _ending(*, rotation: bool, refused: str) -> Setting:
    bears = {
        "knob:app.rotation": ("refresh.rotated", "again", "cascade", "cascade-refresh"),
        refusal(refused): ("again",),
    }
    return Setting(app={"rotation": rotation}, bears=bears)


@dataclass(frozen=True, slots=True)
class _Given:
    """What one refresh gave, and what of its answer is looked at."""

    access: Secret
    refresh: Secret
    seen: Observation


def _live(side: Side) -> Conversation[Observation]:
    old = side.tested().refresh_token or Secret("")
    before = yield from newest(side)
    one = yield from _refresh(side, old)
    row = yield from row_since(side, before)
    access = yield from _access_token(side, one.access)
    two = yield from _refresh(side, one.refresh)
    is_rotated = one.refresh != old
    end = yield from (_replayed(side, old, two) if is_rotated else _revoked(side, two))
    return {**below("refresh", {**one.seen, **row, "rotated": is_rotated}), **access, **end}


def _refresh(side: Side, token: Secret) -> Conversation[_Given]:
    reply = yield from post(side, _form(side, token))
    body = json_of(reply)
    if reply.status != 200 or not isinstance(body, dict) or "access_token" not in body:
        said = told(reply, side.names)
        words = f"{said.get('error')}: {said.get('error_description')}"
        raise CouldNotLook("not_applicable", f"the refresh token given was refused ({words})")
    members = {name: str(value) for name, value in body.items()}
    seen: dict[str, Scalar] = {
        "status": reply.status,
        "signature_holds": signature_holds(members, side.tested().app.consumer_secret),
        "issued_at": "milliseconds" if len(members.get("issued_at", "")) == 13 else "other",
        "expires_in": "given" if "expires_in" in members else "absent",
        **{f"has {name}": True for name in members if name != "refresh_token"},
    }
    successor = Secret(members.get("refresh_token", ""))
    return _Given(Secret(members["access_token"]), successor or token, seen)


def _form(side: Side, token: Secret) -> dict[str, Text]:
    return {"grant_type": "refresh_token", "refresh_token": token, **_proof(side)}


def _proof(side: Side) -> dict[str, Text]:
    app = side.tested().app
    return {"client_id": app.consumer_key, "client_secret": app.consumer_secret or Secret("")}


def _access_token(side: Side, token: Secret) -> Conversation[Observation]:
    """An access token while it lives, as it is revoked, and after."""
    alive = json_of((yield from _introspect(side, token)))
    ended = yield from post(side, {"token": token}, path=REVOKE_PATH)
    after = told((yield from call(side, f"{DATA}/", token=token)), side.names)
    dead = json_of((yield from _introspect(side, token)))
    members = alive if isinstance(alive, dict) else {}
    return {
        **{f"introspect.has {name}": True for name in members},
        "introspect.active": bool(members.get("active")),
        **below("revoke-access", _done(ended)),
        **below("after-revoke", after),
        "introspect-dead.active": bool(dead.get("active")) if isinstance(dead, dict) else None,
    }


def _introspect(side: Side, token: Secret) -> Conversation[Reply]:
    form: dict[str, Text] = {"token": token, "token_type_hint": "access_token", **_proof(side)}
    return (yield from post(side, form, path=INTROSPECT_PATH))


def _done(reply: Reply) -> Observation:
    return {"status": reply.status, "body": "empty" if not reply.body else "not empty"}


def _replayed(side: Side, old: Secret, last: _Given) -> Conversation[Observation]:
    """The spent token used again: it is refused, and takes the living one along."""
    again = yield from post(side, _form(side, old))
    cascade = yield from call(side, f"{DATA}/", token=last.access)
    refreshed = yield from post(side, _form(side, last.refresh))
    return {
        **below("again", told(again, side.names)),
        **below("cascade", told(cascade, side.names)),
        **below("cascade-refresh", told(refreshed, side.names)),
    }


def _revoked(side: Side, last: _Given) -> Conversation[Observation]:
    """The token revoked: it is refused from then on, and so are its access tokens."""
    ended = yield from post(side, {"token": last.refresh}, path=REVOKE_PATH)
    again = yield from post(side, _form(side, last.refresh))
    cascade = yield from call(side, f"{DATA}/", token=last.access)
    return {
        **below("revoke-refresh", _done(ended)),
        **below("again", told(again, side.names)),
        **below("cascade", told(cascade, side.names)),
    }
