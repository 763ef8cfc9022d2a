"""An app's policy from metadata → facts: connected apps and external client apps alike.

Satellites of an external client app are joined by `externalClientApplication`, never by file name
(org-model 1.4.6).  Profiles and permission sets never show who is preauthorized (org-model 1.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evergrant.evidence.gathered import Wanted
from evergrant.evidence.retrieved.components import Component, Retrieved
from evergrant.model import Unknown, Value

_PERIOD = re.compile(r"(\d{1,6})[: ]+(hours|days|months)\b", re.IGNORECASE)
_DAYS = {"hours": 1 / 24, "days": 1.0, "months": 30.0}
Told = tuple[str, Value, str]
"""Name, value and quote of a fact."""
CONNECTED = {
    "app.admin_approved_only": "oauthConfig/isAdminApproved",
    "app.pkce_required": "oauthConfig/isPkceRequired",
    "app.rotation": "oauthConfig/isRefreshTokenRotationEnabled",
    "app.client_credentials_enabled": "oauthConfig/isClientCredentialEnabled",
    "app.secret_for_refresh": "oauthConfig/isSecretRequiredForRefreshToken",
    "app.jwt_tokens": "oauthConfig/isNamedUserJwtEnabled",
}
DEFAULTS = {
    "app.admin_approved_only": False,
    "app.pkce_required": False,
    "app.client_credentials_enabled": False,
    "app.secret_for_refresh": True,
    "app.jwt_tokens": False,
}
"""What a connected app has where the element is not there (org-model 1.2.1)."""
EXTERNAL_GLOBAL = {
    "app.pkce_required": "isPkceRequired",
    "app.rotation": "isRefreshTokenRotationEnabled",
    "app.secret_for_refresh": "isSecretRequiredForRefreshToken",
    "app.jwt_tokens": "isNamedUserJwtEnabled",
    "app.device_flow": "isDeviceFlowEnabled",
    "app.idle_limit": "isEnforceRefreshTokenTTL",
}
REFRESH = {"infinite": "infinite", "zero": "zero", "specific_lifetime": "lifetime",
           "specificlifetime": "lifetime", "specific_inactivity": "inactivity",
           "specificinactivity": "inactivity"}  # fmt: skip


def told(files: Retrieved, wanted: Wanted) -> Iterator[Told]:
    """What the metadata says of the app in question; of the only app where none was named."""
    yield from _blocked(files, wanted)
    if (app := _app(files, "ConnectedApp", wanted)) is not None:
        yield from _connected(app, wanted)
    elif (header := _app(files, "ExternalClientApplication", wanted)) is not None:
        yield from _external(files, header, wanted)
    elif policies := _orphans(files, wanted):
        yield from _policies(policies)
    elif wanted.app and (files.of("ConnectedApp") or files.of("ExternalClientApplication")):
        yield from _not_there(files, wanted)


def _app(files: Retrieved, type_: str, wanted: Wanted) -> Component | None:
    found = [
        each
        for each in files.of(type_)
        if wanted.is_app(each.text("label") or each.name) or wanted.is_app(each.name)
    ]
    return found[0] if found and (wanted.app or len(found) == 1) else None


def _orphans(files: Retrieved, wanted: Wanted) -> list[Component]:
    """Policies of an external client app whose header was not given."""
    found = [
        each
        for each in files.of("ExtlClntAppOauthConfigurablePolicies")
        if wanted.is_app(each.text("externalClientApplication"))
    ]
    return found if wanted.app or len(found) == 1 else []


def _not_there(files: Retrieved, wanted: Wanted) -> Iterator[Told]:
    if files.asked_for("ConnectedApp") and files.asked_for("ExternalClientApplication"):
        yield "app.in_org", False, f"all apps were retrieved, and none is called {wanted.app}"
        return
    reason = Unknown("the files do not hold this app", "retrieve it, or name it as Setup does")
    yield "app.in_org", reason, ""


def _blocked(files: Retrieved, wanted: Wanted) -> Iterator[Told]:
    """NOTE: that there is a BlacklistedConsumer is what counts, whatever its flag says; inferred
    (org-model 1.3)."""
    consumers = files.of("BlacklistedConsumer")
    for each in consumers:
        names = (each.text("masterLabel"), each.text("consumerName"), each.name)
        if wanted.app and any(wanted.is_app(name) for name in names):
            yield "app.blocked", True, f"BlacklistedConsumer {names[0]} is there"
            return
    if wanted.app and files.asked_for("BlacklistedConsumer"):
        yield "app.blocked", False, "all blocked apps were retrieved, and this is none"


def _connected(app: Component, wanted: Wanted) -> Iterator[Told]:
    yield "app.in_org", True, f"ConnectedApp {app.name}"
    yield "app.kind", "connected app", f"ConnectedApp {app.name}"
    yield "app.kind", "connected app", f"ConnectedApp {app.name}"
    for name, path in CONNECTED.items():
        value = app.flag(path)
        value = DEFAULTS.get(name) if value is None else value
        if value is not None:
            shown = app.text(path) or "not there (default)"
            yield name, value, f"{path} {shown}"
    yield from _connected_policy(app)
    yield from _scopes([each for each in app.texts("oauthConfig/scopes") if each])
    yield from _certificate(app.text("oauthConfig/certificate"), wanted)
    if app.flag("oauthConfig/isAdminApproved"):
        yield from _listed([*app.texts("permissionSetName"), *app.texts("profileName")])
    if app.flag("oauthConfig/isClientCredentialEnabled"):
        yield from _run_as(app.text("oauthConfig/oauthClientCredentialUser"))


def _connected_policy(app: Component) -> Iterator[Told]:
    policy = app.text("oauthPolicy/refreshTokenPolicy")
    if policy:
        yield from _refresh(policy.partition(":")[0], f"refreshTokenPolicy {policy}")
    if relaxation := app.text("oauthPolicy/ipRelaxation"):
        yield "app.ip_relaxed", relaxation == "BYPASS", f"ipRelaxation {relaxation}"
    level = app.text("sessionPolicy/sessionLevel")
    quote = f"sessionLevel {level or 'not there'}"
    yield "app.session_level_required", level == "HIGH_ASSURANCE", quote
    yield from _action(app.text("sessionPolicy/policyAction"))


def _external(files: Retrieved, header: Component, wanted: Wanted) -> Iterator[Told]:
    yield "app.in_org", True, f"ExternalClientApplication {header.name}"
    yield "app.kind", "external client app", f"ExternalClientApplication {header.name}"
    yield "app.kind", "external client app", f"ExternalClientApplication {header.name}"
    for each in _satellites(files, "ExtlClntAppConfigurablePolicies", header):
        plugin = each.flag("isOauthPluginEnabled")
        is_on = each.flag("isEnabled") is not False and plugin is not False
        quote = f"isEnabled {each.text('isEnabled')}, isOauthPluginEnabled {plugin}"
        yield "app.enabled", is_on, quote
    for each in _satellites(files, "ExtlClntAppGlobalOauthSettings", header):
        for name, path in EXTERNAL_GLOBAL.items():
            if (value := each.flag(path)) is not None:
                yield name, value, f"{path} {each.text(path)}"
        yield from _certificate(each.text("certificate"), wanted)
    for each in _satellites(files, "ExtlClntAppOauthSettings", header):
        yield from _scopes(_comma(each.text("commaSeparatedOauthScopes")))
    yield from _policies(_satellites(files, "ExtlClntAppOauthConfigurablePolicies", header))


def _satellites(files: Retrieved, type_: str, header: Component) -> list[Component]:
    return [
        each for each in files.of(type_) if each.text("externalClientApplication") == header.name
    ]


def _policies(found: list[Component]) -> Iterator[Told]:
    for each in found:
        permitted = each.text("permittedUsersPolicyType")
        is_approved = permitted == "AdminApprovedPreAuthorized"
        if permitted:
            yield "app.admin_approved_only", is_approved, f"permittedUsersPolicyType {permitted}"
        if policy := each.text("refreshTokenPolicyType"):
            period = (
                f"{each.text('refreshTokenValidityPeriod')} {each.text('refreshTokenValidityUnit')}"
            )
            yield from _refresh(policy, f"refreshTokenPolicyType {policy} {period}".strip())
        if relaxation := each.text("ipRelaxationPolicyType"):
            yield "app.ip_relaxed", relaxation == "Bypass", f"ipRelaxationPolicyType {relaxation}"
        yield from _action(each.text("policyAction"))
        if level := each.text("requiredSessionLevel"):
            quote = f"requiredSessionLevel {level}"
            yield "app.session_level_required", level == "HIGH_ASSURANCE", quote
        if (flow := each.flag("isClientCredentialsFlowEnabled")) is not None:
            yield "app.client_credentials_enabled", flow, f"isClientCredentialsFlowEnabled {flow}"
            if flow:
                yield from _run_as(each.text("clientCredentialsFlowUser"))
        if is_approved:
            sets = each.text("commaSeparatedPermissionSet"), each.text("commaSeparatedProfile")
            yield from _listed([name for names in sets for name in _comma(names)])


def _comma(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _refresh(policy: str, quote: str) -> Iterator[Told]:
    kind = REFRESH.get(policy.casefold())
    if kind is None:
        reason = Unknown("the policy is spelled as no value of Salesforce's", "read it in Setup")
        yield "app.refresh_token_policy", reason, quote
        return
    yield "app.refresh_token_policy", kind, quote
    yield "app.refresh_token_limited", kind in ("lifetime", "inactivity"), quote
    if period := _PERIOD.search(quote):
        days = int(period[1]) * _DAYS[period[2].casefold()]
        yield "app.refresh_token_days", round(days, 2), quote


def _action(action: str) -> Iterator[Told]:
    yield "app.session_block", action == "Block", f"policyAction {action or 'not there'}"


def _scopes(scopes: list[str]) -> Iterator[Told]:
    if not scopes:
        return
    quote = f"scopes {', '.join(scopes)}"
    yield "app.refresh_scope", bool({"RefreshToken", "OfflineAccess"} & {*scopes}), quote
    yield "app.api_scope", bool({"Api", "Full"} & {*scopes}), quote


def _listed(names: list[str]) -> Iterator[Told]:
    """Nobody can be preauthorized by an empty list; who is on a list that is not empty, files do
    not tell."""
    there = [name for name in names if name]
    if not there:
        yield "user.preauthorized", False, "the app's list of permission sets and profiles is empty"
        return
    shown = ", ".join(there[:10])
    reason = f"the list is {shown}; files do not tell who holds them"
    yield "user.preauthorized", Unknown(reason, "compare with the user's permission sets"), ""


def _run_as(user: str) -> Iterator[Told]:
    if not user:
        yield "app.run_as_user", False, "no run-as user is set"
        return
    yield "app.run_as_user", Unknown("whether the run-as user is active, files do not tell",
                                     "look the user up in Setup"), ""  # fmt: skip


def _certificate(pem: str, wanted: Wanted) -> Iterator[Told]:
    yield "app.has_certificate", bool(pem), f"certificate {'there' if pem else 'not there'}"
    now = wanted.at or wanted.now
    if not pem or now is None:
        return
    # Imported here: most of what is read needs no cryptography.
    from evergrant.evidence.requests.certificates import ends_at

    if (ends := ends_at(pem.encode("ascii", "replace"))) is not None:
        yield (
            "own.certificate_ended",
            ends <= now,
            f"the certificate ends {ends:%Y-%m-%d %H:%M} UTC",
        )
