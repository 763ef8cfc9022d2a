"""A local Salesforce org: it grants, refuses and writes down as Salesforce does.

It imports nothing else of evergrant, so that it can disagree with the product.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evergrant.emulator.fleet import Fleet
    from evergrant.emulator.server import Emulator, PortInUse, serve

__all__ = ["Emulator", "Fleet", "PortInUse", "serve"]


def __getattr__(name: str) -> Any:
    """Import the server when it is first asked for: scenarios and acts do without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from evergrant.emulator import fleet, server

    return getattr(fleet if name == "Fleet" else server, name)
