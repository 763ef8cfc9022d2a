"""Every metadata type that this org holds, in the order in which a deployment takes them.

Parents come before children: who is granted, then apps, then what names an app.
"""

from typing import Final

from evergrant.emulator.metadata.shape import MetadataType
from evergrant.emulator.metadata.types import (
    access,
    connected_app,
    external_client_app,
    neighbors,
    settings,
)

TYPES: Final[dict[str, MetadataType]] = {
    each.name: each
    for each in (
        access.PROFILE,
        access.PERMISSION_SET,
        settings.SETTINGS,
        settings.PROFILE_SESSION,
        neighbors.CORS,
        neighbors.AUTH_PROVIDER,
        neighbors.EXTERNAL_CREDENTIAL,
        neighbors.NAMED_CREDENTIAL,
        connected_app.CONNECTED_APP,
        external_client_app.HEADER,
        external_client_app.OAUTH_SETTINGS,
        external_client_app.GLOBAL_SETTINGS,
        external_client_app.OAUTH_POLICIES,
        external_client_app.POLICIES,
        neighbors.CUSTOM_SCOPE,
        neighbors.TOKEN_HANDLER,
        neighbors.SECURITY_POLICY,
        connected_app.BLOCKED_APP,
    )
}
ORDER: Final = {name: place for place, name in enumerate(TYPES)}
BY_PLACE: Final = {(each.folder, each.suffix): each for each in TYPES.values()}
"""Types by the folder and the suffix of their files."""


def place_of(path: str) -> tuple[MetadataType, str] | None:
    """The type and the full name that a path in a package stands for; None for a stranger."""
    folder, _, file = path.rpartition("/")
    name, _, suffix = file.rpartition(".")
    found = BY_PLACE.get((folder, suffix))
    return (found, name) if found is not None and name else None
