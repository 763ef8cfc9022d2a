"""The flows an app can be given: what is turned on for each, in the app and in the org."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from evergrant.emulator.gates.attempt import Flow

FlowName = Literal[
    "web_server", "client_credentials", "jwt_bearer", "saml_bearer", "device",
    "username_password", "user_agent", "token_exchange",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Enabled:
    """What a flow needs."""

    flow: Flow
    """As the trace calls it."""
    app: Mapping[str, Any] = field(default_factory=dict)
    org: Mapping[str, Any] = field(default_factory=dict)
    has_key: bool = False
    """Whether the app's certificate is registered, so that its key can sign."""
    only_connected_app: bool = False


FLOWS: Final[Mapping[FlowName, Enabled]] = MappingProxyType({
    "web_server": Enabled("authorization_code"),
    "client_credentials": Enabled("client_credentials", {"client_credentials": True}),
    "jwt_bearer": Enabled("jwt_bearer", {"admin_approved": True}, has_key=True),
    "saml_bearer": Enabled("saml_bearer", {"admin_approved": True}, has_key=True),
    "device": Enabled("device", {"device_flow": True}),
    "username_password": Enabled(
        "password", org={"block_username_password": False}, only_connected_app=True
    ),
    "user_agent": Enabled("user_agent", org={"block_user_agent": False}),
    "token_exchange": Enabled("token_exchange", {"token_exchange": True, "admin_approved": True}),
})  # fmt: skip
