"""The key ring: the master key that seals, the former ones that still open, and perhaps the next.

A key that stands first where the keys come from is the wanted one.  It seals as soon as the store
says so (the canary is sealed with it), which it does once every process has that key; until then it
only opens.  A process that runs on hears of a new key by itself: from its file as soon as that
changes, otherwise when it meets a row that none of its keys has sealed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from evergrant.errors import VaultTrouble
from evergrant.log import logger
from evergrant.vault.sealing import MasterKey, seal, sealed_with, unseal, wrong_key

LOOK_AGAIN_S = 5.0
"""The shortest time between two looks for a key that is not there."""


class KeyRing:
    """The master keys of this process; thread-safe."""

    def __init__(
        self,
        load: Callable[[], Sequence[MasterKey]],
        stamp: Callable[[], object] = lambda: None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load, self._stamp, self._ticks = load, stamp, ticks
        self._turn = threading.Lock()
        self._seen = stamp()
        self._keys = tuple(load())
        """As they were given: the wanted one first."""
        self._current = self._keys[0]
        self._seen = stamp()  # a first run has made the file meanwhile
        self._looked = float("-inf")

    @classmethod
    def of(cls, *keys: MasterKey) -> KeyRing:
        """A ring of keys that are at hand."""
        return cls(lambda: keys)

    @property
    def current(self) -> MasterKey:
        """The key that seals."""
        if self._stamp() != self._seen:
            self._take()
        return self._current

    @property
    def wanted(self) -> MasterKey:
        """The key that seals, or is to seal once everybody has it."""
        return self.next or self.current

    @property
    def next(self) -> MasterKey | None:
        """The key that is to seal, and does not yet."""
        current, wanted = self.current, self._keys[0]
        return wanted if wanted.id != current.id else None

    @property
    def keys(self) -> tuple[MasterKey, ...]:
        """All keys, the current one first."""
        current = self.current
        return (current, *(each for each in self._keys if each.id != current.id))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, the current one first."""
        return tuple(each.id for each in self.keys)

    def seal(self, plaintext: bytes, identity: str) -> bytes:
        """Seal a text for one row with the current key."""
        return seal(self.current, plaintext, identity)

    def unseal(self, blob: bytes, identity: str) -> bytes:
        """Open what was sealed for that row with any of the keys.  Raises `VaultTrouble`."""
        current = self._current
        if blob.startswith(current.head):
            return unseal(current, blob, identity)
        return unseal(self._of(blob) or current, blob, identity)

    def knows(self, blob: bytes) -> bool:
        """Whether the key that sealed a blob is here; what does not open then is damaged."""
        key_id = sealed_with(blob)
        return not key_id or self._find(key_id) is not None

    def seal_as(self, blob: bytes) -> None:
        """Seal from now on with the key that sealed this.  Raises `VaultTrouble`."""
        if key := self._of(blob):
            self._current = key

    def _of(self, blob: bytes) -> MasterKey | None:
        """The key that sealed a blob; None where it says none.  Raises `VaultTrouble`."""
        key_id = sealed_with(blob)
        if (key := self._find(key_id)) is None:
            self._take_again()
            key = self._find(key_id)
        if key is None and key_id:
            raise wrong_key(self._current, key_id)
        return key

    def _find(self, key_id: str) -> MasterKey | None:
        return next((each for each in self._keys if each.id == key_id), None)

    def _take_again(self) -> None:
        """Look for a key that is not there, and not with every row."""
        if self._ticks() - self._looked >= LOOK_AGAIN_S or self._stamp() != self._seen:
            self._looked = self._ticks()
            self._take()

    def _take(self) -> None:
        """Take the keys as they are now; while they cannot be had, those at hand go on."""
        with self._turn:
            seen = self._stamp()
            try:
                self._keys = tuple(self._load())
                self._current = self._find(self._current.id) or self._keys[0]
            except VaultTrouble as trouble:
                logger("vault").error("the master keys could not be read anew: %s", trouble.what)
            self._seen = seen
