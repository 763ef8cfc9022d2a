"""Settings, session settings of profiles, and the CORS allowlist: knobs of org and profile.

Only what a file names changes; Security's list of ranges is replaced whole (MD-securitysettings).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import acts, state
from evergrant.emulator.metadata import kept
from evergrant.emulator.metadata.document import with_defaults
from evergrant.emulator.metadata.holders.bound import (
    Bound,
    differing,
    flag,
    knobs,
    minutes,
    paths,
    read_into,
    words,
)
from evergrant.emulator.metadata.holders.found import profile_label, profile_name
from evergrant.emulator.metadata.holders.holder import Change, Holder
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.types.neighbors import CORS
from evergrant.emulator.metadata.types.settings import (
    PROFILE_SESSION,
    SESSION_TIMEOUTS,
    SETTINGS,
)

if TYPE_CHECKING:
    from evergrant.emulator.metadata.document import Document
    from evergrant.emulator.org import Org

_TIMEOUTS: Final = {number: word for word, number in SESSION_TIMEOUTS.items()}


def _ranges(found: list[Document]) -> tuple[tuple[str, str], ...]:
    return tuple((each.get("start", ""), each.get("end", "")) for each in found)


BOUNDS: Final[dict[str, tuple[Bound, ...]]] = {
    "ConnectedApp": (
        flag("enableAdminApprovedAppsOnly", "api_access_control"),
        flag("enableAdminApprovedAppsOnlyForExternalUser", "api_access_control_external"),
    ),
    "ExternalClientApp": (flag("enableClientSecretInRestApiAccess", "client_secret_in_rest"),),
    "MyDomain": (flag("canOnlyLoginWithMyDomainUrl", "my_domain_login_only"),),
    "OauthOidc": (
        flag("blockOAuthUnPwFlow", "block_username_password"),
        flag("blockOAuthUsrAgtFlow", "block_user_agent"),
        flag("isPkceRequired", "pkce_required"),
        flag("oAuthCdCrdtFlowEnable", "code_credentials"),
    ),
    "Security": (
        Bound("networkAccess/ipRanges", "trusted_ranges",
              lambda ranges: [{"start": first, "end": last} for first, last in ranges] or None,
              _ranges),
        Bound("sessionSettings/sessionTimeout", "session_minutes", _TIMEOUTS.__getitem__,
              SESSION_TIMEOUTS.__getitem__),
        flag("sessionSettings/enforceIpRangesEveryRequest", "enforce_ip_every_request"),
        flag("sessionSettings/lockSessionsToIp", "lock_sessions_to_ip"),
        flag("sessionSettings/enableOauthCorsPolicy", "cors_oauth"),
        flag("sessionSettings/terminateUserSessionsWhenAdminResetsPassword",
             "end_sessions_on_password_reset"),
    ),
}  # fmt: skip
"""The knobs of the org that each member of Settings turns."""
OBEYED: Final = {
    **{name: paths(bounds) for name, bounds in BOUNDS.items()},
    "ExternalClientApp": paths(BOUNDS["ExternalClientApp"]) | {"enableConsumerSecretApiAccess"},
}
"""What each member obeys; the secret's opt-in counts at retrieve, without a knob."""


def _names(_org: Org) -> list[str]:
    return sorted(SETTINGS.members)


def _read(org: Org, name: str) -> Document | None:
    root = SETTINGS.members.get(name)
    if root is None:
        return None
    before = kept.find(org, SETTINGS.name, name)
    document: Document = before.document if before is not None else {}
    read_into(document, state.load_org(org.db), BOUNDS.get(name, ()))
    return with_defaults(root, document)


def _write(change: Change) -> None:
    org, document = change.org, change.document
    wanted = knobs(document, BOUNDS.get(change.name, ()))
    if document.get("networkAccess") == {}:  # an empty tag clears the list
        wanted["trusted_ranges"] = ()
    _set_org(org, wanted)
    before = kept.find(org, SETTINGS.name, change.name)
    kept.keep(org, SETTINGS.name, change.name, _over(before.document if before else {}, document))


