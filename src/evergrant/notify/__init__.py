"""Notices: delivered through channels, each one a conversation and a row in `CHANNELS`."""

from __future__ import annotations

import os
from collections.abc import Mapping

from evergrant.model import Secret
from evergrant.notify import log, webhook
from evergrant.notify.channel import Channel, Delivery, Targets
from evergrant.settings import Settings

CHANNELS: dict[str, Channel] = {
    "log": log.deliver,
    "webhook": webhook.deliver,
}

__all__ = ["CHANNELS", "Channel", "Delivery", "Targets", "channels", "targets"]


def channels(settings: Settings) -> tuple[str, ...]:
    """The names of the channels that a notice goes through."""
    return ("log", "webhook") if settings.webhook_url else ("log",)


def targets(settings: Settings, environ: Mapping[str, str] = os.environ) -> Targets:
    """Where notices go, with `EVERGRANT_WEBHOOK_SECRET` from the environment."""
    secret = environ.get("EVERGRANT_WEBHOOK_SECRET", "")
    return Targets(
        webhook_url=Secret(settings.webhook_url) if settings.webhook_url else None,
        webhook_secret=Secret(secret) if secret else None,
    )
