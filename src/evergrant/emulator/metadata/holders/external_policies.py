"""The policies of an external client app: each deployment replaces the whole record (recorded)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator.metadata.document import root_of, with_defaults
from evergrant.emulator.metadata.holders import grants, satellites
from evergrant.emulator.metadata.holders.bound import Bound, flag, is_true, knobs, paths, words
from evergrant.emulator.metadata.holders.found import (
    permission_sets_missing,
    require_profiles,
    require_run_as,
)
from evergrant.emulator.metadata.holders.holder import Change, Holder
from evergrant.emulator.metadata.holders.making import set_knobs
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.types.external_client_app import OAUTH_POLICIES, POLICIES

if TYPE_CHECKING:
    from evergrant.emulator.metadata.document import Document
    from evergrant.emulator.org import Org

_APPROVED: Final = "AdminApprovedPreAuthorized"
_RELAXATIONS: Final = {
    "Enforce": "ENFORCE", "Bypass": "BYPASS", "Bypass_2factor": "BYPASS_2FACTOR",
    "Enforce_RelaxRefresh": "ENFORCE_RELAXREFRESH",
}  # fmt: skip
_RELAXED: Final = {knob: word for word, knob in _RELAXATIONS.items()}
_KINDS: Final = {
    "Infinite": "infinite", "Zero": "zero", "SpecificLifetime": "specific_lifetime",
    "SpecificInactivity": "specific_inactivity",
}  # fmt: skip
_WORDS: Final = {kind: word for word, kind in _KINDS.items()}
_STANDARD: Final = "STANDARD"
_ACTIONS: Final = ("Block", "RaiseSessionLevel")
_LISTS: Final[tuple[tuple[grants.Grantee, str], ...]] = (
    ("permission_set", "commaSeparatedPermissionSet"), ("profile", "commaSeparatedProfile"),
)  # fmt: skip
_REFRESH: Final = (
    "refreshTokenPolicyType", "refreshTokenValidityPeriod", "refreshTokenValidityUnit",
)  # fmt: skip
_BLANK: Final[dict[str, Any]] = {
    "run_as": "", "session_action": "", "session_minutes": None, "jwt_timeout": "Custom",
    "jwt_minutes": 30,
}  # fmt: skip
"""What a record that names nothing says."""

_BOUNDS: Final = (
    Bound("permittedUsersPolicyType", "admin_approved",
          lambda value: _APPROVED if value else "AllSelfAuthorized", _APPROVED.__eq__),
    Bound("ipRelaxationPolicyType", "ip_relaxation", _RELAXED.__getitem__,
          lambda word: _known(_RELAXATIONS, word, "ipRelaxationPolicyType")),
    Bound("policyAction", "session_action", lambda action: action or None,
          lambda action: action if action in _ACTIONS else ""),
    Bound("requiredSessionLevel", "session_level", lambda level: level or _STANDARD,
          lambda level: "" if level == _STANDARD else level),
    Bound("sessionTimeoutInMinutes", "session_minutes",
          lambda value: None if value is None else str(value), int),
    words("clientCredentialsFlowUser", "run_as"),
    Bound("namedUserJwtSessionTimeoutType", "jwt_timeout", lambda _: None, str),
    Bound("namedUserJwtTimeout", "jwt_minutes", lambda _: None, int),
)  # fmt: skip


def _known(table: dict[str, str], word: str, name: str) -> str:
    if word not in table:
        raise Refused("policy", name=name, why=f"{word} is none of {', '.join(table)}")
    return table[word]


def _read_oauth(org: Org, name: str) -> Document | None:
    found = satellites.standing(org, OAUTH_POLICIES).get(name)
    if found is None:
        return None
    app = found[1]
    document = satellites.begun(org, OAUTH_POLICIES, name, _BOUNDS[:-2])
    for element in (*_REFRESH, *(element for _, element in _LISTS)):
        document.pop(element, None)
    document |= _refresh_out(app.refresh_policy)
    if app.jwt_access_tokens:
        document |= {"namedUserJwtSessionTimeoutType": app.jwt_timeout,
                     "namedUserJwtTimeout": str(app.jwt_minutes)}  # fmt: skip
    for grantee, element in _LISTS:
        listed = grants.listed(org, app, grantee)
        if listed:
            document[element] = ", ".join(name for _, name in listed)
    satellites.spell_two_sided(document, app, 1, is_ours=satellites.is_ours(org, app))
    return document


def _refresh_out(policy: str) -> Document:
    kind, *rest = policy.split(":")
    spelled = [_WORDS[kind], *rest[:1], *(unit.capitalize() for unit in rest[1:])]
    return dict(zip(_REFRESH, spelled, strict=False))


def _refresh_back(document: Document) -> str:
    """The three elements as one policy; a span that is not named is 365 days (recorded)."""
    kind = _KINDS[document["refreshTokenPolicyType"]]
    if kind in ("infinite", "zero"):
        return kind
    period = document.get(_REFRESH[1], "365")
    unit = document.get(_REFRESH[2], "Days")
    return f"{kind}:{int(period)}:{unit.upper()}"


def _write_oauth(change: Change) -> None:
    org = change.org
    app = satellites.claimed(change, OAUTH_POLICIES)
    satellites.require_oauth(org, app)
    whole = with_defaults(root_of(OAUTH_POLICIES), change.document)
    listed = _lists(org, whole)
    if whole.get("clientCredentialsFlowUser"):
        require_run_as(org, whole["clientCredentialsFlowUser"])
    wanted = {**_BLANK, **knobs(whole, _BOUNDS), "refresh_policy": _refresh_back(whole)}
    satellites.keep(change, OAUTH_POLICIES, app)
    set_knobs(org, app, wanted | satellites.two_sided(org, app))
    for grantee, names in listed.items():
        grants.set_list(org, app, grantee, names)


def _lists(org: Org, whole: Document) -> dict[grants.Grantee, list[str]]:
    """Who is to be on the list, which counts only where admins approve; raises Refused."""
    named = {grantee: _split(whole.get(element, "")) for grantee, element in _LISTS}
    if missing := permission_sets_missing(org, named["permission_set"]):
        raise Refused("no_permission_sets", name=", ".join(missing))
    require_profiles(org, named["profile"], "commaSeparatedProfile")
    return named if whole["permittedUsersPolicyType"] == _APPROVED else {}


def _split(listed: str) -> list[str]:
    return [each.strip() for each in listed.split(",") if each.strip()]


_SWITCHES: Final = (flag("isEnabled", "enabled"), flag("isOauthPluginEnabled", "oauth_enabled"))


def _read_app(org: Org, name: str) -> Document | None:
    if name not in satellites.standing(org, POLICIES):
        return None
    return with_defaults(root_of(POLICIES), satellites.begun(org, POLICIES, name, _SWITCHES))


def _write_app(change: Change) -> None:
    app = satellites.claimed(change, POLICIES)
    enabled = is_true(change.document["isEnabled"])
    oauth = is_true(change.document.get("isOauthPluginEnabled", "true"))
    satellites.keep(change, POLICIES, app)
    set_knobs(change.org, app, {"enabled": enabled, "oauth_enabled": oauth})


OAUTH: Final = Holder(
    partial(satellites.names, type_=OAUTH_POLICIES), _read_oauth, _write_oauth,
    obeyed=paths(_BOUNDS) | {*_REFRESH} | {element for _, element in _LISTS}
    | {there for _, there in satellites.TWO_SIDED.values()},
)  # fmt: skip
APP_POLICIES: Final = Holder(
    partial(satellites.names, type_=POLICIES), _read_app, _write_app, obeyed=paths(_SWITCHES)
)
