"""What a behaviour is: one question that can be put to an emulated org and to a real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from evergrant.fidelity.side import Side
from evergrant.wire import Conversation

Scalar: TypeAlias = str | int | bool | None
Observation: TypeAlias = Mapping[str, Scalar]
"""What was seen, aspect by aspect, with names in the place of everything that differs by org."""
Ask: TypeAlias = Callable[[Side], Conversation[Observation]]

Need = Literal[
    "setup", "users", "customize", "app", "connected_app", "external_client_app",
    "client_credentials", "secret", "key", "refresh_token",
]  # fmt: skip
NEEDS: Mapping[Need, str] = {
    "setup": "the CLI's user lacks View Setup and Configuration",
    "users": "the CLI's user lacks Manage Users",
    "customize": "the CLI's user lacks Customize Application",
    "app": "it needs an app: give --app-file",
    "connected_app": "the app is no connected app",
    "external_client_app": "the app is no external client app",
    "client_credentials": "it needs an app that comes by client credentials",
    "secret": "it needs the app's consumer secret",
    "key": "it needs the app's private key",
    "refresh_token": "it needs a refresh token that may be spent: give --refresh-token-env",
}
"""What a behaviour may need, and why it was not seen where that is missing."""
PERMISSIONS: Mapping[Need, str] = {
    "setup": "ViewSetup",
    "users": "ManageUsers",
    "customize": "CustomizeApplication",
}


class Writes(StrEnum):
    """What asking leaves behind in the org; each but the first is asked for."""

    NOTHING = "nothing"
    """Nothing that is known of; API calls count against the day's limit, as every call does."""
    ROWS = "rows"
    """At most failed rows in Login History and the event logs, in the name of the app's user."""
    TOKENS = "tokens"
    """Sessions are opened and ended, and the refresh token given is spent and revoked."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a setting that nobody can ask the org for may stand, and what the answer then bears on.

    The emulated org is asked once for each; the first that answers as the org does counts.
    """

    org: Mapping[str, Scalar] = field(default_factory=dict)
    """Knobs of the emulated org."""
    app: Mapping[str, Scalar] = field(default_factory=dict)
    """Knobs of the twin app."""
    bears: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One row of the table of behaviours."""

    id: str
    asks: str
    """What is asked, for a person who must decide whether to allow it."""
    ask: Ask
    bears: Mapping[str, tuple[str, ...]]
    """Ids of marks → the aspects that speak for or against each; no aspects means all of them.

    An aspect also stands for those below it (`row` for `row.Status`).
    """
    writes: Writes = Writes.NOTHING
    needs: frozenset[Need] = frozenset()
    covers: bool = False
    """Whether the org may tell more than the emulator does: then only what it states is judged."""
    either: tuple[Setting, ...] = (Setting(),)

    def marks(self) -> frozenset[str]:
        """Every mark it can bear on."""
        return frozenset(self.bears).union(*(each.bears for each in self.either))
