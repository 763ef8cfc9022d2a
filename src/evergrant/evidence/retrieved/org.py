"""Org settings, profiles and permission sets from metadata → facts (org-model 1.5, 1.6)."""

from __future__ import annotations

from collections.abc import Iterator

from evergrant.evidence.gathered import Wanted
from evergrant.evidence.retrieved.apps import Told
from evergrant.evidence.retrieved.components import Component, Retrieved
from evergrant.model import Unknown

SETTINGS = (
    ("ConnectedAppSettings", "enableAdminApprovedAppsOnly", "org.api_access_control"),
    ("OauthOidcSettings", "blockOAuthUnPwFlow", "org.password_flow_blocked"),
    ("OauthOidcSettings", "blockOAuthUsrAgtFlow", "org.user_agent_flow_blocked"),
    ("OauthOidcSettings", "isPkceRequired", "org.pkce_required"),
    ("MyDomainSettings", "doesApiLoginRequireOrgDomain", "org.my_domain_required"),
    ("MyDomainSettings", "canOnlyLoginWithMyDomainUrl", "org.my_domain_required"),
    ("SecuritySettings", "sessionSettings/lockSessionsToIp", "org.lock_sessions_to_ip"),
    ("SecuritySettings", "sessionSettings/enforceIpRangesEveryRequest", "org.ip_every_request"),
    ("SecuritySettings", "sessionSettings/enableOauthCorsPolicy", "org.oauth_cors"),
)
"""Type, element and fact."""


def told(files: Retrieved, wanted: Wanted) -> Iterator[Told]:
    """What the metadata says of the org and of the user's profile."""
    yield from _settings(files)
    yield from _profile(files, wanted)


TIMEOUTS = {
    "FifteenMinutes": 15,
    "ThirtyMinutes": 30,
    "SixtyMinutes": 60,
    "NinetyMinutes": 90,
    "TwoHours": 120,
    "FourHours": 240,
    "EightHours": 480,
    "TwelveHours": 720,
    "TwentyFourHours": 1440,
}
"""`SessionTimeout` of SecuritySettings, in minutes (org-model 1.6)."""


def _settings(files: Retrieved) -> Iterator[Told]:
    found: dict[str, tuple[bool, str]] = {}
    for type_, path, name in SETTINGS:
        for each in files.of(type_):
            value = each.flag(path)
            # Two settings stand for one fact: either is enough.
            if value is not None and not found.get(name, (False, ""))[0]:
                found[name] = value, f"{type_} {path.rpartition('/')[2]} {each.text(path)}"
    for name, (value, quote) in found.items():
        yield name, value, quote
    for each in files.of("SecuritySettings"):
        timeout = each.text("sessionSettings/sessionTimeout")
        if timeout in TIMEOUTS:
            yield "org.session_minutes", TIMEOUTS[timeout], f"sessionTimeout {timeout}"


def _profile(files: Retrieved, wanted: Wanted) -> Iterator[Told]:
    """NOTE: no file says which profile a user has; a single profile is taken as the user's."""
    profiles = files.of("Profile")
    if len(profiles) != 1:
        if profiles and wanted.user:
            reason = f"{len(profiles)} profiles were given, and no file says which is the user's"
            unknown = Unknown(reason, "give the user's profile alone")
            yield "user.login_ranges", unknown, ""
        return
    profile, sets = profiles[0], files.of("PermissionSet")
    quote = f"Profile {profile.name}"
    yield "user.login_ranges", profile.has("loginIpRanges"), f"{quote}: loginIpRanges"
    hours = any(each.text for part in profile.root if _is(part.tag, "loginHours") for each in part)
    yield "user.login_hours", hours, f"{quote}: loginHours"
    yield from _session(files, profile)
    yield from _permission("ApiEnabled", "user.api_enabled", profile, sets)
    yield from _permission("ApiUserOnly", "user.api_only", profile, sets)
    yield from _permission("UseAnyApiAuth", "user.use_any_api_auth", profile, sets)
    yield from _permission("UseAnyApiClient", "user.use_any_api_client", profile, sets)
    yield from _permission(
        "CanApproveUninstalledApps", "user.may_approve_uninstalled", profile, sets
    )


def _session(files: Retrieved, profile: Component) -> Iterator[Told]:
    """The profile's session settings, joined by its name."""
    for each in files.of("ProfileSessionSetting"):
        if each.text("profile").casefold() == profile.name.casefold():
            level = each.text("requiredSessionLevel")
            quote = f"ProfileSessionSetting of {profile.name}: requiredSessionLevel {level or '-'}"
            yield "user.high_assurance", level == "HIGH_ASSURANCE", quote


def _permission(name: str, fact: str, profile: Component, sets: list[Component]) -> Iterator[Told]:
    """A permission that the profile lacks may come from a permission set that is not given."""
    if _grants(profile, name):
        yield fact, True, f"Profile {profile.name}: {name} true"
    elif sets and any(_grants(each, name) for each in sets):
        reason = Unknown("a permission set has it; files do not tell who holds that", "look it up")
        yield fact, reason, ""
    else:
        yield fact, False, f"Profile {profile.name} does not grant {name}"


def _grants(holder: Component, name: str) -> bool:
    for part in holder.root:
        if _is(part.tag, "userPermissions"):
            inner = {str(each.tag).rpartition("}")[2]: (each.text or "").strip() for each in part}
            if inner.get("name") == name:
                return inner.get("enabled") == "true"
    return False


def _is(tag: object, name: str) -> bool:
    return isinstance(tag, str) and tag.rpartition("}")[2] == name
