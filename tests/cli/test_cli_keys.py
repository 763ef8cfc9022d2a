"""Master keys on the command line, beside a service that took a copy of the key when it started."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from cli_kit import assert_told, evergrant, running

pytestmark = pytest.mark.slow


@contextmanager
def served(folder: Path, original: Path) -> Iterator[str]:
    """The service as systemd starts it: `LoadCredential=` hands it a copy of the key file."""
    copy = folder / "credential.key"
    shutil.copy(original, copy)
    copy.chmod(0o600)
    own = {"EVERGRANT_MASTER_KEY_FILE": str(copy)}
    with running("serve", "--port", "0", folder=folder, **own) as process:
        url = process.said(r"listens on (http://\S+)")[1]
        process.said("Press Ctrl-C")
        yield url
        assert httpx2.get(f"{url}/ready", timeout=10).json()["keys"] == "ok"
        assert_told(process.told(signal.SIGTERM), 0)


def test_a_service_with_a_copy_of_the_key_is_restarted_before_anything_is_sealed_anew(
    tmp_path: Path,
) -> None:
    original = tmp_path / "master.key"
    own = {"EVERGRANT_MASTER_KEY_FILE": str(original)}
    listed = evergrant("keys", "list", folder=tmp_path, **own)
    first = re.findall(r"^(\w{16}) seals", listed.out, re.MULTILINE)
    with served(tmp_path, original):
        refused = evergrant("keys", "rotate", folder=tmp_path, **own)
        assert_told(refused, 2, "is not with every process of the service yet", "(all)", "restart")
        standing = evergrant("keys", "list", folder=tmp_path, **own).out
        assert re.findall(r"^(\w{16}) seals", standing, re.MULTILINE) == first
        coming = re.findall(r"^(\w{16}) next", standing, re.MULTILINE)
    with served(tmp_path, original):
        done = evergrant("keys", "rotate", folder=tmp_path, **own)
        assert (done.code, done.err) == (0, "")
        assert f"sealed with key {coming[0]} now." in done.out
    log = evergrant("audit-log", "--format", "json", folder=tmp_path, **own).out
    assert f"{coming[0]} seals instead of {first[0]}" in log
