"""ConnectedApp: the knobs of an app as its file has them, and the blocked ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import acts, apps, state
from evergrant.emulator.metadata import kept
from evergrant.emulator.metadata.document import get, put, root_of, without_secrets
from evergrant.emulator.metadata.holders import grants
from evergrant.emulator.metadata.holders.bound import (
    Bound,
    bare,
    flag,
    knobs,
    minutes,
    paths,
    pem,
    read_into,
    words,
)
from evergrant.emulator.metadata.holders.found import (
    apps_named,
    permission_sets_missing,
    require_profiles,
    require_run_as,
)
from evergrant.emulator.metadata.holders.holder import Change, Holder
from evergrant.emulator.metadata.holders.making import (
    ID_TOKEN_MINUTES,
    new_app,
    require_certificate,
    require_free,
    scopes_out,
    set_knobs,
)
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.types.connected_app import CONNECTED_APP, SCOPES
from evergrant.emulator.records import audit
from evergrant.emulator.sessions import opaque

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evergrant.emulator.metadata.document import Document
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

_KEY: Final = "oauthConfig/consumerKey"
_ROOT: Final = root_of(CONNECTED_APP)
_LISTS: Final[tuple[tuple[grants.Grantee, str], ...]] = (
    ("permission_set", "permissionSetName"), ("profile", "profileName"),
)  # fmt: skip


def _ranges_out(ranges: Iterable[tuple[str, str]]) -> list[dict[str, str]] | None:
    return [{"start": first, "end": last} for first, last in ranges] or None


BOUNDS: Final = (
    words("label", "label"),
    Bound("oauthConfig/callbackUrl", "callbacks", "\n".join, lambda text: tuple(text.split())),
    Bound("oauthConfig/certificate", "certificate", bare, pem),
    Bound("oauthConfig/scopes", "scopes", scopes_out,
          lambda names: tuple(SCOPES[each] for each in names)),
    flag("oauthConfig/isAdminApproved", "admin_approved"),
    flag("oauthConfig/isClientCredentialEnabled", "client_credentials"),
    flag("oauthConfig/isCodeCredentialEnabled", "code_credentials"),
    flag("oauthConfig/isCodeCredentialPostOnly", "code_credentials_post_only"),
    flag("oauthConfig/isConsumerSecretOptional", "secret_optional"),
    flag("oauthConfig/isIntrospectAllTokens", "introspect_all"),
    flag("oauthConfig/isNamedUserJwtEnabled", "jwt_access_tokens"),
    flag("oauthConfig/isPkceRequired", "pkce_required"),
    flag("oauthConfig/isRefreshTokenRotationEnabled", "rotation"),
    flag("oauthConfig/isSecretRequiredForRefreshToken", "secret_for_refresh"),
    flag("oauthConfig/isSecretRequiredForTokenExchange", "secret_for_token_exchange"),
    flag("oauthConfig/isTokenExchangeEnabled", "token_exchange"),
    words("oauthConfig/oauthClientCredentialUser", "run_as"),
    Bound("oauthConfig/idTokenConfig/idTokenValidity", "id_token_minutes",
          lambda value: None if value == ID_TOKEN_MINUTES else str(value), int),
    Bound("oauthPolicy/ipRelaxation", "ip_relaxation", str, str),
    Bound("oauthPolicy/refreshTokenPolicy", "refresh_policy", str, str),
    words("sessionPolicy/policyAction", "session_action"),
    words("sessionPolicy/sessionLevel", "session_level"),
    minutes("sessionPolicy/sessionTimeout", "session_minutes"),
    Bound("ipRanges", "trusted_ranges", _ranges_out,
          lambda ranges: tuple((each["start"], each["end"]) for each in ranges)),
)  # fmt: skip
"""What of the file is a knob."""


def _names_of(org: Org) -> list[str]:
    return sorted(apps_named(org, "connected_app"))


def _id_of(org: Org, name: str) -> str:
    return apps_named(org, "connected_app")[name].id


def _read(org: Org, name: str) -> Document | None:
    app = apps_named(org, "connected_app").get(name)
    if app is None:
        return None
    before = kept.find(org, CONNECTED_APP.name, name)
    document: Document = before.document if before else {"contactEmail": _contact(org)}
    put(document, _KEY, app.consumer_key)
    described = {_pair(each): each for each in document.get("ipRanges", ())}
    read_into(document, app, BOUNDS)
    for each in document.get("ipRanges", ()):
        each.update(described.get(_pair(each), {}))
    if not app.callbacks:  # an app without OAuth: its only callback is required where it has it
        put(document, "oauthConfig", None)
        put(document, "oauthPolicy", None)
    for grantee, element in _LISTS:
        document[element] = [label for label, _ in grants.listed(org, app, grantee)]
    return document


def _pair(each: Document) -> tuple[str, str]:
    return each["start"], each["end"]


def _contact(org: Org) -> str:
    """Who stands for an app that was not deployed: the admin."""
    admin = state.noted(org.db, "admin_id")
    row = state.one(org.db, 'SELECT "Email" FROM "User" WHERE "Id" = ?', admin)
    return str(row["Email"]) if row else ""


def _write(change: Change) -> None:
    app = apps_named(change.org, "connected_app").get(change.name)
    wanted = knobs(change.document, BOUNDS)
    _look(change.org, change.document, wanted)
    if app is None:
        app = _create(change, wanted)
    else:
        _change(change, app, wanted)
    _grant(change.org, app, change.document)
    kept.keep(
        change.org, CONNECTED_APP.name, change.name, without_secrets(_ROOT, change.document), app.id
    )


def _look(org: Org, document: Document, wanted: dict[str, Any]) -> None:
    """What can be judged whether the app is new or not; raises Refused."""
    if wanted.get("certificate"):
        require_certificate(wanted["certificate"])
    if wanted.get("run_as"):
        require_run_as(org, wanted["run_as"])
    require_profiles(org, filter(None, document.get("profileName", ())), "profileName")
    for name in permission_sets_missing(org, filter(None, document.get("permissionSetName", ()))):
        raise Refused("no_named", field="permissionSetName", type="PermissionSet", name=name)


def _create(change: Change, wanted: dict[str, Any]) -> AppPolicy:
    org, key = change.org, get(change.document, _KEY)
    if key is not None:
        require_free(org, key)
    policy = new_app(org, change.name, "connected_app", key, wanted)
    if not state.load_org(org.db).connected_app_creation:
        raise Refused("creation_off")
    secret = get(change.document, "oauthConfig/consumerSecret")
    apps.add(org, policy, secret or opaque(org, "", 64, "consumer_secret"))
    audit(org, "insertApplication", f"Created connected app {policy.label}", "Application")
    return policy


def _change(change: Change, app: AppPolicy, wanted: dict[str, Any]) -> None:
    key = get(change.document, _KEY)
    if key is not None and key != app.consumer_key:
        raise Refused("key_fixed")
    set_knobs(change.org, app, wanted)


def _grant(org: Org, app: AppPolicy, document: Document) -> None:
    """The lists count only where admins approve (MD-connectedapp); an empty name clears one.

    That a list which is named replaces the one before it is inferred.
    """
    is_approved = state.load_app(org.db, app.id).admin_approved
    for grantee, element in _LISTS:
        if element in document and (is_approved or document[element] == [""]):
            grants.set_list(org, app, grantee, filter(None, document[element]))


def _remove(org: Org, name: str) -> None:
    acts.do(org, "delete_app", app=apps_named(org, "connected_app")[name].name)
    kept.drop(org, CONNECTED_APP.name, name)


CONNECTED_APPS: Final = Holder(
    _names_of, _read, _write, _remove, _id_of,
    paths(BOUNDS) | {"permissionSetName", "profileName", _KEY, "oauthConfig/consumerSecret"},
)  # fmt: skip
