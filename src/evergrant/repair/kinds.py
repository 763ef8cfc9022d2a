"""The metadata types that a repair touches: names, folders, suffixes (source-deploy-retrieve)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PARENT: Final = "externalClientApplication"
"""The element by which an external client app's other files name it; file names say nothing."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One metadata type."""

    type: str
    folder: str
    suffix: str
    has_parent: bool = False
    """Whether its components belong to an external client app and name it."""

    def path(self, name: str) -> str:
        """Where a component stands in a package of the Metadata API."""
        return f"{self.folder}/{name}.{self.suffix}"


CONNECTED: Final = "ConnectedApp"
EXTERNAL: Final = "ExternalClientApplication"
SETTINGS: Final = "Settings"
KINDS: Final[dict[str, Kind]] = {
    each.type: each
    for each in (
        Kind("Profile", "profiles", "profile"),
        Kind("PermissionSet", "permissionsets", "permissionset"),
        Kind(SETTINGS, "settings", "settings"),
        Kind("ProfileSessionSetting", "profileSessionSettings", "profileSessionSetting"),
        Kind("CorsWhitelistOrigin", "corsWhitelistOrigins", "corsWhitelistOrigin"),
        Kind(CONNECTED, "connectedApps", "connectedApp"),
        Kind(EXTERNAL, "externalClientApps", "eca"),
        Kind("ExtlClntAppOauthSettings", "extlClntAppOauthSettings", "ecaOauth", True),
        Kind("ExtlClntAppGlobalOauthSettings", "extlClntAppGlobalOauthSets", "ecaGlblOauth", True),
        Kind("ExtlClntAppOauthConfigurablePolicies", "extlClntAppOauthPolicies", "ecaOauthPlcy",
             True),
        Kind("ExtlClntAppConfigurablePolicies", "extlClntAppPolicies", "ecaPlcy", True),
        Kind("BlacklistedConsumer", "blacklistedConsumers", "blacklistedConsumer"),
    )
}  # fmt: skip
"""By type, in the order in which a deployment wants them: who is granted, apps, what names them."""
SUFFIXES: Final = {each.suffix: each for each in KINDS.values()}


def place_of(path: str) -> tuple[Kind, str] | None:
    """The type and full name that a file's name tells, in source or metadata format."""
    file = path.replace("\\", "/").rpartition("/")[2]
    file = file.removesuffix("-meta.xml").removesuffix(".xml")
    name, _, suffix = file.rpartition(".")
    kind = SUFFIXES.get(suffix)
    return (kind, name) if kind is not None and name else None


def root_of(kind: Kind, name: str) -> str:
    """The root element of a component: settings are named by what they set."""
    return f"{name}Settings" if kind.type == SETTINGS else kind.type
