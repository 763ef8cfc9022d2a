"""What a channel is: one way to deliver a notice, as a conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from evergrant.model import Notice, Secret
from evergrant.wire import Conversation


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver a notice."""

    id: str
    """The same over all attempts, so that receivers can drop doubles."""
    notice: Notice
    at: datetime
    """The time of this attempt."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Where notices go; a webhook URL is a secret, for some hold a token in their path."""

    webhook_url: Secret | None = None
    webhook_secret: Secret | None = None
    """Signs the webhook; unsigned without it."""


Channel: TypeAlias = Callable[[Delivery, Targets], Conversation[None]]
