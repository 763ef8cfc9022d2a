"""What the org says of itself to anyone who asks: OpenID configuration, keys, login page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from evergrant.emulator import jwts, state, web

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from evergrant.emulator.org import Org


async def openid(org: Org, request: Request) -> Response:
    """GET /.well-known/openid-configuration (OpenID Connect Discovery)."""
    base = web.place_of(org, request).base
    oauth = f"{base}/services/oauth2"
    return JSONResponse({
        "issuer": base,
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke",
        "userinfo_endpoint": f"{oauth}/userinfo",
        "introspection_endpoint": f"{oauth}/introspect",
        "registration_endpoint": f"{oauth}/register",
        "jwks_uri": f"{base}/id/keys",
        "scopes_supported": [
            "api", "chatter_api", "custom_permissions", "full", "id", "openid", "refresh_token",
            "web",
        ],
        "response_types_supported": ["code", "token", "token id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "end_session_endpoint": f"{base}/services/auth/idp/oidc/logout",
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    })  # fmt: skip


async def keys(_org: Org, _request: Request) -> Response:
    """GET /id/keys: the public key that id tokens are signed with."""
    return JSONResponse(jwts.jwks())


async def auth_configuration(org: Org, request: Request) -> Response:
    """GET /.well-known/auth-configuration: login page and sign-in services (members inferred)."""
    with org.lock:
        org_id = state.noted(org.db, "org_id")
    return JSONResponse({
        "OrgId": org_id,
        "LoginPage": {"LoginPageUrl": f"{web.place_of(org, request).base}/"},
        "MobileSDK": {
            "UseAndroidNativeBrowserForAuthentication": False,
            "UseiOSNativeBrowserForAuthentication": False,
        },
        "SamlProviders": [],
        "AuthProviders": [],
    })  # fmt: skip
