"""A recording: what an org showed on a day, redacted, and what it said of each mark.

It is one JSON file that can be kept, sent and judged again; it holds no token, no name of a person
or an org, and no id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from evergrant.errors import BadInput, OurBug
from evergrant.fidelity.behaviour import Scalar
from evergrant.fidelity.judge import Judgement
from evergrant.fidelity.names import Names
from evergrant.fidelity.observe import NotSeen, Outcome, Seen
from evergrant.fidelity.twin import KINDS, TwinApp, check_settings

SCHEMA = "evergrant.fidelity/1"


@dataclass(frozen=True, slots=True)
class Recording:
    """What one org showed."""

    at: datetime
    evergrant: str
    """The version that asked."""
    api_version: str
    org_kind: str
    """`sandbox` (scratch orgs are among them), `developer` or `production`."""
    edition: str
    allowed: tuple[str, ...]
    """What the person let it write."""
    app: TwinApp | None
    seen: Mapping[str, Outcome]


def written(recording: Recording, judged: list[Judgement], names: Names) -> str:
    """The recording as JSON, with its judgements.

    Raises `OurBug` where a word of the org would stand in it: nothing is written then.
    """
    body = {
        "schema": SCHEMA,
        "at": recording.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "evergrant": recording.evergrant,
        "api_version": recording.api_version,
        "org": {"kind": recording.org_kind, "edition": recording.edition},
        "allowed": list(recording.allowed),
        "app": asdict(recording.app) if recording.app else None,
        "seen": {id_: each.aspects for id_, each in recording.seen.items()
                 if isinstance(each, Seen)},
        "not_seen": {id_: each.reason for id_, each in recording.seen.items()
                     if isinstance(each, NotSeen)},
        "judged": [asdict(each) for each in judged],
    }  # fmt: skip
    text = json.dumps(body, ensure_ascii=False, indent=1) + "\n"
    if left := names.found_in(text):
        raise OurBug(f"the recording would hold words that must not be kept: {', '.join(left)}")
    return text


def read_recording(text: str) -> Recording:
    """A recording from its JSON; its judgements are left aside.

    Raises `BadInput` for what is none.
    """
    try:
        told = json.loads(text)
        if told["schema"] != SCHEMA:
            raise ValueError(f"its schema is {told['schema']}")
        seen: dict[str, Outcome] = {id_: Seen(_aspects(each)) for id_, each in told["seen"].items()}
        seen |= {id_: NotSeen(str(why)) for id_, why in told["not_seen"].items()}
        return Recording(
            datetime.fromisoformat(told["at"]), str(told["evergrant"]), str(told["api_version"]),
            str(told["org"]["kind"]), str(told["org"]["edition"]),
            tuple(map(str, told["allowed"])), _app(told["app"]), seen,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            "this is no recording of `evergrant emulator verify`",
            why=f"{type(error).__name__}: {error}",
            next_step="give the file that it wrote",
            whose="you",
        ) from error


def _aspects(each: Any) -> dict[str, Scalar]:
    found = {str(name): value for name, value in each.items()}
    if not all(value is None or isinstance(value, (str, int, bool)) for value in found.values()):
        raise ValueError("an aspect is neither a text, a number, a truth value nor null")
    return found


def _app(told: Any) -> TwinApp | None:
    if told is None:
        return None
    app = TwinApp(**{**told, "scopes": tuple(told["scopes"])})
    if app.kind not in KINDS:
        raise ValueError(f"no kind of app is called {app.kind}")
    check_settings(app.settings or {})
    return app
