"""The OAuth settings of an external client app: those of a developer, and those with its secret."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import acts, apps, state
from evergrant.emulator.metadata.holders import satellites
from evergrant.emulator.metadata.holders.bound import (
    Bound,
    bare,
    flag,
    is_true,
    knobs,
    paths,
    pem,
    spelled,
)
from evergrant.emulator.metadata.holders.holder import Change, Holder
from evergrant.emulator.metadata.holders.making import (
    ID_TOKEN_MINUTES,
    new_key,
    require_certificate,
    require_free,
    set_knobs,
)
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.types.connected_app import SCOPES
from evergrant.emulator.metadata.types.external_client_app import (
    APP,
    GLOBAL_SETTINGS,
    OAUTH_SETTINGS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evergrant.emulator.metadata.document import Document
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

_SCOPES: Final = {
    ("SFApiPlatform" if name == "SFAP" else name): wire for name, wire in SCOPES.items()
}
"""As for connected apps, but for one name (recorded)."""
_WIRES: Final = {wire: name for name, wire in _SCOPES.items()}
_IDLE_DAYS: Final = 30


def _scopes_back(listed: str) -> tuple[str, ...]:
    names = [each.strip() for each in listed.split(",") if each.strip()]
    stranger = next((each for each in names if each not in _SCOPES), None)
    if stranger is not None:
        why = f"{stranger} is none of {', '.join(_SCOPES)}"
        raise Refused("policy", name="commaSeparatedOauthScopes", why=why)
    return tuple(_SCOPES[each] for each in names)


def _ranges_out(ranges: Iterable[tuple[str, str]]) -> list[dict[str, str]] | None:
    return [{"startIpAddress": first, "endIpAddress": last} for first, last in ranges] or None


_SETTINGS_BOUNDS: Final = (
    Bound(
        "commaSeparatedOauthScopes", "scopes",
        lambda wires: ", ".join(_WIRES[each] for each in wires if each in _WIRES) or None,
        _scopes_back,
    ),
    Bound(
        "trustedIpRanges", "trusted_ranges", _ranges_out,
        lambda found: tuple((each["startIpAddress"], each["endIpAddress"]) for each in found),
    ),
)  # fmt: skip
_GLOBAL_BOUNDS: Final = (
    Bound("callbackUrl", "callbacks", lambda urls: "\n".join(urls) or None,
          lambda text: tuple(text.split())),
    Bound("certificate", "certificate", bare, pem),
    Bound("idTokenConfig/idTokenValidityInMinutes", "id_token_minutes",
          lambda value: None if value == ID_TOKEN_MINUTES else str(value), int),
    Bound("isEnforceRefreshTokenTTL", "idle_limit_days", spelled,
          lambda word: _IDLE_DAYS if is_true(word) else None),
    flag("isCodeCredFlowEnabled", "code_credentials"),
    flag("isCodeCredPostOnly", "code_credentials_post_only"),
    flag("isConsumerSecretOptional", "secret_optional"),
    flag("isDeviceFlowEnabled", "device_flow"),
    flag("isIntrospectAllTokens", "introspect_all"),
    flag("isNamedUserJwtEnabled", "jwt_access_tokens"),
    flag("isPkceRequired", "pkce_required"),
    flag("isRefreshTokenRotationEnabled", "rotation"),
    flag("isSecretRequiredForRefreshToken", "secret_for_refresh"),
    flag("isSecretRequiredForTokenExchange", "secret_for_token_exchange"),
)  # fmt: skip
_ROTATIONS: Final = {"consumer key": "shouldRotateConsumerKey",
                     "consumer secret": "shouldRotateConsumerSecret"}  # fmt: skip


def _read_settings(org: Org, name: str) -> Document | None:
    if name not in satellites.standing(org, OAUTH_SETTINGS):
        return None
    return satellites.begun(org, OAUTH_SETTINGS, name, _SETTINGS_BOUNDS)


def _write_settings(change: Change) -> None:
    app = satellites.claimed(change, OAUTH_SETTINGS)
    set_knobs(change.org, app, knobs(change.document, _SETTINGS_BOUNDS))
    satellites.keep(change, OAUTH_SETTINGS, app)


def _read_global(org: Org, name: str) -> Document | None:
    found = satellites.standing(org, GLOBAL_SETTINGS).get(name)
    if found is None:
        return None
    app = found[1]
    document = satellites.begun(org, GLOBAL_SETTINGS, name, _GLOBAL_BOUNDS)
    satellites.spell_two_sided(document, app, 0, is_ours=satellites.is_ours(org, app))
    document |= {"consumerKey": app.consumer_key, "consumerSecret": _secret(org, app)}
    return document | dict.fromkeys(_ROTATIONS.values(), "false")


def _secret(org: Org, app: AppPolicy) -> str:
    row = state.one(
        org.db, "SELECT secret FROM x_secret WHERE app_id = ? AND until IS NULL", app.id
    )
    return str(row["secret"]) if row is not None else ""


def _write_global(change: Change) -> None:
    org, document = change.org, change.document
    app = satellites.claimed(change, GLOBAL_SETTINGS)
    satellites.require_oauth(org, app)
    rotated = [what for what, name in _ROTATIONS.items() if is_true(document.get(name, ""))]
    if rotated and not change.ignore_warnings:
        raise Refused("rotation", what=" and the ".join(rotated), name=document[APP])
    wanted = knobs(document, _GLOBAL_BOUNDS)
    if wanted.get("certificate"):
        require_certificate(wanted["certificate"])
    is_new = change.name not in satellites.standing(org, GLOBAL_SETTINGS)
    app = _keyed(org, app, document.get("consumerKey"), is_new=is_new)
    if is_new and document.get("consumerSecret"):
        _set_secret(org, app, document["consumerSecret"])
    satellites.keep(change, GLOBAL_SETTINGS, app)
    set_knobs(org, app, wanted | satellites.two_sided(org, app))
    _rotate(org, app, rotated)


def _keyed(org: Org, app: AppPolicy, key: str | None, *, is_new: bool) -> AppPolicy:
    """The app under the key that its developer chose, which only creation takes."""
    if key is None or key == app.consumer_key:
        return app
    if not is_new:
        raise Refused("key_fixed")
    require_free(org, key)
    return _set_key(org, app, key)


def _set_key(org: Org, app: AppPolicy, key: str) -> AppPolicy:
    org.db.execute("UPDATE x_app SET consumer_key = ? WHERE id = ?", (key, app.id))
    after = replace(app, consumer_key=key)
    apps.save(org, after)
    return after


def _set_secret(org: Org, app: AppPolicy, secret: str) -> None:
    org.db.execute("UPDATE x_secret SET secret = ? WHERE app_id = ?", (secret, app.id))
    state.put(org.db, "x_issued", secret=secret, kind="consumer_secret")


def _rotate(org: Org, app: AppPolicy, rotated: list[str]) -> None:
    """Really: the key or the secret of before is worth nothing any more."""
    current: Any = state.load_app(org.db, app.id)
    if "consumer key" in rotated:
        _set_key(org, current, new_key(org))
    if "consumer secret" in rotated:
        acts.do(org, "rotate_secret", app=app.name)


SETTINGS: Final = Holder(
    partial(satellites.names, type_=OAUTH_SETTINGS), _read_settings, _write_settings,
    obeyed=paths(_SETTINGS_BOUNDS),
)  # fmt: skip
GLOBAL: Final = Holder(
    partial(satellites.names, type_=GLOBAL_SETTINGS), _read_global, _write_global,
    obeyed=paths(_GLOBAL_BOUNDS)
    | {*_ROTATIONS.values(), "consumerKey", "consumerSecret"}
    | {here for here, _ in satellites.TWO_SIDED.values()},
)  # fmt: skip
