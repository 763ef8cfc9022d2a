"""An emulated Salesforce org for the tests of an integration: apps, users, policies, a clock.

The pytest plugin gives it as the fixture `salesforce_org`; without pytest, `emulated_org()` does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evergrant.testing.app import App
    from evergrant.testing.browser import NoCallback
    from evergrant.testing.org import SalesforceOrg
    from evergrant.testing.requests_adapter import InProcess
    from evergrant.testing.seen import Attempt, Grant, Login
    from evergrant.testing.serve import emulated_org
    from evergrant.testing.user import User

_ROOMS = {
    "App": "app",
    "Attempt": "seen",
    "Grant": "seen",
    "InProcess": "requests_adapter",
    "Login": "seen",
    "NoCallback": "browser",
    "SalesforceOrg": "org",
    "User": "user",
    "emulated_org": "serve",
}
__all__ = [
    "App", "Attempt", "Grant", "InProcess", "Login", "NoCallback", "SalesforceOrg", "User",
    "emulated_org",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import what is asked for: pytest loads this package in every run, used or not."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"evergrant.testing.{_ROOMS[name]}"), name)
