"""From a connected app to an external client app: the files, and what they cannot carry.

The fields follow the map of org-model 1.4.7; where one kind's absent element means something else
than the other's, the value is written out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from evergrant.errors import BadInput
from evergrant.repair.draft import SPACE
from evergrant.repair.edits import Add, Edit, Set, edited
from evergrant.repair.files import App, Component, Files
from evergrant.repair.kinds import EXTERNAL, KINDS, PARENT
from evergrant.repair.markup import Element, Markup
from evergrant.repair.typeset import Value

SETTINGS: Final = "ExtlClntAppOauthSettings"
GLOBAL: Final = "ExtlClntAppGlobalOauthSettings"
OAUTH_POLICY: Final = "ExtlClntAppOauthConfigurablePolicies"
SWITCHES: Final = "ExtlClntAppConfigurablePolicies"
PHASES: Final = ((EXTERNAL, SETTINGS, GLOBAL), (OAUTH_POLICY, SWITCHES))
"""Deployed one after the other: with the settings Salesforce makes both policies by itself, and
ours then replace them (recorded, org-model 1.4.6)."""
NAMES: Final = {
    EXTERNAL: "{0}", SETTINGS: "{0}_oauth", GLOBAL: "{0}Glbl",
    OAUTH_POLICY: "{0}_defaultPolicy", SWITCHES: "{0}_defaultPolicy",
}  # fmt: skip
Turn = Callable[[str], str]


def _same(word: str) -> str:
    return word


_RELAXATION = {
    "ENFORCE": "Enforce",
    "BYPASS": "Bypass",
    "BYPASS_2FACTOR": "Bypass_2factor",
    "ENFORCE_RELAXREFRESH": "Enforce_RelaxRefresh",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One element of a connected app and where it goes."""

    path: str
    type: str
    to: str
    turn: Turn = _same
    default: str | None = None
    """What a connected app has where it says nothing; None: nothing is written."""


def _of(table: dict[str, str]) -> Turn:
    return lambda word: table.get(word, word)


