"""Where the master key comes from: the environment, a command, or a file of its own.

The first that is set wins: `EVERGRANT_MASTER_KEY`, `EVERGRANT_MASTER_KEY_COMMAND`, the key file.
Only the file is ever made by us, and only when there is none.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from evergrant.errors import VaultTrouble
from evergrant.log import mask
from evergrant.settings import Settings
from evergrant.vault.sealing import KEY_BYTES, MasterKey

VARIABLE = "EVERGRANT_MASTER_KEY"
_COMMAND_S = 30.0
_EXPECTED = (
    f"It must be the base64 of {KEY_BYTES} random bytes; "
    f"`openssl rand -base64 {KEY_BYTES}` makes one."
)


def load_key(settings: Settings, environ: Mapping[str, str]) -> MasterKey:
    """The master key of this service; makes the key file when no key is set anywhere.

    Raises `VaultTrouble` when the key cannot be had, is no key, or lies open to others.
    """
    if text := environ.get(VARIABLE, ""):
        return _parse(text, VARIABLE)
    if settings.master_key_command:
        return _parse(_printed(settings.master_key_command), "the master key command")
    path = settings.key_file
    try:
        if not path.exists():
            _make(path)
        return _parse(_kept(path), f"the key file {path}")
    except OSError as error:
        raise VaultTrouble(
            f"the key file {path} cannot be read or made",
            why=error.strerror or type(error).__name__,
            next_step="let this user read it, or set EVERGRANT_MASTER_KEY_FILE",
            whose="operator",
        ) from error


def _parse(text: str, source: str) -> MasterKey:
    plain = text.strip().replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise _no_key(source, "it is not base64") from None
    if len(raw) != KEY_BYTES:
        raise _no_key(source, f"it holds {len(raw)} bytes")
    return MasterKey(raw, source)


def _no_key(source: str, why: str) -> VaultTrouble:
    # The text is not shown: a key with a typing error is still nearly the key.
    return VaultTrouble(
        f"{source} holds no master key: {why}",
        why=_EXPECTED,
        next_step="put the key that belongs to this database there",
        whose="operator",
    )


def _printed(command: str) -> str:
    try:
        words = shlex.split(command)
        done = subprocess.run(  # noqa: S603 (the operator's own command, without a shell)
            words, capture_output=True, text=True, timeout=_COMMAND_S, check=False
        )
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise _no_command(f"it could not be run to its end ({type(error).__name__})") from None
    if done.returncode:
        said = mask(done.stderr.strip())[:300] or "it said nothing"
        raise _no_command(f"it ended with exit code {done.returncode}: {said}")
    return done.stdout


def _no_command(why: str) -> VaultTrouble:
    return VaultTrouble(
        "the master key command gave no key",
        why=why,
        next_step="run it by hand as this user, and correct EVERGRANT_MASTER_KEY_COMMAND",
        whose="operator",
    )


def _kept(path: Path) -> str:
    mode = path.stat().st_mode & 0o777
    if os.name == "posix" and mode & 0o077:
        raise VaultTrouble(
            f"the key file {path} lies open to other users (mode {mode:04o})",
            why="Whoever reads it can open every credential in the database.",
            next_step=f"chmod 600 {shlex.quote(str(path))}",
            whose="operator",
        )
    return path.read_text(encoding="utf-8", errors="replace")


def _make(path: Path) -> None:
    """Make the key file whole or not at all: of two processes that start together, one makes it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp gives 0600; the name of the key appears only once the bytes are on the disk.
    number, name = tempfile.mkstemp(prefix=".master-key-", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
