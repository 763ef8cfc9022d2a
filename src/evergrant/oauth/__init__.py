"""Speak OAuth to Salesforce: `FLOWS`, one flow a file, each a conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from evergrant.model import Credential, FlowId
from evergrant.oauth import client_credentials, jwt_bearer, refresh_token, web_server
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
    legacy: bool = False
    """Salesforce retires it, blocks it by default, or advises against it."""
    conversation: Callable[..., Conversation[Credential]] | None = None
    """What gets a credential; None: we know the flow by name and do not speak it."""


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
        legacy=True,
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
    ),
    Flow(
        "username_password", "Username and password", False, False, "mint",
        f"{_HELP}remoteaccess_oauth_username_password_flow_ca.htm",
        legacy=True,
    ),
    Flow(
        "saml_bearer", "SAML bearer assertion", False, False, "mint",
        f"{_HELP}remoteaccess_oauth_SAML_bearer_flow.htm",
    ),
    Flow(
        "soap_login", "SOAP login()", False, False, "mint",
        f"{_GUIDE}platform/api/guide/sforce-api-calls-login.html",
        legacy=True,
    ),
    Flow(
        "token_exchange", "Token exchange", False, True, "refresh",
        f"{_HELP}remoteaccess_token_exchange_overview.htm",
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