FIELDS: Final = (
    *(Field(name, EXTERNAL, name) for name in (
        "contactEmail", "contactPhone", "description", "iconUrl", "infoUrl", "logoUrl")),
    Field("oauthConfig/singleLogoutUrl", SETTINGS, "singleLogoutUrl"),
    Field("oauthConfig/callbackUrl", GLOBAL, "callbackUrl"),
    Field("oauthConfig/certificate", GLOBAL, "certificate"),
    Field("oauthConfig/idTokenConfig/idTokenAudience", GLOBAL, "idTokenConfig/idTokenAudience"),
    Field("oauthConfig/idTokenConfig/idTokenIncludeAttributes", GLOBAL,
          "idTokenConfig/idTokenIncludeAttributes"),
    Field("oauthConfig/idTokenConfig/idTokenIncludeCustomPerms", GLOBAL,
          "idTokenConfig/idTokenIncludeCustomPermissions"),
    Field("oauthConfig/idTokenConfig/idTokenIncludeStandardClaims", GLOBAL,
          "idTokenConfig/idTokenIncludeStandardClaims"),
    Field("oauthConfig/idTokenConfig/idTokenValidity", GLOBAL,
          "idTokenConfig/idTokenValidityInMinutes"),
    Field("oauthConfig/isClientCredentialEnabled", GLOBAL, "isClientCredentialsFlowEnabled",
          default="false"),
    Field("oauthConfig/isCodeCredentialEnabled", GLOBAL, "isCodeCredFlowEnabled"),
    Field("oauthConfig/isCodeCredentialPostOnly", GLOBAL, "isCodeCredPostOnly"),
    Field("oauthConfig/isConsumerSecretOptional", GLOBAL, "isConsumerSecretOptional",
          default="false"),
    Field("oauthConfig/isIntrospectAllTokens", GLOBAL, "isIntrospectAllTokens"),
    Field("oauthConfig/isNamedUserJwtEnabled", GLOBAL, "isNamedUserJwtEnabled"),
    Field("oauthConfig/isPkceRequired", GLOBAL, "isPkceRequired", default="false"),
    Field("oauthConfig/isRefreshTokenRotationEnabled", GLOBAL, "isRefreshTokenRotationEnabled",
          default="false"),
    Field("oauthConfig/isSecretRequiredForRefreshToken", GLOBAL,
          "isSecretRequiredForRefreshToken", default="true"),
    Field("oauthConfig/isSecretRequiredForTokenExchange", GLOBAL,
          "isSecretRequiredForTokenExchange"),
    Field("oauthConfig/isTokenExchangeEnabled", GLOBAL, "isTokenExchangeEnabled"),
    Field("oauthConfig/isAdminApproved", OAUTH_POLICY, "permittedUsersPolicyType",
          _of({"true": "AdminApprovedPreAuthorized", "false": "AllSelfAuthorized"}), "false"),
    Field("oauthPolicy/ipRelaxation", OAUTH_POLICY, "ipRelaxationPolicyType", _of(_RELAXATION),
          "ENFORCE"),
    Field("oauthPolicy/isTokenExchangeFlowEnabled", OAUTH_POLICY, "isTokenExchangeFlowEnabled"),
    Field("oauthConfig/isClientCredentialEnabled", OAUTH_POLICY, "isClientCredentialsFlowEnabled",
          default="false"),
    Field("oauthConfig/oauthClientCredentialUser", OAUTH_POLICY, "clientCredentialsFlowUser"),
    Field("sessionPolicy/policyAction", OAUTH_POLICY, "policyAction"),
    Field("sessionPolicy/sessionLevel", OAUTH_POLICY, "requiredSessionLevel"),
    Field("sessionPolicy/sessionTimeout", OAUTH_POLICY, "sessionTimeoutInMinutes"),
    Field("startUrl", OAUTH_POLICY, "startUrl"),
)  # fmt: skip
"""Elements that go over one by one (org-model 1.2 and 1.4)."""
_LISTS: Final = (
    ("permissionSetName", OAUTH_POLICY, "commaSeparatedPermissionSet"),
    ("profileName", OAUTH_POLICY, "commaSeparatedProfile"),
    ("oauthConfig/scopes", SETTINGS, "commaSeparatedOauthScopes"),
)
"""Elements that repeat there and are one list here."""
_GROUPS: Final = (
    ("ipRanges", SETTINGS, "trustedIpRanges",
     {"start": "startIpAddress", "end": "endIpAddress", "description": "description"}),
    ("attributes", SETTINGS, "customAttributes", {"formula": "formula", "key": "key"}),
)  # fmt: skip
_SCOPES: Final = {"SFAP": "SFApiPlatform"}
"""The validator of external client apps has one other name (recorded, org-model 1.2.1)."""
_KINDS: Final = {
    "infinite": "Infinite", "zero": "Zero", "specific_lifetime": "SpecificLifetime",
    "specific_inactivity": "SpecificInactivity",
}  # fmt: skip
_STAY: Final = {
    "oauthConfig/consumerKey": "the consumer key: the new app gets its own",
    "oauthConfig/consumerSecret": "the consumer secret: the new app gets its own",
    "samlConfig": "SAML settings: set up in the new app by hand",
    "canvasConfig": "canvas settings: set up in the new app by hand",
    "mobileAppConfig": "mobile settings: set up in the new app by hand",
    "mobileStartUrl": "the mobile start URL: external client apps have none in metadata",
    "plugin": "the Apex plugin: external client apps have none",
    "pluginExecutionUser": "the Apex plugin's user: external client apps have none",
    "oauthConfig/assetTokenConfig": "asset token settings: set up in the new app by hand",
}
"""What the files cannot carry over, where the connected app has it."""
ALWAYS_STAY: Final = (
    "approvals and refresh tokens: every connection is authorized again, with the new key",
    "the username-password flow: external client apps do not offer it",
    "whether the app is blocked or installed: no metadata of a connected app tells it",
)


@dataclass(frozen=True, slots=True)
class Migration:
    """The new app's files beside the old one, and what stays behind."""

    old: App
    name: str
    label: str
    files: Files
    stays: tuple[str, ...]
    notes: tuple[str, ...]

    def phase(self, number: int) -> list[Component]:
        """The components of one deployment; the second needs the first."""
        return [each for each in self.files if each.kind.type in PHASES[number]]


