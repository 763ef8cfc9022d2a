"""How the org holds the components of every type."""

from typing import Final

from evergrant.emulator.metadata.holders import (
    access,
    blocked,
    connected_app,
    external_app,
    external_oauth,
    external_policies,
    settings,
)
from evergrant.emulator.metadata.holders.holder import Holder
from evergrant.emulator.metadata.holders.stored import stored
from evergrant.emulator.metadata.types import TYPES

_ACTING: Final[dict[str, Holder]] = {
    "Profile": access.PROFILES,
    "PermissionSet": access.PERMISSION_SETS,
    "Settings": settings.ALL_SETTINGS,
    "ProfileSessionSetting": settings.PROFILE_SESSIONS,
    "CorsWhitelistOrigin": settings.ORIGINS,
    "ConnectedApp": connected_app.CONNECTED_APPS,
    "ExternalClientApplication": external_app.HEADERS,
    "ExtlClntAppOauthSettings": external_oauth.SETTINGS,
    "ExtlClntAppGlobalOauthSettings": external_oauth.GLOBAL,
    "ExtlClntAppOauthConfigurablePolicies": external_policies.OAUTH,
    "ExtlClntAppConfigurablePolicies": external_policies.APP_POLICIES,
    "BlacklistedConsumer": blocked.BLOCKED_APPS,
}
HOLDERS: Final[dict[str, Holder]] = {
    name: _ACTING[name] if name in _ACTING else stored(type_) for name, type_ in TYPES.items()
}
"""Types that nothing acts on are only kept."""
