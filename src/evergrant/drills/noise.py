"""What else goes on in an org while something is broken: other apps, other users, other admins.

None of it concerns the connection of the drill, and none of it may mislead the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from evergrant import wire
from evergrant.drills.stage import WHO, Stage
from evergrant.errors import EvergrantError
from evergrant.model import App, Password, Secret
from evergrant.oauth import username_password as passwords

ACTS: Final[tuple[Mapping[str, Any], ...]] = (
    {"do": "set_profile", "profile": "Standard User", "login_hours": [[6, 0, 60]]},
    {"do": "freeze_user", "user": "sam"},
    {"do": "revoke_user_app", "user": "rita", "app": "ledger-mirror"},
    {
        "do": "unassign_permission_set",
        "user": "rita",
        "permission_set": "Ledger_Mirror_Access",
    },
    {"do": "rotate_secret", "app": "ledger-mirror"},
    {"do": "block_app", "app": "pocket-charts"},
)
"""What admins do to others, oldest first."""
FAILURES: Final = (("sam", "ledger-mirror"), ("rita", "pocket-charts"), (WHO, "pocket-charts"))
"""Who else is refused, and by which app: the last is our user at another app."""


def distract(ground: Stage) -> None:
    """Let all of it happen."""
    for each in ACTS:
        ground.control.act(each["do"], **{k: v for k, v in each.items() if k != "do"})
    for who, app in FAILURES:
        _fail(ground, who, app)


def _fail(ground: Stage, who: str, app: str) -> None:
    """A login by password, which the org refuses and writes down."""
    known, person = ground.app(app), ground.person(who)
    ours = App(known["consumer_key"], Secret(known["consumer_secret"]))
    login = Password(Secret("notThePassword"), None)
    talk = passwords.mint(ours, ground.url, person.username, login)
    try:
        wire.run(talk, clock=ground.keeper.clock)
    except EvergrantError:
        return
