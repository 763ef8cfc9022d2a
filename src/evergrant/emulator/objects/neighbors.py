"""The queryable objects of what is deployed beside apps: credentials, identity providers, pages.

Their rows are the components that the Metadata API keeps.  Key prefixes: NamedCredential is
inferred, AuthProvider and SamlSsoConfig stand in the LoginHistory reference.  The fields are
those that the metadata types name too; that the objects have them is inferred.
"""

from typing import Final

from evergrant.emulator.objects.apps import VIEW_SETUP
from evergrant.emulator.schema import (
    Field,
    Mark,
    Needs,
    SObject,
    View,
    boolean,
    moment,
    picklist,
    record_id,
    string,
    url,
)

_SEES: Final = Needs(VIEW_SETUP | {"ManageAuthProviders", "ManageNamedCredentials"}, "inferred")


def _deployed(
    type_: str, label: str, prefix: str, mark: Mark, fields: tuple[Field, ...], **elements: str
) -> SObject:
    """An object whose columns are elements of a component's file; the name is the component's."""
    read = {name: f"json_extract(m.body, '$.{element}')" for name, element in elements.items()}
    return SObject(
        type_, label, prefix, mark, _SEES,
        (
            record_id(),
            string("DeveloperName", 80, "Name"),
            *fields,
            moment("CreatedDate", "Created Date"),
            moment("LastModifiedDate", "Last Modified Date"),
        ),
        fields_mark="inferred",
        rows="the components that were deployed",
        view=View(f"x_metadata m WHERE m.type = '{type_}'", {
            "Id": f"sf_named('{prefix}', m.name)",
            "DeveloperName": "m.name",
            "CreatedDate": "m.created",
            "LastModifiedDate": "m.modified",
            **read,
        }),
    )  # fmt: skip


NAMED_CREDENTIAL: Final = _deployed(
    "NamedCredential", "Named Credential", "0XA", "inferred",
    (
        string("MasterLabel", 80, "Label"),
        url("Endpoint", "URL"),
        picklist("PrincipalType", "Identity Type"),
        picklist("CalloutStatus", "Callout Status", "Enabled", "Disabled"),
    ),
    MasterLabel="label", Endpoint="endpoint", PrincipalType="principalType",
    CalloutStatus="calloutStatus",
)  # fmt: skip

AUTH_PROVIDER: Final = _deployed(
    "AuthProvider", "Auth. Provider", "0SO", "official",
    (
        string("FriendlyName", 32, "Name"),
        picklist("ProviderType", "Provider Type"),
        url("AuthorizeUrl", "Authorize Endpoint URL"),
        url("TokenUrl", "Token Endpoint URL"),
    ),
    FriendlyName="friendlyName", ProviderType="providerType", AuthorizeUrl="authorizeUrl",
    TokenUrl="tokenUrl",
)  # fmt: skip

SAML_CONFIG: Final = _deployed(
    "SamlSsoConfig", "SAML Single Sign-On Setting", "0LE", "official",
    (string("Issuer", 255, "Issuer"), boolean("IsDeleted", "Deleted")),
    Issuer="issuer",
)  # fmt: skip

APEX_PAGE: Final = SObject(
    "ApexPage", "Visualforce Page", "066", "inferred", Needs(VIEW_SETUP, "inferred"),
    (
        record_id(),
        string("Name", 80, "Name"),
        string("NamespacePrefix", 15, "Namespace Prefix"),
        string("MasterLabel", 80, "Label"),
    ),
    fields_mark="inferred",
    rows="the setup page of the package, while it is installed",
    view=View("x_package p", {
        "Id": "sf_named('066', p.name)",
        "Name": "'Connections'",
        "NamespacePrefix": "p.name",
        "MasterLabel": "'Connections'",
    }),
)  # fmt: skip
"""Who may open a page stands in SetupEntityAccess, under its id; that it does is inferred."""

NEIGHBORS: Final = (NAMED_CREDENTIAL, AUTH_PROVIDER, SAML_CONFIG, APEX_PAGE)
