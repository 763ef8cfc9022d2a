"""The console: pages for the operator, and the browser's way through an authorization."""

from evergrant.web.app import mount

__all__ = ["mount"]