def _set_org(org: Org, wanted: dict[str, Any]) -> None:
    turned = differing(state.load_org(org.db), wanted)
    try:
        if turned:
            acts.do(org, "set_org", **turned)
    except acts.BadAct as error:
        raise Refused("policy", name=", ".join(turned), why=str(error)) from error


def _over(before: Document, after: Document) -> Document:
    """One document over another, groups element by element."""
    both = {
        name: _over(before[name], value) if isinstance(value, dict) and name in before else value
        for name, value in after.items()
    }
    return {**before, **both}


_SESSION_BOUNDS: Final = (
    minutes("sessionTimeout", "session_minutes"),
    words("requiredSessionLevel", "session_level"),
)


def _sessions(org: Org) -> list[str]:
    return [each.name for each in kept.every(org, PROFILE_SESSION.name)]


def _read_session(org: Org, name: str) -> Document | None:
    found = kept.find(org, PROFILE_SESSION.name, name)
    if found is None:
        return None
    profile = _profile_id(org, found.document["profile"])
    read_into(found.document, state.load_profile(org.db, profile), _SESSION_BOUNDS)
    return found.document


def _write_session(change: Change) -> None:
    profile = change.document["profile"]
    _profile_id(change.org, profile)
    wanted = knobs(change.document, _SESSION_BOUNDS)
    try:
        acts.do(change.org, "set_profile", profile=profile_label(profile), **wanted)
    except acts.BadAct as error:
        raise Refused("policy", name="sessionTimeout", why=str(error)) from error
    kept.keep(change.org, PROFILE_SESSION.name, change.name, change.document)


def _profile_id(org: Org, name: str) -> str:
    """A profile by its name or full name; raises Refused."""
    row = state.one(
        org.db, 'SELECT "Id" FROM "Profile" WHERE "Name" = ?', profile_label(profile_name(name))
    )
    if row is None:
        raise Refused("no_named", field="profile", type="Profile", name=name)
    return str(row["Id"])


def _remove_session(org: Org, name: str) -> None:
    document = _read_session(org, name) or {}
    label = profile_label(document["profile"])
    acts.do(org, "set_profile", profile=label, session_minutes=None, session_level="")
    kept.drop(org, PROFILE_SESSION.name, name)


def _origins(org: Org) -> dict[str, str]:
    """The origins of the allowlist by full name; one not deployed is called after itself."""
    given = {each.document["urlPattern"]: each.name for each in kept.every(org, CORS.name)}
    listed = state.load_org(org.db).cors_allowlist
    return {given.get(each, re.sub(r"\W+", "_", each)): each for each in listed}


def _read_origin(org: Org, name: str) -> Document | None:
    found = _origins(org).get(name)
    return None if found is None else {"urlPattern": found}


def _write_origin(change: Change) -> None:
    others = {name: url for name, url in _origins(change.org).items() if name != change.name}
    wanted = (*others.values(), change.document["urlPattern"])
    _set_org(change.org, {"cors_allowlist": wanted})
    kept.keep(change.org, CORS.name, change.name, change.document)


def _remove_origin(org: Org, name: str) -> None:
    wanted = tuple(url for other, url in _origins(org).items() if other != name)
    _set_org(org, {"cors_allowlist": wanted})
    kept.drop(org, CORS.name, name)


ALL_SETTINGS: Final = Holder(_names, _read, _write)
PROFILE_SESSIONS: Final = Holder(
    _sessions, _read_session, _write_session, _remove_session, obeyed=paths(_SESSION_BOUNDS)
)
ORIGINS: Final = Holder(
    lambda org: sorted(_origins(org)), _read_origin, _write_origin, _remove_origin,
    obeyed=frozenset({"urlPattern"}),
)  # fmt: skip
