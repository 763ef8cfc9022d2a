"""The table of everything that can be done to the org from outside, and how it is done."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator.acts import apps as acts_apps
from evergrant.emulator.acts import certificates as acts_certificates
from evergrant.emulator.acts import creation as acts_creation
from evergrant.emulator.acts import org_life as acts_life
from evergrant.emulator.acts import security as acts_security
from evergrant.emulator.acts import setup as acts_setup
from evergrant.emulator.acts import trouble as acts_trouble
from evergrant.emulator.acts import users as acts_users
from evergrant.emulator.acts import vendor as acts_vendor

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
        acts_creation.create_app,
        acts_creation.create_user,
        acts_certificates.create_certificate,
        acts_certificates.delete_certificate,
        acts_security.contain_user,
        acts_security.withdraw_app,
        acts_security.revoke_jwts,
        acts_security.lock_user,
        acts_security.change_password,
        acts_security.reset_password,
        acts_security.confirm_identity,
        acts_life.refresh_sandbox,
        acts_life.migrate_org,
        acts_life.lock_org,
        acts_life.suspend_org,
        acts_life.close_org,
        acts_life.expire_trial,
        acts_life.reopen_org,
        acts_vendor.install_package,
        acts_vendor.uninstall_package,
        acts_vendor.connect_outbound,
        acts_vendor.choose_organization,
        acts_vendor.connect_inbound,
        acts_vendor.disconnect,
        acts_vendor.try_connections,
        acts_vendor.break_outbound,
        acts_vendor.set_callouts,
        acts_trouble.lay_fault,
        acts_trouble.lift_faults,
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
