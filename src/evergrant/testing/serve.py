"""An org by itself, without pytest: in process, or on a loopback port with TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from evergrant.emulator.server import DEFAULT_SEED, Emulator
from evergrant.emulator.worlds import BARE
from evergrant.testing.org import SalesforceOrg

if TYPE_CHECKING:
    from evergrant.emulator.homes import Kind


@contextmanager
def emulated_org(
    *,
    served: bool = False,
    tls: bool = True,
    kind: Kind = "production",
    strict: bool = False,
    seed: int = DEFAULT_SEED,
) -> Iterator[SalesforceOrg]:
    """An org with an admin alone, gone at the end of the block.

    In process it is reached by its `asgi` app at https://acme.my.salesforce.com; `served`, on a
    port of loopback, by TLS unless `tls` is off.
    """
    emulator = Emulator(seed=seed, kind=kind, strict=strict, tls=served and tls, begins=BARE)
    try:
        if not served:
            yield SalesforceOrg(emulator)
            return
        with TemporaryDirectory(prefix="evergrant-") as folder:
            emulator.start()
            trusted = emulator.authority
            yield SalesforceOrg(emulator, trusted.save(Path(folder)) if trusted else None)
    finally:
        emulator.stop()
