"""How old consumer secrets are, and which should be rotated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from evergrant.keeper.keeper import Keeper
from evergrant.store import Tx


@dataclass(frozen=True, slots=True)
class SecretAge:
    """What is to be known of one integration's consumer secret."""

    integration: str
    days: int | None
    """Since it was first seen here; None where nobody wrote that down."""
    is_due: bool
    """Whether it is older than the settings want."""
    rotating_until: datetime | None = None
    """When the org forgets the second set of a rotation that is under way."""
    is_rotating: bool = False

    @property
    def reminder(self) -> str:
        """What to do about it, in a sentence; empty where nothing is to be done."""
        if self.is_rotating:
            end = f" before {self.rotating_until:%Y-%m-%d}" if self.rotating_until else ""
            return (
                f"{self.integration}: a rotation of the secret is under way; finish it{end} with"
                f" `evergrant rotate {self.integration}`"
            )
        if self.is_due:
            return (
                f"{self.integration}: the consumer secret is {self.days} days old; rotate it with"
                f" `evergrant rotate {self.integration}`"
            )
        return ""


def secret_ages(keeper: Keeper, tx: Tx) -> Iterator[SecretAge]:
    """The secret of every integration that holds one, by name of the integration."""
    most, now = keeper.settings.secret_age_days, keeper.clock.now()
    for each in keeper.vault.integrations(tx):
        app = each.app
        if app.consumer_secret is None:
            continue
        days = (now - app.secret_since).days if app.secret_since else None
        is_due = bool(most) and days is not None and days >= most
        until = app.staged.until if app.staged else None
        yield SecretAge(each.id, days, is_due, until, app.staged is not None)
