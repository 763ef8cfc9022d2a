"""How other processes on this machine find the service, and prove that they may use it.

Two files in the data folder, readable by the operator alone: `service.json` with the address, and
`operator.key` with a random word that the API asks for.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from evergrant.errors import CouldNotLook
from evergrant.model import Secret
from evergrant.settings import Settings


def operator_key(settings: Settings) -> Secret:
    """The operator's key; made 0600 when it is first asked for.

    Raises `CouldNotLook` when the file holds none.
    """
    return _word_in(settings.data_dir / "operator.key")


def metrics_key(settings: Settings) -> Secret:
    """The key that reads metrics and nothing else; made 0600 when it is first asked for.

    Raises `CouldNotLook` when the file holds none.
    """
    return _word_in(settings.metrics_key_file or settings.data_dir / "metrics.key")


def _word_in(path: Path) -> Secret:
    if not path.exists():
        _make(path)
    if key := path.read_text().strip():
        return Secret(key)
    raise CouldNotLook(
        "our_bug", f"{path} is empty", next_step="remove it; it is made anew", whose="operator"
    )


def _make(path: Path) -> None:
    """Make the key whole or not at all: of two processes that start together, one makes it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    number, name = tempfile.mkstemp(prefix=".operator-key-", dir=path.parent)  # mode 0600
    draft = Path(name)
    with os.fdopen(number, "w") as file:
        file.write(secrets.token_urlsafe(32))
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def announce(settings: Settings, url: str) -> None:
    """Write down where the service listens."""
    _file(settings).write_text(json.dumps({"url": url, "pid": os.getpid()}))


def withdraw(settings: Settings) -> None:
    """Forget the address, if it is still ours."""
    path = _file(settings)
    if path.exists() and json.loads(path.read_text()).get("pid") == os.getpid():
        path.unlink()


def announced(settings: Settings) -> str:
    """The address of the running service.

    Raises `CouldNotLook` when none was announced.
    """
    try:
        return str(json.loads(_file(settings).read_text())["url"])
    except (OSError, ValueError, KeyError) as error:
        raise CouldNotLook(
            "unreachable",
            "the service is not running, and a browser authorization needs its callback",
            next_step="start it in another terminal with `evergrant serve`",
            whose="operator",
        ) from error


def _file(settings: Settings) -> Path:
    return settings.data_dir / "service.json"
