"""A person's login in the Salesforce CLI, by alias: `sf` is asked, and its answer never shown.

Since May 2026 `sf org display` hides the access token, and `sf org auth show-access-token` gives it
(Salesforce CLI Reference); versions before that know only the former and show it there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

from evergrant.errors import BadInput, CouldNotLook
from evergrant.log import mask
from evergrant.model import Secret, Session
from evergrant.oauth.hosts import login_host

PATIENCE_S = 120.0
"""For one command of the CLI; it renews the session on the way."""
_QUIET = {"NO_COLOR": "1", "SF_SKIP_NEW_VERSION_CHECK": "true", "SF_AUTOUPDATE_DISABLE": "true"}
_LOUD = ("FORCE_COLOR",)
_HIDDEN = "REDACTED"


def session_of(alias: str, allowed: tuple[str, ...] = ()) -> Session:
    """The session that the Salesforce CLI holds for an alias or a username.

    `SF_BIN` names the program where it is not `sf` on the PATH; `allowed` names hosts outside
    Salesforce's domains.  Raises `CouldNotLook` when there is no such login or no CLI, `BadInput`
    for an alias that is none, `HostRefused` when the org's host is not Salesforce's.
    """
    if not alias.strip() or alias.startswith("-"):
        raise BadInput(f"{alias!r} is no alias", next_step="see `sf org list`", whose="you")
    program = _program()
    shown = _asked(program, "org", "auth", "show-access-token", f"--target-org={alias}")
    org = _asked(program, "org", "display", f"--target-org={alias}")
    url = _text(org, "instanceUrl")
    token = _text(shown, "accessToken") or _text(org, "accessToken")
    if not url or not token or _HIDDEN in token:
        raise _no_login(alias, org if not url else shown)
    return Session(login_host(url.rstrip("/"), allowed=allowed), Secret(token))


def _program() -> str:
    named = os.environ.get("SF_BIN", "")
    found = shutil.which(named or "sf")
    if found is None:
        raise CouldNotLook(
            "not_applicable",
            f"{named} is no program" if named else "the Salesforce CLI (sf) is not on the PATH",
            next_step="install it (npm install --global @salesforce/cli), or set SF_BIN",
            whose="you",
        )
    return found


def _asked(program: str, *words: str) -> Any:
    """One command of the CLI: the JSON that it prints, whatever it ends with."""
    env = {name: value for name, value in os.environ.items() if name not in _LOUD} | _QUIET
    try:
        done = subprocess.run(  # noqa: S603  # the person's own program, words of ours
            [program, *words, "--json"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, env=env, check=False,
        )  # fmt: skip
        return json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        # NOTE: `from None`: what it printed so far may hold a token.
        del error
        raise _silent("it took too long") from None
    except OSError as error:
        raise _silent(error.strerror or type(error).__name__) from error
    except ValueError:
        raise _silent("what it printed is no JSON") from None


def _silent(why: str) -> CouldNotLook:
    return CouldNotLook(
        "unreachable",
        f"the Salesforce CLI gave no answer: {why}",
        next_step="run `sf org display` with the same alias and see what it says",
        whose="you",
    )


def _no_login(alias: str, said: Any) -> CouldNotLook:
    words = mask(_text(said, "message")) if isinstance(said, dict) else ""
    return CouldNotLook(
        "no_permission",
        f"the Salesforce CLI has no session for {alias}{f': {words}' if words else ''}",
        next_step="log in first: sf org login web --alias …",
        whose="you",
    )


def _text(answer: Any, name: str) -> str:
    """A member of an answer's result, or of the answer itself where it tells of trouble."""
    result = answer.get("result") if isinstance(answer, dict) else None
    for each in (result, answer):
        if isinstance(each, dict) and isinstance(each.get(name), str):
            return str(each[name])
    return ""