def migration(old: App, name: str = "", label: str = "") -> Migration:
    """An external client app that does what a connected app does.

    Name and label differ from the old one's, so that Login History tells them apart.  Raises
    `BadInput` for what is no connected app with OAuth.
    """
    if old.kind != "connected app" or old.head.markup.root.first("oauthConfig") is None:
        raise BadInput(f"{old.name} is no connected app with OAuth", whose="you")
    name, label = name or f"{old.name}_ECA", label or f"{old.label} (ECA)"
    edits = _Edits(old.head.markup, label)
    files = Files(eca_component(type_, name, edits.of(type_)) for type_ in NAMES)
    stays = [words for path, words in _STAY.items() if old.head.markup.root.first(path)]
    notes = tuple(_notes(old.head))
    return Migration(old, name, label, files, (*stays, *ALWAYS_STAY), notes)


def _notes(head: Component) -> Iterator[str]:
    if head.text("oauthConfig/isPkceRequired") != "true":
        yield (
            "PKCE is not required, as before; one org was seen to require it all the same, so let"
            " the client send a code challenge (inferred)"
        )
    if not head.text("oauthPolicy/refreshTokenPolicy"):
        yield "the old app names no refresh token policy: its default, until revoked, is written"


def eca_component(type_: str, name: str, edits: list[Edit]) -> Component:
    """One file of an external client app, under its usual name, naming its app and itself."""
    own: list[Edit] = []
    if type_ != EXTERNAL:
        own = [Set(PARENT, name), Set("label", NAMES[type_].format(name))]
    return filled(type_, NAMES[type_].format(name), [*own, *edits])


def filled(type_: str, name: str, edits: Sequence[Edit]) -> Component:
    """A new component in source format."""
    kind = KINDS[type_]
    blank = f'<?xml version="1.0" encoding="UTF-8"?>\n<{type_} xmlns="{SPACE}">\n</{type_}>\n'
    return Component(kind, name, f"{kind.path(name)}-meta.xml", edited(blank.encode(), edits))


class _Edits:
    """The edits that fill each of the new files."""

    def __init__(self, old: Markup, label: str) -> None:
        self.old, self.label = old, label

    def of(self, type_: str) -> list[Edit]:
        """Those of one file."""
        own = self._header() if type_ == EXTERNAL else []
        if type_ == SWITCHES:
            own += [Set("isEnabled", "true"), Set("isOauthPluginEnabled", "true")]
        if type_ == OAUTH_POLICY:
            own += self._refresh_policy()
        return [*own, *self._fields(type_), *self._lists(type_), *self._groups(type_)]

    def _header(self) -> list[Edit]:
        return [
            Set("distributionState", "Local"),
            Set("isProtected", "false"),
            Set("label", self.label),
        ]

    def _fields(self, type_: str) -> Iterator[Edit]:
        for field in FIELDS:
            told = next(iter(self.old.values(field.path)), field.default)
            if field.type == type_ and told:
                yield Set(field.to, field.turn(told))

    def _lists(self, type_: str) -> Iterator[Edit]:
        for path, target, to in _LISTS:
            words = [_SCOPES.get(each, each) for each in self.old.values(path) if each]
            if target == type_ and words:
                yield Set(to, ", ".join(words))

    def _groups(self, type_: str) -> Iterator[Edit]:
        for path, target, to, names in _GROUPS:
            for each in self.old.root.all(path) if target == type_ else ():
                yield Add(to, self._renamed(each, names))

    def _renamed(self, group: Element, names: dict[str, str]) -> Value:
        told = ((names[each.name], self.old.value(each)) for each in group.children
                if each.name in names)  # fmt: skip
        return tuple(sorted(told))

    def _refresh_policy(self) -> list[Edit]:
        """NOTE: a connected app that says nothing keeps tokens until revoked; an external client
        app that says nothing ends them after 365 days (recorded)."""
        policy = next(iter(self.old.values("oauthPolicy/refreshTokenPolicy")), "infinite")
        kind, *span = policy.split(":")
        if kind not in _KINDS:
            raise BadInput(f"{policy!r} is no refresh token policy", whose="you")
        edits: list[Edit] = [Set("refreshTokenPolicyType", _KINDS[kind])]
        if len(span) == 2:
            edits += [Set("refreshTokenValidityPeriod", span[0]),
                      Set("refreshTokenValidityUnit", span[1].capitalize())]  # fmt: skip
        return edits
