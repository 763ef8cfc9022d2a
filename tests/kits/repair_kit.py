"""Apps as files, for repairs: one connected app and one external client app, with what is wrong."""

from __future__ import annotations

from evergrant.repair.files import Component, Files
from evergrant.repair.kinds import KINDS, root_of

SPACE = "http://soap.sforce.com/2006/04/metadata"
SET = "Ledger_Access"


def xml(root: str, inner: str) -> bytes:
    """A component's file."""
    declared = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{declared}\n<{root} xmlns="{SPACE}">\n{inner}</{root}>\n'.encode()


def component(type_: str, name: str, inner: str) -> Component:
    """A component of a project in source format."""
    kind = KINDS[type_]
    path = f"force-app/main/default/{kind.path(name)}-meta.xml"
    return Component(kind, name, path, xml(root_of(kind, name), inner))


def connected(
    *, oauth: str = "", policy: str = "", more: str = "", scopes: str = "Api RefreshToken",
    relaxation: str = "ENFORCE", refresh: str = "infinite",
) -> Files:  # fmt: skip
    """A connected app called Ledger."""
    listed = "".join(f"        <scopes>{each}</scopes>\n" for each in scopes.split())
    return Files([component("ConnectedApp", "Ledger", (
        "    <contactEmail>owner@ledger.example</contactEmail>\n"
        "    <label>Ledger Sync</label>\n"
        "    <!-- agreed with finance -->\n"
        "    <oauthConfig>\n"
        "        <callbackUrl>https://ledger.example/oauth/cb</callbackUrl>\n"
        f"{oauth}{listed}    </oauthConfig>\n"
        f"    <oauthPolicy>\n        <ipRelaxation>{relaxation}</ipRelaxation>\n"
        f"        <refreshTokenPolicy>{refresh}</refreshTokenPolicy>\n    </oauthPolicy>\n"
        f"{policy}{more}"
    ))])  # fmt: skip


PARENT = "    <externalClientApplication>Ledger</externalClientApplication>\n"


def external(
    *, glob: str = "", policy: str = "", switches: str = "<isEnabled>true</isEnabled>",
    scopes: str = "Api, RefreshToken",
) -> Files:  # fmt: skip
    """An external client app called Ledger, in its five files."""
    return Files([
        component("ExternalClientApplication", "Ledger",
                  "    <distributionState>Local</distributionState>\n"
                  "    <label>Ledger Sync</label>\n"),
        component("ExtlClntAppOauthSettings", "Ledger_oauth",
                  f"    <commaSeparatedOauthScopes>{scopes}</commaSeparatedOauthScopes>\n{PARENT}"),
        component("ExtlClntAppGlobalOauthSettings", "LedgerGlbl",
                  f"    <callbackUrl>https://ledger.example/oauth/cb</callbackUrl>\n{PARENT}{glob}"),
        component("ExtlClntAppOauthConfigurablePolicies", "Ledger_plcy",
                  f"{PARENT}    {policy}\n"),
        component("ExtlClntAppConfigurablePolicies", "Ledger_switches",
                  f"{PARENT}    {switches}\n"),
    ])  # fmt: skip


def with_profile(files: Files, name: str, inner: str, license_: str = "Salesforce") -> Files:
    """The same project with a profile in it."""
    own = (
        f"    <custom>true</custom>\n    <userLicense>{license_}</userLicense>\n"
        "    <userPermissions><enabled>true</enabled><name>ApiEnabled</name></userPermissions>\n"
    )
    return Files([*files, component("Profile", name, own + inner)])


def with_setting(files: Files, name: str, inner: str) -> Files:
    """The same project with settings of the org in it."""
    return Files([*files, component("Settings", name, inner)])
