"""One call of the Metadata API, whichever way it came: who asks, in which version, of which org."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator.metadata.deploy import TEST_LEVELS, Options
from evergrant.emulator.metadata.jobs import MAY
from evergrant.emulator.metadata.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrant.emulator.org import Org

_FLAGS: Final = {
    "checkOnly": "check_only", "ignoreWarnings": "ignore_warnings",
    "rollbackOnError": "rollback_on_error", "allowMissingFiles": "allow_missing_files",
}  # fmt: skip
_TRUE: Final = ("true", "1", True)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    org: Org
    user_id: str
    permissions: frozenset[str]
    version: str
    """The API version of the address, as 63.0."""

    def require_metadata(self) -> None:
        """The Metadata API needs one of two permissions; raises Refused."""
        if not self.permissions & MAY:
            raise Refused("access")


def options_of(words: Mapping[str, Any]) -> Options:
    """DeployOptions by their names in SOAP and REST; those of no effect here are passed over."""
    level = str(words.get("testLevel") or "")
    if level and level not in TEST_LEVELS:
        raise Refused("enum", value=level, enum="TestLevel")
    turned = {ours: words[name] in _TRUE for name, ours in _FLAGS.items() if name in words}
    return Options(**turned, test_level=level)


def zip_of(text: str) -> bytes:
    """A zip sent as Base64; raises Refused."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("zip", why="it is not Base64") from error
