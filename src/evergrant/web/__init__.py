"""The console: pages for the operator, and the browser's way through an authorization."""

from evergrant.web.app import console, mount

__all__ = ["console", "mount"]
