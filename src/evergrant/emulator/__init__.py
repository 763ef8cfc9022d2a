"""A local Salesforce org: it grants, refuses and writes down as Salesforce does.

It imports nothing else of evergrant, so that it can disagree with the product.
"""

from evergrant.emulator.server import Emulator, PortInUse, serve

__all__ = ["Emulator", "PortInUse", "serve"]
