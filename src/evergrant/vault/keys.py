"""Where the master keys come from: the environment, a command, or a file of their own.

The first that is set wins: `EVERGRANT_MASTER_KEY`, `EVERGRANT_MASTER_KEY_COMMAND`, the key file.
Each may hold several keys, one a line or with commas between: the first seals, the others still
open what they sealed.  Only the file is ever written by us.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import shlex
import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from evergrant.errors import VaultTrouble
from evergrant.log import mask
from evergrant.settings import Settings
from evergrant.vault.ring import KeyRing
from evergrant.vault.sealing import KEY_BYTES, MasterKey

VARIABLE = "EVERGRANT_MASTER_KEY"
_COMMAND_S = 30.0
_EXPECTED = (
    f"It must be the base64 of {KEY_BYTES} random bytes; "
    f"`openssl rand -base64 {KEY_BYTES}` makes one."
)


def open_ring(settings: Settings, environ: Mapping[str, str]) -> KeyRing:
    """The master keys of this service; makes the key file when no key is set anywhere.

    Raises `VaultTrouble` when a key cannot be had, is no key, lies open to others, or lies beside
    the data of a database server.
    """
    if environ.get(VARIABLE, "") or settings.master_key_command:
        return KeyRing(lambda: _given(settings, environ))
    _require_apart(settings)
    path = settings.key_file
    return KeyRing(lambda: _filed(path), lambda: _stamp(path))


def _given(settings: Settings, environ: Mapping[str, str]) -> tuple[MasterKey, ...]:
    if text := environ.get(VARIABLE, ""):
        return _parse(text, VARIABLE)
    return _parse(_printed(settings.master_key_command), "the master key command")


def _filed(path: Path) -> tuple[MasterKey, ...]:
    try:
        if not path.exists():
            _make(path)
        return _parse(_kept(path), f"the key file {path}")
    except OSError as error:
        raise _no_file(path, error) from error


def _no_file(path: Path, error: OSError) -> VaultTrouble:
    return VaultTrouble(
        f"the key file {path} cannot be read or made",
        why=error.strerror or type(error).__name__,
        next_step="let this user read it, or set EVERGRANT_MASTER_KEY_FILE",
        whose="operator",
    )


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes when the file does; cheap enough to look at before each seal."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _require_apart(settings: Settings) -> None:
    """Refuse a key file in the data folder of a service whose database is a server.

    Whoever deploys on PostgreSQL runs several replicas and backs the database up: each replica
    would make a key of its own, and a copy of the folder would hold the key beside what it seals.
    """
    is_beside = settings.key_file.absolute().is_relative_to(settings.data_dir.absolute())
    if settings.database.startswith("sqlite") or settings.key_beside_data or not is_beside:
        return
    raise VaultTrouble(
        "the master key would lie beside the data of a PostgreSQL deployment",
        why=f"The key file {settings.key_file} is in the data folder.",
        next_step="set EVERGRANT_MASTER_KEY or EVERGRANT_MASTER_KEY_COMMAND, or a file elsewhere "
        "with EVERGRANT_MASTER_KEY_FILE; EVERGRANT_KEY_BESIDE_DATA=yes takes the risk",
        whose="operator",
    )


def add_key(settings: Settings, environ: Mapping[str, str]) -> None:
    """Put a new key before those of the key file; the whole file is replaced at once.

    Raises `VaultTrouble` when the keys do not come from a file: then the new one is put there by
    whoever keeps them.
    """
    path = _own_file(settings, environ)
    _write(path, [secrets.token_bytes(KEY_BYTES), *(each.raw for each in _filed(path))])


def drop_keys(settings: Settings, environ: Mapping[str, str], ids: Collection[str]) -> None:
    """Take former keys out of the key file.  Raises `VaultTrouble` like `add_key`."""
    path = _own_file(settings, environ)
    _write(path, [each.raw for each in _filed(path) if each.id not in ids])


def _own_file(settings: Settings, environ: Mapping[str, str]) -> Path:
    if not environ.get(VARIABLE, "") and not settings.master_key_command:
        return settings.key_file
    source = VARIABLE if environ.get(VARIABLE, "") else "the master key command"
    raise VaultTrouble(
        f"the master keys come from {source}, where only you can change them",
        why="The first key seals; those after it, one a line or after commas, still open.",
        next_step=f"put a new key before the present one (`openssl rand -base64 {KEY_BYTES}`), "
        "restart the service with both, and rotate again",
        whose="operator",
    )


def _parse(text: str, source: str) -> tuple[MasterKey, ...]:
    words = [word.strip() for word in text.replace(",", "\n").splitlines() if word.strip()]
    return tuple(_one(word, source) for word in words or [""])


def _one(word: str, source: str) -> MasterKey:
    plain = word.replace("-", "+").replace("_", "/")
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
    draft = _drafted(path, [secrets.token_bytes(KEY_BYTES)])
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _write(path: Path, keys: Sequence[bytes]) -> None:
    """Put other keys in the file, whole or not at all."""
    try:
        _drafted(path, keys).replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _no_file(path, error) from error


def _drafted(path: Path, keys: Sequence[bytes]) -> Path:
    """A file beside the key file with these keys, on the disk."""
    # mkstemp gives 0600; the name of the key appears only once the bytes are on the disk.
    number, name = tempfile.mkstemp(prefix=".master-key-", dir=path.parent)
    with os.fdopen(number, "wb") as file:
        file.writelines(base64.b64encode(each) + b"\n" for each in keys)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
