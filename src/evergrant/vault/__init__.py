"""The vault: envelope encryption under one master key, and the credentials it keeps."""

from __future__ import annotations

from evergrant.store.parts import MAIN
from evergrant.vault.kept import Kept
from evergrant.vault.vault import Vault

__all__ = ["MAIN", "Kept", "Vault"]
