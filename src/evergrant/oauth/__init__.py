"""Speak OAuth to Salesforce: `FLOWS`, one flow a file, each a conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from evergrant.model import Credential, FlowId
from evergrant.oauth import (
    client_credentials,
    code_credentials,
    device,
    jwt_bearer,
    refresh_token,
    saml_bearer,
    soap_login,
    token_exchange,
    user_agent,
    username_password,
    web_server,
)
from evergrant.oauth.hosts import login_host
from evergrant.wire import Conversation

__all__ = ["FLOWS", "Flow", "Renewal", "login_host"]

Renewal = Literal["refresh", "mint", "none"]


@dataclass(frozen=True, slots=True)
class Flow:
    """One way of coming to Salesforce."""

    id: FlowId
    title: str
    """As people search for it; without the word *flow*."""
    interactive: bool
    """A person signs in and consents in a browser."""
    gives_refresh_token: bool
    """Where the scopes ask for one."""
    renewed_by: Renewal
    """`refresh`: with the refresh token; `mint`: by doing it again without a person; `none`."""
    source: str
    """Where the facts of the row come from."""
    legacy: str = ""
    """Why nobody should begin with it: Salesforce retires it, blocks it by default, or advises
    against it; empty where it does not."""
    conversation: Callable[..., Conversation[Credential]] | None = None
    """What gets a credential, and reads it where it comes by itself; None: it is no flow."""


_HELP = "https://help.salesforce.com/apex/HTViewHelpDoc?id=xcloud."
_GUIDE = "https://developer.salesforce.com/docs/"

_ROWS = (
    Flow(
        "web_server", "Web server (authorization code)", True, True, "refresh",
        f"{_HELP}remoteaccess_oauth_web_server_flow_ca.htm",
        conversation=web_server.exchange,
    ),
    Flow(
        "user_agent", "User-agent (implicit)", True, True, "refresh",
        f"{_HELP}remoteaccess_oauth_user_agent_flow_ca.htm",
        legacy="It shows tokens to the browser, and Salesforce advises to block it; "
        "use web_server with PKCE.",
        conversation=user_agent.take,
    ),
    Flow(
        "refresh_token", "Refresh token", False, True, "refresh",
        f"{_HELP}remoteaccess_oauth_refresh_token_flow_ca.htm",
        conversation=refresh_token.refresh,
    ),
    Flow(
        "jwt_bearer", "JWT bearer", False, False, "mint",
        f"{_HELP}remoteaccess_oauth_jwt_flow.htm",
        conversation=jwt_bearer.mint,
    ),
    Flow(
        "client_credentials", "Client credentials", False, False, "mint",
        f"{_HELP}remoteaccess_oauth_client_credentials_flow.htm",
        conversation=client_credentials.mint,
    ),
    Flow(
        "device", "Device", True, True, "refresh",
        f"{_HELP}remoteaccess_oauth_device_flow.htm",
        conversation=device.poll,
    ),
    Flow(
        "username_password", "Username and password", False, False, "mint",
        f"{_HELP}remoteaccess_oauth_username_password_flow_ca.htm",
        legacy="Orgs made since Summer '23 block it, external client apps do not offer it, and "
        "Salesforce ends it for connected apps with Winter '27; use client_credentials or "
        "jwt_bearer.",
        conversation=username_password.mint,
    ),
    Flow(
        "saml_bearer", "SAML bearer assertion", False, False, "mint",
        f"{_HELP}remoteaccess_oauth_SAML_bearer_flow.htm",
        conversation=saml_bearer.mint,
    ),
    Flow(
        "soap_login", "SOAP login()", False, False, "mint",
        f"{_GUIDE}platform/api/guide/sforce-api-calls-login.html",
        legacy="It is off in new orgs, gone from API version 65.0 on, and ends with Summer '27; "
        "use client_credentials or jwt_bearer.",
        conversation=soap_login.login,
    ),
    Flow(
        "token_exchange", "Token exchange", False, True, "refresh",
        f"{_HELP}remoteaccess_token_exchange_overview.htm",
        conversation=token_exchange.exchange,
    ),
    Flow(
        "code_credentials", "Authorization code and credentials (headless)", False, True, "refresh",
        f"{_HELP}remoteaccess_authorization_code_credentials_flow.htm",
        conversation=code_credentials.grant,
    ),
    Flow(
        "rest_api_call", "REST API call (no flow: a session is used)", False, False, "none",
        f"{_GUIDE}atlas.en-us.api_rest.meta/api_rest/errorcodes.htm",
    ),
    Flow(
        "unknown", "Not known", False, False, "none",
        f"{_HELP}remoteaccess_oauth_endpoints.htm",
    ),
)  # fmt: skip

FLOWS: MappingProxyType[FlowId, Flow] = MappingProxyType({flow.id: flow for flow in _ROWS})
"""Every flow by its id; the order is that of pages and lists."""
