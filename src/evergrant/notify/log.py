"""The channel `log`: a notice as one line in the log."""

from __future__ import annotations

from evergrant import log
from evergrant.notify.channel import Delivery, Targets
from evergrant.wire import Conversation

_LOGGER = log.logger("notify")


def deliver(delivery: Delivery, _targets: Targets) -> Conversation[None]:
    """Log a notice; it is for people, so it is a warning whatever it says."""
    notice = delivery.notice
    # One notice is one line: line breaks in a text must not look like log records of their own.
    text = " ".join(f"{notice.title}: {notice.text}".split())
    _LOGGER.warning("[%s] %s (connection %s)", notice.kind, text, notice.connection)
    yield from ()
