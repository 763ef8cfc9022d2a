"""The table of everything that can be done to the org from outside, and how it is done."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator.acts import apps as acts_apps
from evergrant.emulator.acts import setup as acts_setup
from evergrant.emulator.acts import users as acts_users

if TYPE_CHECKING:
    from evergrant.emulator.org import Org

Act = Callable[..., dict[str, object]]

ACTS: Final[dict[str, Act]] = {
    act.__name__: act
    for act in (
        acts_apps.block_app,
        acts_apps.unblock_app,
        acts_apps.install_app,
        acts_apps.uninstall_app,
        acts_apps.delete_app,
        acts_apps.set_app,
        acts_apps.set_callbacks,
        acts_apps.set_certificate,
        acts_apps.rotate_secret,
        acts_apps.grant_app,
        acts_apps.ungrant_app,
        acts_users.assign_permission_set,
        acts_users.unassign_permission_set,
        acts_users.set_user,
        acts_users.activate_user,
        acts_users.deactivate_user,
        acts_users.freeze_user,
        acts_users.unfreeze_user,
        acts_users.set_profile,
        acts_users.set_org,
        acts_users.revoke_user_app,
        acts_users.revoke_app,
        acts_users.approve,
        acts_users.expire_sessions,
        acts_users.remove_sessions,
        acts_users.set_ip,
        acts_users.advance_clock,
        acts_setup.set_permission_set,
        acts_setup.unlock_user,
        acts_setup.revoke_approval,
        acts_setup.remove_session,
        acts_setup.set_token_handler,
        acts_setup.recertify_app,
    )
}


class BadAct(ValueError):
    """The act is unknown, or cannot be done with these words."""


def do(org: Org, act: str, /, **words: Any) -> dict[str, object]:
    """Do one act, whole or not at all; raises BadAct with the reason."""
    if act not in ACTS:
        raise BadAct(f"no act is named {act}; there are {', '.join(ACTS)}")
    try:
        inspect.signature(ACTS[act]).bind(org, **words)
    except TypeError as error:
        raise BadAct(f"{act}: {error}") from error
    try:
        with org.changing():
            return ACTS[act](org, **words)
    except (KeyError, ValueError) as error:
        raise BadAct(f"{act}: {error.args[0] if error.args else error}") from error
