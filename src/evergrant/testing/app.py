"""A connected app or an external client app, as a test holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evergrant.emulator import connected, state
from evergrant.emulator.accounts import app_by_name

if TYPE_CHECKING:
    from evergrant.emulator.policies import AppPolicy
    from evergrant.emulator.server import Served
    from evergrant.testing.flows import FlowName


@dataclass(frozen=True, slots=True)
class App:
    """One app: its key and secret, and what an admin or its developer does to it."""

    served: Served = field(repr=False)
    name: str
    """API name."""
    flows: tuple[FlowName, ...]
    """The first is how `connect` connects it."""

    @property
    def policy(self) -> AppPolicy:
        """Everything that is set for it now."""
        with self.served.org.lock:
            return app_by_name(self.served.org.db, self.name)

    @property
    def label(self) -> str:
        """What people see, in Setup and in Login History."""
        return self.policy.label

    @property
    def consumer_key(self) -> str:
        """The client_id."""
        return self.policy.consumer_key

    @property
    def consumer_secret(self) -> str:
        """The client_secret that is good now."""
        with self.served.org.lock:
            known = state.secrets_of(self.served.org.db, self.policy.id)
        return next(secret for secret, until in known if until is None)

    @property
    def callback(self) -> str:
        """The callback URL that is registered first."""
        return self.policy.callbacks[0]

    @property
    def private_key(self) -> str:
        """PEM of the key that signs assertions; its certificate is registered with the app."""
        return connected.key_of(self.served.org, self.name).private_key

    def set(self, **knobs: object) -> None:
        """Turn knobs such as `refresh_policy` or `ip_relaxation`; raises BadAct.

        The reference page of the emulator lists all.
        """
        self._do("set_app", **knobs)

    def block(self) -> None:
        """Block it on Connected Apps OAuth Usage: sessions end, no grant is given."""
        self._do("block_app")

    def unblock(self) -> None:
        """Take the block away."""
        self._do("unblock_app")

    def uninstall(self) -> None:
        """Uninstall it, as an admin does on Connected Apps OAuth Usage."""
        self._do("uninstall_app")

    def install(self) -> None:
        """Install it."""
        self._do("install_app")

    def delete(self) -> None:
        """Delete it for good: its consumer key is known no longer."""
        self._do("delete_app")

    def revoke(self) -> None:
        """Revoke what everybody approved for it."""
        self._do("revoke_app")

    def end_sessions(self) -> None:
        """Let its access tokens die; refresh tokens stay."""
        self._do("expire_sessions")

    def rotate_secret(self, grace_days: int = 0) -> None:
        """Give it another secret; the old one is good for so many days more."""
        self._do("rotate_secret", grace_days=grace_days)

    def admit(self, *, profile: str = "", permission_set: str = "") -> None:
        """Put a profile or a permission set on its list, which counts where users need approval."""
        self._do("grant_app", profile=profile, permission_set=permission_set)

    def _do(self, act: str, **words: Any) -> None:
        self.served.act(act, app=self.name, **words)
