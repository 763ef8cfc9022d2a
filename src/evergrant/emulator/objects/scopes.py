"""The queryable objects beside apps: custom scopes, token exchange handlers, the CORS allowlist.

Sources: Object Reference (names of the fields of OauthCustomScope and OauthTokenExchangeHandler);
UrlPattern was seen in public code. A custom scope is any scope of an app that is none of
Salesforce's own, so that what can be queried is what the authorize endpoint takes.
"""

from typing import Final

from evergrant.emulator.objects.apps import SEES_APPS, VIEW_SETUP
from evergrant.emulator.objects.external import SCOPES
from evergrant.emulator.schema import (
    Needs,
    SObject,
    View,
    audited,
    boolean,
    picklist,
    record_id,
    reference,
    string,
    textarea,
)

_OWN: Final = ", ".join(f"'{scope}'" for scope in SCOPES)
_CUSTOM: Final = (
    "x_policy p, json_each(p.value, '$.scopes') s"
    f" WHERE p.kind = 'AppPolicy' AND s.value NOT IN ({_OWN})"
    " AND NOT json_extract(p.value, '$.deleted')"
)

CUSTOM_SCOPE: Final = SObject(
    "OauthCustomScope", "OAuth Custom Scope", "0Ws", "inferred",
    Needs(frozenset({"ManageRemoteAccess"}), "official"),
    (
        record_id(),
        boolean("IsDeleted", "Deleted"),
        string("DeveloperName", 80, "Name"),
        picklist("Language", "Master Language"),
        string("MasterLabel", 80, "Label"),
        string("NamespacePrefix", 15, "Namespace Prefix"),
        *audited(),
        textarea("Description", 1000, "Description"),
        boolean("IsPublic", "Include in OpenID Connect Discovery Endpoint"),
    ),
    rows="read from the scopes of apps and from what was deployed",
    view=View(
        f"(SELECT s.value AS name FROM {_CUSTOM}"
        " UNION SELECT name FROM x_metadata WHERE type = 'OauthCustomScope') n"
        " LEFT JOIN x_metadata m ON m.type = 'OauthCustomScope' AND m.name = n.name",
        {
            "Id": "sf_named('0Ws', n.name)",
            "DeveloperName": "n.name",
            "MasterLabel": "COALESCE(json_extract(m.body, '$.masterLabel'), n.name)",
            "Description": "json_extract(m.body, '$.description')",
            "IsPublic": "COALESCE(json_extract(m.body, '$.isPublic') = 'true', 0)",
            "CreatedDate": "m.created",
            "LastModifiedDate": "m.modified",
            "Language": "'en_US'",
        },
    ),
)  # fmt: skip

CUSTOM_SCOPE_APP: Final = SObject(
    "OauthCustomScopeApp", "OAuth Custom Scope App", "0Wa", "inferred", SEES_APPS,
    (
        record_id(),
        boolean("IsDeleted", "Deleted"),
        reference("OauthCustomScopeId", "OauthCustomScope", "OAuth Custom Scope",
                  "OauthCustomScope"),
        reference("ConnectedApplicationId", ("ConnectedApplication", "ExternalClientApplication"),
                  "Connected App"),
    ),
    fields_mark="inferred",
    since=49,
    rows="read from the scopes of apps",
    view=View(f"(SELECT p.id AS app, s.value AS name FROM {_CUSTOM})", {
        "Id": "sf_named('0Wa', app || ' ' || name)",
        "OauthCustomScopeId": "sf_named('0Ws', name)",
        "ConnectedApplicationId": "app",
    }),
)  # fmt: skip

_TYPES: Final = {
    "access_token": "AccessToken", "id_token": "IdToken", "JWT": "Jwt",
    "refresh_token": "RefreshToken", "saml2": "Saml2",
}  # fmt: skip

TOKEN_HANDLER: Final = SObject(
    "OauthTokenExchangeHandler", "OAuth Token Exchange Handler", "0Th", "inferred", SEES_APPS,
    (
        record_id(),
        boolean("IsDeleted", "Deleted"),
        string("DeveloperName", 80, "Name"),
        string("MasterLabel", 80, "Label"),
        picklist("Language", "Master Language"),
        boolean("IsEnabled", "Enabled"),
        boolean("IsUserCreationAllowed", "User Creation Allowed"),
        boolean("IsContactCreationAllowed", "Contact Creation Allowed"),
        *(boolean(f"SupportedTokenTypes{name}", f"Supported Token Types {name}")
          for name in _TYPES.values()),
        string("TokenHandlerApexId", 18, "Token Handler Apex"),
    ),
    in_tooling=True,
    fields_mark="inferred",
    rows="read from the handlers that `set_token_handler` made",
    view=View("x_handler h", {
        "Id": "sf_named('0Th', h.name)",
        "DeveloperName": "h.name",
        "MasterLabel": "h.name",
        "Language": "'en_US'",
        "IsEnabled": "1",
        **{
            f"SupportedTokenTypes{column}": (
                "EXISTS (SELECT 1 FROM json_each(h.body, '$.types') t"
                f" WHERE t.value = '{type_}')"
            )
            for type_, column in _TYPES.items()
        },
    }),
)  # fmt: skip

CORS: Final = SObject(
    "CorsWhitelistEntry", "CORS Allowed Origin", "0Co", "inferred", Needs(VIEW_SETUP, "inferred"),
    (
        record_id(),
        boolean("IsDeleted", "Deleted"),
        string("DeveloperName", 80, "Name"),
        string("MasterLabel", 80, "Label"),
        string("UrlPattern", 255, "Origin URL Pattern"),
    ),
    in_tooling=True,
    fields_mark="inferred",
    rows="read from the org's CORS allowlist",
    view=View(
        "x_policy p, json_each(p.value, '$.cors_allowlist') o WHERE p.kind = 'OrgPolicy'",
        {
            "Id": "sf_named('0Co', o.value)",
            "DeveloperName": "'Origin_' || (o.key + 1)",
            "MasterLabel": "o.value",
            "UrlPattern": "o.value",
        },
    ),
)  # fmt: skip

BESIDE: Final = (CUSTOM_SCOPE, CUSTOM_SCOPE_APP, TOKEN_HANDLER, CORS)
